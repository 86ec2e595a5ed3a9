//! `rm_notifications`: the mails that are to go out, and what became of them (A6, R15). That one is due follows from the
//! event it tells of, so none is forgotten and none is made twice.

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Slice, Statement, Stored, Tags, TimedPage,
    query::{Keyset, Query},
    rows::Columns,
    statement::word,
};
use domain::{
    AccountId, Event, MessageId, OrganisationId, Timestamp,
    account::{
        self, alias,
        recovery::{self, ResetBy},
    },
    id::NotificationId,
    message,
    notification::{self, Kind},
};
use eventstore::{
    Position, Recorded,
    db::{DbError, Row},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) const MODEL: ReadModel = ReadModel { name: "notifications", tables: &["rm_notifications"], apply };

const QUEUE: &str = "INSERT INTO rm_notifications (organisation, notification, kind, recipient, message, cause, state, \
     queued_at, attempts, next_attempt_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $8)";
const ATTEMPTED: &str = "UPDATE rm_notifications SET state = $3, attempts = attempts + 1, last_reply = $4, \
     next_attempt_at = $5 WHERE organisation = $1 AND notification = $2";
const SUPPRESS: &str = "UPDATE rm_notifications SET state = $3, next_attempt_at = NULL \
     WHERE organisation = $1 AND notification = $2";

const SELECT: &str = "SELECT organisation, notification, kind, recipient, message, cause, state, queued_at, attempts, \
     next_attempt_at, last_reply FROM rm_notifications";
const COUNT: &str = "SELECT COUNT(*) AS found FROM rm_notifications";
const DEPTH: &str = "SELECT COUNT(*) AS found, MIN(queued_at) AS oldest FROM rm_notifications WHERE next_attempt_at IS NOT NULL";

const BY_TIME: Keyset = Keyset {
    after: " AND (queued_at, notification) < (?, ?)",
    before: " AND (queued_at, notification) > (?, ?)",
    newest: " ORDER BY queued_at DESC, notification DESC",
    oldest: " ORDER BY queued_at, notification",
};

/// How far a notification came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationState {
    /// Not tried yet.
    Queued,
    /// Tried, and to be tried again.
    Deferred,
    /// It left.
    Sent,
    /// It never left.
    Failed,
    /// It was not sent, on purpose.
    Suppressed,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRow {
    /// Which.
    pub notification: NotificationId,
    /// What it says.
    pub kind: Kind,
    /// To whom.
    pub recipient: AccountId,
    /// The message it tells of.
    pub message: Option<MessageId>,
    /// Position of the event it tells of.
    pub cause: Position,
    /// How far it came.
    pub state: NotificationState,
    /// When it became due.
    pub queued_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is to be tried next; `None` once that is settled.
    pub next_attempt_at: Option<Timestamp>,
    /// The relay's last reply code.
    pub last_reply: Option<u16>,
}

