//! Mails that tell of something, and their fate.

use super::{
    account::row,
    ids::{self, Kind},
    scalars::{DateTime, EmailAddress},
};
use crate::{asker::asker, codes::failure};
use async_graphql::{Context, Enum, ID, Result, SimpleObject};
use domain::{AccountId, notification};
use projections::{accounts::AccountRow, notifications::NotificationRow};

/// An ordinary mail that holds no content, only a link.
#[derive(SimpleObject)]
pub(crate) struct Notification {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// What it says.
    kind: NotificationKind,
    /// Its fate (G1).
    state: NotificationState,
    /// Where it went.
    address: Option<EmailAddress>,
    /// When it was due.
    queued_at: DateTime,
    /// How often it was tried.
    attempts: i32,
    /// The relay's last words.
    last_reply: Option<String>,
    /// When it is tried again.
    next_attempt_at: Option<DateTime>,
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
    /// Disabled until (A18).
    Lockout,
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
    /// Not sent: unsubscribed, digest or limit (B38, R13).
    Suppressed,
}

impl Notification {
    /// A mail to somebody.
    pub(crate) fn new(notification: &NotificationRow, to: Option<&AccountRow>) -> Self {
        Self {
            id: ids::id(Kind::Notification, notification.notification.uuid()),
            kind: notification.kind.into(),
            state: notification.state.into(),
            address: to.and_then(|row| row.address.as_ref()).map(EmailAddress::from),
            queued_at: notification.queued_at.into(),
            attempts: i32::try_from(notification.attempts).unwrap_or(i32::MAX),
            last_reply: notification.last_reply.map(|code| code.to_string()),
            next_attempt_at: notification.next_attempt_at.map(DateTime),
        }
    }

    /// All mails of a kind to somebody, the last first.
    pub(crate) async fn of(
        ctx: &Context<'_>,
        recipient: AccountId,
        kind: notification::Kind,
    ) -> Result<Vec<Self>> {
        let asker = asker(ctx);
        let to = row(ctx, recipient).await?;
        let found = asker.app.models().notifications_of(asker.caller.organisation, recipient).await;
        let rows = found.map_err(|error| failure(app::Error::from(error)))?;
        Ok(rows.iter().filter(|row| row.kind == kind).map(|row| Self::new(row, to.as_ref())).collect())
    }
}
