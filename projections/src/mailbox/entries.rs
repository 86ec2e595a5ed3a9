//! What stands in a person's folders, in pages, newest first (A29, A42, B48). What expired, or was revoked because its
//! reader left, is not there, whether a worker has been by or not (A21, B38).

use crate::{
    ProjectionError, Projections, Slice, Stored,
    query::{Paging, Query},
    rows::Columns,
    statement::word,
};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp,
    bytes::Sealed,
    id::{ContentKeyId, RuleId},
    message::Direction,
};
use eventstore::{
    Position,
    db::{DbError, Row},
};

pub(super) const COLUMNS: &str = "SELECT b.message, b.direction, m.position, m.sender, m.content_key, b.sent_at, b.expires_at, \
     b.granted_to, b.generation, b.grant_key, b.opened_at, m.attachment_count, m.size_bytes, m.reply_to, m.forward_of, m.secured_by, m.recalled_at";
const READERS: &str =
    "SELECT granted_to FROM rm_mailbox WHERE organisation = $1 AND account = $2 AND message = $3";
const COUNT: &str = "SELECT COUNT(*) AS found";
const FROM: &str = " FROM rm_mailbox b JOIN rm_messages m ON m.organisation = b.organisation AND m.message = b.message \
     WHERE b.organisation = ? AND b.account = ? AND b.revoked_at IS NULL AND b.recalled_at IS NULL";

/// A message as it stands in one person's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxEntry {
    /// Which.
    pub message: MessageId,
    /// Received or sent.
    pub direction: Direction,
    /// Of the event that sent it: there its content is read.
    pub position: Position,
    /// By whom.
    pub sender: AccountId,
    /// The key that its content is sealed under.
    pub content_key: ContentKeyId,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it ends for everyone (A20).
    pub expires_at: Timestamp,
    /// The account whose mailbox key opens it, and that the message knows as its reader: one that joined this one keeps
    /// its key (B43).
    pub granted_to: AccountId,
    /// Of that mailbox key.
    pub generation: u32,
    /// The content key, sealed for this reader.
    pub grant: Sealed,
    /// When this person first opened it (R2); never set on what they sent.
    pub opened_at: Option<Timestamp>,
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
    /// When it was taken back from everyone (R16); its sender still has it.
    pub recalled_at: Option<Timestamp>,
}

/// Which entries are asked for; nothing set is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailboxFilter {
    /// Not opened yet, or opened.
    pub unread: Option<bool>,
    /// With files, or without.
    pub has_attachments: Option<bool>,
    /// From or to any of these accounts, which are one person; none is nobody.
    pub correspondent: Option<Vec<AccountId>>,
    /// Sent at this instant or later.
    pub sent_from: Option<Timestamp>,
    /// Sent before this instant.
    pub sent_until: Option<Timestamp>,
}

/// Which part of a folder; a place is an entry's time and id. `first` beats `last`; with neither it is 50.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Page {
    /// So many from the newest, or from `after`.
    pub first: Option<u32>,
    /// Older than this entry.
    pub after: Option<(Timestamp, MessageId)>,
    /// So many from the oldest, or from `before`.
    pub last: Option<u32>,
    /// Newer than this entry.
    pub before: Option<(Timestamp, MessageId)>,
}

impl Projections {
    /// A page of a folder, newest first.
    pub async fn mailbox(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        direction: Direction,
        now: Timestamp,
        filter: &MailboxFilter,
        page: &Page,
    ) -> Result<Slice<MailboxEntry>, ProjectionError> {
        let mut query = folder(COLUMNS, organisation, account, direction, now, filter);
        if let Some((at, message)) = page.after {
            query.push(" AND (b.sent_at, b.message) < (?, ?)", [at.value(), message.value()]);
        }
        if let Some((at, message)) = page.before {
            query.push(" AND (b.sent_at, b.message) > (?, ?)", [at.value(), message.value()]);
        }
        let paging = Paging::new(page.first, page.last, page.after.is_some(), page.before.is_some());
        paging.end(&mut query, " ORDER BY b.sent_at DESC, b.message DESC", " ORDER BY b.sent_at, b.message");
        let entries: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(entry).collect();
        Ok(paging.slice(entries?))
    }

