//! What happens to the log itself: an older one was knowingly put in its place, it was verified, its clock jumped, its head was
//! sent away. The log is one for all organisations, and each has it on record: one stream in each.

use crate::{
    bytes::Sha256,
    classified::Personal,
    decider::Decider,
    id::AccountId,
    timestamp::Timestamp,
    verification::{Level, Outcome},
    words,
};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Log {}

/// The tree over the log at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many events it had.
    pub size: u64,
    /// Its root.
    pub root: Sha256,
}

/// What the rules know of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// The head that was given up by the last restore that was declared.
    pub given_up: Option<Head>,
    /// The head that was mailed last.
    pub mailed: Option<Head>,
}

/// Characters of the reason for a restore.
pub const REASON_CHARACTERS: usize = 500;
/// Further from where it should be than this, a clock has jumped; nearer, it was set right, as clocks always are (K8).
pub const JUMP_SECONDS: i64 = 2;

/// Whether a clock that should say one time and says another has jumped (K8).
#[must_use]
pub fn has_jumped(expected: Timestamp, found: Timestamp) -> bool {
    found.seconds_since(expected).abs() >= JUMP_SECONDS
}

/// What can be recorded of a log.
#[derive(Debug, Clone)]
pub enum Command {
    /// Says that an older log was put in the place of a newer one (K11).
    DeclareRestore {
        /// The last head that is known of the newer one.
        given_up: Head,
        /// Where the older one stands.
        kept: Head,
        /// Why, 1 to [`REASON_CHARACTERS`].
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Notes a verification and what it came to (Q12).
    NoteVerified {
        /// How deep.
        level: Level,
        /// What came out.
        outcome: Outcome,
        /// Up to how many events.
        tree_size: u64,
        /// How many findings.
        findings: u64,
        /// When.
        at: Timestamp,
    },
    /// Notes what a clock says that should say something else (K8).
    NoteClock {
        /// What it should say.
        expected: Timestamp,
        /// What it says.
        found: Timestamp,
    },
    /// Sends the head to the officers.
    MailHead {
        /// Which.
        head: Head,
        /// Who they are.
        to: Vec<AccountId>,
        /// When.
        at: Timestamp,
    },
}

/// What happened to a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// An older log was put in the place of a newer one.
    RestoreDeclared {
        /// The last head that is known of the newer one.
        given_up: Head,
        /// Where the older one stood.
        kept: Head,
        /// Why, in the operator's words.
        reason: Personal<String>,
        /// When.
        at: Timestamp,
    },
    /// It was verified.
    Verified {
        /// How deep.
        level: Level,
        /// What came out.
        outcome: Outcome,
        /// Up to how many events.
        tree_size: u64,
        /// How many findings.
        findings: u64,
        /// When.
        at: Timestamp,
    },
    /// The clock of a node jumped.
    ClockJumped {
        /// What it should have said.
        expected: Timestamp,
        /// What it said.
        found: Timestamp,
    },
    /// Its head is on its way to the officers.
    HeadMailed {
        /// Which.
        head: Head,
        /// The one that was mailed before, which it continues.
        since: Option<Head>,
        /// Who they are.
        to: Vec<AccountId>,
        /// When.
        at: Timestamp,
    },
}

/// Why a command leaves no trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The reason is missing, too long, or has control characters.
    BadReason,
}

