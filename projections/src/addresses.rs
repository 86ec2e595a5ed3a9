//! `rm_addresses`: which account an address or a user name belongs to, by its keyed tag.

use crate::{ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns};
use domain::{AccountId, Event, OrganisationId, id::AddressTag, reservation};
use eventstore::Recorded;

pub(crate) const MODEL: ReadModel = ReadModel { name: "addresses", tables: &["rm_addresses"], apply };

const RESERVE: &str = "INSERT INTO rm_addresses (organisation, address, account) VALUES ($1, $2, $3)";
const TRANSFER: &str = "UPDATE rm_addresses SET account = $3 WHERE organisation = $1 AND address = $2";
const RELEASE: &str = "DELETE FROM rm_addresses WHERE organisation = $1 AND address = $2";
const FIND: &str = "SELECT account FROM rm_addresses WHERE organisation = $1 AND address = $2";
const OF_ACCOUNT: &str = "SELECT address FROM rm_addresses WHERE organisation = $1 AND account = $2";

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    match &recorded.event {
        Event::Reservation(address, event) => {
            let (organisation, address) = (recorded.organisation, *address);
            let of = |account: AccountId| [organisation.into(), address.into(), account.into()];
            match event {
                reservation::Event::Reserved { account, .. } => vec![Statement::new(RESERVE, of(*account))],
                reservation::Event::Transferred { account, .. } => {
                    vec![Statement::new(TRANSFER, of(*account))]
                }
                reservation::Event::Released { .. } => {
                    vec![Statement::new(RELEASE, [organisation.into(), address.into()])]
                }
                reservation::Event::LoginFailed { .. } | reservation::Event::ChallengeFailed { .. } => vec![],
            }
        }
        Event::Organisation(_)
        | Event::Account(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..)
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

    /// Every name to log in with that belongs to an account: its addresses, and user names.
    pub async fn names_of(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Vec<AddressTag>, ProjectionError> {
        let rows = self.log().db().all(OF_ACCOUNT, vec![organisation.value(), account.value()]).await?;
        rows.iter().map(|row| Ok(row.id("address")?)).collect()
    }
}
