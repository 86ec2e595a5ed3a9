//! A message: sent once, opened by those who hold a grant, gone for everyone at its expiry (A20, A21).

use crate::{
    classified::{Content, Personal},
    decider::Decider,
    id::{AccountId, ContentKeyId, MessageId, RuleId},
    timestamp::Timestamp,
};
use std::collections::BTreeSet;

mod event;
mod parts;

pub use event::{Event, RuleOverride, Taken};
pub use parts::{About, Attachment, Body, Direction, Field, Grant, Granted, Headline, Onward, Recipient};

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
    /// The mailboxes that it stands in.
    pub granted: Vec<Granted>,
    /// When it ends for everyone.
    pub expires_at: Timestamp,
    /// Whether that was recorded.
    pub expired: bool,
    /// Who opened it.
    pub opened_by: BTreeSet<AccountId>,
    /// What it was passed on as, and by whom.
    pub forwards: Vec<(AccountId, MessageId)>,
    /// From whom it was recalled (R16); with them its sender, where it passed on what was recalled itself.
    pub recalled_from: BTreeSet<AccountId>,
    /// Who deleted it from their own mailbox.
    pub deleted_by: BTreeSet<AccountId>,
    /// Whether its recipients were warned that it ends.
    pub warned: bool,
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
    /// Hands content out to be kept (A22–A25).
    Download {
        /// To whom.
        by: AccountId,
        /// What of it.
        what: Taken,
        /// When.
        at: Timestamp,
    },
    /// Shows it without decoration, to be printed (A42).
    Print {
        /// To whom.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Takes it back (R16).
    Recall {
        /// By whose wish.
        by: Recaller,
        /// From whom; `None` is everyone.
        from: Option<Vec<AccountId>>,
        /// When.
        at: Timestamp,
    },
    /// Deletes it from one's own mailbox; the other side's copy stays.
    Delete {
        /// Whose.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Warns its recipients that it ends soon (A22).
    WarnOfExpiry {
        /// When.
        at: Timestamp,
    },
    /// Ends it, if its time is over.
    Expire {
        /// When.
        at: Timestamp,
    },
}

/// By whose wish a message is recalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recaller {
    /// Its sender's.
    Sender(AccountId),
    /// The sender's of the message that it passes on: whoever passed it on loses it as well.
    Original,
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
    /// The rule that secured it; `None` where its sender chose to (B5, C1).
    pub secured_by: Option<RuleId>,
    /// The rule that its sender went against, and why (Q9).
    pub against: Option<RuleOverride>,
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

/// Why a message turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such message for this person.
    NotFound,
    /// Its time is over (A21).
    Expired,
    /// Its sender took it back (R16).
    Recalled,
    /// Only its sender takes a message back.
    NotSender,
    /// Somebody it is to be taken back from is no recipient.
    NoSuchRecipient,
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
            (State::Sent(sent), Command::Download { by, what, at }) => {
                sent.readable(by, at)?;
                Ok(vec![Event::Downloaded { by, what, at }])
            }
            (State::Sent(sent), Command::Print { by, at }) => {
                sent.readable(by, at)?;
                Ok(vec![Event::Printed { by, at }])
            }
            (State::Sent(sent), Command::Recall { by, from, at }) => sent.recall(by, from, at),
            (State::Sent(sent), Command::Delete { by, at }) => sent.delete(by, at),
            (State::Sent(sent), Command::WarnOfExpiry { at }) => Ok(sent.warn(at)),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::Sent { from, recipients, grants, expires_at, .. }) => State::Sent(Box::new(Sent {
                from: *from,
                recipients: recipients.iter().map(|recipient| recipient.account).collect(),
                granted: grants.iter().map(Granted::from).collect(),
                expires_at: *expires_at,
                expired: false,
                opened_by: BTreeSet::new(),
                forwards: vec![],
                recalled_from: BTreeSet::new(),
                deleted_by: BTreeSet::new(),
                warned: false,
            })),
            (State::Sent(mut sent), Event::Opened { by, .. }) => {
                sent.opened_by.insert(*by);
                State::Sent(sent)
            }
            (State::Sent(mut sent), Event::Forwarded { by, with, .. }) => {
                sent.forwards.push((*by, *with));
                State::Sent(sent)
            }
            (State::Sent(mut sent), Event::Expired { .. }) => {
                sent.expired = true;
                State::Sent(sent)
            }
            (State::Sent(mut sent), Event::Recalled { from, .. }) => {
                sent.recalled_from.extend(from);
                State::Sent(sent)
            }
            (State::Sent(mut sent), Event::Deleted { by, .. }) => {
                sent.deleted_by.insert(*by);
                State::Sent(sent)
            }
            (State::Sent(mut sent), Event::ExpiryWarned { .. }) => {
                sent.warned = true;
                State::Sent(sent)
            }
            (
                state,
                Event::Opened { .. }
                | Event::Expired { .. }
                | Event::Recalled { .. }
                | Event::Deleted { .. }
                | Event::ExpiryWarned { .. }
                | Event::RuleOverridden { .. }
                | Event::Downloaded { .. }
                | Event::Printed { .. }
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
        let overridden = self.against.map(|RuleOverride { rule, hits, reason }| Event::RuleOverridden {
            by: self.from,
            rule,
            hits,
            reason: Personal::known(reason),
            at: self.at,
        });
        let sent = Event::Sent {
            from: self.from,
            recipients: self.recipients,
            about: self.about,
            files: attachments.iter().chain(&self.body.original).map(|file| file.id).collect(),
            secured_by: self.secured_by,
            content_key: self.content_key,
            grants: self.grants,
            attachment_count: u32::try_from(attachments.len()).unwrap_or(u32::MAX),
            size_bytes: files_bytes.saturating_add(self.body.text.len() as u64),
            headline: Content::known(self.headline),
            body: Content::known(self.body),
            expires_at: self.expires_at,
            at: self.at,
        };
        Ok([sent].into_iter().chain(overridden).collect())
    }
}

