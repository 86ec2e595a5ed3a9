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
    break_glass,
    id::NotificationId,
    message,
    notification::{self, Kind},
    replier,
};
use eventstore::{
    Position, Recorded,
    db::{DbError, Row},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) const MODEL: ReadModel = ReadModel { name: "notifications", tables: &["rm_notifications"], apply };

const QUEUE: &str = "INSERT INTO rm_notifications (organisation, notification, kind, recipient, message, sender, cause, \
     state, queued_at, attempts, next_attempt_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)";
const ATTEMPTED: &str = "UPDATE rm_notifications SET state = $3, attempts = attempts + 1, last_reply = $4, \
     next_attempt_at = $5 WHERE organisation = $1 AND notification = $2";
const BOUNCE: &str =
    "UPDATE rm_notifications SET state = $3, last_status = $4 WHERE organisation = $1 AND notification = $2";
const SUPPRESS: &str = "UPDATE rm_notifications SET state = $3, next_attempt_at = NULL \
     WHERE organisation = $1 AND notification = $2";

const SELECT: &str = "SELECT organisation, notification, kind, recipient, message, sender, cause, state, queued_at, \
     attempts, next_attempt_at, last_reply, last_status FROM rm_notifications";
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
    /// It left and came back (RFC 3464).
    Bounced,
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
    /// To whom; `None` where it answers an address, whoever has it.
    pub recipient: Option<AccountId>,
    /// The message it tells of.
    pub message: Option<MessageId>,
    /// Who is told when it cannot be delivered (A41).
    pub sender: Option<AccountId>,
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
    /// Why it came back (RFC 3463), such as `5.1.1`.
    pub last_status: Option<String>,
}

/// The id of the notification that tells `recipient` of an event: the same however often it is worked out (A6). A UUID
/// version 5 (RFC 9562) in the event's namespace.
#[must_use]
pub fn notification_id(event_id: Uuid, recipient: Option<AccountId>, kind: Kind) -> NotificationId {
    let kind: &[u8] = match kind {
        Kind::NewMessage => b"new_message",
        Kind::Invitation => b"invitation",
        Kind::Activation => b"activation",
        Kind::Reminder => b"reminder",
        Kind::Reset => b"reset",
        Kind::Lockout => b"lockout",
        Kind::Alias => b"alias",
        Kind::ExpiryWarning => b"expiry_warning",
        Kind::Undeliverable => b"undeliverable",
        Kind::AutoNotice => b"auto_notice",
        Kind::Alert => b"alert",
    };
    let recipient = recipient.map_or([0; 16], AccountId::bytes);
    NotificationId::new(Uuid::new_v5(&event_id, &[&recipient, kind].concat()))
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let to = |recipient, kind, at| vec![queue(recorded, &Due::new(recipient, kind, at))];
    match &recorded.event {
        Event::Account(account, event) => match event {
            account::Event::Invited { by, at, .. } => {
                vec![queue(recorded, &Due { sender: *by, ..Due::new(*account, Kind::Invitation, *at) })]
            }
            account::Event::InvitationResent { at, .. } => to(*account, Kind::Invitation, *at),
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
            message::Event::Sent { from, recipients, at, .. } => {
                let due = |to: &message::Recipient| {
                    let (message, sender) = (Some(*message), Some(*from));
                    let due = Due::new(to.account, to.notice?, *at);
                    Some(Due { message, sender, not_before: to.notice_at.unwrap_or(*at), ..due })
                };
                recipients.iter().filter_map(due).map(|due| queue(recorded, &due)).collect()
            }
            message::Event::ExpiryWarned { recipients, at } => {
                let message = Some(*message);
                let due = |to: &AccountId| Due { message, ..Due::new(*to, Kind::ExpiryWarning, *at) };
                recipients.iter().map(|to| queue(recorded, &due(to))).collect()
            }
            message::Event::RuleOverridden { .. }
            | message::Event::Downloaded { .. }
            | message::Event::Printed { .. }
            | message::Event::Recalled { .. }
            | message::Event::Deleted { .. }
            | message::Event::Opened { .. }
            | message::Event::Replied { .. }
            | message::Event::Forwarded { .. }
            | message::Event::OnwardRefused { .. }
            | message::Event::Expired { .. } => vec![],
        },
        Event::Notification(notification, event) => {
            let fate = fate(recorded.organisation, *notification, event);
            [fate].into_iter().chain(told_to_sender(recorded, event)).collect()
        }
        Event::Replier(_, replier::Event::NoticeOwed { at, .. }) => {
            let due = Due { recipient: None, ..Due::of(Kind::AutoNotice, *at) };
            vec![queue(recorded, &due)]
        }
        Event::BreakGlass(_, break_glass::Event::Opened { alerted, at, .. }) => {
            let due = |officer: &AccountId| queue(recorded, &Due::new(*officer, Kind::Alert, *at));
            alerted.iter().map(due).collect()
        }
        Event::Organisation(_)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Draft(..)
        | Event::Intake(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(_, break_glass::Event::Read { .. } | break_glass::Event::Closed { .. })
        | Event::Key(..) => {
            vec![]
        }
    }
}

/// Whoever sent a message, or an invitation, is told that the mail about it cannot be delivered (A41). Nobody is told of a mail
/// that tells so.
fn told_to_sender(recorded: &Recorded, event: &notification::Event) -> Option<Statement> {
    let (about, at) = match event {
        notification::Event::Failed { about, at, .. } | notification::Event::Bounced { about, at, .. } => {
            (about, *at)
        }
        notification::Event::Sent { .. }
        | notification::Event::Deferred { .. }
        | notification::Event::Suppressed { .. } => return None,
    };
    let due = Due { message: about.message, ..Due::new(about.sender?, Kind::Undeliverable, at) };
    Some(queue(recorded, &due))
}

/// A mail that is to go out.
struct Due {
    recipient: Option<AccountId>,
    kind: Kind,
    message: Option<MessageId>,
    sender: Option<AccountId>,
    at: Timestamp,
    not_before: Timestamp,
}

impl Due {
    fn of(kind: Kind, at: Timestamp) -> Self {
        Self { recipient: None, kind, message: None, sender: None, at, not_before: at }
    }
    fn new(recipient: AccountId, kind: Kind, at: Timestamp) -> Self {
        Self { recipient: Some(recipient), ..Self::of(kind, at) }
    }
}

fn queue(recorded: &Recorded, due: &Due) -> Statement {
    let Due { recipient, kind, message, sender, at, not_before } = *due;
    Statement::new(
        QUEUE,
        [
            recorded.organisation.into(),
            notification_id(recorded.event_id, recipient, kind).into(),
            Cell::word(kind),
            recipient.into(),
            message.into(),
            sender.into(),
            recorded.position.into(),
            Cell::word(NotificationState::Queued),
            at.into(),
            not_before.into(),
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
        notification::Event::Bounced { status, .. } => {
            let state = Cell::word(NotificationState::Bounced);
            let status = status.map(|status| status.to_string());
            let status = status.as_deref().into();
            Statement::new(BOUNCE, [organisation.into(), notification.into(), state, status])
        }
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
        recipient: row.opt_id("recipient")?,
        message: row.opt_id("message")?,
        sender: row.opt_id("sender")?,
        cause: row.int("cause")?,
        state: row.word("state")?,
        queued_at: row.time("queued_at")?,
        attempts: row.number("attempts")?,
        next_attempt_at: row.opt_time("next_attempt_at")?,
        last_reply: row.opt_int("last_reply")?.and_then(|code| u16::try_from(code).ok()),
        last_status: row.opt_text("last_status")?,
    })
}
