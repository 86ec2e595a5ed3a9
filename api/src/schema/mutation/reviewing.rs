//! Signing off what others did (Q2, Q10).

use super::settle;
use crate::{
    asker::{asker, viewer},
    schema::{audit::AuditEvent, ids, problem::Problem, review::ReviewFinding, scalars::Position},
};
use app::SignOff;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

#[derive(Default)]
pub(crate) struct Reviewing;

#[Object]
impl Reviewing {
    /// Signs events off after review; one's own acts are refused (Q2, Q10). Role: compliance officer.
    async fn sign_off(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: SignOffInput,
    ) -> Result<SignOffPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let SignOffInput { event_ids, finding, comment } = input;
        let events = event_ids.iter().map(ids::parse_event).collect();
        let request = SignOff { events, finding: finding.into(), comment };
        let done = settle(asker, asker.app.sign_off(&viewer, request).await).await?;
        let events = done.value.into_iter().flatten().map(AuditEvent::from).collect();
        Ok(SignOffPayload { events, problems: done.problems, position: done.position })
    }
}

/// Input of `signOff`.
#[derive(InputObject)]
pub(crate) struct SignOffInput {
    /// Which, 1 to 500.
    event_ids: Vec<ID>,
    /// What was found.
    finding: ReviewFinding,
    /// In words, at most 2000 characters.
    comment: Option<String>,
}

/// Answer of `signOff`.
#[derive(SimpleObject)]
pub(crate) struct SignOffPayload {
    /// The events, reviewed.
    events: Vec<AuditEvent>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
