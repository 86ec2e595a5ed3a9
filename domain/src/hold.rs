//! A legal hold (K4): what it covers is kept for the organisation, whatever becomes of it for its readers, until two persons
//! release it. One stream a hold.
//!
//! It keeps content keys, sealed under a key of its own. Messages that were there when it was placed come into it step by step;
//! those of a held person that are sent later bring their key along (`message::HoldGrant`).

use crate::{
    bytes::Sealed,
    classified::Personal,
    decider::Decider,
    id::{AccountId, ApprovalId, AttachmentId, ContentKeyId, MatterTag, MessageId},
    message::Selection,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The aggregate's name; never constructed.
pub enum Hold {}
/// Names [`MatterTag`]; never constructed.
pub enum Matter {}

/// Characters of a matter; what fits a column.
pub const MATTER_CHARACTERS: usize = 100;
/// Characters of a reason.
pub const REASON_CHARACTERS: usize = 500;
/// Messages of one step: some 50 KiB of an event.
pub const STEP: usize = 200;

/// What a hold covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Scope {
    /// All mail that a person sent or received, also to come.
    Person {
        /// Who.
        account: AccountId,
        /// The accounts that had joined theirs (B43). Those that join later come under the hold by joining.
        joined: Vec<AccountId>,
    },
    /// One message.
    Message {
        /// Which.
        message: MessageId,
    },
    /// All messages that matched when it was placed.
    Messages {
        /// What they matched.
        selection: Selection,
    },
}

/// A message that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which.
    pub message: MessageId,
    /// The key that its content is sealed under.
    pub content_key: ContentKeyId,
    /// That key, sealed under the hold's.
    pub key: Sealed,
    /// Its files, which stay where they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<AttachmentId>,
}

/// What the rules know of a hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// It was never placed.
    #[default]
    Unplaced,
    /// It holds.
    Placed {
        /// What.
        scope: Scope,
        /// The place in the log up to which all that it covers is kept.
        gathered_to: i64,
    },
    /// It was released.
    Released,
}

/// What can be asked of a hold.
#[derive(Debug, Clone)]
pub enum Command {
    /// Places it.
    Place(Box<Place>),
    /// Keeps messages that it covers, or finds that nothing opens them any more.
    Keep {
        /// Those that are kept, at most [`STEP`].
        kept: Vec<Kept>,
        /// Those that nobody's grant opens any more, at most [`STEP`].
        out_of_reach: Vec<MessageId>,
        /// When.
        at: Timestamp,
    },
    /// Records that all that it covers is kept, up to a place in the log.
    NoteGathered {
        /// That place.
        to: i64,
        /// When.
        at: Timestamp,
    },
    /// Releases it, after two persons agreed.
    Release {
        /// By which request.
        approval: ApprovalId,
        /// When.
        at: Timestamp,
    },
}

/// A hold to be placed.
#[derive(Debug, Clone)]
pub struct Place {
    /// By whom.
    pub by: AccountId,
    /// What it covers.
    pub scope: Scope,
    /// The matter it serves, at most [`MATTER_CHARACTERS`].
    pub matter: String,
    /// By what the matter is found: a keyed hash of [`normalised_matter`].
    pub matter_tag: MatterTag,
    /// Why, at most [`REASON_CHARACTERS`].
    pub reason: String,
    /// Whether recipients learn of emergency access only after its release (N7).
    pub delays_access_history: bool,
    /// When.
    pub at: Timestamp,
}

/// What happened to a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It was placed.
    Placed {
        /// By whom.
        by: AccountId,
        /// What it covers.
        scope: Scope,
        /// By what its matter is found.
        matter_tag: MatterTag,
        /// The matter it serves.
        matter: Personal<String>,
        /// Why; the officer's own words.
        reason: Personal<String>,
        /// Whether recipients learn of emergency access only after its release (N7).
        delays_access_history: bool,
        /// When.
        at: Timestamp,
    },
    /// It keeps these, besides others.
    Kept {
        /// Which.
        messages: Vec<Kept>,
        /// When.
        at: Timestamp,
    },
    /// It covers these, but nobody's grant opened them any more.
    OutOfReach {
        /// Which.
        messages: Vec<MessageId>,
        /// When.
        at: Timestamp,
    },
    /// All that it covers is kept, up to a place in the log.
    Gathered {
        /// That place.
        to: i64,
        /// When.
        at: Timestamp,
    },
    /// It was released; its key is destroyed next.
    Released {
        /// By which request.
        approval: ApprovalId,
        /// When.
        at: Timestamp,
    },
}

