//! The one way by which messages leave: judged, sealed, appended.

use super::{Author, Letter, NewRecipients, letter::new_content};
use crate::{
    App, Done, Error, Problem, ProblemCode, RecipientCheck, Viewer,
    grants::Reader,
    notifying::window_end,
    recipients::{Known, crowd},
    retrying,
};
use domain::{
    MessageId, OrganisationId, Timestamp,
    account::Kind,
    address::Mailbox,
    draft::{self, Draft},
    id::Id,
    message::{Command, Direction, Field, Headline, Message, Onward, Recipient, Send},
    notification::Kind as NotificationKind,
};
use eventstore::{
    Commit, Position,
    log::{Change, Idempotency},
};
use seal::blind;
use std::collections::BTreeSet;
use uuid::Builder;

impl App {
    /// Decides and appends, and again when somebody was faster.
    pub(super) async fn post(&self, viewer: &Viewer, letter: Letter) -> Result<Done<MessageId>, Error> {
        let message = sent_id(&letter.request);
        let author = viewer.author()?;
        let position = retrying(|| self.post_once(&author, &letter, vec![])).await?;
        self.wait_for(position).await?;
        Ok(Done { value: message, position })
    }

    /// Decides and appends once, together with `beside`. Every address in To and Cc becomes one recipient; who is new is
    /// invited in the same commit (A1).
    pub(crate) async fn post_once(
        &self,
        author: &Author,
        letter: &Letter,
        beside: Vec<Change>,
    ) -> Result<Position, Error> {
        let message: MessageId = sent_id(&letter.request);
        // Its repeat may have been faster: then this is not a conflict but the same answer (R7).
        if let Some(done) = self.sent_before(author.organisation, letter.request).await? {
            return Ok(done.position);
        }
        let (organisation, at) = (author.organisation, self.log.now());
        crowd(&letter.to, &letter.cc)?;
        let to = self.check_recipients(author, letter.writing, &letter.to).await?;
        let cc = self.check_recipients(author, letter.writing, &letter.cc).await?;
        self.refuse_recipients(author, letter, &to, &cc).await?;
        let against = self.ask_rules(author, letter, &[mailboxes(&to), mailboxes(&cc)].concat()).await?;
        let mut changes = beside;
        let mut recipients = vec![];
        let mut readers = vec![Reader {
            account: author.account,
            direction: Direction::Out,
            generation: author.generation,
        }];
        // Told of at once: invitations, which a person waits for, and what is over before the others are told of.
        let digest = |notice| {
            let end = window_end(author.rules.policy.mail.digest, at);
            end.filter(|end| notice == NotificationKind::NewMessage && *end < letter.expires_at)
        };
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
                (
                    Recipient { account, kind, field, notice: Some(notice), notice_at: digest(notice) },
                    generation,
                )
            } else {
                let (by, kind) = (Some(author.account), Kind::Guest);
                let (account, inviting) = self.inviting(organisation, by, &mailbox.address, kind).await?;
                changes.extend(inviting);
                // The invitation tells of the message already (A1).
                (Recipient { account, kind, field, notice: None, notice_at: None }, FIRST_GENERATION)
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
        let (shown_to, shown_cc) = letter.shown.clone().unwrap_or_else(|| (mailboxes(&to), mailboxes(&cc)));
        let send = Send {
            from: author.account,
            recipients,
            about: letter.original.as_ref().map(|original| original.about),
            secured_by: letter.secured_by,
            against,
            content_key: content.0,
            grants,
            headline: Headline {
                subject: letter.subject.clone(),
                from: author.mailbox.clone(),
                to: shown_to,
                cc: shown_cc,
                attachments: letter.attachments.clone(),
            },
            body: letter.body.clone(),
            expires_at: letter.expires_at,
            at,
        };
        let loaded = self.log.load::<Message>(organisation, message.uuid()).await?;
        changes.push(loaded.decide(Command::Send(Box::new(send))).map_err(Problem::from)?);
        changes.extend(self.noted_on_original(author, letter, message, at).await?);
        changes.extend(self.noted_on_draft(author, letter, message, at).await?);
        let commit = Commit {
            content_key: Some(content),
            idempotency: Some(letter.request),
            ..Commit::new(organisation, &author.meta, changes)
        };
        Ok(self.log.append(commit).await?.position())
    }

    /// Every recipient that is refused, by name; and the refusal of a reply or forward is on record (A31).
    pub(crate) async fn refuse_recipients(
        &self,
        author: &Author,
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
                    self.log.execute::<Message>(author.organisation, stream, &author.meta, note).await?;
                noted.map_err(Problem::from)?;
            }
            return Err(Error::Problems(problems));
        }
        let asks = letter.new_recipients == NewRecipients::Ask && author.rules.policy.mail.ask_new_recipients;
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
        author: &Author,
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
        let loaded = self.log.load::<Message>(author.organisation, original.about.message.uuid()).await?;
        Ok(Some(loaded.decide(note).map_err(Problem::from)?))
    }

    async fn noted_on_draft(
        &self,
        author: &Author,
        letter: &Letter,
        message: MessageId,
        at: Timestamp,
    ) -> Result<Option<Change>, Error> {
        let Some((draft, version)) = letter.draft else { return Ok(None) };
        let loaded = self.log.load::<Draft>(author.organisation, draft.uuid()).await?;
        let send = draft::Command::Send { version, message, at };
        Ok(Some(loaded.decide(send).map_err(Problem::from)?))
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

    pub(crate) async fn sent_before(
        &self,
        organisation: OrganisationId,
        request: Idempotency,
    ) -> Result<Option<Done<MessageId>>, Error> {
        let position = self.log.repeated(organisation, &request).await?;
        if let Some(position) = position {
            self.wait_for(position).await?;
        }
        Ok(position.map(|position| Done { value: sent_id(&request), position }))
    }
}

/// Everybody's first mailbox.
pub(crate) const FIRST_GENERATION: u32 = 1;

/// The id of what a request makes: the same for its repeat. A custom UUID (version 8, RFC 9562).
pub(crate) fn sent_id<Of>(request: &Idempotency) -> Id<Of> {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&request.key[..16]);
    Id::new(Builder::from_custom_bytes(bytes).into_uuid())
}

fn mailboxes(checks: &[RecipientCheck]) -> Vec<Mailbox> {
    checks.iter().filter_map(|check| check.mailbox.clone()).collect()
}
