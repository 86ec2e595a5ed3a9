//! Mail that members sent, as it stands in their own folders: what content rules are tried on (G3).

use super::{
    MailboxEntry,
    entries::{COLUMNS, entry},
};
use crate::{ProjectionError, Projections, Stored, query::Query, rows::Columns, statement::word};
use domain::{MessageId, OrganisationId, Timestamp, account::Kind, message::Direction};
use eventstore::db::DbError;

const FROM: &str = " FROM rm_messages m JOIN rm_mailbox b ON b.organisation = m.organisation AND b.message = m.message \
     JOIN rm_accounts a ON a.organisation = m.organisation AND a.account = m.sender \
     WHERE m.organisation = ? AND b.direction = ? AND a.kind = ? AND b.revoked_at IS NULL AND m.expires_at > ? \
     AND m.sent_at >= ? AND m.sent_at < ?";
const COUNT: &str = "SELECT COUNT(*) AS found";

impl Projections {
    /// Mail sent from an instant on and before another, after a place, the oldest first.
    pub async fn past_mail(
        &self,
        organisation: OrganisationId,
        now: Timestamp,
        (from, until): (Timestamp, Timestamp),
        after: Option<(Timestamp, MessageId)>,
        limit: u32,
    ) -> Result<Vec<MailboxEntry>, ProjectionError> {
        let mut query = sent(COLUMNS, organisation, now, from, until);
        if let Some((at, message)) = after {
            query.push(" AND (m.sent_at, m.message) > (?, ?)", [at.value(), message.value()]);
        }
        query.push(" ORDER BY m.sent_at, m.message LIMIT ?", [limit.value()]);
        let entries: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(entry).collect();
        Ok(entries?)
    }

    /// How much that is in all.
    pub async fn past_mail_count(
        &self,
        organisation: OrganisationId,
        now: Timestamp,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, ProjectionError> {
        Ok(self.one(sent(COUNT, organisation, now, from, until)).await?.number("found")?)
    }
}

fn sent(
    what: &'static str,
    organisation: OrganisationId,
    now: Timestamp,
    from: Timestamp,
    until: Timestamp,
) -> Query {
    let mut query = Query::new(what, []);
    let values = [
        organisation.value(),
        word(Direction::Out),
        word(Kind::Member),
        now.value(),
        from.value(),
        until.value(),
    ];
    query.push(FROM, values);
    query
}