impl Decider for Log {
    const CATEGORY: &'static str = "log";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        Ok(match command {
            Command::DeclareRestore { given_up, .. } if state.given_up == Some(given_up) => vec![],
            Command::DeclareRestore { reason, .. } if !words::fit(&reason, 1..=REASON_CHARACTERS) => {
                return Err(Refusal::BadReason);
            }
            Command::DeclareRestore { given_up, kept, reason, at } => {
                vec![Event::RestoreDeclared { given_up, kept, reason: Personal::known(reason), at }]
            }
            Command::NoteVerified { level, outcome, tree_size, findings, at } => {
                vec![Event::Verified { level, outcome, tree_size, findings, at }]
            }
            Command::NoteClock { expected, found } if has_jumped(expected, found) => {
                vec![Event::ClockJumped { expected, found }]
            }
            Command::NoteClock { .. } => vec![],
            Command::MailHead { head, to, .. } if to.is_empty() || state.mailed == Some(head) => vec![],
            Command::MailHead { head, to, at } => {
                vec![Event::HeadMailed { head, since: state.mailed, to, at }]
            }
        })
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::RestoreDeclared { given_up, .. } => {
                state.given_up = Some(*given_up);
                // What was mailed before may be of the log that was given up; the next mail begins anew.
                state.mailed = None;
            }
            Event::HeadMailed { head, .. } => state.mailed = Some(*head),
            Event::Verified { .. } | Event::ClockJumped { .. } => {}
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::kit::given;

    const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

    fn head(size: u64) -> Head {
        Head { size, root: Sha256([7; 32]) }
    }
    fn restore(reason: &str) -> Command {
        Command::DeclareRestore { given_up: head(9), kept: head(5), reason: reason.into(), at: AT }
    }
    fn restored() -> Event {
        let reason = Personal::known("The disk died.".into());
        Event::RestoreDeclared { given_up: head(9), kept: head(5), reason, at: AT }
    }

    /// K11: a restore is declared once for each log that was given up, and never without a reason.
    #[test]
    fn a_restore_is_declared_with_a_reason() {
        given::<Log>([]).when(restore("The disk died.")).then([restored()]);
        given::<Log>([restored()]).when(restore("Again.")).then_nothing();
        for reason in ["", " ", "a\u{7}", &"ä".repeat(501)] {
            given::<Log>([]).when(restore(reason)).then_refused(Refusal::BadReason);
        }
        let given_up = head(20);
        let again = Command::DeclareRestore { given_up, kept: head(8), reason: "Again.".into(), at: AT };
        let reason = Personal::known("Again.".into());
        let event = Event::RestoreDeclared { given_up, kept: head(8), reason, at: AT };
        given::<Log>([restored()]).when(again).then([event]);
    }

    /// K8: a clock that jumped is noted, forwards or backwards; one that was set right by a little is not.
    #[test]
    fn a_jump_of_the_clock_is_noted() {
        let after = |micros| Timestamp::from_micros(AT.micros() + micros);
        for found in [after(2_000_000), after(-2_000_000), after(i64::MAX / 2)] {
            let jumped = Event::ClockJumped { expected: AT, found };
            given::<Log>([]).when(Command::NoteClock { expected: AT, found }).then([jumped]);
        }
        for found in [AT, after(1_999_999), after(-1_999_999)] {
            given::<Log>([]).when(Command::NoteClock { expected: AT, found }).then_nothing();
        }
    }

    /// N1: a head is mailed once, with the one before that it continues; after a restore there is none before.
    #[test]
    fn a_head_is_mailed_with_the_one_before() {
        let to = || vec![AccountId::new(uuid::Uuid::from_u128(1))];
        let mail = |size| Command::MailHead { head: head(size), to: to(), at: AT };
        let mailed = |size, since: Option<u64>| Event::HeadMailed {
            head: head(size),
            since: since.map(head),
            to: to(),
            at: AT,
        };
        given::<Log>([]).when(Command::MailHead { head: head(3), to: vec![], at: AT }).then_nothing();
        given::<Log>([]).when(mail(3)).then([mailed(3, None)]);
        given::<Log>([mailed(3, None)]).when(mail(3)).then_nothing();
        given::<Log>([mailed(3, None)]).when(mail(8)).then([mailed(8, Some(3))]);
        given::<Log>([mailed(3, None), restored()]).when(mail(8)).then([mailed(8, None)]);
    }

    /// Q12: every verification is on record.
    #[test]
    fn every_verification_is_on_record() {
        let (level, outcome) = (Level::Entries, Outcome::Sound);
        let verified = Event::Verified { level, outcome, tree_size: 7, findings: 0, at: AT };
        let note = Command::NoteVerified { level, outcome, tree_size: 7, findings: 0, at: AT };
        given::<Log>([verified.clone()]).when(note).then([verified]);
    }
}
