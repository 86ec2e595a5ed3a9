//! Mail of the past: what members sent, as it stands in their own folders, which content rules are tried on (G3); and all that
//! was sent, which a proposed policy is run over (N3).

use super::{
    MailboxEntry,
    entries::{COLUMNS, entry},
};
use crate::{ProjectionError, Projections, Stored, query::Query, rows::Columns, statement::word};
use domain::{MessageId, OrganisationId, Timestamp, account::Kind, message::Direction};
use eventstore::db::DbError;
use uuid::Uuid;

const FROM: &str = " FROM rm_messages m JOIN rm_mailbox b ON b.organisation = m.organisation AND b.message = m.message \
     JOIN rm_accounts a ON a.organisation = m.organisation AND a.account = m.sender \
     WHERE m.organisation = ? AND b.direction = ? AND a.kind = ? AND b.revoked_at IS NULL AND m.expires_at > ? \
     AND m.sent_at >= ? AND m.sent_at < ?";
const COUNT: &str = "SELECT COUNT(*) AS found";
const SENT: &str = "SELECT sent_at, message FROM rm_messages WHERE organisation = $1 AND sent_at >= $2 AND sent_at < $3 \
     AND (sent_at, message) > ($4, $5) ORDER BY sent_at, message LIMIT $6";
const SENT_COUNT: &str =
    "SELECT COUNT(*) AS found FROM rm_messages WHERE organisation = $1 AND sent_at >= $2 AND sent_at < $3";

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

    /// Messages sent from an instant on and before another, expired or not, after a place, the oldest first.
    pub async fn messages_sent(
        &self,
        organisation: OrganisationId,
        (from, until): (Timestamp, Timestamp),
        after: Option<(Timestamp, MessageId)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, MessageId)>, ProjectionError> {
        let (at, message) = after.unwrap_or((from, MessageId::new(Uuid::nil())));
        let values = vec![
            organisation.value(),
            from.value(),
            until.value(),
            at.value(),
            message.value(),
            limit.value(),
        ];
        let rows = self.log().db().all(SENT, values).await?;
        rows.iter().map(|row| Ok((row.time("sent_at")?, row.id("message")?))).collect()
    }

    /// How many that are in all.
    pub async fn messages_sent_count(
        &self,
        organisation: OrganisationId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, ProjectionError> {
        let values = vec![organisation.value(), from.value(), until.value()];
        Ok(self.log().db().one(SENT_COUNT, values).await?.number("found")?)
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
