//! What became of a message at each recipient (Q5, R15).

use super::{
    account::{Account, sees_accounts},
    ids,
    invitation::Invitation,
    message::Correspondent,
    notification::Notification,
    scalars::DateTime,
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
    loaders::Rows,
};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject, dataloader::DataLoader};
use domain::{AccountId, MessageId, Timestamp};
use projections::{
    accounts::{AccountRow, AccountState},
    mailbox::DeliveryRow,
    notifications::{NotificationRow, NotificationState},
};

/// One recipient's side of a message; seen by sender, administrators and officers (R15).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Delivery {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    pub(crate) to: AccountId,
    /// Who.
    recipient: Correspondent,
    /// The furthest it came.
    state: DeliveryState,
    /// The invitation, when the recipient was new.
    invitation: Option<Invitation>,
    /// Mails about it (A6).
    notifications: Vec<Notification>,
    /// First opened; null means never opened.
    opened_at: Option<DateTime>,
    /// First downloaded.
    downloaded_at: Option<DateTime>,
    /// First printed.
    printed_at: Option<DateTime>,
    /// First answered.
    replied_at: Option<DateTime>,
    /// First forwarded.
    forwarded_at: Option<DateTime>,
    /// Recalled from this recipient.
    recalled_at: Option<DateTime>,
    /// Lost by unsubscribing (B38).
    revoked_at: Option<DateTime>,
}

/// How far a message came.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    /// Waits for registration.
    Invited,
    /// The notification left.
    Notified,
    /// The notification or its size was refused for good (A41).
    Undeliverable,
    /// Opened.
    Opened,
    /// Recalled.
    Recalled,
    /// Out of reach since unsubscribing.
    Revoked,
    /// Over.
    Expired,
}

#[ComplexObject]
impl Delivery {
    /// Whose account. Role: administrator, compliance officer.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        if sees_accounts(&*viewer(ctx)?) { Account::find(ctx, self.to).await } else { Ok(None) }
    }
}

/// All deliveries of a message; `None` for all but its sender.
pub(crate) async fn deliveries(ctx: &Context<'_>, message: MessageId) -> Result<Option<Vec<Delivery>>> {
    let (asker, viewer) = (asker(ctx), viewer(ctx)?);
    match asker.app.deliveries(&viewer, message).await.map_err(failure)? {
        Some(rows) => shown(ctx, message, rows).await.map(Some),
        None => Ok(None),
    }
}

/// All deliveries of a message, for who sees records of messages (Q5).
pub(crate) async fn record_deliveries(ctx: &Context<'_>, message: MessageId) -> Result<Vec<Delivery>> {
    let (asker, viewer) = (asker(ctx), viewer(ctx)?);
    let rows = asker.app.record_deliveries(&viewer, message).await.map_err(failure)?;
    shown(ctx, message, rows).await
}

async fn shown(ctx: &Context<'_>, message: MessageId, rows: Vec<DeliveryRow>) -> Result<Vec<Delivery>> {
    let asker = asker(ctx);
    let loader = ctx.data_unchecked::<DataLoader<Rows>>();
    let accounts = loader.load_many(rows.iter().map(|row| row.account)).await.map_err(failure)?;
    let sent = loader.load_one(message).await.map_err(failure)?;
    let sent_at = sent.as_ref().map(|row| row.sent_at);
    let expires_at = sent.as_ref().map(|row| row.expires_at);
    let sender = sent.map(|row| row.sender);
    let mails = asker.app.models().notifications_of_message(asker.caller.organisation, message).await;
    let mails = mails.map_err(|error| failure(app::Error::from(error)))?;
    let over = expires_at.is_some_and(|at| at <= asker.app.log().now());
    let delivery = |row: DeliveryRow| {
        let account = accounts.get(&row.account);
        let mails: Vec<_> = mails.iter().filter(|mail| mail.recipient == Some(row.account)).collect();
        Delivery {
            id: ids::delivery(message.uuid(), row.account.uuid()),
            to: row.account,
            recipient: Correspondent::of_address(account.and_then(|account| account.address.as_ref())),
            state: state(&row, account, &mails, over),
            invitation: account.filter(|account| came_with(account, sender, sent_at)).map(invitation),
            notifications: mails.into_iter().cloned().map(Notification::new).collect(),
            opened_at: row.opened_at.map(DateTime),
            downloaded_at: row.downloaded_at.map(DateTime),
            printed_at: row.printed_at.map(DateTime),
            replied_at: row.replied_at.map(DateTime),
            forwarded_at: row.forwarded_at.map(DateTime),
            recalled_at: row.recalled_at.map(DateTime),
            revoked_at: row.revoked_at.map(DateTime),
        }
    };
    Ok(rows.into_iter().map(delivery).collect())
}

/// The furthest it came; that it is out of reach counts before all.
fn state(
    row: &DeliveryRow,
    account: Option<&AccountRow>,
    mails: &[&NotificationRow],
    over: bool,
) -> DeliveryState {
    if row.revoked_at.is_some() {
        DeliveryState::Revoked
    } else if over {
        DeliveryState::Expired
    } else if row.recalled_at.is_some() {
        DeliveryState::Recalled
    } else if row.opened_at.is_some() {
        DeliveryState::Opened
    } else if mails.iter().any(|mail| refused(mail.state)) {
        DeliveryState::Undeliverable
    } else if account.is_some_and(|account| account.state == AccountState::Invited) {
        DeliveryState::Invited
    } else {
        DeliveryState::Notified
    }
}

fn refused(state: NotificationState) -> bool {
    match state {
        NotificationState::Failed | NotificationState::Bounced => true,
        NotificationState::Queued
        | NotificationState::Deferred
        | NotificationState::Sent
        | NotificationState::Suppressed => false,
    }
}

/// Whether somebody was invited by this message: by its sender, and first in the very step that sent it.
fn came_with(account: &AccountRow, sender: Option<AccountId>, sent_at: Option<Timestamp>) -> bool {
    sender.is_some()
        && account.invited_by == sender
        && sent_at.is_some_and(|at| account.created_at <= at && at.seconds_since(account.created_at) == 0)
}

fn invitation(account: &AccountRow) -> Invitation {
    app::Invitation::from(account.clone()).into()
}
