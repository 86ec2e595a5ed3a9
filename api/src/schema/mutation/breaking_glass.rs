//! Emergency access is opened, used and closed (K6).

use super::{find, settle};
use crate::{
    asker::{asker, viewer},
    schema::{
        break_glass::BreakGlass,
        ids::{self, Kind},
        message::MessageContent,
        problem::Problem,
        scalars::{IdempotencyKey, Period, Position},
    },
};
use app::{BreakGlassRequest, EmergencyContent};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::{MessageId, id::BreakGlassId};

#[derive(Default)]
pub(crate) struct BreakingGlass;

#[Object]
impl BreakingGlass {
    /// Opens emergency access: a reason, a time limit, an alert, a review (K6). Role: break-glass.
    async fn open_break_glass(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: OpenBreakGlassInput,
    ) -> Result<OpenBreakGlassPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let OpenBreakGlassInput { idempotency_key, message_ids, reason, period } = input;
        let message = |id| ids::parse(Kind::Message, id).map(MessageId::new);
        let request = BreakGlassRequest {
            messages: message_ids.iter().map(message).collect(),
            reason,
            period: period.0,
            idempotency_key: idempotency_key.0,
        };
        let done = settle(asker, asker.app.open_break_glass(&viewer, request).await).await?;
        let break_glass = found(ctx, done.value).await?;
        Ok(OpenBreakGlassPayload { break_glass, problems: done.problems, position: done.position })
    }

    /// Shows the content of one message; its people see it in their access history (K6, N7). Role: break-glass.
    async fn open_message_by_break_glass(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: OpenMessageByBreakGlassInput,
    ) -> Result<OpenMessageByBreakGlassPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let message = find(Kind::Message, &input.message_id, "message", "messageId");
        let opened = match (access(&input.break_glass_id), message) {
            (Ok(access), Ok(message)) => {
                asker.app.open_by_break_glass(&viewer, access, MessageId::new(message)).await
            }
            (Err(problem), _) | (_, Err(problem)) => Err(problem),
        };
        let done = settle(asker, opened).await?;
        let content = done.value.map(|EmergencyContent { text, html }| MessageContent { text, html });
        Ok(OpenMessageByBreakGlassPayload { content, problems: done.problems, position: done.position })
    }

    /// Closes it before its time. Role: break-glass.
    async fn close_break_glass(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: CloseBreakGlassInput,
    ) -> Result<CloseBreakGlassPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let closed = match access(&input.break_glass_id) {
            Ok(access) => asker.app.close_break_glass(&viewer, access).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, closed).await?;
        let break_glass = found(ctx, done.value).await?;
        Ok(CloseBreakGlassPayload { break_glass, problems: done.problems, position: done.position })
    }
}

fn access(id: &ID) -> Result<BreakGlassId, app::Error> {
    find(Kind::BreakGlass, id, "emergency access", "breakGlassId").map(BreakGlassId::new)
}

async fn found(ctx: &Context<'_>, access: Option<BreakGlassId>) -> Result<Option<BreakGlass>> {
    match access {
        Some(access) => BreakGlass::find(ctx, access).await,
        None => Ok(None),
    }
}

/// Input of `openBreakGlass`.
#[derive(InputObject)]
pub(crate) struct OpenBreakGlassInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// To which messages, 1 to 100.
    message_ids: Vec<ID>,
    /// Why, 20 to 500 characters.
    reason: String,
    /// For how long, PT8H at most.
    period: Period,
}

/// Answer of `openBreakGlass`.
#[derive(SimpleObject)]
pub(crate) struct OpenBreakGlassPayload {
    /// The access.
    break_glass: Option<BreakGlass>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `openMessageByBreakGlass`.
#[derive(InputObject)]
pub(crate) struct OpenMessageByBreakGlassInput {
    /// By which access.
    break_glass_id: ID,
    /// Which message.
    message_id: ID,
}

/// Answer of `openMessageByBreakGlass`.
#[derive(SimpleObject)]
pub(crate) struct OpenMessageByBreakGlassPayload {
    /// The content.
    content: Option<MessageContent>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `closeBreakGlass`.
#[derive(InputObject)]
pub(crate) struct CloseBreakGlassInput {
    /// Which.
    break_glass_id: ID,
}

/// Answer of `closeBreakGlass`.
#[derive(SimpleObject)]
pub(crate) struct CloseBreakGlassPayload {
    /// The access, closed.
    break_glass: Option<BreakGlass>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
