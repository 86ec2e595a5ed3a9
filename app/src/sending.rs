//! Sending: new mail, answers, forwards and drafts, by one way (A1, A26–A35, B10, B11, R7).

mod author;
mod letter;
mod post;

pub(crate) use author::Author;
pub(crate) use letter::{Letter, cut, prefixed};
pub(crate) use post::{FIRST_GENERATION, sent_id};

use crate::{
    App, Capability, Done, DraftView, Error, Problem, ProblemCode, Viewer, drafts::Unfinished,
    recipients::Writing,
};
use domain::{
    DraftId, MessageId,
    draft::Text,
    key::Subject,
    message::{About, Body, Onward},
    period::Period,
    recipients::Occasion,
};
use eventstore::keys::KeyName;
use letter::{forwarded, new_content, original};

/// New mail, written and sent in one step.
#[derive(Debug, Clone)]
pub struct MessageRequest {
    /// To, as typed.
    pub to: Vec<String>,
    /// Cc, as typed.
    pub cc: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Body.
    pub text: String,
    /// A shorter life than the policy's.
    pub expires_in: Option<Period>,
    /// What to do with who is not registered.
    pub new_recipients: NewRecipients,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// An answer, in one step.
#[derive(Debug, Clone)]
pub struct ReplyRequest {
    /// What is answered.
    pub message: MessageId,
    /// Cc, as typed.
    pub cc: Vec<String>,
    /// Body.
    pub text: String,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// A forward, in one step.
#[derive(Debug, Clone)]
pub struct ForwardRequest {
    /// What is forwarded.
    pub message: MessageId,
    /// To, as typed.
    pub to: Vec<String>,
    /// Words of one's own.
    pub text: String,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// A draft to be sent.
#[derive(Debug, Clone)]
pub struct SendDraftRequest {
    /// Which.
    pub draft: DraftId,
    /// The version that was seen.
    pub version: u32,
    /// What to do with who is not registered.
    pub new_recipients: NewRecipients,
    /// Why a rule that holds it should not apply (Q9).
    pub override_reason: Option<String>,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// What to do with recipients that are not registered (B10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewRecipients {
    /// Ask, where the policy says so; otherwise invite (A1).
    Ask,
    /// Invite them (B11).
    Invite,
}

/// Why a message was not sent, and what is kept of it.
#[derive(Debug)]
pub struct Unsent {
    /// Why.
    pub why: Error,
    /// The draft, when one is kept (B11).
    pub draft: Option<DraftView>,
}

impl<E: Into<Error>> From<E> for Unsent {
    fn from(why: E) -> Self {
        Self { why: why.into(), draft: None }
    }
}

impl App {
    /// Sends new mail. Where new recipients must be asked about, or a rule keeps it from being sent, it is kept as a draft
    /// (B10, B11, Q9).
    pub async fn send_message(
        &self,
        viewer: &Viewer,
        request: MessageRequest,
    ) -> Result<Done<MessageId>, Unsent> {
        let inputs =
            format!("{:?}", (&request.to, &request.cc, &request.subject, &request.text, request.expires_in));
        let key = self.idempotency(viewer, "send", &request.idempotency_key, &inputs).await?;
        if let Some(done) = self.sent_before(viewer.organisation, key).await? {
            return Ok(done);
        }
        if !viewer.capabilities().contains(&Capability::Compose) {
            return Err(Problem::new(
                ProblemCode::NotAllowed,
                "You can answer mail here, not begin new mail.",
            )
            .into());
        }
        let letter = Letter {
            writing: Writing { occasion: Occasion::New, original_sender: None },
            to: request.to.clone(),
            cc: request.cc.clone(),
            subject: request.subject.clone(),
            body: plain(request.text.clone()),
            expires_at: self.expiry(viewer, request.expires_in),
            new_recipients: request.new_recipients,
            ..Letter::new(key)
        };
        let MessageRequest { to, cc, subject, text, expires_in, idempotency_key, .. } = request;
        let kept = Unfinished { about: None, text: Text { to, cc, subject, text }, expires_in };
        self.post_or_keep(viewer, letter, kept, &idempotency_key).await
    }

