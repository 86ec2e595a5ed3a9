//! Messages are taken back by their senders, and deleted by whoever has them.

use super::{find, settle};
use crate::{
    asker::{asker, viewer},
    schema::{
        ids::Kind,
        message::Message,
        problem::Problem,
        scalars::{EmailAddress, Position},
    },
};
use app::ProblemCode;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::{MessageId, address};

#[derive(Default)]
pub(crate) struct Recalling;

#[Object]
impl Recalling {
    /// Takes a message back, before or after reading (R16). Role: guest, member who sent it.
    async fn recall_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RecallMessageInput,
    ) -> Result<RecallMessagePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let found = find(Kind::Message, &input.message_id, "message", "messageId");
        let recalled = match (found, input.recipients.map(addresses).transpose()) {
            (Ok(message), Ok(from)) => {
                asker.app.recall_message(&viewer, MessageId::new(message), from.as_deref()).await
            }
            (Err(problem), _) | (_, Err(problem)) => Err(problem),
        };
        let done = settle(asker, recalled).await?;
        let message = match done.value {
            Some(message) => Message::find(ctx, message).await?,
            None => None,
        };
        Ok(RecallMessagePayload { message, problems: done.problems, position: done.position })
    }

    /// Deletes a message from the viewer's own folders for good; the other side keeps theirs. Role: guest, member.
    async fn delete_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: DeleteMessageInput,
    ) -> Result<DeleteMessagePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let deleted = match find(Kind::Message, &input.message_id, "message", "messageId") {
            Ok(message) => asker.app.delete_message(&viewer, MessageId::new(message)).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, deleted).await?;
        let deleted_message_id = done.value.map(|_| input.message_id);
        Ok(DeleteMessagePayload { deleted_message_id, problems: done.problems, position: done.position })
    }
}

/// The addresses that were typed, or what is wrong with the first that is none.
fn addresses(typed: Vec<EmailAddress>) -> Result<Vec<address::EmailAddress>, app::Error> {
    let read = |(index, typed): (usize, EmailAddress)| {
        address::EmailAddress::parse(&typed.0).map_err(|error| {
            let field = ["recipients", &index.to_string()];
            app::Problem::new(ProblemCode::Invalid, format!("{}: {error}", typed.0)).at(field).into()
        })
    };
    typed.into_iter().enumerate().map(read).collect()
}

/// Input of `recallMessage`.
#[derive(InputObject)]
pub(crate) struct RecallMessageInput {
    /// Which.
    message_id: ID,
    /// From whom; absent from everyone.
    recipients: Option<Vec<EmailAddress>>,
}

/// Answer of `recallMessage`.
#[derive(SimpleObject)]
pub(crate) struct RecallMessagePayload {
    /// The message, changed.
    message: Option<Message>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `deleteMessage`.
#[derive(InputObject)]
pub(crate) struct DeleteMessageInput {
    /// Which.
    message_id: ID,
}

/// Answer of `deleteMessage`.
#[derive(SimpleObject)]
pub(crate) struct DeleteMessagePayload {
    /// The message that is gone.
    deleted_message_id: Option<ID>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
