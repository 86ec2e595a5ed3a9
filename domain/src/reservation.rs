//! The reservation that keeps an address unique: one stream per address of an organisation, named by a keyed hash.

use crate::{
    account::LoginFailure, address::EmailAddress, classified::Personal, decider::Decider, id::AccountId,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The aggregate's name; never constructed.
pub enum Reservation {}

/// Who holds the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody.
    #[default]
    Free,
    /// This account.
    Held {
        /// Whose it is.
        account: AccountId,
    },
}

/// What can be asked of an address.
#[derive(Debug, Clone)]
pub enum Command {
    /// Gives the address to an account.
    Reserve {
        /// Whose it becomes.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Records that somebody tried to log in with an address that nobody holds (R4).
    FailLogin {
        /// As it was typed.
        typed: EmailAddress,
        /// From where.
        from: IpAddr,
        /// When.
        at: Timestamp,
    },
}

/// What happened to an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It belongs to an account.
    Reserved {
        /// Whose it is.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Somebody tried to log in with it though nobody holds it.
    LoginFailed {
        /// Always the same: there is no account.
        why: LoginFailure,
        /// As it was typed.
        typed: Personal<EmailAddress>,
        /// From where.
        from: Personal<IpAddr>,
        /// When.
        at: Timestamp,
    },
}

/// Why an address turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another account holds it.
    Taken,
}

impl Decider for Reservation {
    const CATEGORY: &'static str = "address";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Free, Command::Reserve { account, at }) => Ok(vec![Event::Reserved { account, at }]),
            (State::Held { account: holder }, Command::Reserve { account, .. }) if *holder == account => {
                Ok(vec![])
            }
            (State::Held { .. }, Command::Reserve { .. }) => Err(Refusal::Taken),
            (State::Free, Command::FailLogin { typed, from, at }) => Ok(vec![Event::LoginFailed {
                why: LoginFailure::UnknownAddress,
                typed: Personal::known(typed),
                from: Personal::known(from),
                at,
            }]),
            (State::Held { .. }, Command::FailLogin { .. }) => Ok(vec![]),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match event {
            Event::Reserved { account, .. } => State::Held { account: *account },
            Event::LoginFailed { .. } => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::kit::given;
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

    fn account(n: u128) -> AccountId {
        AccountId::new(Uuid::from_u128(n))
    }
    fn reserved(n: u128) -> Event {
        Event::Reserved { account: account(n), at: AT }
    }
    fn reserve(n: u128) -> Command {
        Command::Reserve { account: account(n), at: AT }
    }

    /// B8: an address belongs to one account; asking again stays quiet, another account is refused.
    #[test]
    fn an_address_is_reserved_once() {
        given::<Reservation>([]).when(reserve(1)).then([reserved(1)]);
        given::<Reservation>([reserved(1)]).when(reserve(1)).then_nothing();
        given::<Reservation>([reserved(1)]).when(reserve(2)).then_refused(Refusal::Taken);
    }

    /// R4: an attempt on an address that nobody holds is on record like any other.
    #[test]
    fn a_login_with_an_unknown_address_is_on_record() {
        let typed = EmailAddress::parse("nobody@guest.example").unwrap();
        let from = IpAddr::from([192, 0, 2, 7]);
        let attempt = || Command::FailLogin { typed: typed.clone(), from, at: AT };
        let failed = Event::LoginFailed {
            why: LoginFailure::UnknownAddress,
            typed: Personal::known(typed.clone()),
            from: Personal::known(from),
            at: AT,
        };
        given::<Reservation>([]).when(attempt()).then([failed]);
        given::<Reservation>([reserved(1)]).when(attempt()).then_nothing();
    }
}
