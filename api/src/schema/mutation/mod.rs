//! Everything that can be done: one use case each, one input, one payload. A field here unpacks its input, calls the use
//! case and packs the answer.

mod administration;
mod arriving;
mod breaking_glass;
mod clients;
mod content_rules;
mod drafts;
mod login;
mod organisation;
mod own_account;
mod reading;
mod recalling;
mod recovery;
mod replaying;
mod reviewing;
mod second_factor;
mod sending;

use super::ids::{self, Kind};
use super::problem::{self, Problem};
use super::scalars::Position;
use crate::asker::Asker;
use app::Done;
use async_graphql::{ID, MergedObject, Result};
use uuid::Uuid;

/// Everything that can be done: one use case each, one input, one payload.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    arriving::Arriving,
    login::Login,
    recovery::Recovery,
    second_factor::SecondFactor,
    clients::Clients,
    own_account::OwnAccount,
    drafts::Drafts,
    sending::Sending,
    reading::Reading,
    recalling::Recalling,
    administration::Administering,
    organisation::Organising,
    content_rules::ContentRules,
    replaying::Replaying,
    reviewing::Reviewing,
    breaking_glass::BreakingGlass,
);

/// What a use case did, in the parts of a payload.
struct Settled<T> {
    value: Option<T>,
    problems: Vec<Problem>,
    position: Option<Position>,
}

async fn settle<T>(asker: &Asker, answer: Result<Done<T>, app::Error>) -> Result<Settled<T>> {
    Ok(match problem::settle(answer)? {
        Ok(Done { value, position }) => {
            Settled { value: Some(value), problems: vec![], position: asker.position(position).await? }
        }
        Err(problems) => Settled { value: None, problems, position: None },
    })
}

/// The UUID in an id that a client brings, or the problem of that field.
fn find(kind: Kind, id: &ID, what: &str, field: &str) -> Result<Uuid, app::Error> {
    ids::parse(kind, id).ok_or_else(|| problem::not_found(what, field))
}
