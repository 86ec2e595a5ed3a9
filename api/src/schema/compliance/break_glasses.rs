//! Emergency accesses.

use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        administration::{counted, place, timed},
        break_glass::BreakGlass,
        paging::{self, Connection, Paging, connection},
    },
};
use app::Listed;
use async_graphql::{Context, Object, Result};

/// The part of `Compliance` about emergency access.
#[derive(Default)]
pub(crate) struct BreakGlasses;

#[Object]
impl BreakGlasses {
    /// Emergency accesses, newest first (K6, Q10). Role: compliance officer, break-glass.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn break_glasses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "False: without a review.")] reviewed: Option<bool>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<BreakGlass>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let found = asker.app.break_glasses(&viewer, reviewed, &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let entry = |found: &app::BreakGlass| place(found.opened_at, found.id);
        connection(asker, slice, total, entry, BreakGlass::from).await.map(Some)
    }
}