/// Why a hold turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such hold.
    NotPlaced,
    /// It was placed already.
    AlreadyPlaced,
    /// It was released.
    Released,
    /// The matter is missing, too long, or has control characters.
    BadMatter,
    /// The reason is missing, too long, or has control characters.
    BadReason,
    /// More messages than a step has.
    TooMany,
}

impl Decider for Hold {
    const CATEGORY: &'static str = "hold";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unplaced, Command::Place(place)) => Ok(vec![place.judged()?]),
            (State::Placed { .. } | State::Released, Command::Place(_)) => Err(Refusal::AlreadyPlaced),
            (
                State::Unplaced,
                Command::Keep { .. } | Command::NoteGathered { .. } | Command::Release { .. },
            ) => Err(Refusal::NotPlaced),
            (State::Released, Command::Keep { .. } | Command::NoteGathered { .. }) => Err(Refusal::Released),
            (State::Released, Command::Release { .. }) => Ok(vec![]),
            (State::Placed { .. }, Command::Keep { kept, out_of_reach, .. })
                if kept.len() > STEP || out_of_reach.len() > STEP =>
            {
                Err(Refusal::TooMany)
            }
            (State::Placed { .. }, Command::Keep { kept, out_of_reach, at }) => {
                let kept = (!kept.is_empty()).then_some(Event::Kept { messages: kept, at });
                let lost =
                    (!out_of_reach.is_empty()).then_some(Event::OutOfReach { messages: out_of_reach, at });
                Ok(kept.into_iter().chain(lost).collect())
            }
            (State::Placed { gathered_to, .. }, Command::NoteGathered { to, at }) => {
                if to > *gathered_to { Ok(vec![Event::Gathered { to, at }]) } else { Ok(vec![]) }
            }
            (State::Placed { .. }, Command::Release { approval, at }) => {
                Ok(vec![Event::Released { approval, at }])
            }
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::Placed { scope, .. }) => State::Placed { scope: scope.clone(), gathered_to: 0 },
            (State::Placed { scope, .. }, Event::Gathered { to, .. }) => {
                State::Placed { scope, gathered_to: *to }
            }
            (_, Event::Released { .. }) => State::Released,
            (state, Event::Kept { .. } | Event::OutOfReach { .. } | Event::Gathered { .. }) => state,
        }
    }
}

impl Place {
    fn judged(self) -> Result<Event, Refusal> {
        let Self { by, scope, matter, matter_tag, reason, delays_access_history, at } = self;
        let (matter, reason) = (matter.trim().to_owned(), reason.trim().to_owned());
        if matter.is_empty() || matter.chars().count() > MATTER_CHARACTERS || matter.chars().any(char::is_control) {
            return Err(Refusal::BadMatter);
        }
        let is_control = |c: char| c.is_control() && c != '\n';
        if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS || reason.chars().any(is_control) {
            return Err(Refusal::BadReason);
        }
        let (matter, reason) = (Personal::known(matter), Personal::known(reason));
        Ok(Event::Placed { by, scope, matter_tag, matter, reason, delays_access_history, at })
    }
}

