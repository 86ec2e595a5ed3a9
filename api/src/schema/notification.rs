//! Mails that tell of something, and their fate.

use super::{
    ids::{self, Kind},
    scalars::{DateTime, EmailAddress},
};
use crate::{asker::asker, codes::failure};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::{AccountId, id::NotificationId, notification};
use projections::notifications::NotificationRow;

/// An ordinary mail that holds no content, only a link.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Notification {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// What it says.
    kind: NotificationKind,
    /// Its fate (G1).
    state: NotificationState,
    /// When it was due.
    queued_at: DateTime,
    /// How often it was tried.
    attempts: i32,
    /// The relay's last words.
    last_reply: Option<String>,
    /// When it is tried again.
    next_attempt_at: Option<DateTime>,
    #[graphql(skip)]
    row: NotificationRow,
}

#[ComplexObject]
impl Notification {
    /// Where it went.
    async fn address(&self, ctx: &Context<'_>) -> Result<Option<EmailAddress>> {
        let asker = asker(ctx);
        let found =
            asker.app.notified_address(asker.caller.organisation, &self.row).await.map_err(failure)?;
        Ok(found.as_ref().map(EmailAddress::from))
    }
}

/// Mails that Sealpost sends.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "notification::Kind")]
pub(crate) enum NotificationKind {
    /// Secure mail waits (A6).
    NewMessage,
    /// Come and register (A1).
    Invitation,
    /// Confirm (A4, A13).
    Activation,
    /// The reminder phrase (A10).
    Reminder,
    /// The reset link (B22).
    Reset,
    /// Disabled until (A18).
    Lockout,
    /// Confirm or undo an alias (B42, R14).
    Alias,
    /// Mail ends soon.
    ExpiryWarning,
    /// To the sender (A41).
    Undeliverable,
    /// A reply reached nobody (B31, R13).
    AutoNotice,
    /// To officers: break-glass and the like (K6).
    Alert,
}

/// Fate of a mail.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "projections::notifications::NotificationState")]
pub(crate) enum NotificationState {
    /// Waits.
    Queued,
    /// The relay took it.
    Sent,
    /// Tried again later.
    Deferred,
    /// Refused for good.
    Failed,
    /// Came back (RFC 3464).
    Bounced,
    /// Not sent: unsubscribed, digest or limit (B38, R13).
    Suppressed,
}

impl Notification {
    /// A mail to somebody.
    pub(crate) fn new(notification: NotificationRow) -> Self {
        Self {
            id: ids::id(Kind::Notification, notification.notification.uuid()),
            kind: notification.kind.into(),
            state: notification.state.into(),
            queued_at: notification.queued_at.into(),
            attempts: i32::try_from(notification.attempts).unwrap_or(i32::MAX),
            last_reply: notification
                .last_status
                .clone()
                .or_else(|| notification.last_reply.map(|code| code.to_string())),
            next_attempt_at: notification.next_attempt_at.map(DateTime),
            row: notification,
        }
    }

    /// A mail, for whoever may see any.
    pub(crate) async fn find(ctx: &Context<'_>, notification: NotificationId) -> Result<Option<Self>> {
        let asker = asker(ctx);
        let found = asker.app.models().notification(asker.caller.organisation, notification).await;
        Ok(found.map_err(|error| failure(app::Error::from(error)))?.map(Self::new))
    }

    /// All mails of a kind to somebody, the last first.
    pub(crate) async fn of(
        ctx: &Context<'_>,
        recipient: AccountId,
        kind: notification::Kind,
    ) -> Result<Vec<Self>> {
        let asker = asker(ctx);
        let found = asker.app.models().notifications_of(asker.caller.organisation, recipient).await;
        let rows = found.map_err(|error| failure(app::Error::from(error)))?;
        Ok(rows.into_iter().filter(|row| row.kind == kind).map(Self::new).collect())
    }
}
