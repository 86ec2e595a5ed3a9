//! What is being written.

use super::{
    ids::{self, Kind},
    message::{Attachment, Message},
    problem::Problem,
    scalars::{DateTime, EmailAddress, Period},
};
use app::DraftView;
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::message::{About, Onward};

/// What is being written (A36).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Draft {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    about: Option<About>,
    /// Counts saves; a save names the version it changes, so that two windows do not overwrite each other.
    version: i32,
    /// To, each judged by the rules.
    to: Vec<RecipientCheck>,
    /// Cc, each judged by the rules.
    cc: Vec<RecipientCheck>,
    /// Subject, at most 998 bytes.
    subject: String,
    /// Body, at most 512 KiB of UTF-8.
    text: String,
    /// Shorter than the policy's retention, if the sender wants.
    expires_in: Option<Period>,
    /// What is attached; uploads go to /upload (A38).
    attachments: Vec<Attachment>,
    /// Last save.
    saved_at: DateTime,
}

#[ComplexObject]
impl Draft {
    /// What it answers.
    async fn reply_to(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        self.original(ctx, Onward::Reply).await
    }

    /// What it forwards.
    async fn forward_of(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        self.original(ctx, Onward::Forward).await
    }
}

/// What the rules say of one recipient, before sending.
#[derive(SimpleObject)]
pub(crate) struct RecipientCheck {
    /// As typed.
    typed: String,
    /// As understood; null when it is no address.
    address: Option<EmailAddress>,
    /// Why it would be refused, if it would (A31, B34).
    problem: Option<Problem>,
    /// Whether it would be invited; always false for guests (B10, R4).
    is_new: bool,
}

/// What to do with recipients that are not registered (B10).
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewRecipientChoice {
    /// Send nothing, list them, keep a draft (where the policy says ask; otherwise invite: A1).
    Ask,
    /// Invite them as guests and send (B11).
    Invite,
}

impl Draft {
    async fn original(&self, ctx: &Context<'_>, what: Onward) -> Result<Option<Message>> {
        match self.about.filter(|about| about.what == what) {
            Some(about) => Message::find(ctx, about.message).await,
            None => Ok(None),
        }
    }
}

impl From<DraftView> for Draft {
    fn from(draft: DraftView) -> Self {
        let checks =
            |checks: Vec<app::RecipientCheck>| checks.into_iter().map(RecipientCheck::from).collect();
        Self {
            id: ids::id(Kind::Draft, draft.draft.uuid()),
            about: draft.about,
            version: i32::try_from(draft.version).unwrap_or(i32::MAX),
            to: checks(draft.to),
            cc: checks(draft.cc),
            subject: draft.subject,
            text: draft.text,
            expires_in: draft.expires_in.map(Period),
            attachments: draft
                .attachments
                .iter()
                .map(Attachment::from)
                .chain(draft.pending.iter().map(Attachment::from))
                .collect(),
            saved_at: draft.saved_at.into(),
        }
    }
}

impl From<app::RecipientCheck> for RecipientCheck {
    fn from(check: app::RecipientCheck) -> Self {
        Self {
            typed: check.typed,
            address: check.mailbox.as_ref().map(|mailbox| (&mailbox.address).into()),
            problem: check.problem.map(Problem::from),
            is_new: check.is_new,
        }
    }
}

impl From<NewRecipientChoice> for app::NewRecipients {
    fn from(choice: NewRecipientChoice) -> Self {
        match choice {
            NewRecipientChoice::Ask => Self::Ask,
            NewRecipientChoice::Invite => Self::Invite,
        }
    }
}
