//! The one clock. Everything that needs the time asks it, so that a test or a demo can move it.

use domain::{Timestamp, id::Id, log::has_jumped};
use seal::random_bytes;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};
use time::OffsetDateTime;
use uuid::Builder;

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock, UTC (K8).
    System,
    /// One that somebody sets; it moves by nothing else.
    Manual(Arc<Hands>),
}

/// What a manual clock shows, in microseconds.
#[derive(Debug)]
pub struct Hands {
    /// Since 1970.
    time: AtomicI64,
    /// How far that was moved without time having passed.
    jumped: AtomicI64,
}

impl Clock {
    /// A clock that stands at an instant.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(Hands { time: AtomicI64::new(at.micros()), jumped: AtomicI64::new(0) }))
    }

    /// What time it is.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => OffsetDateTime::now_utc().into(),
            Self::Manual(hands) => Timestamp::from_micros(hands.time.load(Ordering::SeqCst)),
        }
    }

    /// Lets time pass on a manual clock until an instant; the machine's clock stays as it is and false comes back.
    #[expect(
        clippy::must_use_candidate,
        reason = "it is called to move the clock, which most callers know to be manual"
    )]
    pub fn set(&self, at: Timestamp) -> bool {
        match self {
            Self::System => false,
            Self::Manual(hands) => {
                hands.time.store(at.micros(), Ordering::SeqCst);
                true
            }
        }
    }

    /// Moves a manual clock to an instant without any time having passed: it jumps, as a machine's does when somebody sets it.
    pub fn jump(&self, at: Timestamp) {
        if let Self::Manual(hands) = self {
            let before = hands.time.swap(at.micros(), Ordering::SeqCst);
            hands.jumped.fetch_add(at.micros() - before, Ordering::SeqCst);
        }
    }

    /// Microseconds that have passed since some instant, whatever the clock was set to meanwhile.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn passed(&self) -> i64 {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        match self {
            Self::System => {
                i64::try_from(BEGIN.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(i64::MAX)
            }
            Self::Manual(hands) => {
                hands.time.load(Ordering::SeqCst).saturating_sub(hands.jumped.load(Ordering::SeqCst))
            }
        }
    }

    /// Begins to watch whether it jumps.
    #[must_use]
    pub fn watch(&self) -> ClockWatch {
        ClockWatch { clock: self.clone(), passed: self.passed(), time: self.now() }
    }

    /// A new id: a UUID version 7 (RFC 9562), so that ids sort by the time they were made.
    #[must_use]
    pub fn new_id<Of>(&self) -> Id<Of> {
        let millis = u64::try_from(self.now().micros() / 1000).unwrap_or_default();
        Id::new(Builder::from_unix_timestamp_millis(millis, &random_bytes()).into_uuid())
    }
}

/// Sees when a clock says something else than the time that has passed (K8).
#[derive(Debug)]
pub struct ClockWatch {
    clock: Clock,
    passed: i64,
    time: Timestamp,
}

/// A clock that jumped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockJump {
    /// What it should have said.
    pub expected: Timestamp,
    /// What it said.
    pub found: Timestamp,
}

impl ClockWatch {
    /// Whether the clock has jumped since the last look. What it was set right by in small steps is none.
    pub fn look(&mut self) -> Option<ClockJump> {
        let (passed, found) = (self.clock.passed(), self.clock.now());
        let since = passed.saturating_sub(self.passed);
        let expected = Timestamp::from_micros(self.time.micros().saturating_add(since));
        (self.passed, self.time) = (passed, found);
        has_jumped(expected, found).then_some(ClockJump { expected, found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K8: a clock that is set is seen to have jumped, once, forwards and backwards; one on which time passes is not.
    #[test]
    fn a_jump_is_seen_once() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let clock = Clock::manual(at(100));
        let mut watch = clock.watch();
        clock.set(at(5_000));
        assert_eq!(watch.look(), None, "time has passed");
        clock.jump(at(9_000));
        clock.set(at(9_010));
        assert_eq!(watch.look(), Some(ClockJump { expected: at(5_010), found: at(9_010) }));
        assert_eq!(watch.look(), None);
        clock.jump(at(8_000));
        assert_eq!(watch.look(), Some(ClockJump { expected: at(9_010), found: at(8_000) }));
        clock.jump(at(8_001));
        assert_eq!(watch.look(), None, "it was set right");
        assert_eq!(Clock::System.watch().look(), None);
    }
}
