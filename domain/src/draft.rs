//! A draft: what is being written, with its files, until it is sent or thrown away (A36, R5).

use crate::{
    classified::Content,
    decider::Decider,
    id::{AccountId, AttachmentId, MessageId},
    message::{About, Attachment as File},
    period::Period,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Draft {}
/// Names [`AttachmentId`]; never constructed.
pub enum Attachment {}

/// What the rules know of a draft.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// Not begun.
    #[default]
    Absent,
    /// Being written.
    Open(Box<Writing>),
    /// Sent or thrown away.
    Closed,
}

/// A draft that can still change.
#[derive(Debug, Clone)]
pub struct Writing {
    /// Who writes.
    pub owner: AccountId,
    /// Counts saves from 1, so that two windows do not overwrite each other silently.
    pub version: u32,
    /// What it answers or forwards.
    pub about: Option<About>,
    /// As last saved.
    pub text: Content<Text>,
    /// A shorter life than the policy's.
    pub expires_in: Option<Period>,
    /// Last save.
    pub saved_at: Timestamp,
    /// Files, with their sizes in bytes.
    pub attachments: Vec<(AttachmentId, u64, Content<File>)>,
}

/// What a person typed; parsed only when it is judged or sent, so that nothing typed is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// To, as typed.
    pub to: Vec<String>,
    /// Cc, as typed.
    pub cc: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Body.
    pub text: String,
}

/// How much may be attached (A39).
#[derive(Debug, Clone, Copy)]
pub struct AttachmentLimit {
    /// How many files.
    pub count: u32,
    /// Their decoded bytes together.
    pub bytes: u64,
}

impl AttachmentLimit {
    /// Whether files of these sizes, in bytes, go with one message.
    pub fn admit(self, sizes: impl Iterator<Item = u64>) -> Result<(), Refusal> {
        let (mut count, mut bytes) = (0_u32, 0_u64);
        for size in sizes {
            count = count.saturating_add(1);
            bytes = bytes.saturating_add(size);
        }
        if count > self.count {
            return Err(Refusal::TooManyAttachments);
        }
        if bytes > self.bytes { Err(Refusal::AttachmentsTooLarge) } else { Ok(()) }
    }
}

/// What can be asked of a draft.
#[derive(Debug, Clone)]
pub enum Command {
    /// Begins one.
    Begin {
        /// Who writes.
        owner: AccountId,
        /// What it answers or forwards.
        about: Option<About>,
        /// What it begins with.
        text: Text,
        /// A shorter life than the policy's.
        expires_in: Option<Period>,
        /// When.
        at: Timestamp,
    },
    /// Saves it.
    Save {
        /// The version that was changed.
        version: u32,
        /// Everything typed.
        text: Text,
        /// A shorter life than the policy's.
        expires_in: Option<Period>,
        /// When.
        at: Timestamp,
    },
    /// Attaches an uploaded file.
    Attach {
        /// The file.
        file: Box<File>,
        /// What the policy allows.
        limit: AttachmentLimit,
        /// When.
        at: Timestamp,
    },
    /// Detaches a file.
    Detach {
        /// Which.
        attachment: AttachmentId,
        /// When.
        at: Timestamp,
    },
    /// Records that it was sent.
    Send {
        /// The version that was meant.
        version: u32,
        /// As which message.
        message: MessageId,
        /// When.
        at: Timestamp,
    },
    /// Throws it away.
    Discard {
        /// When.
        at: Timestamp,
    },
}

/// What happened to a draft. Its content is sealed under a key of its own, destroyed when it is sent or thrown away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It was saved; the first save begins it.
    Saved {
        /// Who writes.
        owner: AccountId,
        /// Its number.
        version: u32,
        /// What it answers or forwards.
        about: Option<About>,
        /// Everything typed.
        text: Content<Text>,
        /// A shorter life than the policy's.
        expires_in: Option<Period>,
        /// When.
        at: Timestamp,
    },
    /// A file was attached.
    AttachmentAdded {
        /// Which file.
        attachment: AttachmentId,
        /// Decoded bytes.
        size_bytes: u64,
        /// Name, type, place and key.
        file: Content<File>,
        /// When.
        at: Timestamp,
    },
    /// A file was detached.
    AttachmentRemoved {
        /// Which file.
        attachment: AttachmentId,
        /// When.
        at: Timestamp,
    },
    /// It was sent.
    Sent {
        /// As which message.
        message: MessageId,
        /// When.
        at: Timestamp,
    },
    /// It was thrown away.
    Discarded {
        /// When.
        at: Timestamp,
    },
}

