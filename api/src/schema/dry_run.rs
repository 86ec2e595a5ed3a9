//! Content rules tried on past mail (G3).

use super::{
    administration::{counted, place, timed},
    ids::{self, Kind},
    paging::{self, Connection, Paging, connection},
    rule_hit::RuleHit,
    work::Work,
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
};
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};

/// Rules tried on past mail; nothing is sent (G3).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct DryRun {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    run: app::DryRun,
}

#[ComplexObject]
impl DryRun {
    /// How far it is.
    async fn work(&self, ctx: &Context<'_>) -> Work {
        Work::at(asker(ctx).app.log().now(), &self.run.work)
    }

    /// What would have been met.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn hits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<RuleHit>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let slice = asker.app.dry_run_hits(&viewer, &self.run, &page).await.map_err(failure)?;
        let total = if counted(ctx) {
            Some(asker.app.dry_run_hit_count(&viewer, &self.run).await.map_err(failure)?)
        } else {
            None
        };
        let entry = |hit: &app::TriedHit| place(hit.at, hit.message);
        connection(asker, slice, total, entry, |hit| RuleHit::tried(self.run.work.id, hit)).await
    }
}

impl From<app::DryRun> for DryRun {
    fn from(run: app::DryRun) -> Self {
        Self { id: ids::id(Kind::DryRun, run.work.id.uuid()), run }
    }
}