    /// Answers a message: to its sender, and whom the rule allows besides (A29–A31).
    pub async fn reply(&self, viewer: &Viewer, request: ReplyRequest) -> Result<Done<MessageId>, Unsent> {
        let inputs = format!("{:?}", (request.message, &request.cc, &request.text));
        let key = self.idempotency(viewer, "reply", &request.idempotency_key, &inputs).await?;
        if let Some(done) = self.sent_before(viewer.organisation, key).await? {
            return Ok(done);
        }
        let (entry, opened, _) = self.own_message(viewer, request.message).await?;
        let sender = self.survivor(viewer.organisation, entry.sender).await?;
        let to = vec![self.reachable(viewer, sender, &opened.headline.from).await?];
        let subject = prefixed("Re: ", &opened.headline.subject);
        let letter = Letter {
            writing: Writing { occasion: Occasion::Reply, original_sender: Some(sender) },
            to: to.clone(),
            cc: request.cc.clone(),
            subject: subject.clone(),
            body: plain(request.text.clone()),
            original: Some(original(&entry, Onward::Reply, new_content(self))),
            expires_at: self.expiry(viewer, None),
            new_recipients: NewRecipients::Ask,
            ..Letter::new(key)
        };
        let about = Some(About { message: request.message, what: Onward::Reply });
        let text = Text { to, cc: request.cc, subject, text: request.text };
        let kept = Unfinished { about, text, expires_in: None };
        self.post_or_keep(viewer, letter, kept, &request.idempotency_key).await
    }

    /// Forwards a message with its attachments. It ends with the original (A33–A35).
    pub async fn forward(&self, viewer: &Viewer, request: ForwardRequest) -> Result<Done<MessageId>, Unsent> {
        let inputs = format!("{:?}", (request.message, &request.to, &request.text));
        let key = self.idempotency(viewer, "forward", &request.idempotency_key, &inputs).await?;
        if let Some(done) = self.sent_before(viewer.organisation, key).await? {
            return Ok(done);
        }
        let (entry, opened, content_key) = self.own_message(viewer, request.message).await?;
        let sender = self.survivor(viewer.organisation, entry.sender).await?;
        let subject = prefixed("Fwd: ", &opened.headline.subject);
        let letter = Letter {
            writing: Writing { occasion: Occasion::Forward, original_sender: Some(sender) },
            to: request.to.clone(),
            subject: subject.clone(),
            body: plain(forwarded(&request.text, &entry, &opened)),
            attachments: opened.headline.attachments.clone(),
            original: Some(original(&entry, Onward::Forward, (entry.content_key, content_key))),
            expires_at: entry.expires_at,
            new_recipients: NewRecipients::Ask,
            ..Letter::new(key)
        };
        let about = Some(About { message: request.message, what: Onward::Forward });
        let text = Text { to: request.to, cc: vec![], subject, text: request.text };
        let kept = Unfinished { about, text, expires_in: None };
        self.post_or_keep(viewer, letter, kept, &request.idempotency_key).await
    }

    /// Sends a draft; what fails leaves it as it was (R7).
    pub async fn send_draft(
        &self,
        viewer: &Viewer,
        request: SendDraftRequest,
    ) -> Result<Done<MessageId>, Unsent> {
        let inputs = format!("{:?}", (request.draft, request.version));
        let key = self.idempotency(viewer, "send-draft", &request.idempotency_key, &inputs).await?;
        if let Some(done) = self.sent_before(viewer.organisation, key).await? {
            return Ok(done);
        }
        let sent = match self.draft_letter(viewer, &request, key).await {
            Ok(letter) => self.post(viewer, letter).await,
            Err(why) => Err(why),
        };
        match sent {
            Ok(done) => {
                let subject = Subject::Draft { draft: request.draft };
                let name = KeyName::draft(viewer.organisation, request.draft);
                self.log.destroy_key(&name, subject, self.log.now()).await?;
                Ok(done)
            }
            Err(why) => Err(Unsent { why, draft: self.draft(viewer, request.draft).await.ok() }),
        }
    }

    async fn post_or_keep(
        &self,
        viewer: &Viewer,
        letter: Letter,
        unfinished: Unfinished,
        key: &str,
    ) -> Result<Done<MessageId>, Unsent> {
        match self.post(viewer, letter).await {
            Err(why) if can_be_mended(&why) => {
                let draft = self.keep_as_draft(viewer, unfinished, key).await?;
                Err(Unsent { why, draft: Some(draft) })
            }
            sent => Ok(sent?),
        }
    }
}

/// Whether the message could go from a draft: new recipients are asked about, or a rule needs a reason.
fn can_be_mended(error: &Error) -> bool {
    let asks = |code| matches!(code, ProblemCode::NewRecipients | ProblemCode::SecuredByRule);
    matches!(error, Error::Problems(problems) if problems.iter().any(|problem| asks(problem.code)))
}

/// What a person types.
pub(crate) fn plain(text: String) -> Body {
    Body { text, html: None, original: None }
}
