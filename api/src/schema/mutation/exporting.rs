//! Officers take copies out of the system (E1–E6).

use super::settle;
use crate::{
    asker::{asker, viewer},
    schema::{
        export::{Export, ExportContentInput},
        problem::Problem,
        scalars::{IdempotencyKey, Long, Position},
    },
};
use app::ExportRequest;
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

#[derive(Default)]
pub(crate) struct Exporting;

#[Object]
impl Exporting {
    /// Makes an export; one with content needs two persons (E1-E6, K3). Role: compliance officer.
    async fn request_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RequestExportInput,
    ) -> Result<RequestExportPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let RequestExportInput { idempotency_key, content, tree_size, reason } = input;
        let request = ExportRequest {
            content: content.into_content(),
            // A size below nothing is refused like any other that the log never had.
            tree_size: tree_size.map(|size| u64::try_from(size.0).unwrap_or_default()),
            reason,
            idempotency_key: idempotency_key.0,
        };
        let done = settle(asker, asker.app.request_export(&viewer, request).await).await?;
        let export = done.value.map(Export::from);
        Ok(RequestExportPayload { export, problems: done.problems, position: done.position })
    }
}

/// Input of `requestExport`.
#[derive(InputObject)]
pub(crate) struct RequestExportInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// What.
    content: ExportContentInput,
    /// As of this size of the log; now by default (E6).
    tree_size: Option<Long>,
    /// Why, at most 500 characters (E5).
    reason: String,
}

/// Answer of `requestExport`.
#[derive(SimpleObject)]
pub(crate) struct RequestExportPayload {
    /// The export, running or awaiting approval.
    export: Option<Export>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
