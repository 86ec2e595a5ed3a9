//! People, by state and one by one.

use super::dossier::PersonDossier;
use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        account::Account,
        administration::{AccountFilter, counted, place, timed},
        ids::{self, Kind},
        paging::{self, Connection, Paging, connection},
        scalars::EmailAddress,
    },
};
use app::{Listed, PersonBy};
use async_graphql::{Context, ID, Object, OneofObject, Result};
use domain::{AccountId, audit::Right};
use projections::accounts::AccountRow;

/// The part of `Compliance` about people.
#[derive(Default)]
pub(crate) struct Persons;

#[Object]
impl Persons {
    /// The dossier of a person (Q1, Q4, Q11). Role: compliance officer.
    async fn person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "By account or by address.")] by: PersonInput,
    ) -> Result<Option<PersonDossier>> {
        match by.named() {
            Some(by) => PersonDossier::find(ctx, &by).await,
            None => Ok(None),
        }
    }

    /// People by state (Q7).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrow it; all conditions must hold.")] filter: Option<AccountFilter>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<Account>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let filter = filter.map(AccountFilter::into_filter).unwrap_or_default();
        let found = asker.app.list_accounts(&viewer, Right::ReadAudit, filter, &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let rules = asker.rules().await?;
        let entry = |row: &AccountRow| place(row.created_at, row.account);
        connection(asker, slice, total, entry, |row| Account::new(row, &rules)).await.map(Some)
    }
}

/// A person, registered or not.
#[derive(OneofObject)]
pub(crate) enum PersonInput {
    /// By account.
    AccountId(ID),
    /// By any address, also one that nobody holds.
    Address(EmailAddress),
}

impl PersonInput {
    /// Whom it names; nobody where it is no account's id and no address.
    pub(crate) fn named(&self) -> Option<PersonBy> {
        match self {
            Self::AccountId(id) => {
                ids::parse(Kind::Account, id).map(|account| PersonBy::Account(AccountId::new(account)))
            }
            Self::Address(address) => {
                domain::address::EmailAddress::parse(&address.0).ok().map(PersonBy::Address)
            }
        }
    }
}
