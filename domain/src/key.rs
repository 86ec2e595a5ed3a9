//! The life of a key, as far as it must be provable: its destruction is two events around the deletion, so that a crash
//! between them is seen and finished (K5).

use crate::{
    decider::Decider,
    id::{AccountId, DraftId, ExportId, IntakeId},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

/// The aggregate's name; never constructed.
pub enum VaultKey {}

/// What the rules know of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// In use, as far as the log knows.
    #[default]
    Live,
    /// About to be destroyed.
    Condemned,
    /// Gone.
    Destroyed,
}

/// What a key is for, and so what becomes unreadable with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Subject {
    /// Everything that expires on that day.
    ExpiryDay {
        /// The UTC day.
        day: Date,
    },
    /// Everything that an account received in one mailbox generation (B38).
    IncomingMailbox {
        /// Whose.
        account: AccountId,
        /// Which generation.
        generation: u32,
    },
    /// Everything that a closed account sent in one mailbox generation (K9).
    OutgoingMailbox {
        /// Whose.
        account: AccountId,
        /// Which generation.
        generation: u32,
    },
    /// What the person of a closed account proved themselves by (K9).
    Credentials {
        /// Whose.
        account: AccountId,
    },
    /// What is known of a person, or what a record says in words (K5).
    Personal {
        /// The id of the account or record, or the tag of the address.
        owner: Uuid,
    },
    /// A draft that was sent or thrown away.
    Draft {
        /// Which.
        draft: DraftId,
    },
    /// The files of an export, when their time is over.
    Export {
        /// Which.
        export: ExportId,
    },
    /// A mail that was held and is settled.
    Held {
        /// Which.
        intake: IntakeId,
    },
}

/// What can be asked of a key.
#[derive(Debug, Clone, Copy)]
pub enum Command {
    /// Announces its destruction.
    Condemn {
        /// What it is for.
        subject: Subject,
        /// When.
        at: Timestamp,
    },
    /// Records that it is gone.
    NoteDestroyed {
        /// When.
        at: Timestamp,
    },
}

/// What happened to a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It is about to be destroyed.
    DestructionRequested {
        /// What it is for.
        subject: Subject,
        /// When.
        at: Timestamp,
    },
    /// It is gone.
    Destroyed {
        /// When.
        at: Timestamp,
    },
}

/// Why a key turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its destruction was not announced.
    NotCondemned,
}

impl Decider for VaultKey {
    const CATEGORY: &'static str = "key";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Live, Command::Condemn { subject, at }) => {
                Ok(vec![Event::DestructionRequested { subject, at }])
            }
            (State::Condemned | State::Destroyed, Command::Condemn { .. })
            | (State::Destroyed, Command::NoteDestroyed { .. }) => Ok(vec![]),
            (State::Condemned, Command::NoteDestroyed { at }) => Ok(vec![Event::Destroyed { at }]),
            (State::Live, Command::NoteDestroyed { .. }) => Err(Refusal::NotCondemned),
        }
    }

    fn evolve(_: State, event: &Event) -> State {
        match event {
            Event::DestructionRequested { .. } => State::Condemned,
            Event::Destroyed { .. } => State::Destroyed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::kit::given;

    const AT: Timestamp = Timestamp::from_micros(0);

    /// K5: a key is condemned, then gone; each once, and never gone without the announcement.
    #[test]
    fn a_key_is_condemned_and_then_gone() {
        let subject = Subject::ExpiryDay { day: Date::MIN };
        let condemn = Command::Condemn { subject, at: AT };
        let requested = Event::DestructionRequested { subject, at: AT };
        let destroyed = Event::Destroyed { at: AT };
        given::<VaultKey>([]).when(condemn).then([requested.clone()]);
        given::<VaultKey>([requested.clone()]).when(condemn).then_nothing();
        given::<VaultKey>([requested.clone()])
            .when(Command::NoteDestroyed { at: AT })
            .then([destroyed.clone()]);
        given::<VaultKey>([requested, destroyed]).when(Command::NoteDestroyed { at: AT }).then_nothing();
        given::<VaultKey>([]).when(Command::NoteDestroyed { at: AT }).then_refused(Refusal::NotCondemned);
    }
}
