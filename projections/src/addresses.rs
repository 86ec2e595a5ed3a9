//! `rm_addresses`: which account an address belongs to, by the address's keyed tag.

use crate::{ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns};
use domain::{AccountId, Event, OrganisationId, id::AddressTag, reservation};
use eventstore::Recorded;

pub(crate) const MODEL: ReadModel = ReadModel { name: "addresses", tables: &["rm_addresses"], apply };

const RESERVE: &str = "INSERT INTO rm_addresses (organisation, address, account) VALUES ($1, $2, $3)";
const FIND: &str = "SELECT account FROM rm_addresses WHERE organisation = $1 AND address = $2";

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    match &recorded.event {
        Event::Reservation(address, event) => match event {
            reservation::Event::Reserved { account, .. } => {
                vec![Statement::new(
                    RESERVE,
                    [recorded.organisation.into(), (*address).into(), (*account).into()],
                )]
            }
            reservation::Event::LoginFailed { .. } => vec![],
        },
        Event::Organisation(_)
        | Event::Account(..)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Key(..) => vec![],
    }
}

impl Projections {
    /// Whose address it is.
    pub async fn account_at(
        &self,
        organisation: OrganisationId,
        address: AddressTag,
    ) -> Result<Option<AccountId>, ProjectionError> {
        let row = self.log().db().optional(FIND, vec![organisation.value(), address.value()]).await?;
        Ok(row.map(|row| row.id("account")).transpose()?)
    }
}