    /// How many entries of a folder match.
    pub async fn mailbox_count(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        direction: Direction,
        now: Timestamp,
        filter: &MailboxFilter,
    ) -> Result<u64, ProjectionError> {
        let query = folder(COUNT, organisation, account, direction, now, filter);
        Ok(self.one(query).await?.number("found")?)
    }

    /// How many received messages were not opened.
    pub async fn unread_count(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        now: Timestamp,
    ) -> Result<u64, ProjectionError> {
        let unread = MailboxFilter { unread: Some(true), ..MailboxFilter::default() };
        self.mailbox_count(organisation, account, Direction::In, now, &unread).await
    }

    /// The accounts by which a message knows this person, revoked or not: one that joined theirs keeps its id (B43).
    pub async fn mailbox_readers(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        message: MessageId,
    ) -> Result<Vec<AccountId>, ProjectionError> {
        let values = vec![organisation.value(), account.value(), message.value()];
        let rows = self.log().db().all(READERS, values).await?;
        rows.iter().map(|row| Ok(row.id("granted_to")?)).collect()
    }

    /// One message in a person's folders: received, sent, both, or not there. Whether it is over is for the caller to
    /// look at; what was revoked is not there.
    pub async fn mailbox_entry(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        message: MessageId,
    ) -> Result<Vec<MailboxEntry>, ProjectionError> {
        let mut query = Query::new(COLUMNS, []);
        query.push(FROM, [organisation.value(), account.value()]);
        query.push(" AND b.message = ? ORDER BY b.direction", [message.value()]);
        let entries: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(entry).collect();
        Ok(entries?)
    }
}

fn folder(
    what: &'static str,
    organisation: OrganisationId,
    account: AccountId,
    direction: Direction,
    now: Timestamp,
    filter: &MailboxFilter,
) -> Query {
    let mut query = Query::new(what, []);
    query.push(FROM, [organisation.value(), account.value()]);
    query.push(" AND b.direction = ? AND b.expires_at > ?", [word(direction), now.value()]);
    match filter.unread {
        Some(true) => query.push(" AND b.opened_at IS NULL", []),
        Some(false) => query.push(" AND b.opened_at IS NOT NULL", []),
        None => {}
    }
    match filter.has_attachments {
        Some(true) => query.push(" AND m.attachment_count > 0", []),
        Some(false) => query.push(" AND m.attachment_count = 0", []),
        None => {}
    }
    if let Some(person) = &filter.correspondent {
        if person.is_empty() {
            query.push(" AND 1 = 0", []);
            return query;
        }
        let accounts = || person.iter().map(|account| account.value());
        query.push(" AND (m.sender IN ", []);
        query.list(accounts());
        query.push(
            " OR EXISTS (SELECT 1 FROM rm_deliveries d WHERE d.organisation = b.organisation \
             AND d.message = b.message AND d.account IN ",
            [],
        );
        query.list(accounts());
        query.push("))", []);
    }
    if let Some(from) = filter.sent_from {
        query.push(" AND b.sent_at >= ?", [from.value()]);
    }
    if let Some(until) = filter.sent_until {
        query.push(" AND b.sent_at < ?", [until.value()]);
    }
    query
}

pub(super) fn entry(row: &Row) -> Result<MailboxEntry, DbError> {
    Ok(MailboxEntry {
        message: row.id("message")?,
        direction: row.word("direction")?,
        position: row.int("position")?,
        sender: row.id("sender")?,
        content_key: row.id("content_key")?,
        sent_at: row.time("sent_at")?,
        expires_at: row.time("expires_at")?,
        granted_to: row.id("granted_to")?,
        generation: row.number("generation")?,
        grant: Sealed(row.bytes("grant_key")?),
        opened_at: row.opt_time("opened_at")?,
        attachment_count: row.number("attachment_count")?,
        size_bytes: row.number("size_bytes")?,
        reply_to: row.opt_id("reply_to")?,
        forward_of: row.opt_id("forward_of")?,
        secured_by: row.opt_id("secured_by")?,
        recalled_at: row.opt_time("recalled_at")?,
    })
}