/// The id of the notification that tells `recipient` of an event: the same however often it is worked out (A6). A UUID
/// version 5 (RFC 9562) in the event's namespace.
#[must_use]
pub fn notification_id(event_id: Uuid, recipient: AccountId, kind: Kind) -> NotificationId {
    let kind: &[u8] = match kind {
        Kind::NewMessage => b"new_message",
        Kind::Invitation => b"invitation",
        Kind::Activation => b"activation",
        Kind::Reminder => b"reminder",
        Kind::Reset => b"reset",
        Kind::Lockout => b"lockout",
        Kind::Alias => b"alias",
    };
    NotificationId::new(Uuid::new_v5(&event_id, &[&recipient.bytes(), kind].concat()))
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let to = |recipient, kind, at| vec![queue(recorded, recipient, kind, None, at)];
    match &recorded.event {
        Event::Account(account, event) => match event {
            account::Event::Invited { at, .. } | account::Event::InvitationResent { at, .. } => {
                to(*account, Kind::Invitation, *at)
            }
            account::Event::ActivationIssued { at, .. } => to(*account, Kind::Activation, *at),
            account::Event::LockedOut { untold: false, at, .. } => to(*account, Kind::Lockout, *at),
            account::Event::Recovery(event) => match event {
                recovery::Event::ReminderSent { at } => to(*account, Kind::Reminder, *at),
                recovery::Event::ResetRequested {
                    by: ResetBy::Person | ResetBy::Administrator, at, ..
                } => to(*account, Kind::Reset, *at),
                recovery::Event::PasswordStaged { at, .. } => to(*account, Kind::Activation, *at),
                recovery::Event::ResetRequested { by: ResetBy::Challenge, .. }
                | recovery::Event::ChallengeFailed { .. }
                | recovery::Event::PasswordChanged { .. }
                | recovery::Event::PasswordLapsed { .. } => vec![],
            },
            account::Event::Alias(event) => match event {
                alias::Event::AliasRequested { at, .. } | alias::Event::AliasPromoted { at, .. } => {
                    to(*account, Kind::Alias, *at)
                }
                alias::Event::AliasAdded { .. }
                | alias::Event::AliasConfirmed { .. }
                | alias::Event::AliasPromotionUndone { .. }
                | alias::Event::AliasRemoved { .. }
                | alias::Event::AccountJoined { .. } => vec![],
            },
            account::Event::InvitationLapsed { .. }
            | account::Event::Registered { .. }
            | account::Event::RegistrationRefused { .. }
            | account::Event::Activated { .. }
            | account::Event::LoggedIn { .. }
            | account::Event::LoginFailed { .. }
            | account::Event::LockoutReleased { .. }
            | account::Event::SessionStarted { .. }
            | account::Event::SessionEnded { .. }
            | account::Event::LockedOut { untold: true, .. }
            | account::Event::NetworkChanged { .. }
            | account::Event::ProfileUpdated { .. }
            | account::Event::PromotedToMember { .. }
            | account::Event::AudienceChanged { .. }
            | account::Event::Unsubscribed { .. }
            | account::Event::Resubscribed { .. }
            | account::Event::Closed { .. }
            | account::Event::SecondFactor(_)
            | account::Event::Client(_) => vec![],
        },
        Event::Message(message, event) => match event {
            message::Event::Sent { recipients, at, .. } => {
                let noticed = recipients.iter().filter_map(|to| Some((to.account, to.notice?)));
                noticed.map(|(account, kind)| queue(recorded, account, kind, Some(*message), *at)).collect()
            }
            message::Event::Opened { .. }
            | message::Event::Replied { .. }
            | message::Event::Forwarded { .. }
            | message::Event::OnwardRefused { .. }
            | message::Event::Expired { .. } => vec![],
        },
        Event::Notification(notification, event) => vec![fate(recorded.organisation, *notification, event)],
        Event::Organisation(_)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Draft(..)
        | Event::Audit(..)
        | Event::Key(..) => {
            vec![]
        }
    }
}

fn queue(
    recorded: &Recorded,
    recipient: AccountId,
    kind: Kind,
    message: Option<MessageId>,
    at: Timestamp,
) -> Statement {
    Statement::new(
        QUEUE,
        [
            recorded.organisation.into(),
            notification_id(recorded.event_id, recipient, kind).into(),
            Cell::word(kind),
            recipient.into(),
            message.into(),
            recorded.position.into(),
            Cell::word(NotificationState::Queued),
            at.into(),
        ],
    )
}

fn fate(
    organisation: OrganisationId,
    notification: NotificationId,
    event: &notification::Event,
) -> Statement {
    let attempted = |state: NotificationState, reply: Option<u16>, next: Option<Timestamp>| {
        let cells = [organisation.into(), notification.into(), Cell::word(state), reply.into(), next.into()];
        Statement::new(ATTEMPTED, cells)
    };
    match event {
        notification::Event::Sent { .. } => attempted(NotificationState::Sent, None, None),
        notification::Event::Deferred { reply, next_attempt_at, .. } => {
            attempted(NotificationState::Deferred, *reply, Some(*next_attempt_at))
        }
        notification::Event::Failed { reply, .. } => attempted(NotificationState::Failed, *reply, None),
        notification::Event::Suppressed { .. } => {
            let state = Cell::word(NotificationState::Suppressed);
            Statement::new(SUPPRESS, [organisation.into(), notification.into(), state])
        }
    }
}

