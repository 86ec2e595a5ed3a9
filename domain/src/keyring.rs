//! The key ring: which generation of keys is in use, and which keys live, day by day. Whoever runs the program turns it for
//! all organisations at once; each has it on record in a log of its own (K5).
//!
//! It is a stream of its own beside the organisation's: it grows every day, and nobody but the keys' jobs reads it.

use crate::{bytes::Sha256, decider::Decider, period::Period, timestamp::Timestamp};
use serde::{Deserialize, Serialize};
use time::{Date, Time};

/// The aggregate's name; never constructed.
pub enum Keyring {}

/// What the rules know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The epoch that keys are sealed under; 0 for one that nobody told of.
    pub epoch: i64,
    /// The oldest epoch that is kept.
    pub oldest: i64,
    /// Version of the root.
    pub root: u32,
    /// The last day that has a manifest.
    pub manifest: Option<Date>,
}

/// What a list of the keys that live at an instant amounts to. The list itself is a file outside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The UTC day that it is of.
    pub day: Date,
    /// How many keys.
    pub keys: u64,
    /// Hash of the file.
    pub sha256: Sha256,
}

/// What can be recorded.
#[derive(Debug, Clone, Copy)]
pub enum Command {
    /// Keys are sealed under a new epoch from now on.
    BeginEpoch {
        /// Which; they count up.
        epoch: i64,
        /// When.
        at: Timestamp,
    },
    /// The keys of older epochs are gone: what backups have of that time opens no more.
    EndEpochs {
        /// The oldest that is left.
        oldest: i64,
        /// When.
        at: Timestamp,
    },
    /// The key files are sealed under another version of the root.
    RotateRoot {
        /// Which.
        version: u32,
        /// When.
        at: Timestamp,
    },
    /// The keys that live were listed.
    NoteManifest {
        /// What the list amounts to.
        manifest: Manifest,
        /// When.
        at: Timestamp,
    },
}

/// What happened. Who did it stands in the event's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// Keys are sealed under a new epoch from now on.
    EpochBegun {
        /// Which.
        epoch: i64,
        /// When.
        at: Timestamp,
    },
    /// The keys of older epochs are gone.
    EpochsEnded {
        /// The oldest that is left.
        oldest: i64,
        /// When.
        at: Timestamp,
    },
    /// The key files are sealed under another version of the root.
    RootRotated {
        /// Which.
        version: u32,
        /// When.
        at: Timestamp,
    },
    /// The keys that live were listed.
    ManifestWritten {
        /// What the list amounts to.
        #[serde(flatten)]
        manifest: Manifest,
        /// When.
        at: Timestamp,
    },
}

/// When an epoch is renewed: on another day than it began, so that there is one a day.
#[must_use]
pub fn is_due(begun_at: Timestamp, now: Timestamp) -> bool {
    begun_at.day() < now.day()
}

/// Whether the key of an epoch is to be deleted: with those that are left, key backups live for `kept`, counted in whole days
/// (policy `retention.key_backups`).
#[must_use]
pub fn is_over(superseded_at: Timestamp, kept: Period, now: Timestamp) -> bool {
    start_of(superseded_at.day()).plus(kept) <= start_of(now.day()).plus(Period::days(1))
}

/// Until when a backup of database and keys together could open what was destroyed at an instant, if epochs are renewed every
/// night and backups are kept no longer than `kept` (K5, N4).
#[must_use]
pub fn backups_until(destroyed_at: Timestamp, kept: Period) -> Timestamp {
    start_of(destroyed_at.day()).plus(kept).plus(Period::days(1))
}

fn start_of(day: Date) -> Timestamp {
    day.with_time(Time::MIDNIGHT).assume_utc().into()
}

/// Nothing is refused: what is recorded has happened already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {}

