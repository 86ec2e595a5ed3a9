//! From when until when somebody could read a message.

use super::{Access, Circle};
use crate::{event::Event, id::MessageId, timestamp::Timestamp};
use std::collections::BTreeMap;

/// Something that happened, as a history has it.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// What.
    pub event: &'a Event,
    /// The policy that it was decided under.
    pub policy: Option<u32>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A stretch of time in which somebody could read a message: from `since` on, and before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Who, and by which right.
    pub access: Access,
    /// From this instant on.
    pub since: Timestamp,
    /// Before this instant; in the future where nothing but the message's end is known to end it.
    pub until: Timestamp,
}

impl Reading {
    /// Whether it was so at an instant.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }
}

/// Every stretch in which anybody could read a message. The events, in the order of the log, are those of the message, of what
/// passes it on, and of the accounts that they were granted to. An instant is after all that was recorded at it.
pub fn readings<'a>(message: MessageId, history: impl IntoIterator<Item = Happened<'a>>) -> Vec<Reading> {
    let mut circle = Circle::default();
    let mut last: BTreeMap<Access, Reading> = BTreeMap::new();
    let mut ended = vec![];
    let mut history = history.into_iter().peekable();
    // Clocks of several nodes differ by some microseconds: time never goes back here.
    let mut now = Timestamp::from_micros(i64::MIN);
    while let Some(happened) = history.next() {
        now = now.max(happened.at);
        circle.evolve(happened.event, happened.policy);
        while let Some(happened) = history.next_if(|happened| happened.at <= now) {
            circle.evolve(happened.event, happened.policy);
        }
        let next = history.peek().map(|happened| happened.at);
        for (access, end) in circle.readers(message, now) {
            let until = next.map_or(end, |next| next.min(end));
            match last.get_mut(&access) {
                Some(reading) if reading.until == now => reading.until = until,
                _ => ended.extend(last.insert(access, Reading { access, since: now, until })),
            }
        }
    }
    ended.extend(last.into_values());
    ended
}
