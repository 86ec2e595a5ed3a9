//! A proposed policy over the history (N3).

use super::{
    account::Account,
    administration::counted,
    compliance::MessageRecord,
    ids::{self, Kind},
    paging::{self, Connection, Paging, connection},
    policy::PolicyDifference,
    scalars::DateTime,
    work::Work,
};
use crate::{
    asker::{asker, unknown_cursor, viewer},
    codes::failure,
};
use app::EffectPage;
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::{AccountId, MessageId, replay};

/// A proposed policy over the history (N3). Seen by: policy author, compliance officer.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct PolicyReplay {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    replay: app::Replay,
}

/// One consequence of a proposed policy.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct ReplayEffect {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// What would differ.
    kind: ReplayEffectKind,
    #[graphql(skip)]
    of: MessageId,
    #[graphql(skip)]
    whose: Option<AccountId>,
    /// From when.
    at: DateTime,
}

/// What a policy can change for a message.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "replay::EffectKind")]
pub(crate) enum ReplayEffectKind {
    /// It would be gone.
    Expires,
    /// It would still be there.
    LivesOn,
    /// Someone could read it.
    GainsAccess,
    /// Someone could not.
    LosesAccess,
}

#[ComplexObject]
impl PolicyReplay {
    /// How far it is.
    async fn work(&self, ctx: &Context<'_>) -> Work {
        Work::at(asker(ctx).app.log().now(), &self.replay.work)
    }

    /// Proposed against today's.
    async fn differences(&self) -> Vec<PolicyDifference> {
        self.replay.differences.iter().map(PolicyDifference::from).collect()
    }

    /// Messages that would be gone already; null until done.
    async fn would_expire_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        self.count(ctx, ReplayEffectKind::Expires).await
    }

    /// Readings that would become possible.
    async fn would_gain_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        self.count(ctx, ReplayEffectKind::GainsAccess).await
    }

    /// Readings that would be refused.
    async fn would_lose_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        self.count(ctx, ReplayEffectKind::LosesAccess).await
    }

    /// Each of them, oldest first.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn effects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One kind only.")] kind: Option<ReplayEffectKind>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<ReplayEffect>> {
        let (asker, organisation) = (asker(ctx), viewer(ctx)?.organisation);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let page = EffectPage {
            first: paging.first,
            after: number(paging.after.as_deref())?,
            last: paging.last,
            before: number(paging.before.as_deref())?,
        };
        let kind = kind.map(replay::EffectKind::from);
        let slice =
            asker.app.replay_effects(organisation, &self.replay, kind, page).await.map_err(failure)?;
        let total = if counted(ctx) {
            let total = asker.app.replay_effect_count(organisation, &self.replay, kind).await;
            Some(total.map_err(failure)?)
        } else {
            None
        };
        let entry = |effect: &app::ReplayEffect| effect.number.to_be_bytes().to_vec();
        connection(asker, slice, total, entry, |effect| self.effect(effect)).await
    }
}

impl PolicyReplay {
    async fn count(&self, ctx: &Context<'_>, kind: ReplayEffectKind) -> Result<Option<i32>> {
        if self.replay.work.state != app::WorkState::Done {
            return Ok(None);
        }
        let (asker, organisation) = (asker(ctx), viewer(ctx)?.organisation);
        let found = asker.app.replay_effect_count(organisation, &self.replay, Some(kind.into())).await;
        Ok(Some(i32::try_from(found.map_err(failure)?).unwrap_or(i32::MAX)))
    }

    fn effect(&self, effect: app::ReplayEffect) -> ReplayEffect {
        let app::ReplayEffect { number, kind, message, account, at } = effect;
        ReplayEffect {
            id: ids::replay_effect(self.replay.work.id.uuid(), number),
            kind: kind.into(),
            of: message,
            whose: account,
            at: at.into(),
        }
    }

    /// One of its effects, by number.
    pub(crate) async fn effect_at(&self, ctx: &Context<'_>, number: i64) -> Result<Option<ReplayEffect>> {
        let (asker, organisation) = (asker(ctx), viewer(ctx)?.organisation);
        let page = EffectPage { first: Some(1), after: Some(number - 1), ..EffectPage::default() };
        let found =
            asker.app.replay_effects(organisation, &self.replay, None, page).await.map_err(failure)?;
        let effect = found.items.into_iter().find(|effect| effect.number == number);
        Ok(effect.map(|effect| self.effect(effect)))
    }
}

#[ComplexObject]
impl ReplayEffect {
    /// Which message.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<MessageRecord>> {
        MessageRecord::find(ctx, self.of).await
    }

    /// Whose access.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.whose {
            Some(account) => Account::find(ctx, account).await,
            None => Ok(None),
        }
    }
}

impl From<app::Replay> for PolicyReplay {
    fn from(replay: app::Replay) -> Self {
        Self { id: ids::id(Kind::Replay, replay.work.id.uuid()), replay }
    }
}

fn number(place: Option<&[u8]>) -> Result<Option<i64>> {
    let bytes = place.map(|place| place.try_into().map_err(|_| unknown_cursor())).transpose()?;
    Ok(bytes.map(i64::from_be_bytes))
}
