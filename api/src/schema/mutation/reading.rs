//! Content is shown, and that is recorded.

use super::{find, settle};
use crate::{
    asker::{asker, viewer},
    schema::{
        ids::{self, Kind},
        message::{Message, MessageContent},
        problem::Problem,
        scalars::Position,
    },
};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::MessageId;

#[derive(Default)]
pub(crate) struct Reading;

#[Object]
impl Reading {
    /// Shows the content; records the opening in the same step (R1, R2). Role: guest, member.
    async fn open_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: OpenMessageInput,
    ) -> Result<OpenMessagePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let opened = match find(Kind::Message, &input.message_id, "message", "messageId") {
            Ok(message) => asker.app.open_message(&viewer, MessageId::new(message)).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, opened).await?;
        let (message, content) = match done.value {
            Some(opened) => {
                let message = Message::new(opened.message, &viewer, &*asker.rules().await?);
                (Some(message), Some(MessageContent { text: opened.text, html: opened.html }))
            }
            // What is left of it says why its content is gone.
            None => match ids::parse(Kind::Message, &input.message_id) {
                Some(message) => (Message::find(ctx, MessageId::new(message)).await?, None),
                None => (None, None),
            },
        };
        Ok(OpenMessagePayload { message, content, problems: done.problems, position: done.position })
    }
}

/// Input of `openMessage`.
#[derive(InputObject)]
pub(crate) struct OpenMessageInput {
    /// Which.
    message_id: ID,
}

/// Answer of `openMessage`.
#[derive(SimpleObject)]
pub(crate) struct OpenMessagePayload {
    /// The message.
    message: Option<Message>,
    /// Its content; null when unavailable, see `Message.unavailable`.
    content: Option<MessageContent>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