/// Why a draft turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is none, or it was sent or thrown away.
    NotFound,
    /// It was saved elsewhere meanwhile.
    Stale,
    /// More files than the policy allows (A39).
    TooManyAttachments,
    /// More bytes than the policy allows (A39).
    AttachmentsTooLarge,
}

impl Decider for Draft {
    const CATEGORY: &'static str = "draft";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Absent, Command::Begin { owner, about, text, expires_in, at }) => {
                let text = Content::known(text);
                Ok(vec![Event::Saved { owner, version: 1, about, text, expires_in, at }])
            }
            (State::Open(_) | State::Closed, Command::Begin { .. })
            | (State::Closed, Command::Discard { .. } | Command::Detach { .. }) => Ok(vec![]),
            (State::Absent | State::Closed, _) => Err(Refusal::NotFound),
            (State::Open(open), Command::Save { version, .. } | Command::Send { version, .. })
                if version != open.version =>
            {
                Err(Refusal::Stale)
            }
            (State::Open(open), Command::Save { text, expires_in, at, .. }) => {
                Ok(open.saved(text, expires_in, at))
            }
            (State::Open(open), Command::Attach { file, limit, at }) => open.attach(*file, limit, at),
            (State::Open(open), Command::Detach { attachment, at }) => Ok(open.detach(attachment, at)),
            (State::Open(_), Command::Send { message, at, .. }) => Ok(vec![Event::Sent { message, at }]),
            (State::Open(_), Command::Discard { at }) => Ok(vec![Event::Discarded { at }]),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (State::Absent, Event::Saved { owner, version, about, text, expires_in, at }) => {
                State::Open(Box::new(Writing {
                    owner: *owner,
                    version: *version,
                    about: *about,
                    text: text.clone(),
                    expires_in: *expires_in,
                    saved_at: *at,
                    attachments: vec![],
                }))
            }
            (State::Open(mut open), Event::Saved { version, text, expires_in, at, .. }) => {
                open.version = *version;
                open.text = text.clone();
                open.expires_in = *expires_in;
                open.saved_at = *at;
                State::Open(open)
            }
            (State::Open(mut open), Event::AttachmentAdded { attachment, size_bytes, file, .. }) => {
                open.attachments.push((*attachment, *size_bytes, file.clone()));
                State::Open(open)
            }
            (State::Open(mut open), Event::AttachmentRemoved { attachment, .. }) => {
                open.attachments.retain(|(id, ..)| id != attachment);
                State::Open(open)
            }
            (_, Event::Sent { .. } | Event::Discarded { .. }) => State::Closed,
            (
                state @ (State::Absent | State::Closed),
                Event::Saved { .. } | Event::AttachmentAdded { .. } | Event::AttachmentRemoved { .. },
            ) => state,
        }
    }
}

impl Writing {
    fn saved(&self, text: Text, expires_in: Option<Period>, at: Timestamp) -> Vec<Event> {
        if self.text.value() == Some(&text) && self.expires_in == expires_in {
            return vec![];
        }
        vec![Event::Saved {
            owner: self.owner,
            version: self.version + 1,
            about: self.about,
            text: Content::known(text),
            expires_in,
            at,
        }]
    }

    fn attach(&self, file: File, limit: AttachmentLimit, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        if self.attachments.iter().any(|(id, ..)| *id == file.id) {
            return Ok(vec![]);
        }
        let present = self.attachments.iter().map(|(_, size, _)| *size);
        limit.admit(present.chain([file.size_bytes]))?;
        Ok(vec![Event::AttachmentAdded {
            attachment: file.id,
            size_bytes: file.size_bytes,
            file: Content::known(file),
            at,
        }])
    }

    fn detach(&self, attachment: AttachmentId, at: Timestamp) -> Vec<Event> {
        if self.attachments.iter().all(|(id, ..)| *id != attachment) {
            return vec![];
        }
        vec![Event::AttachmentRemoved { attachment, at }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bytes::BlobKey, decider::kit::given};
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);
    const LIMIT: AttachmentLimit = AttachmentLimit { count: 2, bytes: 100 };

