//! Further addresses of an account.

use super::{
    account::Account,
    ids,
    scalars::{DateTime, EmailAddress},
};
use crate::asker::viewer;
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::{
    AccountId,
    account::{self, alias::Standing},
};

/// A further address of an account (B40-B50).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Alias {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    adder: Option<AccountId>,
    /// The address.
    address: EmailAddress,
    /// Pending until confirmed (B45).
    state: AliasState,
    /// For a primary that was just replaced: until when that can be undone (R14).
    undo_until: Option<DateTime>,
}

/// Whether an alias receives.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AliasState {
    /// The confirmation mail was not answered.
    Pending,
    /// Its mail arrives in this inbox (B48).
    Confirmed,
    /// Was the primary address; still receives (B47).
    FormerPrimary,
}

#[ComplexObject]
impl Alias {
    /// Who added it (B50).
    async fn added_by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.adder {
            Some(adder) => Account::visible(ctx, &*viewer(ctx)?, adder).await,
            None => Ok(None),
        }
    }
}

impl Alias {
    /// `None` once the person's data is erased.
    pub(crate) fn new(alias: account::Alias, holder: AccountId) -> Option<Self> {
        let address = alias.address.value()?.into();
        let (state, undo_until) = match alias.standing {
            Standing::Pending { .. } => (AliasState::Pending, None),
            Standing::Confirmed => (AliasState::Confirmed, None),
            Standing::FormerPrimary { undo, .. } => (AliasState::FormerPrimary, Some(undo.expires_at.into())),
        };
        let id = ids::alias(alias.id.uuid(), holder.uuid());
        Some(Self { id, adder: alias.added_by, address, state, undo_until })
    }
}
