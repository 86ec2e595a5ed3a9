//! A message: sent once, opened by those who hold a grant, gone for everyone at its expiry (A20, A21).

use crate::{
    account::Kind,
    address::Mailbox,
    bytes::{BlobKey, Sealed},
    classified::Content,
    decider::Decider,
    id::{AccountId, AttachmentId, ContentKeyId, MessageId},
    notification::Kind as NotificationKind,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The aggregate's name; never constructed.
pub enum Message {}
/// Names [`ContentKeyId`]; never constructed.
pub enum ContentKey {}

/// Bytes of a subject: a header line of RFC 5322 without its line end.
pub const SUBJECT_BYTES: usize = 998;
/// Bytes of a body as UTF-8 (contract: 512 KiB).
pub const BODY_BYTES: usize = 512 * 1024;

/// What the rules know of a message.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// Nothing was sent.
    #[default]
    Unsent,
    /// It was.
    Sent(Box<Sent>),
}

/// A message that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// By whom.
    pub from: AccountId,
    /// To whom.
    pub recipients: Vec<AccountId>,
    /// When it ends for everyone.
    pub expires_at: Timestamp,
    /// Whether that was recorded.
    pub expired: bool,
    /// Who opened it.
    pub opened_by: BTreeSet<AccountId>,
}

/// What can be asked of a message.
#[derive(Debug, Clone)]
pub enum Command {
    /// Sends it. The recipients were judged before (`recipients::judge`): that needs every recipient's standing.
    Send(Box<Send>),
    /// Shows its content to somebody (R2).
    Open {
        /// Who opens.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Records that it was answered.
    NoteReply {
        /// By whom.
        by: AccountId,
        /// With which message.
        with: MessageId,
        /// When.
        at: Timestamp,
    },
    /// Records that it was forwarded.
    NoteForward {
        /// By whom.
        by: AccountId,
        /// As which message.
        with: MessageId,
        /// When.
        at: Timestamp,
    },
    /// Records that a reply or forward was refused for its recipients (A31).
    NoteRefusal {
        /// Who tried.
        by: AccountId,
        /// What.
        what: Onward,
        /// When.
        at: Timestamp,
    },
    /// Ends it, if its time is over.
    Expire {
        /// When.
        at: Timestamp,
    },
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct Send {
    /// By whom.
    pub from: AccountId,
    /// To whom; each once.
    pub recipients: Vec<Recipient>,
    /// What it answers or forwards.
    pub about: Option<About>,
    /// The key that its content is sealed under.
    pub content_key: ContentKeyId,
    /// That key, sealed for each who may read.
    pub grants: Vec<Grant>,
    /// What lists show.
    pub headline: Headline,
    /// What opening shows.
    pub body: Body,
    /// When it ends for everyone.
    pub expires_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// One recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Who.
    pub account: AccountId,
    /// Guest or member when it was sent.
    pub kind: Kind,
    /// Addressed directly or by a copy.
    pub field: Field,
    /// The mail that tells of it (A6); `None` where the invitation made in the same step does.
    pub notice: Option<NotificationKind>,
}

/// An address line. There is no Bcc (A27).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Addressed.
    To,
    /// Copied.
    Cc,
}

/// What a message answers or forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The original.
    pub message: MessageId,
    /// What it is to the original.
    pub what: Onward,
}

/// How one message follows from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Onward {
    /// It answers.
    Reply,
    /// It passes on.
    Forward,
}

/// The content key, sealed for one reader under mailbox key and expiry-day key together: it dies with either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The reader.
    pub account: AccountId,
    /// Which of the reader's mailbox keys.
    pub direction: Direction,
    /// That key's generation (K9).
    pub generation: u32,
    /// The sealed key.
    pub key: Sealed,
}

/// Which way mail goes; leaving destroys the incoming key alone (B38).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
}

/// What lists show without opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// Subject.
    pub subject: String,
    /// Sender, as shown.
    pub from: Mailbox,
    /// Recipients, as written.
    pub to: Vec<Mailbox>,
    /// Recipients of a copy, as written.
    pub cc: Vec<Mailbox>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// What only opening shows (R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Plain text.
    pub text: String,
}

/// A file that was uploaded and sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which.
    pub id: AttachmentId,
    /// File name, made harmless.
    pub name: String,
    /// As declared; never sniffed.
    pub media_type: String,
    /// Decoded bytes.
    pub size_bytes: u64,
    /// Where its sealed parts lie, in the store of attachments.
    pub blob: String,
    /// Bytes of plaintext of each part, in order: a file arrives in as many as its upload was cut into (R7). Empty where it
    /// is one part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<u64>,
    /// What it is sealed under.
    pub key: BlobKey,
}

