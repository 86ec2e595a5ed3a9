//! Links of mails.

use super::scalars::DateTime;
use app::LinkView;
use async_graphql::{Enum, SimpleObject};

/// State of an emailed link; the same for unknown tokens as for long expired ones (null).
#[derive(SimpleObject)]
pub(crate) struct Link {
    /// What following it does.
    purpose: LinkPurpose,
    /// Whether it still works.
    state: LinkState,
    /// The address it is bound to, such as a***@e***.com (R10).
    masked_address: String,
    /// Until when it works; null when it has no end.
    expires_at: Option<DateTime>,
    /// Whether an account's password is asked as well (B43).
    needs_password: bool,
}

/// What a link is for; a token works for its purpose alone.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::LinkUse")]
pub(crate) enum LinkPurpose {
    /// An invitation (A3, B8).
    Register,
    /// Confirm the registration (A4).
    ActivateAccount,
    /// Reset by link (B24).
    SetPassword,
    /// Make a staged password effective (A13).
    ActivatePassword,
    /// Prove that an alias is one's own (B42).
    ConfirmAlias,
    /// Undo from the old address (R14).
    UndoAliasPromotion,
    /// Leave (B36).
    Unsubscribe,
}

/// Whether a link works.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::LinkStanding")]
pub(crate) enum LinkState {
    /// It works, once.
    Usable,
    /// It did its work.
    Used,
    /// Too old; `renewLink` helps.
    Expired,
    /// A newer one was sent.
    Replaced,
}

impl Link {
    /// `None` for the link of somebody whose data is erased: it says as little as an unknown one.
    pub(crate) fn new(view: LinkView) -> Option<Self> {
        Some(Self {
            purpose: view.purpose.into(),
            state: view.state.into(),
            masked_address: view.masked_address?,
            expires_at: view.expires_at.map(DateTime),
            needs_password: view.needs_password,
        })
    }
}