impl Sent {
    /// Whether its time is over, recorded or not: the worker may be late, the promise counts (A20).
    #[must_use]
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.expired || self.expires_at <= at
    }

    /// Whether the message itself lets an account have it at an instant. Whose inbox has that account's mail, and whether it is
    /// within reach there, is for [`Reach`](crate::reach::Reach) to say.
    pub fn readable(&self, by: AccountId, at: Timestamp) -> Result<(), Refusal> {
        if !self.has(by) {
            return Err(Refusal::NotFound);
        }
        if self.is_over(at) {
            return Err(Refusal::Expired);
        }
        if self.recalled_from.contains(&by) { Err(Refusal::Recalled) } else { Ok(()) }
    }

    /// Whether it is one of this person's messages, and they did not delete it.
    fn has(&self, person: AccountId) -> bool {
        (self.from == person || self.recipients.contains(&person)) && !self.deleted_by.contains(&person)
    }

    fn recall(
        &self,
        by: Recaller,
        from: Option<Vec<AccountId>>,
        at: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let whole = match by {
            Recaller::Sender(by) if by != self.from || !self.has(by) => return Err(Refusal::NotSender),
            Recaller::Sender(_) => self.recipients.clone(),
            Recaller::Original => self.recipients.iter().copied().chain([self.from]).collect(),
        };
        if self.is_over(at) {
            return Err(Refusal::Expired);
        }
        let from = from.unwrap_or_else(|| whole.clone());
        if from.iter().any(|person| !whole.contains(person)) {
            return Err(Refusal::NoSuchRecipient);
        }
        let news: BTreeSet<_> =
            from.into_iter().filter(|person| !self.recalled_from.contains(person)).collect();
        if news.is_empty() {
            return Ok(vec![]);
        }
        let gone = |person: &AccountId| news.contains(person) || self.recalled_from.contains(person);
        let wholly = self.recipients.iter().all(gone);
        Ok(vec![Event::Recalled { from: news.into_iter().collect(), wholly, at }])
    }

    fn delete(&self, by: AccountId, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        if self.deleted_by.contains(&by) {
            return Ok(vec![]);
        }
        if !self.has(by) {
            return Err(Refusal::NotFound);
        }
        Ok(vec![Event::Deleted { by, at }])
    }

    fn warn(&self, at: Timestamp) -> Vec<Event> {
        let has = |person: &&AccountId| self.has(**person) && !self.recalled_from.contains(person);
        let recipients: Vec<_> = self.recipients.iter().filter(has).copied().collect();
        if self.warned || self.is_over(at) || recipients.is_empty() {
            return vec![];
        }
        vec![Event::ExpiryWarned { recipients, at }]
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
