//! Emergency access to what messages say: for a reason, for a time, for these messages and one person, with others alerted
//! (K6). One stream each.

use crate::{
    classified::Personal,
    decider::Decider,
    id::{AccountId, MessageId},
    period::Period,
    timestamp::Timestamp,
    words,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, ops::RangeInclusive};

/// The aggregate's name; never constructed.
pub enum BreakGlass {}

/// What the rules know of an emergency access.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// There is none.
    #[default]
    Unopened,
    /// It was opened, and may be over all the same.
    Open(Box<Access>),
    /// It was closed.
    Closed {
        /// Whose it was.
        by: AccountId,
    },
}

/// Who may read what, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub by: AccountId,
    /// Which messages.
    pub messages: BTreeSet<MessageId>,
    /// Until when; at that instant it is over.
    pub ends_at: Timestamp,
}

/// Why an emergency access ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// Its holder closed it.
    ByHand,
    /// Its time was over.
    Time,
}

/// What can be asked of an emergency access.
#[derive(Debug, Clone)]
pub enum Command {
    /// Opens it.
    Open {
        /// Who.
        by: AccountId,
        /// Which messages, 1 to [`MESSAGES`].
        messages: Vec<MessageId>,
        /// Who is told of it, one at least.
        alerted: BTreeSet<AccountId>,
        /// Why, in [`REASON_CHARACTERS`].
        reason: String,
        /// Until when, [`LONGEST`] from now at most.
        ends_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Notes that one of its messages is shown.
    Read {
        /// To whom.
        by: AccountId,
        /// Which.
        message: MessageId,
        /// When.
        at: Timestamp,
    },
    /// Ends it before its time.
    Close {
        /// Who.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Ends it when its time is over.
    Lapse {
        /// When.
        at: Timestamp,
    },
}

/// What happened to an emergency access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It was opened.
    Opened {
        /// By whom.
        by: AccountId,
        /// For which messages, each once.
        messages: Vec<MessageId>,
        /// Who is told of it.
        alerted: Vec<AccountId>,
        /// Why; the holder's own words.
        reason: Personal<String>,
        /// Until when.
        ends_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// What one of its messages says was shown.
    Read {
        /// To whom.
        by: AccountId,
        /// Which.
        message: MessageId,
        /// When.
        at: Timestamp,
    },
    /// It ended.
    Closed {
        /// Why.
        why: Closing,
        /// When.
        at: Timestamp,
    },
}

/// Messages of one emergency access.
pub const MESSAGES: usize = 100;
/// Characters of the reason: enough to say something.
pub const REASON_CHARACTERS: RangeInclusive<usize> = 20..=500;
/// The longest time for which one can be opened.
pub const LONGEST: Period = Period::hours(8);

/// Why an emergency access turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is none, or it is somebody else's.
    NotFound,
    /// No message, or more than [`MESSAGES`].
    BadNumber,
    /// The reason says too little or too much, or has control characters.
    BadReason,
    /// It would end at once, or later than [`LONGEST`] from now.
    BadPeriod,
    /// Nobody would be told of it.
    NobodyAlerted,
    /// It is over, or was closed.
    Over,
    /// It was opened for other messages.
    NotCovered,
}

impl Decider for BreakGlass {
    const CATEGORY: &'static str = "break_glass";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unopened, Command::Open { by, messages, alerted, reason, ends_at, at }) => {
                check(&messages, &alerted, &reason, ends_at, at)?;
                let messages: BTreeSet<_> = messages.into_iter().collect();
                let (messages, alerted) = (messages.into_iter().collect(), alerted.into_iter().collect());
                let reason = Personal::known(reason);
                Ok(vec![Event::Opened { by, messages, alerted, reason, ends_at, at }])
            }
            (State::Open(_) | State::Closed { .. }, Command::Open { .. })
            | (State::Closed { .. }, Command::Lapse { .. }) => Ok(vec![]),
            (State::Unopened, Command::Read { .. } | Command::Close { .. } | Command::Lapse { .. }) => {
                Err(Refusal::NotFound)
            }
            (State::Open(open), Command::Read { by, message, at }) => {
                if open.by != by {
                    Err(Refusal::NotFound)
                } else if open.is_over(at) {
                    Err(Refusal::Over)
                } else if !open.messages.contains(&message) {
                    Err(Refusal::NotCovered)
                } else {
                    Ok(vec![Event::Read { by, message, at }])
                }
            }
            (State::Open(open), Command::Close { by, at }) if open.by == by => {
                let why = if open.is_over(at) { Closing::Time } else { Closing::ByHand };
                Ok(vec![Event::Closed { why, at }])
            }
            (State::Open(open), Command::Lapse { at }) => {
                let why = Closing::Time;
                Ok(if open.is_over(at) { vec![Event::Closed { why, at }] } else { vec![] })
            }
            (State::Closed { by: holder }, Command::Close { by, .. }) if *holder == by => Ok(vec![]),
            (State::Closed { by: holder }, Command::Read { by, .. }) if *holder == by => Err(Refusal::Over),
            (State::Open(_) | State::Closed { .. }, Command::Read { .. } | Command::Close { .. }) => {
                Err(Refusal::NotFound)
            }
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::Opened { by, messages, ends_at, .. }) => {
                let messages = messages.iter().copied().collect();
                State::Open(Box::new(Access { by: *by, messages, ends_at: *ends_at }))
            }
            (State::Open(open), Event::Closed { .. }) => State::Closed { by: open.by },
            (state, Event::Read { .. } | Event::Closed { .. }) => state,
        }
    }
}

impl Access {
    fn is_over(&self, at: Timestamp) -> bool {
        at >= self.ends_at
    }
}

fn check(
    messages: &[MessageId],
    alerted: &BTreeSet<AccountId>,
    reason: &str,
    ends_at: Timestamp,
    at: Timestamp,
) -> Result<(), Refusal> {
    if !(1..=MESSAGES).contains(&messages.len()) {
        return Err(Refusal::BadNumber);
    }
    if !words::fit(reason, REASON_CHARACTERS) {
        return Err(Refusal::BadReason);
    }
    if ends_at <= at || ends_at > at.plus(LONGEST) {
        return Err(Refusal::BadPeriod);
    }
    if alerted.is_empty() {
        return Err(Refusal::NobodyAlerted);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