/// A matter as it is found: without case, width and the number of blanks.
#[must_use]
pub fn normalised_matter(matter: &str) -> String {
    let folded = matter.nfkc().collect::<String>().to_lowercase();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decider::kit::given, id::Id};
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

    fn id<Of>(n: u128) -> Id<Of> {
        Id::new(Uuid::from_u128(n))
    }
    fn scope() -> Scope {
        Scope::Person { account: id(2), joined: vec![id(3)] }
    }
    fn place(matter: &str, reason: &str) -> Command {
        Command::Place(Box::new(Place {
            by: id(1),
            scope: scope(),
            matter: matter.into(),
            matter_tag: id(8),
            reason: reason.into(),
            delays_access_history: true,
            at: AT,
        }))
    }
    fn placed() -> Event {
        Event::Placed {
            by: id(1),
            scope: scope(),
            matter_tag: id(8),
            matter: Personal::known("Doe v. Lakeside".to_owned()),
            reason: Personal::known("The court asked.".to_owned()),
            delays_access_history: true,
            at: AT,
        }
    }
    fn kept(n: u128) -> Kept {
        Kept { message: id(n), content_key: id(n), key: Sealed(vec![7]), files: vec![] }
    }
    fn keep(kept: Vec<Kept>, out_of_reach: Vec<MessageId>) -> Command {
        Command::Keep { kept, out_of_reach, at: AT }
    }
    fn released() -> Event {
        Event::Released { approval: id(9), at: AT }
    }

    /// K4: a hold is placed once, for a matter and a reason.
    #[test]
    fn a_hold_is_placed_once() {
        given::<Hold>([]).when(place(" Doe v. Lakeside ", "The court asked.")).then([placed()]);
        given::<Hold>([placed()]).when(place("Another", "x")).then_refused(Refusal::AlreadyPlaced);
        given::<Hold>([placed(), released()]).when(place("Another", "x")).then_refused(Refusal::AlreadyPlaced);
        for matter in ["", " ", "a\nb", &"a".repeat(101)] {
            given::<Hold>([]).when(place(matter, "x")).then_refused(Refusal::BadMatter);
        }
        for reason in ["", " ", "a\u{7}", &"a".repeat(501)] {
            given::<Hold>([]).when(place("Doe", reason)).then_refused(Refusal::BadReason);
        }
    }

    /// K4: messages come into a hold while it holds, so many at a time; with none there is nothing to record.
    #[test]
    fn messages_come_into_a_hold() {
        let (ours, lost) = (vec![kept(4), kept(5)], vec![id(6)]);
        given::<Hold>([placed()]).when(keep(ours.clone(), lost.clone())).then([
            Event::Kept { messages: ours.clone(), at: AT },
            Event::OutOfReach { messages: lost, at: AT },
        ]);
        given::<Hold>([placed()]).when(keep(vec![], vec![])).then_nothing();
        given::<Hold>([]).when(keep(ours.clone(), vec![])).then_refused(Refusal::NotPlaced);
        given::<Hold>([placed(), released()]).when(keep(ours, vec![])).then_refused(Refusal::Released);
        let many = (0..=STEP as u128).map(kept).collect();
        given::<Hold>([placed()]).when(keep(many, vec![])).then_refused(Refusal::TooMany);
    }

    /// K4: that a hold has all it covers is on record once for each place in the log.
    #[test]
    fn a_hold_has_all_it_covers() {
        let note = |to| Command::NoteGathered { to, at: AT };
        let gathered = |to| Event::Gathered { to, at: AT };
        given::<Hold>([placed()]).when(note(7)).then([gathered(7)]);
        given::<Hold>([placed(), gathered(7)]).when(note(7)).then_nothing();
        given::<Hold>([placed(), gathered(7)]).when(note(9)).then([gathered(9)]);
        given::<Hold>([]).when(note(7)).then_refused(Refusal::NotPlaced);
        given::<Hold>([placed(), released()]).when(note(9)).then_refused(Refusal::Released);
    }

    /// K4: a hold is released once.
    #[test]
    fn a_hold_is_released_once() {
        let release = || Command::Release { approval: id(9), at: AT };
        given::<Hold>([placed()]).when(release()).then([released()]);
        given::<Hold>([placed(), released()]).when(release()).then_nothing();
        given::<Hold>([]).when(release()).then_refused(Refusal::NotPlaced);
    }

    /// K4: a matter is found however it was typed.
    #[test]
    fn a_matter_is_found_however_it_was_typed() {
        assert_eq!(normalised_matter("  DOE  v.\tLakeside "), "doe v. lakeside");
        assert_eq!(normalised_matter("Ｄｏｅ"), normalised_matter("doe"));
        assert_ne!(normalised_matter("Doe 1"), normalised_matter("Doe 11"));
    }
}