impl Projections {
    /// What is to be tried now, the longest due first.
    pub async fn notifications_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, NotificationRow)>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        query.push(
            " WHERE next_attempt_at <= ? ORDER BY next_attempt_at, cause LIMIT ?",
            [now.value(), limit.value()],
        );
        let rows = self.all(query).await?;
        rows.iter().map(|found| Ok((found.organisation()?, row(found)?))).collect()
    }

    /// What tells of a message, in the order of its recipients' ids (R15).
    pub async fn notifications_of_message(
        &self,
        organisation: OrganisationId,
        message: MessageId,
    ) -> Result<Vec<NotificationRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        let values = [organisation.value(), message.value()];
        query.push(" WHERE organisation = ? AND message = ? ORDER BY recipient, cause", values);
        self.notification_rows(query).await
    }

    /// What a person was told, the last first (R15).
    pub async fn notifications_of(
        &self,
        organisation: OrganisationId,
        recipient: AccountId,
    ) -> Result<Vec<NotificationRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        let values = [organisation.value(), recipient.value()];
        query.push(" WHERE organisation = ? AND recipient = ? ORDER BY queued_at DESC, cause DESC", values);
        self.notification_rows(query).await
    }

    /// A page of all mails, newest first; `states` means any of them (R15).
    pub async fn notifications(
        &self,
        organisation: OrganisationId,
        states: Option<&[NotificationState]>,
        page: &TimedPage<notification::Notification>,
    ) -> Result<Slice<NotificationRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        narrow(&mut query, organisation, states);
        let paging = page.narrow(&mut query, &BY_TIME);
        Ok(paging.slice(self.notification_rows(query).await?))
    }

    /// How many mails there are in these states.
    pub async fn notification_count(
        &self,
        organisation: OrganisationId,
        states: Option<&[NotificationState]>,
    ) -> Result<u64, ProjectionError> {
        let mut query = Query::new(COUNT, []);
        narrow(&mut query, organisation, states);
        Ok(self.one(query).await?.number("found")?)
    }

    /// One mail.
    pub async fn notification(
        &self,
        organisation: OrganisationId,
        notification: NotificationId,
    ) -> Result<Option<NotificationRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        let values = [organisation.value(), notification.value()];
        query.push(" WHERE organisation = ? AND notification = ?", values);
        Ok(self.notification_rows(query).await?.pop())
    }

    /// How many notifications wait to leave, and since when the oldest does.
    pub async fn outbox_depth(&self) -> Result<(u64, Option<Timestamp>), ProjectionError> {
        let row = self.log().db().one(DEPTH, vec![]).await?;
        Ok((row.number("found")?, row.opt_time("oldest")?))
    }

    async fn notification_rows(&self, query: Query) -> Result<Vec<NotificationRow>, ProjectionError> {
        let rows: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(row).collect();
        Ok(rows?)
    }
}

fn narrow(query: &mut Query, organisation: OrganisationId, states: Option<&[NotificationState]>) {
    query.push(" WHERE organisation = ?", [organisation.value()]);
    match states {
        None => {}
        Some([]) => query.push(" AND 1 = 0", []),
        Some(states) => {
            query.push(" AND state IN ", []);
            query.list(states.iter().map(word));
        }
    }
}

fn row(row: &Row) -> Result<NotificationRow, DbError> {
    Ok(NotificationRow {
        notification: row.id("notification")?,
        kind: row.word("kind")?,
        recipient: row.id("recipient")?,
        message: row.opt_id("message")?,
        cause: row.int("cause")?,
        state: row.word("state")?,
        queued_at: row.time("queued_at")?,
        attempts: row.number("attempts")?,
        next_attempt_at: row.opt_time("next_attempt_at")?,
        last_reply: row.opt_int("last_reply")?.and_then(|code| u16::try_from(code).ok()),
    })
}