/// What happened to a message.
#[expect(
    clippy::large_enum_variant,
    reason = "an event lives between its row and its projection, one at a time"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It was sent.
    Sent {
        /// By whom.
        from: AccountId,
        /// To whom.
        recipients: Vec<Recipient>,
        /// What it answers or forwards.
        about: Option<About>,
        /// The key that its content is sealed under.
        content_key: ContentKeyId,
        /// That key, sealed for each who may read.
        grants: Vec<Grant>,
        /// What lists show.
        headline: Content<Headline>,
        /// What opening shows.
        body: Content<Body>,
        /// How many files are attached.
        attachment_count: u32,
        /// Body and files, decoded.
        size_bytes: u64,
        /// When it ends for everyone.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Its content was shown.
    Opened {
        /// To whom.
        by: AccountId,
        /// Whether for the first time.
        first: bool,
        /// When.
        at: Timestamp,
    },
    /// It was answered.
    Replied {
        /// By whom.
        by: AccountId,
        /// With which message.
        with: MessageId,
        /// When.
        at: Timestamp,
    },
    /// It was forwarded.
    Forwarded {
        /// By whom.
        by: AccountId,
        /// As which message.
        with: MessageId,
        /// When.
        at: Timestamp,
    },
    /// A reply or forward was refused for its recipients.
    OnwardRefused {
        /// Who tried.
        by: AccountId,
        /// What.
        what: Onward,
        /// When.
        at: Timestamp,
    },
    /// Its time was over.
    Expired {
        /// When.
        at: Timestamp,
    },
}

/// Why a message turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such message for this person.
    NotFound,
    /// Its time is over (A21).
    Expired,
    /// It was sent already.
    AlreadySent,
    /// Nobody to send it to.
    NoRecipient,
    /// The subject is longer than [`SUBJECT_BYTES`] or has control characters.
    BadSubject,
    /// The body is longer than [`BODY_BYTES`].
    BodyTooLong,
    /// It would expire before it was sent.
    ExpiresTooEarly,
}

impl Decider for Message {
    const CATEGORY: &'static str = "message";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unsent, Command::Send(send)) => send.judged(),
            (State::Sent(_), Command::Send(_)) => Err(Refusal::AlreadySent),
            (State::Unsent, _) => Err(Refusal::NotFound),
            (State::Sent(sent), Command::Expire { at }) => Ok(sent.expire(at)),
            (State::Sent(sent), Command::Open { by, at }) => {
                sent.readable(by, at)?;
                Ok(vec![Event::Opened { by, first: !sent.opened_by.contains(&by), at }])
            }
            (State::Sent(sent), Command::NoteReply { by, with, at }) => {
                sent.readable(by, at)?;
                Ok(vec![Event::Replied { by, with, at }])
            }
            (State::Sent(sent), Command::NoteForward { by, with, at }) => {
                sent.readable(by, at)?;
                Ok(vec![Event::Forwarded { by, with, at }])
            }
            (State::Sent(sent), Command::NoteRefusal { by, what, at }) => {
                sent.readable(by, at)?;
                Ok(vec![Event::OnwardRefused { by, what, at }])
            }
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::Sent { from, recipients, expires_at, .. }) => State::Sent(Box::new(Sent {
                from: *from,
                recipients: recipients.iter().map(|recipient| recipient.account).collect(),
                expires_at: *expires_at,
                expired: false,
                opened_by: BTreeSet::new(),
            })),
            (State::Sent(mut sent), Event::Opened { by, .. }) => {
                sent.opened_by.insert(*by);
                State::Sent(sent)
            }
            (State::Sent(mut sent), Event::Expired { .. }) => {
                sent.expired = true;
                State::Sent(sent)
            }
            (
                state,
                Event::Opened { .. }
                | Event::Expired { .. }
                | Event::Replied { .. }
                | Event::Forwarded { .. }
                | Event::OnwardRefused { .. },
            ) => state,
        }
    }
}

impl Send {
    fn judged(self) -> Result<Vec<Event>, Refusal> {
        if self.recipients.is_empty() {
            return Err(Refusal::NoRecipient);
        }
        let subject = &self.headline.subject;
        if subject.len() > SUBJECT_BYTES || subject.chars().any(char::is_control) {
            return Err(Refusal::BadSubject);
        }
        if self.body.text.len() > BODY_BYTES {
            return Err(Refusal::BodyTooLong);
        }
        if self.expires_at <= self.at {
            return Err(Refusal::ExpiresTooEarly);
        }
        let attachments = &self.headline.attachments;
        let files_bytes: u64 = attachments.iter().map(|file| file.size_bytes).sum();
        Ok(vec![Event::Sent {
            from: self.from,
            recipients: self.recipients,
            about: self.about,
            content_key: self.content_key,
            grants: self.grants,
            attachment_count: u32::try_from(attachments.len()).unwrap_or(u32::MAX),
            size_bytes: files_bytes.saturating_add(self.body.text.len() as u64),
            headline: Content::known(self.headline),
            body: Content::known(self.body),
            expires_at: self.expires_at,
            at: self.at,
        }])
    }
}

impl Sent {
    /// Whether its time is over, recorded or not: the worker may be late, the promise counts (A20).
    #[must_use]
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.expired || self.expires_at <= at
    }

    fn readable(&self, by: AccountId, at: Timestamp) -> Result<(), Refusal> {
        if self.from != by && !self.recipients.contains(&by) {
            return Err(Refusal::NotFound);
        }
        if self.is_over(at) { Err(Refusal::Expired) } else { Ok(()) }
    }

    fn expire(&self, at: Timestamp) -> Vec<Event> {
        if self.expired || at < self.expires_at {
            return vec![];
        }
        vec![Event::Expired { at }]
    }
}

#[cfg(test)]
mod tests;