    fn id<Of>(n: u128) -> crate::id::Id<Of> {
        crate::id::Id::new(Uuid::from_u128(n))
    }
    fn text(subject: &str) -> Text {
        Text { subject: subject.into(), ..Text::default() }
    }
    fn saved(version: u32, subject: &str) -> Event {
        let text = Content::known(text(subject));
        Event::Saved { owner: id(2), version, about: None, text, expires_in: None, at: AT }
    }
    fn save(version: u32, subject: &str) -> Command {
        Command::Save { version, text: text(subject), expires_in: None, at: AT }
    }
    fn file(n: u128, size_bytes: u64) -> File {
        File {
            id: id(n),
            name: "scan.png".into(),
            media_type: "image/png".into(),
            size_bytes,
            blob: "blob".into(),
            parts: vec![],
            key: BlobKey([0; 32]),
        }
    }
    fn attach(n: u128, size_bytes: u64) -> Command {
        Command::Attach { file: Box::new(file(n, size_bytes)), limit: LIMIT, at: AT }
    }
    fn attached(n: u128, size_bytes: u64) -> Event {
        let file = Content::known(file(n, size_bytes));
        Event::AttachmentAdded { attachment: id(n), size_bytes, file, at: AT }
    }

    /// A36: a draft begins, is saved, and saving the same again stays quiet.
    #[test]
    fn a_draft_is_saved() {
        let begin =
            || Command::Begin { owner: id(2), about: None, text: text("One"), expires_in: None, at: AT };
        given::<Draft>([]).when(begin()).then([saved(1, "One")]);
        given::<Draft>([saved(1, "One")]).when(begin()).then_nothing();
        given::<Draft>([saved(1, "One")]).when(save(1, "Two")).then([saved(2, "Two")]);
        given::<Draft>([saved(1, "One")]).when(save(1, "One")).then_nothing();
    }

    /// R5: a save that did not see the latest is refused, so that two windows do not overwrite each other.
    #[test]
    fn a_stale_save_is_refused() {
        given::<Draft>([saved(1, "One"), saved(2, "Two")]).when(save(1, "Mine")).then_refused(Refusal::Stale);
        let send = Command::Send { version: 1, message: id(5), at: AT };
        given::<Draft>([saved(1, "One"), saved(2, "Two")]).when(send).then_refused(Refusal::Stale);
    }

    /// A38, A39: files are attached up to the policy's count and bytes; the same file again stays quiet.
    #[test]
    fn files_are_attached_within_the_limit() {
        given::<Draft>([saved(1, "One")]).when(attach(7, 60)).then([attached(7, 60)]);
        given::<Draft>([saved(1, "One"), attached(7, 60)]).when(attach(7, 60)).then_nothing();
        given::<Draft>([saved(1, "One"), attached(7, 60)])
            .when(attach(8, 41))
            .then_refused(Refusal::AttachmentsTooLarge);
        given::<Draft>([saved(1, "One"), attached(7, 1), attached(8, 1)])
            .when(attach(9, 1))
            .then_refused(Refusal::TooManyAttachments);
    }

    /// A38: a file is detached once.
    #[test]
    fn a_file_is_detached_once() {
        let detach = || Command::Detach { attachment: id(7), at: AT };
        let removed = Event::AttachmentRemoved { attachment: id(7), at: AT };
        given::<Draft>([saved(1, "One"), attached(7, 60)]).when(detach()).then([removed]);
        given::<Draft>([saved(1, "One")]).when(detach()).then_nothing();
    }

    /// R7: a draft is sent once; afterwards it is no draft any more.
    #[test]
    fn a_draft_is_sent_once() {
        let send = || Command::Send { version: 1, message: id(5), at: AT };
        let gone = Event::Sent { message: id(5), at: AT };
        given::<Draft>([saved(1, "One")]).when(send()).then([gone.clone()]);
        given::<Draft>([saved(1, "One"), gone.clone()]).when(send()).then_refused(Refusal::NotFound);
        given::<Draft>([saved(1, "One"), gone]).when(save(1, "Two")).then_refused(Refusal::NotFound);
    }

    /// A36: throwing away happens once.
    #[test]
    fn a_draft_is_thrown_away_once() {
        let discarded = Event::Discarded { at: AT };
        given::<Draft>([saved(1, "One")]).when(Command::Discard { at: AT }).then([discarded.clone()]);
        given::<Draft>([saved(1, "One"), discarded]).when(Command::Discard { at: AT }).then_nothing();
        given::<Draft>([]).when(Command::Discard { at: AT }).then_refused(Refusal::NotFound);
    }
}
