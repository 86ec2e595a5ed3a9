//! Sending: new mail, answers, forwards and drafts, by one way (A1, A26–A35, B10, B11, R7).

use crate::{
    App, Capability, Done, DraftView, Error, Problem, ProblemCode, RecipientCheck, Viewer,
    error::not_found,
    grants::{Opened, Reader},
    recipients::{Known, Writing, crowd},
    retrying,
    uploads::{beyond, limit},
};
use domain::{
    AccountId, DraftId, MessageId, Timestamp,
    account::Kind,
    address::{EmailAddress, Mailbox},
    draft::{self, Draft},
    id::{ContentKeyId, Id},
    key::Subject,
    message::{
        About, Attachment, Body, Command, Direction, Field, Headline, Message, Onward, Recipient, Send,
    },
    period::Period,
    recipients::Occasion,
};
use eventstore::{
    Commit, Position,
    keys::KeyName,
    log::{Change, Idempotency},
};
use projections::mailbox::MailboxEntry;
use seal::{Key, blind};
use std::collections::BTreeSet;
use uuid::Builder;

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

/// A message on its way, whatever it was written as.
struct Letter {
    writing: Writing,
    to: Vec<String>,
    cc: Vec<String>,
    subject: String,
    text: String,
    attachments: Vec<Attachment>,
    original: Option<Original>,
    expires_at: Timestamp,
    new_recipients: NewRecipients,
    draft: Option<(DraftId, u32)>,
    request: Idempotency,
}

/// The message that is answered or forwarded.
struct Original {
    about: About,
    /// The reader that the original knows: an account that joined the sender's keeps its id there (B43).
    reader: AccountId,
    /// A forward is sealed under the original's content key, so that it cannot outlive it (A20).
    content: (ContentKeyId, Key),
}

impl App {
    /// Sends new mail. Where new recipients must be asked about, it is kept as a draft (B10, B11).
    pub async fn send_message(
        &self,
        viewer: &Viewer,
        request: MessageRequest,
    ) -> Result<Done<MessageId>, Unsent> {
        let inputs =
            format!("{:?}", (&request.to, &request.cc, &request.subject, &request.text, request.expires_in));
        let key = self.idempotency(viewer, "send", &request.idempotency_key, &inputs).await?;
        if let Some(done) = self.sent_before(viewer, key).await? {
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
            text: request.text.clone(),
            attachments: vec![],
            original: None,
            expires_at: self.expiry(viewer, request.expires_in),
            new_recipients: request.new_recipients,
            draft: None,
            request: key,
        };
        match self.post(viewer, letter).await {
            Err(why) if asks_about_new(&why) => {
                let draft = self.keep_as_draft(viewer, &request).await?;
                Err(Unsent { why, draft: Some(draft) })
            }
            sent => Ok(sent?),
        }
    }

    /// Answers a message: to its sender, and whom the rule allows besides (A29–A31).
    pub async fn reply(&self, viewer: &Viewer, request: ReplyRequest) -> Result<Done<MessageId>, Unsent> {
        let inputs = format!("{:?}", (request.message, &request.cc, &request.text));
        let key = self.idempotency(viewer, "reply", &request.idempotency_key, &inputs).await?;
        if let Some(done) = self.sent_before(viewer, key).await? {
            return Ok(done);
        }
        let (entry, opened, _) = self.own_message(viewer, request.message).await?;
        let sender = self.survivor(viewer.organisation, entry.sender).await?;
        let letter = Letter {
            writing: Writing { occasion: Occasion::Reply, original_sender: Some(sender) },
            to: vec![self.reachable(viewer, sender, &opened.headline.from).await?],
            cc: request.cc,
            subject: prefixed("Re: ", &opened.headline.subject),
            text: request.text,
            attachments: vec![],
            original: Some(original(&entry, Onward::Reply, new_content(self))),
            expires_at: self.expiry(viewer, None),
            new_recipients: NewRecipients::Invite,
            draft: None,
            request: key,
        };
        Ok(self.post(viewer, letter).await?)
    }

    /// Forwards a message with its attachments. It ends with the original (A33–A35).
    pub async fn forward(&self, viewer: &Viewer, request: ForwardRequest) -> Result<Done<MessageId>, Unsent> {
        let inputs = format!("{:?}", (request.message, &request.to, &request.text));
        let key = self.idempotency(viewer, "forward", &request.idempotency_key, &inputs).await?;
        if let Some(done) = self.sent_before(viewer, key).await? {
            return Ok(done);
        }
        let (entry, opened, content_key) = self.own_message(viewer, request.message).await?;
        let sender = self.survivor(viewer.organisation, entry.sender).await?;
        let letter = Letter {
            writing: Writing { occasion: Occasion::Forward, original_sender: Some(sender) },
            to: request.to,
            cc: vec![],
            subject: prefixed("Fwd: ", &opened.headline.subject),
            text: forwarded(&request.text, &entry, &opened),
            attachments: opened.headline.attachments.clone(),
            original: Some(original(&entry, Onward::Forward, (entry.content_key, content_key))),
            expires_at: entry.expires_at,
            new_recipients: NewRecipients::Invite,
            draft: None,
            request: key,
        };
        Ok(self.post(viewer, letter).await?)
    }

