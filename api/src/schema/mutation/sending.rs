//! Messages begin.

use super::{drafts::invalid_version, find, settle};
use crate::{
    asker::{Asker, asker, viewer},
    schema::{
        draft::{Draft, NewRecipientChoice},
        ids::Kind,
        message::Message,
        problem::Problem,
        scalars::{AddressList, IdempotencyKey, Period, Position},
    },
};
use app::{Done, ForwardRequest, MessageRequest, ReplyRequest, SendDraftRequest, Unsent};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::{DraftId, MessageId};

#[derive(Default)]
pub(crate) struct Sending;

#[Object]
impl Sending {
    /// Sends a draft; what fails leaves it as it was (R7). Role: guest, member.
    async fn send_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: SendDraftInput,
    ) -> Result<SendDraftPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let sent = match send_draft_request(input) {
            Ok(request) => asker.app.send_draft(&viewer, request).await,
            Err(problem) => Err(problem.into()),
        };
        let Sent { message, draft, problems, position } = outcome(ctx, asker, sent).await?;
        Ok(SendDraftPayload { message, draft, problems, position })
    }

    /// Writes and sends in one step, without files (A1, A26). Role: guest, member.
    async fn send_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: SendMessageInput,
    ) -> Result<SendMessagePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let request = MessageRequest {
            to: typed(input.to),
            cc: typed(input.cc.unwrap_or_default()),
            subject: input.subject,
            text: input.text,
            expires_in: input.expires_in.map(|period| period.0),
            new_recipients: input.new_recipients.into(),
            idempotency_key: input.idempotency_key.0,
        };
        let sent = asker.app.send_message(&viewer, request).await;
        let Sent { message, draft, problems, position } = outcome(ctx, asker, sent).await?;
        Ok(SendMessagePayload { message, draft, problems, position })
    }

    /// Answers in one step (A29-A31, C10). Role: guest, member.
    async fn reply_to_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ReplyToMessageInput,
    ) -> Result<ReplyToMessagePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let sent = match find(Kind::Message, &input.message_id, "message", "messageId") {
            Ok(message) => {
                let request = ReplyRequest {
                    message: MessageId::new(message),
                    cc: typed(input.cc.unwrap_or_default()),
                    text: input.text,
                    idempotency_key: input.idempotency_key.0,
                };
                asker.app.reply(&viewer, request).await
            }
            Err(problem) => Err(problem.into()),
        };
        let Sent { message, draft, problems, position } = outcome(ctx, asker, sent).await?;
        Ok(ReplyToMessagePayload { message, draft, problems, position })
    }

    /// Forwards in one step with its attachments; expires with the original (A33-A35). Role: guest, member.
    async fn forward_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ForwardMessageInput,
    ) -> Result<ForwardMessagePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let sent = match find(Kind::Message, &input.message_id, "message", "messageId") {
            Ok(message) => {
                let request = ForwardRequest {
                    message: MessageId::new(message),
                    to: typed(input.to),
                    text: input.text.unwrap_or_default(),
                    idempotency_key: input.idempotency_key.0,
                };
                asker.app.forward(&viewer, request).await
            }
            Err(problem) => Err(problem.into()),
        };
        let Sent { message, draft, problems, position } = outcome(ctx, asker, sent).await?;
        Ok(ForwardMessagePayload { message, draft, problems, position })
    }
}

/// The parts of each payload here.
struct Sent {
    message: Option<Message>,
    draft: Option<Draft>,
    problems: Vec<Problem>,
    position: Option<Position>,
}

async fn outcome(ctx: &Context<'_>, asker: &Asker, sent: Result<Done<MessageId>, Unsent>) -> Result<Sent> {
    let (answer, draft) = match sent {
        Ok(done) => (Ok(done), None),
        Err(Unsent { why, draft }) => (Err(why), draft.map(Draft::from)),
    };
    let done = settle(asker, answer).await?;
    let message = match done.value {
        Some(message) => Message::find(ctx, message).await?,
        None => None,
    };
    Ok(Sent { message, draft, problems: done.problems, position: done.position })
}

fn send_draft_request(input: SendDraftInput) -> Result<SendDraftRequest, app::Error> {
    Ok(SendDraftRequest {
        draft: DraftId::new(find(Kind::Draft, &input.draft_id, "draft", "draftId")?),
        version: u32::try_from(input.version).map_err(|_| invalid_version())?,
        new_recipients: input.new_recipients.into(),
        override_reason: input.override_reason,
        idempotency_key: input.idempotency_key.0,
    })
}

fn typed(lists: Vec<AddressList>) -> Vec<String> {
    lists.into_iter().map(|list| list.0).collect()
}

/// Input of `sendDraft`.
#[derive(InputObject)]
pub(crate) struct SendDraftInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// Which.
    draft_id: ID,
    /// The version to send.
    version: i32,
    /// What to do with new ones (B10).
    #[graphql(default_with = "NewRecipientChoice::Ask")]
    new_recipients: NewRecipientChoice,
    /// Why a content rule should not apply, where it allows that (Q9).
    override_reason: Option<String>,
}

/// Answer of `sendDraft`.
#[derive(SimpleObject)]
pub(crate) struct SendDraftPayload {
    /// The message; null when refused.
    message: Option<Message>,
    /// The draft, when it was not sent; its recipients say why.
    draft: Option<Draft>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `sendMessage`.
#[derive(InputObject)]
pub(crate) struct SendMessageInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// To (A28).
    to: Vec<AddressList>,
    /// Cc.
    cc: Option<Vec<AddressList>>,
    /// Subject, at most 998 bytes.
    subject: String,
    /// Body, at most 512 KiB of UTF-8.
    text: String,
    /// Shorter life than the policy's.
    expires_in: Option<Period>,
    /// What to do with new ones (B10).
    #[graphql(default_with = "NewRecipientChoice::Ask")]
    new_recipients: NewRecipientChoice,
}

/// Answer of `sendMessage`.
#[derive(SimpleObject)]
pub(crate) struct SendMessagePayload {
    /// The message; null when refused.
    message: Option<Message>,
    /// A draft of it, when it was not sent (B11).
    draft: Option<Draft>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `replyToMessage`.
#[derive(InputObject)]
pub(crate) struct ReplyToMessageInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// What is answered; To is its sender.
    message_id: ID,
    /// Cc, under the rule for replies (A31).
    cc: Option<Vec<AddressList>>,
    /// Body, at most 512 KiB of UTF-8.
    text: String,
}

/// Answer of `replyToMessage`.
#[derive(SimpleObject)]
pub(crate) struct ReplyToMessagePayload {
    /// The reply; null when refused.
    message: Option<Message>,
    /// A draft of it, when it was not sent.
    draft: Option<Draft>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `forwardMessage`.
#[derive(InputObject)]
pub(crate) struct ForwardMessageInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// What is forwarded.
    message_id: ID,
    /// To, under the rule for forwards (A34).
    to: Vec<AddressList>,
    /// Words of one's own.
    text: Option<String>,
}

/// Answer of `forwardMessage`.
#[derive(SimpleObject)]
pub(crate) struct ForwardMessagePayload {
    /// The forward; null when refused.
    message: Option<Message>,
    /// A draft of it, when it was not sent.
    draft: Option<Draft>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
