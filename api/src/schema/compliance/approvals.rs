//! What needs a second person.

use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        administration::{counted, place, timed},
        approval::{Approval, ApprovalState},
        paging::{self, Connection, Paging, connection},
    },
};
use app::Listed;
use async_graphql::{Context, Object, Result};

/// The part of `Compliance` about requests that need a second person.
#[derive(Default)]
pub(crate) struct Approvals;

#[Object]
impl Approvals {
    /// Requests that need a second person, newest first (K3). Role: compliance officer, approver.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn approvals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In one of these states.")] states: Option<Vec<ApprovalState>>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<Approval>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let states: Option<Vec<_>> = states.map(|states| states.into_iter().map(Into::into).collect());
        let found = asker.app.approvals(&viewer, states.as_deref(), &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let entry = |approval: &app::ApprovalView| place(approval.row.requested_at, approval.row.approval);
        connection(asker, slice, total, entry, Approval::from).await.map(Some)
    }
}
