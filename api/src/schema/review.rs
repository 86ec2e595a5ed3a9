//! Sign-offs of what others did (Q2, Q10).

use super::{
    account::Account,
    ids::{self, Kind},
    scalars::DateTime,
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
    loaders::{Rows, SignedOff},
};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject, dataloader::DataLoader};
use domain::{AccountId, id::ReviewId, review};
use eventstore::Position;

/// A reviewer's sign-off (Q2, Q10).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Review {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    reviewer: AccountId,
    /// When.
    at: DateTime,
    /// What the reviewer found.
    finding: ReviewFinding,
    /// In words.
    comment: Option<String>,
}

#[ComplexObject]
impl Review {
    /// Who.
    async fn by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        Account::find(ctx, self.reviewer).await
    }
}

/// Result of a review.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "review::Finding")]
pub(crate) enum ReviewFinding {
    /// As it should be.
    InOrder,
    /// Something must be done.
    FollowUp,
}

impl Review {
    /// One of them, for an officer.
    pub(crate) async fn find(ctx: &Context<'_>, review: ReviewId) -> Result<Option<Self>> {
        let found = asker(ctx).app.review(&*viewer(ctx)?, review).await.map_err(failure)?;
        Ok(found.map(Self::from))
    }

    /// Those of an event, for whoever was shown the event.
    pub(super) async fn of_event(ctx: &Context<'_>, position: Position) -> Result<Vec<Self>> {
        let loader = ctx.data_unchecked::<DataLoader<Rows>>();
        let found = loader.load_one(SignedOff(position)).await.map_err(failure)?;
        Ok(found.into_iter().flatten().map(Self::from).collect())
    }
}

impl From<app::Review> for Review {
    fn from(review: app::Review) -> Self {
        let app::Review { id, by, at, finding, comment } = review;
        let id = ids::id(Kind::Review, id.uuid());
        Self { id, reviewer: by, at: at.into(), finding: finding.into(), comment }
    }
}
