//! What became of a message at each recipient (Q1, Q5).

use crate::{ProjectionError, Projections, Stored, query::Query, rows::Columns};
use domain::{AccountId, MessageId, OrganisationId, Timestamp, account::Kind, message::Field};
use eventstore::db::{DbError, Row};

const SELECT: &str = "SELECT account, kind, field, opened_at, downloaded_at, printed_at, replied_at, forwarded_at, \
     recalled_at, deleted_at, revoked_at FROM rm_deliveries WHERE organisation = ? AND message = ?";

/// A message at one recipient; every time is the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Who.
    pub account: AccountId,
    /// Guest or member when it was sent.
    pub kind: Kind,
    /// Addressed directly or by a copy.
    pub field: Field,
    /// When they opened it (R2).
    pub opened_at: Option<Timestamp>,
    /// When they took some of it with them (A22).
    pub downloaded_at: Option<Timestamp>,
    /// When it was shown to them to be printed (A42).
    pub printed_at: Option<Timestamp>,
    /// When they answered it.
    pub replied_at: Option<Timestamp>,
    /// When they passed it on.
    pub forwarded_at: Option<Timestamp>,
    /// When it was taken back from them (R16).
    pub recalled_at: Option<Timestamp>,
    /// When they deleted it.
    pub deleted_at: Option<Timestamp>,
    /// When their access ended because they left (B38).
    pub revoked_at: Option<Timestamp>,
}

impl Projections {
    /// A message at one recipient.
    pub async fn delivery(
        &self,
        organisation: OrganisationId,
        message: MessageId,
        account: AccountId,
    ) -> Result<Option<DeliveryRow>, ProjectionError> {
        let mut query = Query::new(SELECT, [organisation.value(), message.value()]);
        query.push(" AND account = ?", [account.value()]);
        Ok(self.all(query).await?.first().map(delivery).transpose()?)
    }

    /// A message at each recipient: who was addressed before who got a copy.
    pub async fn deliveries(
        &self,
        organisation: OrganisationId,
        message: MessageId,
    ) -> Result<Vec<DeliveryRow>, ProjectionError> {
        let mut query = Query::new(SELECT, [organisation.value(), message.value()]);
        query.push(" ORDER BY field DESC, account", []);
        let rows: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(delivery).collect();
        Ok(rows?)
    }
}

fn delivery(row: &Row) -> Result<DeliveryRow, DbError> {
    Ok(DeliveryRow {
        account: row.id("account")?,
        kind: row.word("kind")?,
        field: row.word("field")?,
        opened_at: row.opt_time("opened_at")?,
        downloaded_at: row.opt_time("downloaded_at")?,
        printed_at: row.opt_time("printed_at")?,
        replied_at: row.opt_time("replied_at")?,
        forwarded_at: row.opt_time("forwarded_at")?,
        recalled_at: row.opt_time("recalled_at")?,
        deleted_at: row.opt_time("deleted_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    })
}
