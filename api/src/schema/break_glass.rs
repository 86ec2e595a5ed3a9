//! Emergency access (K6).

use super::{
    account::Account,
    audit::AuditEvent,
    compliance::MessageRecord,
    ids::{self, Kind},
    paging::{self, Connection, Paging, connection},
    review::Review,
    scalars::DateTime,
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
    loaders::Rows,
};
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject, dataloader::DataLoader};
use domain::{AccountId, MessageId, id::BreakGlassId};

/// Emergency access to content (K6).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct BreakGlass {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    access: BreakGlassId,
    #[graphql(skip)]
    holder: AccountId,
    #[graphql(skip)]
    about: Vec<MessageId>,
    /// Why.
    reason: String,
    /// When.
    opened_at: DateTime,
    /// Its time limit.
    ends_at: DateTime,
    /// When it was closed.
    closed_at: Option<DateTime>,
}

#[ComplexObject]
impl BreakGlass {
    /// Who.
    async fn opened_by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        Account::find(ctx, self.holder).await
    }

    /// What it gives access to.
    async fn messages(&self, ctx: &Context<'_>) -> Result<Vec<MessageRecord>> {
        let loader = ctx.data_unchecked::<DataLoader<Rows>>();
        let mut found = loader.load_many(self.about.iter().copied()).await.map_err(failure)?;
        Ok(self.about.iter().filter_map(|message| found.remove(message)).map(MessageRecord::from).collect())
    }

    /// What was done with it.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let all = asker.app.break_glass_events(&viewer, self.access).await.map_err(failure)?;
        let total = u64::try_from(all.len()).ok();
        let place = |event: &app::AuditedEvent| event.position.to_be_bytes().to_vec();
        connection(asker, paging.cut(all, place)?, total, place, AuditEvent::from).await
    }

    /// Reviews of it (Q10).
    async fn reviews(&self, ctx: &Context<'_>) -> Result<Vec<Review>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let all = asker.app.break_glass_reviews(&viewer, self.access).await.map_err(failure)?;
        Ok(all.into_iter().map(Review::from).collect())
    }
}

impl BreakGlass {
    /// One of them, for who may see it.
    pub(crate) async fn find(ctx: &Context<'_>, access: BreakGlassId) -> Result<Option<Self>> {
        let found = asker(ctx).app.break_glass(&*viewer(ctx)?, access).await.map_err(failure)?;
        Ok(found.map(Self::from))
    }
}

impl From<app::BreakGlass> for BreakGlass {
    fn from(found: app::BreakGlass) -> Self {
        let app::BreakGlass { id, reason, holder, opened_at, ends_at, closed_at, messages } = found;
        Self {
            id: ids::id(Kind::BreakGlass, id.uuid()),
            access: id,
            holder,
            about: messages,
            reason,
            opened_at: opened_at.into(),
            ends_at: ends_at.into(),
            closed_at: closed_at.map(DateTime),
        }
    }
}
