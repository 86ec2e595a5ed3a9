//! Drafts.

use super::{find, settle};
use crate::{
    asker::{asker, viewer},
    schema::{
        draft::Draft,
        ids::{self, Kind},
        problem::{Problem, not_found},
        scalars::{AddressList, IdempotencyKey, Period, Position},
    },
};
use app::{DraftChange, NewDraft, ProblemCode};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, OneofObject, Result, SimpleObject};
use domain::{AttachmentId, DraftId, MessageId};

#[derive(Default)]
pub(crate) struct Drafts;

#[Object]
impl Drafts {
    /// Begins to write; a reply or forward is prefilled (A30, A35, A36). Role: guest, member.
    async fn create_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: CreateDraftInput,
    ) -> Result<CreateDraftPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let created = match about(input.about) {
            Ok(new) => asker.app.create_draft(&viewer, new, &input.idempotency_key.0).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, created).await?;
        let draft = done.value.map(Draft::from);
        Ok(CreateDraftPayload { draft, problems: done.problems, position: done.position })
    }

    /// Saves a draft, also automatically; what is left out stays (A36, R5). Role: guest, member.
    async fn update_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: UpdateDraftInput,
    ) -> Result<UpdateDraftPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let id = ids::parse(Kind::Draft, &input.draft_id).map(DraftId::new);
        let updated = match (id, u32::try_from(input.version)) {
            (None, _) => Err(not_found("draft", "draftId")),
            (_, Err(_)) => Err(invalid_version()),
            (Some(draft), Ok(version)) => {
                asker.app.update_draft(&viewer, draft, version, change(input)).await
            }
        };
        let conflict = matches!(&updated, Err(app::Error::Problems(problems))
            if problems.iter().any(|problem| problem.code == ProblemCode::Conflict));
        let done = settle(asker, updated).await?;
        let draft = match (done.value, id) {
            (None, Some(id)) if conflict => asker.app.draft(&viewer, id).await.ok(),
            (saved, _) => saved,
        };
        Ok(UpdateDraftPayload {
            draft: draft.map(Draft::from),
            problems: done.problems,
            position: done.position,
        })
    }

    /// Detaches a file from a draft. Role: guest, member.
    async fn remove_attachment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RemoveAttachmentInput,
    ) -> Result<RemoveAttachmentPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let removed = match find(Kind::Attachment, &input.attachment_id, "attachment", "attachmentId") {
            Ok(id) => asker.app.remove_attachment(&viewer, AttachmentId::new(id)).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, removed).await?;
        let draft = done.value.map(Draft::from);
        Ok(RemoveAttachmentPayload { draft, problems: done.problems, position: done.position })
    }

    /// Throws a draft away. Role: guest, member.
    async fn discard_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: DiscardDraftInput,
    ) -> Result<DiscardDraftPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let discarded = match find(Kind::Draft, &input.draft_id, "draft", "draftId") {
            Ok(id) => asker.app.discard_draft(&viewer, DraftId::new(id)).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, discarded).await?;
        let discarded_draft_id = done.value.map(|_| input.draft_id);
        Ok(DiscardDraftPayload { discarded_draft_id, problems: done.problems, position: done.position })
    }
}

/// What a draft is about; exactly one.
#[derive(OneofObject)]
pub(crate) enum DraftAboutInput {
    /// Message to answer: To is its sender (A30).
    ReplyTo(ID),
    /// Message to forward: Cc is its sender (A35).
    ForwardOf(ID),
}

fn about(about: Option<DraftAboutInput>) -> Result<NewDraft, app::Error> {
    let message = |id: &ID| find(Kind::Message, id, "message", "about").map(MessageId::new);
    match about {
        None => Ok(NewDraft::New),
        Some(DraftAboutInput::ReplyTo(id)) => Ok(NewDraft::ReplyTo(message(&id)?)),
        Some(DraftAboutInput::ForwardOf(id)) => Ok(NewDraft::ForwardOf(message(&id)?)),
    }
}

fn change(input: UpdateDraftInput) -> DraftChange {
    let typed =
        |lists: Option<Vec<AddressList>>| lists.map(|lists| lists.into_iter().map(|list| list.0).collect());
    DraftChange {
        to: typed(input.to),
        cc: typed(input.cc),
        subject: input.subject,
        text: input.text,
        expires_in: match input.expires_in {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(period) => Some(Some(period.0)),
        },
    }
}

/// The answer to a version below zero.
pub(super) fn invalid_version() -> app::Error {
    app::Problem::new(ProblemCode::Invalid, "Name the version of the draft that you saw.")
        .at(["version"])
        .into()
}

/// Input of `createDraft`.
#[derive(InputObject)]
pub(crate) struct CreateDraftInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// What it answers or forwards; absent for new mail.
    about: Option<DraftAboutInput>,
}

/// Answer of `createDraft`.
#[derive(SimpleObject)]
pub(crate) struct CreateDraftPayload {
    /// The draft.
    draft: Option<Draft>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `updateDraft`.
#[derive(InputObject)]
pub(crate) struct UpdateDraftInput {
    /// Which.
    draft_id: ID,
    /// The version that was changed; a newer one gives CONFLICT.
    version: i32,
    /// To, as typed (A28).
    to: Option<Vec<AddressList>>,
    /// Cc, as typed (A28).
    cc: Option<Vec<AddressList>>,
    /// Subject, at most 998 bytes.
    subject: Option<String>,
    /// Body, at most 512 KiB of UTF-8.
    text: Option<String>,
    /// Shorter life than the policy's; null returns to the policy's.
    expires_in: MaybeUndefined<Period>,
}

/// Answer of `updateDraft`.
#[derive(SimpleObject)]
pub(crate) struct UpdateDraftPayload {
    /// The draft, as saved; on CONFLICT as it is.
    draft: Option<Draft>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `removeAttachment`.
#[derive(InputObject)]
pub(crate) struct RemoveAttachmentInput {
    /// Which.
    attachment_id: ID,
}

/// Answer of `removeAttachment`.
#[derive(SimpleObject)]
pub(crate) struct RemoveAttachmentPayload {
    /// The draft, changed.
    draft: Option<Draft>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `discardDraft`.
#[derive(InputObject)]
pub(crate) struct DiscardDraftInput {
    /// Which.
    draft_id: ID,
}

/// Answer of `discardDraft`.
#[derive(SimpleObject)]
pub(crate) struct DiscardDraftPayload {
    /// The draft that is gone.
    discarded_draft_id: Option<ID>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