    /// Sends a draft; what fails leaves it as it was (R7).
    pub async fn send_draft(
        &self,
        viewer: &Viewer,
        request: SendDraftRequest,
    ) -> Result<Done<MessageId>, Unsent> {
        let inputs = format!("{:?}", (request.draft, request.version));
        let key = self.idempotency(viewer, "send-draft", &request.idempotency_key, &inputs).await?;
        if let Some(done) = self.sent_before(viewer, key).await? {
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

    async fn draft_letter(
        &self,
        viewer: &Viewer,
        request: &SendDraftRequest,
        key: Idempotency,
    ) -> Result<Letter, Error> {
        let (_, writing) = self.own_draft(viewer, request.draft).await?;
        let text = writing.text.value().ok_or_else(|| not_found("draft"))?.clone();
        let mut attachments: Vec<Attachment> =
            writing.attachments.iter().filter_map(|(_, _, file)| file.value().cloned()).collect();
        let mut expires_at = self.expiry(viewer, writing.expires_in);
        let mut body = text.text;
        let (occasion, original_sender, original) = match writing.about {
            None => (Occasion::New, None, None),
            Some(about) => {
                let (entry, opened, content_key) = self.own_message(viewer, about.message).await?;
                let content = match about.what {
                    Onward::Reply => new_content(self),
                    Onward::Forward => {
                        expires_at = entry.expires_at;
                        body = forwarded(&body, &entry, &opened);
                        attachments.extend(opened.headline.attachments.iter().cloned());
                        let sizes = attachments.iter().map(|file| file.size_bytes);
                        limit(viewer).admit(sizes).map_err(|refusal| beyond(refusal, viewer))?;
                        (entry.content_key, content_key)
                    }
                };
                let occasion = match about.what {
                    Onward::Reply => Occasion::Reply,
                    Onward::Forward => Occasion::Forward,
                };
                let sender = self.survivor(viewer.organisation, entry.sender).await?;
                (occasion, Some(sender), Some(Original { about, reader: entry.granted_to, content }))
            }
        };
        if occasion == Occasion::New && !viewer.capabilities().contains(&Capability::Compose) {
            let message = "You can answer mail here, not begin new mail.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        }
        Ok(Letter {
            writing: Writing { occasion, original_sender },
            to: text.to,
            cc: text.cc,
            subject: text.subject,
            text: body,
            attachments,
            original,
            expires_at,
            new_recipients: request.new_recipients,
            draft: Some((request.draft, request.version)),
            request: key,
        })
    }

    /// Decides and appends, and again when somebody was faster.
    async fn post(&self, viewer: &Viewer, letter: Letter) -> Result<Done<MessageId>, Error> {
        let message = sent_id(&letter.request);
        let position = retrying(|| self.post_once(viewer, &letter, message)).await?;
        self.wait_for(position).await?;
        Ok(Done { value: message, position })
    }

    async fn post_once(
        &self,
        viewer: &Viewer,
        letter: &Letter,
        message: MessageId,
    ) -> Result<Position, Error> {
        // Its repeat may have been faster: then this is not a conflict but the same answer (R7).
        if let Some(done) = self.sent_before(viewer, letter.request).await? {
            return Ok(done.position);
        }
        let (organisation, at) = (viewer.organisation, self.log.now());
        crowd(&letter.to, &letter.cc)?;
        let to = self.check_recipients(viewer, letter.writing, &letter.to).await?;
        let cc = self.check_recipients(viewer, letter.writing, &letter.cc).await?;
        self.refuse_recipients(viewer, letter, &to, &cc).await?;
        let mut changes = vec![];
        let mut recipients = vec![];
        let mut readers = vec![Reader {
            account: viewer.account,
            direction: Direction::Out,
            generation: viewer.holder.mailbox_generation,
        }];
        let (mut seen, mut reached) = (BTreeSet::new(), BTreeSet::new());
        let fields =
            to.iter().map(|check| (Field::To, check)).chain(cc.iter().map(|check| (Field::Cc, check)));
        for (field, check) in fields {
            let Some(mailbox) = &check.mailbox else { continue };
            if !seen.insert(mailbox.address.normalised().to_owned()) {
                continue;
            }
            let (recipient, generation) = if let Some(known) = &check.known {
                let Known { account, kind, generation, notice } = known.clone();
                (Recipient { account, kind, field, notice: Some(notice) }, generation)
            } else {
                let (by, kind) = (Some(viewer.account), Kind::Guest);
                let (account, inviting) = self.inviting(organisation, by, &mailbox.address, kind).await?;
                changes.extend(inviting);
                // The invitation tells of the message already (A1).
                (Recipient { account, kind, field, notice: None }, FIRST_GENERATION)
            };
            // Several addresses of one person are one recipient (B48).
            if !reached.insert(recipient.account) {
                continue;
            }
            readers.push(Reader { account: recipient.account, direction: Direction::In, generation });
            recipients.push(recipient);
        }
        let content =
            letter.original.as_ref().map_or_else(|| new_content(self), |original| original.content.clone());
        let mut grants = vec![];
        for reader in &readers {
            grants.push(self.grant(organisation, reader, (content.0, &content.1), letter.expires_at).await?);
        }
        let send = Send {
            from: viewer.account,
            recipients,
            about: letter.original.as_ref().map(|original| original.about),
            content_key: content.0,
            grants,
            headline: Headline {
                subject: letter.subject.clone(),
                from: own_mailbox(viewer)?,
                to: mailboxes(&to),
                cc: mailboxes(&cc),
                attachments: letter.attachments.clone(),
            },
            body: Body { text: letter.text.clone() },
            expires_at: letter.expires_at,
            at,
        };
        let loaded = self.log.load::<Message>(organisation, message.uuid()).await?;
        changes.push(loaded.decide(Command::Send(Box::new(send))).map_err(Problem::from)?);
        changes.extend(self.noted_on_original(viewer, letter, message, at).await?);
        changes.extend(self.noted_on_draft(viewer, letter, message, at).await?);
        let commit = Commit {
            content_key: Some(content),
            idempotency: Some(letter.request),
            ..Commit::new(organisation, &viewer.meta(), changes)
        };
        Ok(self.log.append(commit).await?.position())
    }

    /// Every recipient that is refused, by name; and the refusal of a reply or forward is on record (A31).
    async fn refuse_recipients(
        &self,
        viewer: &Viewer,
        letter: &Letter,
        to: &[RecipientCheck],
        cc: &[RecipientCheck],
    ) -> Result<(), Error> {
        let fields = to.iter().map(|check| ("to", check)).chain(cc.iter().map(|check| ("cc", check)));
        let problems: Vec<Problem> = fields
            .clone()
            .filter_map(|(field, check)| check.problem.clone().map(|problem| problem.at([field])))
            .collect();
        if !problems.is_empty() {
            if let Some(original) = &letter.original {
                let (by, what, at) = (original.reader, original.about.what, self.log.now());
                let note = || Command::NoteRefusal { by, what, at };
                let stream = original.about.message.uuid();
                let noted =
                    self.log.execute::<Message>(viewer.organisation, stream, &viewer.meta(), note).await?;
                noted.map_err(Problem::from)?;
            }
            return Err(Error::Problems(problems));
        }
        let asks = letter.new_recipients == NewRecipients::Ask && viewer.rules.policy.mail.ask_new_recipients;
        let new: Vec<&str> =
            fields.filter(|(_, check)| check.is_new).map(|(_, check)| check.typed.as_str()).collect();
        if asks && !new.is_empty() {
            let message = format!("Not registered yet: {}. Invite them, or remove them.", new.join(", "));
            return Err(Problem::new(ProblemCode::NewRecipients, message).into());
        }
        Ok(())
    }

    async fn noted_on_original(
        &self,
        viewer: &Viewer,
        letter: &Letter,
        with: MessageId,
        at: Timestamp,
    ) -> Result<Option<Change>, Error> {
        let Some(original) = &letter.original else { return Ok(None) };
        let by = original.reader;
        let note = match original.about.what {
            Onward::Reply => Command::NoteReply { by, with, at },
            Onward::Forward => Command::NoteForward { by, with, at },
        };
        let loaded = self.log.load::<Message>(viewer.organisation, original.about.message.uuid()).await?;
        Ok(Some(loaded.decide(note).map_err(Problem::from)?))
    }

    async fn noted_on_draft(
        &self,
        viewer: &Viewer,
        letter: &Letter,
        message: MessageId,
        at: Timestamp,
    ) -> Result<Option<Change>, Error> {
        let Some((draft, version)) = letter.draft else { return Ok(None) };
        let loaded = self.log.load::<Draft>(viewer.organisation, draft.uuid()).await?;
        let send = draft::Command::Send { version, message, at };
        Ok(Some(loaded.decide(send).map_err(Problem::from)?))
    }

    /// One's own message with its content, while it stands; to everyone else there is none.
    async fn own_message(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<(MailboxEntry, Opened, Key), Error> {
        let entry = self.entry(viewer, message).await?;
        let key = self.content_key(viewer.organisation, &entry).await?;
        let mut opened = self.open_entries(viewer, std::slice::from_ref(&entry)).await?;
        match (key, opened.remove(&entry.position)) {
            (Some(key), Some(opened)) => Ok((entry, opened, key)),
            _ => Err(not_found("message").into()),
        }
    }

    /// Where an answer to a sender goes: to the address that they wrote from, and where they gave that one up, to their
    /// primary address of today. It may be another's by now.
    pub(crate) async fn reachable(
        &self,
        viewer: &Viewer,
        sender: AccountId,
        from: &Mailbox,
    ) -> Result<String, Error> {
        let person = self.holder(viewer.organisation, sender).await?;
        let wrote_from = |address: &EmailAddress| address.normalised() == from.address.normalised();
        let address = match person.address.value() {
            Some(primary) if person.closing.is_none() && !person.receiving().any(wrote_from) => primary,
            Some(_) | None => &from.address,
        };
        Ok(Mailbox { name: from.name.clone(), address: address.clone() }.to_string())
    }

    /// When a message sent now ends: by the policy, or sooner if the sender wants (A20, C13).
    fn expiry(&self, viewer: &Viewer, wanted: Option<Period>) -> Timestamp {
        let now = self.log.now();
        let by_policy = now.plus(viewer.rules.policy.retention.messages);
        wanted.map_or(by_policy, |period| now.plus(period).min(by_policy))
    }

    /// Names a request, so that its repeat is noticed: who, what for, the key they chose; and what was asked.
    pub(crate) async fn idempotency(
        &self,
        viewer: &Viewer,
        what: &str,
        key: &str,
        input: &str,
    ) -> Result<Idempotency, Error> {
        if !(8..=64).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "Choose an idempotency key of 8 to 64 visible ASCII characters.";
            return Err(Problem::new(ProblemCode::Invalid, message).at(["idempotencyKey"]).into());
        }
        let index = self.index_key(viewer.organisation).await?;
        let name = format!("{}|{what}|{key}", viewer.account);
        Ok(Idempotency {
            key: blind::blind(&index, "idempotency", name.as_bytes()),
            input: blind::blind(&index, "idempotency-input", input.as_bytes()),
        })
    }

    async fn sent_before(
        &self,
        viewer: &Viewer,
        request: Idempotency,
    ) -> Result<Option<Done<MessageId>>, Error> {
        let position = self.log.repeated(viewer.organisation, &request).await?;
        if let Some(position) = position {
            self.wait_for(position).await?;
        }
        Ok(position.map(|position| Done { value: sent_id(&request), position }))
    }
}

/// Everybody's first mailbox.
const FIRST_GENERATION: u32 = 1;

/// The id of what a request makes: the same for its repeat. A custom UUID (version 8, RFC 9562).
pub(crate) fn sent_id<Of>(request: &Idempotency) -> Id<Of> {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&request.key[..16]);
    Id::new(Builder::from_custom_bytes(bytes).into_uuid())
}

/// The sender, as recipients see it.
fn own_mailbox(viewer: &Viewer) -> Result<Mailbox, Error> {
    let address = viewer.holder.address.value().ok_or(Error::Unauthenticated)?.clone();
    Ok(Mailbox { name: None, address })
}

fn new_content(app: &App) -> (ContentKeyId, Key) {
    (app.log.clock().new_id(), Key::random())
}

fn original(entry: &MailboxEntry, what: Onward, content: (ContentKeyId, Key)) -> Original {
    Original { about: About { message: entry.message, what }, reader: entry.granted_to, content }
}

fn asks_about_new(error: &Error) -> bool {
    matches!(error, Error::Problems(problems)
        if problems.iter().any(|problem| problem.code == ProblemCode::NewRecipients))
}

fn mailboxes(checks: &[RecipientCheck]) -> Vec<Mailbox> {
    checks.iter().filter_map(|check| check.mailbox.clone()).collect()
}

/// `Re: ` or `Fwd: ` before a subject, once.
pub(crate) fn prefixed(prefix: &str, subject: &str) -> String {
    let has_it = subject.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let whole = if has_it { subject.to_owned() } else { format!("{prefix}{subject}") };
    let end =
        (0..=whole.len().min(domain::message::SUBJECT_BYTES)).rev().find(|end| whole.is_char_boundary(*end));
    whole[..end.unwrap_or(0)].to_owned()
}

/// A forward's text: words of one's own, then the original.
fn forwarded(words: &str, entry: &MailboxEntry, opened: &Opened) -> String {
    let Opened { headline, body } = opened;
    let to: Vec<String> = headline.to.iter().map(ToString::to_string).collect();
    format!(
        "{words}\n\n-------- Forwarded message --------\nFrom: {}\nTo: {}\nDate: {}\nSubject: {}\n\n{}",
        headline.from,
        to.join(", "),
        entry.sent_at,
        headline.subject,
        body.text,
    )
}
