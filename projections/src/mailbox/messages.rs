//! Messages as such, whoever may read them: what jobs and the audit ask for.

use crate::{ProjectionError, Projections, Stored, rows::Columns};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp,
    id::{ContentKeyId, RuleId},
};
use eventstore::{
    Position,
    db::{DbError, Row},
};

pub(super) const COLUMNS: &str = "SELECT message, position, sender, content_key, policy_version, sent_at, expires_at, expired_at, \
     recalled_at, sender_deleted_at, shredded_at, attachment_count, size_bytes, reply_to, forward_of, secured_by";
const ENDING: &str = "SELECT message FROM rm_messages WHERE organisation = $1 AND warned_at IS NULL \
     AND expired_at IS NULL AND expires_at > $2 AND expires_at <= $3 ORDER BY expires_at, message LIMIT $4";
const OVER: &str = "SELECT organisation, message FROM rm_messages WHERE expired_at IS NULL AND expires_at <= $1 \
     ORDER BY expires_at, organisation, message LIMIT $2";
const UNEXPIRED: &str = "SELECT COUNT(*) AS found FROM rm_messages \
     WHERE organisation = $1 AND expired_at IS NULL AND expires_at < $2";

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// Which.
    pub message: MessageId,
    /// Of the event that sent it.
    pub position: Position,
    /// By whom.
    pub sender: AccountId,
    /// The key that its content is sealed under.
    pub content_key: ContentKeyId,
    /// The policy that it was sent under; 0 where none is recorded.
    pub policy_version: u32,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it ends for everyone (A20).
    pub expires_at: Timestamp,
    /// When that was recorded.
    pub expired_at: Option<Timestamp>,
    /// When it was taken back from everyone (R16).
    pub recalled_at: Option<Timestamp>,
    /// When its sender deleted it from their own folder.
    pub sender_deleted_at: Option<Timestamp>,
    /// When the last key to it was destroyed (Q6).
    pub shredded_at: Option<Timestamp>,
    /// How many files are attached.
    pub attachment_count: u32,
    /// Body and files, decoded.
    pub size_bytes: u64,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The message that it passes on.
    pub forward_of: Option<MessageId>,
    /// The rule that secured it (C1).
    pub secured_by: Option<RuleId>,
}

impl Projections {
    /// A message, expired or not.
    pub async fn message(
        &self,
        organisation: OrganisationId,
        message: MessageId,
    ) -> Result<Option<MessageRow>, ProjectionError> {
        Ok(self.messages(organisation, &[message]).await?.pop())
    }

    /// Messages that end by an instant and whose recipients were not warned of it (A22), the soonest first.
    pub async fn messages_ending(
        &self,
        organisation: OrganisationId,
        now: Timestamp,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<MessageId>, ProjectionError> {
        let values = vec![organisation.value(), now.value(), by.value(), limit.value()];
        let rows = self.log().db().all(ENDING, values).await?;
        rows.iter().map(|row| Ok(row.id("message")?)).collect()
    }

    /// Messages whose time is over and not recorded so, the longest over first (A20).
    pub async fn messages_over(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, MessageId)>, ProjectionError> {
        let rows = self.log().db().all(OVER, vec![now.value(), limit.value()]).await?;
        rows.iter().map(|row| Ok((row.organisation()?, row.id("message")?))).collect()
    }

    /// How many messages expire before an instant and are not recorded as expired: while there are any, the key of that
    /// day must not be destroyed.
    pub async fn messages_unexpired_before(
        &self,
        organisation: OrganisationId,
        day_end: Timestamp,
    ) -> Result<u64, ProjectionError> {
        let row = self.log().db().one(UNEXPIRED, vec![organisation.value(), day_end.value()]).await?;
        Ok(row.number("found")?)
    }
}

pub(super) fn message(row: &Row) -> Result<MessageRow, DbError> {
    Ok(MessageRow {
        message: row.id("message")?,
        position: row.int("position")?,
        sender: row.id("sender")?,
        content_key: row.id("content_key")?,
        policy_version: row.number("policy_version")?,
        sent_at: row.time("sent_at")?,
        expires_at: row.time("expires_at")?,
        expired_at: row.opt_time("expired_at")?,
        recalled_at: row.opt_time("recalled_at")?,
        sender_deleted_at: row.opt_time("sender_deleted_at")?,
        shredded_at: row.opt_time("shredded_at")?,
        attachment_count: row.number("attachment_count")?,
        size_bytes: row.number("size_bytes")?,
        reply_to: row.opt_id("reply_to")?,
        forward_of: row.opt_id("forward_of")?,
        secured_by: row.opt_id("secured_by")?,
    })
}
