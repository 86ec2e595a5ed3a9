//! An export: what was taken out of the system, by whom, why, by whose consent, and its hashes (E5). One stream each.

mod event;
#[cfg(test)]
mod tests;

pub use event::{Event, Failure, File};

use crate::{
    audit::Question,
    bytes::Sha256,
    classified::Personal,
    decider::Decider,
    id::{AccountId, MessageId},
    period::Period,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Export {}

/// What an export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Messages as EML (E1).
    Messages,
    /// The audit, one JSON object a line (E2).
    AuditJsonLines,
    /// The audit as CSV (E2).
    AuditCsv,
    /// A person's own package (E3).
    Person,
    /// What the offline verifier needs (N1).
    VerificationBundle,
}

/// What the rules know of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody asked for it.
    #[default]
    Absent,
    /// Somebody did.
    Asked(Asked),
    /// It is there, or was.
    Finished {
        /// How many files it has.
        files: u32,
        /// When they are deleted.
        kept_until: Timestamp,
    },
    /// It gave up.
    Failed,
}

/// An export that is not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who asked; `None` is the command line.
    pub by: Option<AccountId>,
    /// What it will hold.
    pub kind: Kind,
    /// Who agreed.
    pub approved_by: Option<AccountId>,
    /// Chunks of messages that were disclosed to it.
    pub chunks: u32,
}

/// What can be asked of an export.
#[derive(Debug, Clone)]
pub enum Command {
    /// Asks for it.
    Request(Request),
    /// Notes that a second person agreed (K3).
    Approve {
        /// Who.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Opens messages for it, before anything of them is written (N7).
    Disclose {
        /// The chunk's number, from 0.
        chunk: u32,
        /// Which messages.
        messages: Vec<MessageId>,
        /// When.
        at: Timestamp,
    },
    /// Notes that it is made.
    Finish {
        /// Its files, the manifest last.
        files: Vec<File>,
        /// How long they can be fetched; nothing where they were handed over already.
        kept: Period,
        /// When.
        at: Timestamp,
    },
    /// Notes that it cannot be made.
    Fail {
        /// Why.
        why: Failure,
        /// When.
        at: Timestamp,
    },
    /// Hands one of its files out, or a part of it.
    Download {
        /// To whom.
        by: AccountId,
        /// Its place among the files, from 0.
        file: u32,
        /// When.
        at: Timestamp,
    },
}

/// What is to be exported.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who asks; `None` is the command line.
    pub by: Option<AccountId>,
    /// What it shall hold.
    pub kind: Kind,
    /// Its conditions in codes and ids.
    pub what: Question,
    /// All its conditions, as JSON.
    pub terms: String,
    /// Why, 1 to [`REASON_CHARACTERS`].
    pub reason: String,
    /// The size of the log that it is a picture of (E6).
    pub tree_size: u64,
    /// When.
    pub at: Timestamp,
}

/// Characters of a reason (contract: 500).
pub const REASON_CHARACTERS: usize = 500;
/// Messages that one [`Event::Disclosed`] names at most.
pub const CHUNK_MESSAGES: usize = 200;

/// Why an export turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such export.
    NotFound,
    /// The reason is missing, too long, or has control characters.
    BadReason,
    /// Nobody agrees to what they asked for themselves (K3).
    OwnRequest,
    /// A second person has to agree first (K3).
    NotApproved,
    /// It is made, or gave up: nothing more is opened for it.
    Over,
    /// It is not made yet.
    NotFinished,
    /// It has no such file.
    NoSuchFile,
    /// Its files are deleted.
    Deleted,
}

impl Kind {
    /// Whether it holds content, so that a second person has to agree (K3).
    #[must_use]
    pub const fn needs_two_persons(self) -> bool {
        match self {
            Self::Messages | Self::Person => true,
            Self::AuditJsonLines | Self::AuditCsv | Self::VerificationBundle => false,
        }
    }
}

impl Asked {
    /// Whether it may be made.
    #[must_use]
    pub fn may_begin(&self) -> bool {
        !self.kind.needs_two_persons() || self.approved_by.is_some()
    }
}