impl Decider for Keyring {
    const CATEGORY: &'static str = "keyring";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    /// Quiet about what is on record, so that whoever was interrupted records it again.
    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        let (news, event) = match command {
            Command::BeginEpoch { epoch, at } => (epoch > state.epoch, Event::EpochBegun { epoch, at }),
            Command::EndEpochs { oldest, at } => {
                (state.epoch > 0 && oldest > state.oldest, Event::EpochsEnded { oldest, at })
            }
            Command::RotateRoot { version, at } => {
                (version != state.root, Event::RootRotated { version, at })
            }
            Command::NoteManifest { manifest, at } => {
                let news = state.manifest.is_none_or(|day| day < manifest.day);
                (news, Event::ManifestWritten { manifest, at })
            }
        };
        Ok(if news { vec![event] } else { vec![] })
    }

    fn evolve(state: State, event: &Event) -> State {
        match *event {
            // Nothing of this organisation is older than the first epoch that it is told of, or the one before.
            Event::EpochBegun { epoch, .. } if state.epoch == 0 => {
                State { epoch, oldest: (epoch - 1).max(1), ..state }
            }
            Event::EpochBegun { epoch, .. } => State { epoch, ..state },
            Event::EpochsEnded { oldest, .. } => State { oldest, ..state },
            Event::RootRotated { version, .. } => State { root: version, ..state },
            Event::ManifestWritten { manifest, .. } => State { manifest: Some(manifest.day), ..state },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::kit::given;
    use time::macros::date;

    const AT: Timestamp = Timestamp::from_micros(0);

    /// K5: each turn of the ring is on record once; what is older than what is on record is no news.
    #[test]
    fn every_turn_is_on_record_once() {
        let (begun, ended) =
            (Event::EpochBegun { epoch: 2, at: AT }, Event::EpochsEnded { oldest: 2, at: AT });
        let rotated = Event::RootRotated { version: 2, at: AT };
        let begin = |epoch| Command::BeginEpoch { epoch, at: AT };
        let end = |oldest| Command::EndEpochs { oldest, at: AT };
        let rotate = |version| Command::RotateRoot { version, at: AT };
        given::<Keyring>([]).when(begin(2)).then([begun]);
        given::<Keyring>([begun]).when(begin(2)).then_nothing();
        given::<Keyring>([begun]).when(begin(1)).then_nothing();
        given::<Keyring>([begun]).when(begin(3)).then([Event::EpochBegun { epoch: 3, at: AT }]);
        given::<Keyring>([begun]).when(end(2)).then([ended]);
        given::<Keyring>([begun, ended]).when(end(2)).then_nothing();
        given::<Keyring>([begun]).when(end(1)).then_nothing();
        given::<Keyring>([]).when(end(2)).then_nothing();
        given::<Keyring>([]).when(rotate(2)).then([rotated]);
        given::<Keyring>([rotated]).when(rotate(2)).then_nothing();
    }

    /// K5, N4: an epoch is renewed with the day, lives on for as many days as key backups do, and is gone at the instant that a
    /// receipt names, whenever in the day a key was destroyed and whenever in the night the job runs.
    #[test]
    fn what_was_destroyed_is_gone_when_key_backups_end() {
        let night = |day: i64, second: i64| Timestamp::from_micros((day * 86_400 + second) * 1_000_000);
        assert!(!is_due(night(0, 10), night(0, 86_399)) && is_due(night(0, 86_399), night(1, 0)));
        for kept in [1, 2, 14, 90] {
            let period = Period::days(kept);
            for (destroyed, begun, ended) in [(0, 3_600, 3_600), (86_399, 0, 86_399), (43_200, 7_200, 60)] {
                let (superseded_at, kept) = (night(1, begun), i64::from(kept));
                assert!(is_over(superseded_at, period, night(kept, ended)), "{kept}");
                assert!(!is_over(superseded_at, period, night(kept - 1, 86_399)), "{kept}");
                assert_eq!(backups_until(night(0, destroyed), period), night(kept + 1, 0), "{kept}");
            }
        }
    }

    /// K5: a root of before is a root that was changed, too.
    #[test]
    fn the_root_can_be_set_back() {
        let rotated = |version| Event::RootRotated { version, at: AT };
        given::<Keyring>([rotated(3)]).when(Command::RotateRoot { version: 2, at: AT }).then([rotated(2)]);
    }

    /// K5: a day has one manifest.
    #[test]
    fn a_day_has_one_manifest() {
        let manifest = |day, keys| Manifest { day, keys, sha256: Sha256([1; 32]) };
        let note = |manifest| Command::NoteManifest { manifest, at: AT };
        let (monday, tuesday) = (date!(2026 - 01 - 05), date!(2026 - 01 - 06));
        let written = Event::ManifestWritten { manifest: manifest(monday, 4), at: AT };
        given::<Keyring>([]).when(note(manifest(monday, 4))).then([written]);
        given::<Keyring>([written]).when(note(manifest(monday, 5))).then_nothing();
        given::<Keyring>([written])
            .when(note(manifest(tuesday, 5)))
            .then([Event::ManifestWritten { manifest: manifest(tuesday, 5), at: AT }]);
    }
}
