//! Drafts: begun, saved with a version, sent or thrown away (A36, R5).

use crate::{
    App, Done, Error, Problem, ProblemCode, RecipientCheck, Viewer,
    error::not_found,
    recipients::{Writing as Occasion, crowd},
    sending::{prefixed, sent_id},
    uploads::PendingFile,
};
use domain::{
    AttachmentId, DraftId, MessageId, Timestamp,
    draft::{Command, Draft, State, Text, Writing},
    key::Subject,
    message::{About, Attachment, BODY_BYTES, Onward, SUBJECT_BYTES},
    period::Period,
    recipients,
};
use eventstore::{
    Commit,
    keys::KeyName,
    log::{Idempotency, Loaded},
};

/// What a draft is about.
#[derive(Debug, Clone, Copy)]
pub enum NewDraft {
    /// Nothing that came before.
    New,
    /// It answers: To is the sender (A30).
    ReplyTo(MessageId),
    /// It forwards: Cc is the sender (A35).
    ForwardOf(MessageId),
}

/// A draft as its writer sees it.
#[derive(Debug, Clone)]
pub struct DraftView {
    /// Which.
    pub draft: DraftId,
    /// Counts saves.
    pub version: u32,
    /// What it answers or forwards.
    pub about: Option<About>,
    /// To, each judged.
    pub to: Vec<RecipientCheck>,
    /// Cc, each judged.
    pub cc: Vec<RecipientCheck>,
    /// Subject.
    pub subject: String,
    /// Body.
    pub text: String,
    /// A shorter life than the policy's.
    pub expires_in: Option<Period>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// What is on its way to be attached.
    pub pending: Vec<PendingFile>,
    /// Last save.
    pub saved_at: Timestamp,
}

/// What is changed of a draft; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct DraftChange {
    /// To, as typed.
    pub to: Option<Vec<String>>,
    /// Cc, as typed.
    pub cc: Option<Vec<String>>,
    /// Subject.
    pub subject: Option<String>,
    /// Body.
    pub text: Option<String>,
    /// A shorter life than the policy's; `Some(None)` returns to the policy's.
    pub expires_in: Option<Option<Period>>,
}

/// Mail that was not sent, as a draft keeps it.
pub(crate) struct Unfinished {
    pub(crate) about: Option<About>,
    pub(crate) text: Text,
    pub(crate) expires_in: Option<Period>,
}

/// Drafts listed at once.
const LISTED: u32 = 200;

impl App {
    /// Begins a draft; a reply or forward is prefilled (A30, A35).
    pub async fn create_draft(
        &self,
        viewer: &Viewer,
        new: NewDraft,
        key: &str,
    ) -> Result<Done<DraftView>, Error> {
        let request = self.idempotency(viewer, "draft", key, &format!("{new:?}")).await?;
        let (about, text) = match new {
            NewDraft::New => (None, Text::default()),
            NewDraft::ReplyTo(message) => self.prefilled(viewer, message, Onward::Reply).await?,
            NewDraft::ForwardOf(message) => self.prefilled(viewer, message, Onward::Forward).await?,
        };
        self.begin(viewer, about, text, None, request).await
    }

    /// Keeps mail that was not sent (B11).
    pub(crate) async fn keep_as_draft(
        &self,
        viewer: &Viewer,
        unfinished: Unfinished,
        key: &str,
    ) -> Result<DraftView, Error> {
        let Unfinished { about, text, expires_in } = unfinished;
        let key = self.idempotency(viewer, "kept", key, &format!("{about:?}{text:?}")).await?;
        Ok(self.begin(viewer, about, text, expires_in, key).await?.value)
    }

    async fn begin(
        &self,
        viewer: &Viewer,
        about: Option<About>,
        text: Text,
        expires_in: Option<Period>,
        request: Idempotency,
    ) -> Result<Done<DraftView>, Error> {
        let draft: DraftId = sent_id(&request);
        let (owner, at) = (viewer.account, self.log.now());
        let loaded = self.log.load::<Draft>(viewer.organisation, draft.uuid()).await?;
        let change =
            loaded.decide(Command::Begin { owner, about, text, expires_in, at }).map_err(Problem::from)?;
        let commit = Commit {
            idempotency: Some(request),
            ..Commit::new(viewer.organisation, &viewer.meta(), vec![change])
        };
        let position = self.log.append(commit).await?.position();
        self.wait_for(position).await?;
        Ok(Done { value: self.draft(viewer, draft).await?, position })
    }

    async fn prefilled(
        &self,
        viewer: &Viewer,
        message: MessageId,
        what: Onward,
    ) -> Result<(Option<About>, Text), Error> {
        let entry = self.entry(viewer, message).await?;
        let mut opened = self.open_entries(viewer, std::slice::from_ref(&entry)).await?;
        let headline = opened.remove(&entry.position).ok_or_else(|| not_found("message"))?.headline;
        let sender = self.survivor(viewer.organisation, entry.sender).await?;
        let sender = vec![self.reachable(viewer, sender, &headline.from).await?];
        let text = match what {
            Onward::Reply => {
                Text { to: sender, subject: prefixed("Re: ", &headline.subject), ..Text::default() }
            }
            Onward::Forward => {
                Text { cc: sender, subject: prefixed("Fwd: ", &headline.subject), ..Text::default() }
            }
        };
        Ok((Some(About { message, what }), text))
    }

