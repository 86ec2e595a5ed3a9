//! Whoever writes to the address that nobody reads (B29–B31): one stream for each address of an organisation, so that
//! everybody gets one answer a day at most, known or not (R4, R13).

use crate::{
    address::EmailAddress, classified::Personal, decider::Decider, period::Period, timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Replier {}

/// What the rules know of somebody who writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// When they were last answered.
    pub noticed_at: Option<Timestamp>,
}

/// Time between two answers to one address (R13).
pub const PAUSE: Period = Period::days(1);

/// What can be asked.
#[derive(Debug, Clone)]
pub enum Command {
    /// Owes somebody who wrote an answer.
    OweNotice {
        /// Their address.
        address: EmailAddress,
        /// What it is to say.
        about: Matter,
        /// Whether what they sent was made by a program (RFC 3834): that is never answered.
        automatic: bool,
        /// When.
        at: Timestamp,
    },
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// What they wrote reached nobody (B31).
    Unread,
    /// They want to leave, and the mail does not name the organisation, or no address (B37).
    NamesTooLittle,
    /// They want to leave, and their mail proves nothing: here is the link (B36).
    ConfirmLeaving,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// Somebody who wrote is owed an answer.
    NoticeOwed {
        /// Their address.
        address: Personal<EmailAddress>,
        /// What it says.
        about: Matter,
        /// When.
        at: Timestamp,
    },
}

/// Nothing is refused: who may not be answered gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {}

impl Decider for Replier {
    const CATEGORY: &'static str = "replier";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command::OweNotice { address, about, automatic, at } = command;
        let too_soon = state.noticed_at.is_some_and(|last| at < last.plus(PAUSE));
        if automatic || too_soon {
            return Ok(vec![]);
        }
        Ok(vec![Event::NoticeOwed { address: Personal::known(address), about, at }])
    }

    fn evolve(_: State, event: &Event) -> State {
        match event {
            Event::NoticeOwed { at, .. } => State { noticed_at: Some(*at) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::kit::given;

    const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

    fn owe(at: Timestamp, automatic: bool) -> Command {
        let address = EmailAddress::parse("ada@guest.example").unwrap();
        Command::OweNotice { address, about: Matter::Unread, automatic, at }
    }
    fn owed(at: Timestamp) -> Event {
        let address = Personal::known(EmailAddress::parse("ada@guest.example").unwrap());
        Event::NoticeOwed { address, about: Matter::Unread, at }
    }

    /// B31, R13: whoever writes is answered, once a day at most.
    #[test]
    fn an_address_is_answered_once_a_day() {
        given::<Replier>([]).when(owe(AT, false)).then([owed(AT)]);
        let soon = AT.plus(Period::hours(23));
        given::<Replier>([owed(AT)]).when(owe(soon, false)).then_nothing();
        let later = AT.plus(Period::days(1));
        given::<Replier>([owed(AT)]).when(owe(later, false)).then([owed(later)]);
    }

    /// R13: what a program sent is never answered.
    #[test]
    fn automatic_mail_is_not_answered() {
        given::<Replier>([]).when(owe(AT, true)).then_nothing();
    }
}
