//! A network as far as attempts from it failed, whoever they were meant for: too many, and it is not heard for a time
//! (R3). One stream per network of an organisation, named by a keyed hash: nothing here is about a person.

use crate::{decider::Decider, period::Period, timestamp::Timestamp};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Network {}

/// What the rules know of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Failures since it was last blocked, oldest first; at most [`THRESHOLD`].
    pub failures: Vec<Timestamp>,
    /// Until when it is not heard.
    pub blocked_until: Option<Timestamp>,
}

/// Failures within [`WINDOW`] after which a network is not heard: a clinic behind one address has its mistypers, and a
/// guesser of passwords gets far less than from an account that locks (NIST SP 800-63B-4 §3.2.2 allows 100).
pub const THRESHOLD: usize = 50;
/// Failures further apart than this do not add up.
pub const WINDOW: Period = Period::minutes(15);
/// How long a network is not heard.
pub const BLOCK: Period = Period::minutes(15);

/// What can be asked of a network.
#[derive(Debug, Clone, Copy)]
pub enum Command {
    /// An attempt from it failed.
    Fail {
        /// When.
        at: Timestamp,
    },
    /// Hears it again once its time is over.
    Release {
        /// When.
        at: Timestamp,
    },
}

/// What happened to a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// An attempt from it failed.
    AttemptFailed {
        /// When.
        at: Timestamp,
    },
    /// It is not heard for a time.
    Blocked {
        /// When that ends.
        until: Timestamp,
        /// How many failures led to it.
        attempts: u32,
        /// When.
        at: Timestamp,
    },
    /// It is heard again.
    Released {
        /// When.
        at: Timestamp,
    },
}

/// Nothing is refused: what fails is on record, and what comes too often stays quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {}

impl State {
    /// Whether attempts from there are heard now.
    #[must_use]
    pub fn is_heard(&self, at: Timestamp) -> bool {
        self.blocked_until.is_none_or(|until| until <= at)
    }
}

impl Decider for Network {
    const CATEGORY: &'static str = "network";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        Ok(match command {
            Command::Fail { at } if !state.is_heard(at) => vec![],
            Command::Fail { at } => {
                let recent = state.failures.iter().filter(|then| at < then.plus(WINDOW)).count() + 1;
                let failed = Event::AttemptFailed { at };
                let attempts = u32::try_from(recent).unwrap_or(u32::MAX);
                let blocked = Event::Blocked { until: at.plus(BLOCK), attempts, at };
                let released = state.blocked_until.map(|_| Event::Released { at });
                let events = released.into_iter().chain([failed]);
                if recent >= THRESHOLD { events.chain([blocked]).collect() } else { events.collect() }
            }
            Command::Release { at } => match state.blocked_until {
                Some(until) if until <= at => vec![Event::Released { at }],
                None | Some(_) => vec![],
            },
        })
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::AttemptFailed { at } => {
                state.failures.push(*at);
                let surplus = state.failures.len().saturating_sub(THRESHOLD);
                state.failures.drain(..surplus);
            }
            Event::Blocked { until, .. } => {
                state.blocked_until = Some(*until);
                state.failures.clear();
            }
            Event::Released { .. } => state.blocked_until = None,
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::kit::given;

    const NOON: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);

    fn minutes(n: i64) -> Timestamp {
        Timestamp::from_micros(NOON.micros() + n * 60_000_000)
    }
    fn failed(at: Timestamp) -> Event {
        Event::AttemptFailed { at }
    }
    fn blocked(at: Timestamp) -> Event {
        Event::Blocked { until: at.plus(BLOCK), attempts: 50, at }
    }

    /// R3: a network whose attempts fail too often is not heard for a time, and further attempts leave no trace.
    #[test]
    fn too_many_failures_block_a_network() {
        let fail = |at| Command::Fail { at };
        given::<Network>([]).when(fail(NOON)).then([failed(NOON)]);
        given::<Network>(vec![failed(NOON); 48]).when(fail(NOON)).then([failed(NOON)]);
        given::<Network>(vec![failed(NOON); 49]).when(fail(NOON)).then([failed(NOON), blocked(NOON)]);
        given::<Network>([blocked(NOON)]).when(fail(minutes(14))).then_nothing();
    }

    /// R3: old failures do not count, and a block ends by itself.
    #[test]
    fn a_block_ends_and_old_failures_do_not_count() {
        let (late, failed_late) = (minutes(15), failed(minutes(15)));
        given::<Network>(vec![failed(NOON); 49]).when(Command::Fail { at: late }).then([failed_late]);
        given::<Network>([blocked(NOON)])
            .when(Command::Fail { at: late })
            .then([Event::Released { at: late }, failed_late]);
        given::<Network>([blocked(NOON)])
            .when(Command::Release { at: late })
            .then([Event::Released { at: late }]);
        given::<Network>([blocked(NOON)]).when(Command::Release { at: minutes(14) }).then_nothing();
        given::<Network>([]).when(Command::Release { at: late }).then_nothing();
    }
}