    /// Saves a draft. A save that did not see the latest one is refused (R5).
    pub async fn update_draft(
        &self,
        viewer: &Viewer,
        draft: DraftId,
        version: u32,
        change: DraftChange,
    ) -> Result<Done<DraftView>, Error> {
        let (loaded, writing) = self.own_draft(viewer, draft).await?;
        let before = writing.text.value().cloned().unwrap_or_default();
        let text = Text {
            to: change.to.unwrap_or(before.to),
            cc: change.cc.unwrap_or(before.cc),
            subject: change.subject.unwrap_or(before.subject),
            text: change.text.unwrap_or(before.text),
        };
        bounded(&text)?;
        let expires_in = change.expires_in.unwrap_or(writing.expires_in);
        let at = self.log.now();
        let saved = loaded.decide(Command::Save { version, text, expires_in, at }).map_err(Problem::from)?;
        let position = self.log.append(Commit::new(viewer.organisation, &viewer.meta(), vec![saved])).await?;
        self.wait_for(position.position()).await?;
        Ok(Done { value: self.draft(viewer, draft).await?, position: position.position() })
    }

    /// Detaches a file from the draft that has it, or to which it is on its way.
    pub async fn remove_attachment(
        &self,
        viewer: &Viewer,
        attachment: AttachmentId,
    ) -> Result<Done<DraftView>, Error> {
        let Done { value: draft, position } = self.take_off(viewer, attachment).await?;
        self.wait_for(position).await?;
        Ok(Done { value: self.draft(viewer, draft).await?, position })
    }

    /// Throws a draft away; its content is shredded at once.
    pub async fn discard_draft(&self, viewer: &Viewer, draft: DraftId) -> Result<Done<DraftId>, Error> {
        let (loaded, _) = self.own_draft(viewer, draft).await?;
        let at = self.log.now();
        let discarded = loaded.decide(Command::Discard { at }).map_err(Problem::from)?;
        let done = self.log.append(Commit::new(viewer.organisation, &viewer.meta(), vec![discarded])).await?;
        let name = KeyName::draft(viewer.organisation, draft);
        self.log.destroy_key(&name, Subject::Draft { draft }, at).await?;
        self.wait_for(done.position()).await?;
        Ok(Done { value: draft, position: done.position() })
    }

    /// The viewer's drafts, last saved first.
    pub async fn drafts(&self, viewer: &Viewer) -> Result<Vec<DraftView>, Error> {
        let mut drafts = vec![];
        for row in self.models.drafts(viewer.organisation, viewer.account, LISTED).await? {
            drafts.push(self.draft(viewer, row.draft).await?);
        }
        Ok(drafts)
    }

    /// One's own draft.
    pub async fn draft(&self, viewer: &Viewer, draft: DraftId) -> Result<DraftView, Error> {
        let (_, writing) = self.own_draft(viewer, draft).await?;
        let text = writing.text.value().cloned().unwrap_or_default();
        let occasion = self.occasion(viewer, writing.about).await?;
        let author = viewer.author()?;
        Ok(DraftView {
            draft,
            version: writing.version,
            about: writing.about,
            to: self.check_recipients(&author, occasion, &text.to).await?,
            cc: self.check_recipients(&author, occasion, &text.cc).await?,
            subject: text.subject,
            text: text.text,
            expires_in: writing.expires_in,
            attachments: writing
                .attachments
                .iter()
                .filter_map(|(_, _, file)| file.value().cloned())
                .collect(),
            pending: self.pending_files(viewer, draft).await?,
            saved_at: writing.saved_at,
        })
    }

    async fn occasion(&self, viewer: &Viewer, about: Option<About>) -> Result<Occasion, Error> {
        let Some(about) = about else {
            return Ok(Occasion { occasion: recipients::Occasion::New, original_sender: None });
        };
        let original = self.models.message(viewer.organisation, about.message).await?;
        let occasion = match about.what {
            Onward::Reply => recipients::Occasion::Reply,
            Onward::Forward => recipients::Occasion::Forward,
        };
        let original_sender = match original {
            Some(row) => Some(self.survivor(viewer.organisation, row.sender).await?),
            None => None,
        };
        Ok(Occasion { occasion, original_sender })
    }

    /// A draft with its content, for its writer alone.
    pub(crate) async fn own_draft(
        &self,
        viewer: &Viewer,
        draft: DraftId,
    ) -> Result<(Loaded<Draft>, Writing), Error> {
        let keys = self.log.draft_keys(viewer.organisation, draft).await?;
        let loaded = self.log.load_with::<Draft>(viewer.organisation, draft.uuid(), &keys).await?;
        match &loaded.state {
            State::Open(writing) if writing.owner == viewer.account => {
                let writing = (**writing).clone();
                Ok((loaded, writing))
            }
            State::Open(_) | State::Absent | State::Closed => Err(not_found("draft").into()),
        }
    }
}

/// A draft may be unfinished, not boundless.
fn bounded(text: &Text) -> Result<(), Error> {
    crowd(&text.to, &text.cc)?;
    let too_long =
        |field, message: String| Err(Problem::new(ProblemCode::TooLong, message).at([field]).into());
    if text.subject.len() > SUBJECT_BYTES {
        return too_long("subject", format!("Shorten the subject to {SUBJECT_BYTES} bytes."));
    }
    if text.text.len() > BODY_BYTES {
        return too_long("text", format!("Shorten the text to {} KiB.", BODY_BYTES / 1024));
    }
    Ok(())
}
