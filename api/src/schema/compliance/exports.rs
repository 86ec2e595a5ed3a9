//! What was taken out of the system.

use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        administration::{counted, place, timed},
        export::Export,
        paging::{self, Connection, Paging, connection},
    },
};
use app::Listed;
use async_graphql::{Context, Object, Result};

/// The part of `Compliance` about exports.
#[derive(Default)]
pub(crate) struct Exports;

#[Object]
impl Exports {
    /// Exports, newest first (E5).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn exports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<Export>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let found = asker.app.exports(&viewer, &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let entry = |export: &app::ExportView| place(export.row.at, export.row.export);
        connection(asker, slice, total, entry, Export::from).await.map(Some)
    }
}
