//! What content rules met.

use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        administration::{counted, place, timed},
        paging::{self, Connection, Paging, connection},
        rule_hit::RuleHit,
    },
};
use app::Listed;
use async_graphql::{Context, Object, Result};

/// The part of `Compliance` about content rules.
#[derive(Default)]
pub(crate) struct RuleHits;

#[Object]
impl RuleHits {
    /// Content rule hits, overrides and mail held for review, newest first (Q9).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn rule_hits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "True: held and not decided.")] waiting: Option<bool>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<RuleHit>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let found = asker.app.rule_hits(&viewer, waiting, &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let entry = |hit: &app::RuleHit| place(hit.row.at, hit.row.intake);
        connection(asker, slice, total, entry, RuleHit::from).await.map(Some)
    }
}