impl Decider for Export {
    const CATEGORY: &'static str = "export";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Absent, Command::Request(request)) => requested(request),
            (State::Asked(_) | State::Finished { .. } | State::Failed, Command::Request(_))
            | (State::Finished { .. } | State::Failed, Command::Approve { .. })
            | (State::Finished { .. }, Command::Finish { .. } | Command::Fail { .. })
            | (State::Failed, Command::Fail { .. }) => Ok(vec![]),
            (State::Absent, _) => Err(Refusal::NotFound),
            (State::Asked(asked), Command::Approve { by, .. }) if asked.by == Some(by) => {
                Err(Refusal::OwnRequest)
            }
            (State::Asked(asked), Command::Approve { by, at }) => {
                Ok(if asked.approved_by.is_some() { vec![] } else { vec![Event::Approved { by, at }] })
            }
            (State::Asked(asked), Command::Disclose { .. } | Command::Finish { .. })
                if !asked.may_begin() =>
            {
                Err(Refusal::NotApproved)
            }
            (State::Asked(asked), Command::Disclose { chunk, messages, at }) => {
                Ok(if chunk < asked.chunks { vec![] } else { vec![Event::Disclosed { chunk, messages, at }] })
            }
            (State::Asked(_), Command::Finish { files, kept, at }) => {
                Ok(vec![Event::Finished { files, kept_until: at.plus(kept), at }])
            }
            (State::Asked(_), Command::Fail { why, at }) => Ok(vec![Event::Failed { why, at }]),
            (State::Finished { .. } | State::Failed, Command::Disclose { .. })
            | (State::Failed, Command::Finish { .. }) => Err(Refusal::Over),
            (State::Finished { files, .. }, Command::Download { file, .. }) if file >= *files => {
                Err(Refusal::NoSuchFile)
            }
            (State::Finished { kept_until, .. }, Command::Download { at, .. }) if at >= *kept_until => {
                Err(Refusal::Deleted)
            }
            (State::Finished { .. }, Command::Download { by, file, at }) => {
                Ok(vec![Event::Downloaded { by, file, at }])
            }
            (State::Asked(_) | State::Failed, Command::Download { .. }) => Err(Refusal::NotFinished),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::Requested { by, kind, .. }) => {
                State::Asked(Asked { by: *by, kind: *kind, approved_by: None, chunks: 0 })
            }
            (State::Asked(asked), Event::Approved { by, .. }) => {
                State::Asked(Asked { approved_by: Some(*by), ..asked })
            }
            (State::Asked(asked), Event::Disclosed { chunk, .. }) => {
                State::Asked(Asked { chunks: chunk.saturating_add(1), ..asked })
            }
            (_, Event::Finished { files, kept_until, .. }) => {
                State::Finished { files: count(files), kept_until: *kept_until }
            }
            (_, Event::Failed { .. }) => State::Failed,
            (
                state @ (State::Absent | State::Finished { .. } | State::Failed),
                Event::Approved { .. } | Event::Disclosed { .. },
            )
            | (state, Event::Downloaded { .. }) => state,
        }
    }
}

fn requested(request: Request) -> Result<Vec<Event>, Refusal> {
    let Request { by, kind, what, terms, reason, tree_size, at } = request;
    if !is_reason(&reason) {
        return Err(Refusal::BadReason);
    }
    let (terms, reason) = (Personal::known(terms), Personal::known(reason));
    Ok(vec![Event::Requested { by, kind, what, terms, reason, tree_size, at }])
}

fn is_reason(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= REASON_CHARACTERS
        && !text.chars().any(|c| c.is_control() && c != '\n')
}

fn count(files: &[File]) -> u32 {
    u32::try_from(files.len()).unwrap_or(u32::MAX)
}

impl File {
    /// A file of an export.
    #[must_use]
    pub fn new(name: impl Into<String>, size_bytes: u64, sha256: Sha256) -> Self {
        Self { name: name.into(), size_bytes, sha256 }
    }
}
