//! Ways in.

use super::{
    account::{Account, sees_accounts},
    ids::{self, Kind},
    notification::Notification,
    scalars::{DateTime, EmailAddress},
};
use crate::asker::viewer;
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::{AccountId, notification};

/// One person's way in (B1, B8).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Invitation {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    whose: AccountId,
    #[graphql(skip)]
    by: Option<AccountId>,
    /// The one address it is bound to (B8).
    address: Option<EmailAddress>,
    /// Where it stands.
    state: InvitationState,
    /// Last time it was sent.
    sent_at: DateTime,
    /// When it lapses.
    expires_at: DateTime,
}

/// Life of an invitation.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::InvitationState")]
pub(crate) enum InvitationState {
    /// Waiting.
    Sent,
    /// Lapsed; can be sent again (R11).
    Expired,
    /// Accepted, not activated.
    Registered,
    /// Done.
    Activated,
    /// The mail cannot be delivered.
    Undeliverable,
}

#[ComplexObject]
impl Invitation {
    /// Whose message or wish it was.
    async fn invited_by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.by {
            Some(by) => Account::visible(ctx, &*viewer(ctx)?, by).await,
            None => Ok(None),
        }
    }

    /// What became of it. Role: administrator, compliance officer.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        if sees_accounts(&*viewer(ctx)?) { Account::find(ctx, self.whose).await } else { Ok(None) }
    }

    /// The mails of it and their fate (R15).
    async fn notifications(&self, ctx: &Context<'_>) -> Result<Vec<Notification>> {
        Notification::of(ctx, self.whose, notification::Kind::Invitation).await
    }
}

impl From<app::Invitation> for Invitation {
    fn from(invitation: app::Invitation) -> Self {
        Self {
            id: ids::id(Kind::Invitation, invitation.account.uuid()),
            whose: invitation.account,
            by: invitation.invited_by,
            address: invitation.address.as_ref().map(EmailAddress::from),
            state: invitation.state.into(),
            sent_at: invitation.sent_at.into(),
            expires_at: invitation.expires_at.into(),
        }
    }
}
