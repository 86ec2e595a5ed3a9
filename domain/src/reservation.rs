//! The reservation that keeps a name to log in with unique, be it an address or a user name (C5): one stream for each of
//! an organisation, named by a keyed hash.

use crate::{
    account::{LoginFailure, recovery::ChallengeFailure},
    address::EmailAddress,
    classified::Personal,
    decider::Decider,
    id::AccountId,
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
    /// Gives it to the account that the holder joins (B43).
    Transfer {
        /// Whose it is.
        from: AccountId,
        /// Whose it becomes.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Gives it up.
    Release {
        /// Whose it is.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Records that somebody answered questions about an address that nobody holds (R4).
    FailChallenge {
        /// From where.
        from: IpAddr,
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
    /// It belongs to another account from now on.
    Transferred {
        /// Whose it is.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// It belongs to nobody any more.
    Released {
        /// Whose it was.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Somebody answered questions about it though nobody holds it.
    ChallengeFailed {
        /// Always the same: there is no account.
        why: ChallengeFailure,
        /// From where.
        from: Personal<IpAddr>,
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
        let holder = match state {
            State::Free => None,
            State::Held { account } => Some(*account),
        };
        match command {
            Command::Reserve { account, at } => match holder {
                None => Ok(vec![Event::Reserved { account, at }]),
                Some(own) if own == account => Ok(vec![]),
                Some(_) => Err(Refusal::Taken),
            },
            Command::Transfer { from, account, at } => match holder {
                Some(own) if own == from => Ok(vec![Event::Transferred { account, at }]),
                Some(own) if own == account => Ok(vec![]),
                None | Some(_) => Err(Refusal::Taken),
            },
            Command::Release { account, at } if holder == Some(account) => {
                Ok(vec![Event::Released { account, at }])
            }
            Command::FailLogin { typed, from, at } if holder.is_none() => Ok(vec![Event::LoginFailed {
                why: LoginFailure::UnknownAddress,
                typed: Personal::known(typed),
                from: Personal::known(from),
                at,
            }]),
            Command::FailChallenge { from, at } if holder.is_none() => Ok(vec![Event::ChallengeFailed {
                why: ChallengeFailure::UnknownAddress,
                from: Personal::known(from),
                at,
            }]),
            Command::Release { .. } | Command::FailLogin { .. } | Command::FailChallenge { .. } => Ok(vec![]),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match event {
            Event::Reserved { account, .. } | Event::Transferred { account, .. } => {
                State::Held { account: *account }
            }
            Event::Released { .. } => State::Free,
            Event::LoginFailed { .. } | Event::ChallengeFailed { .. } => state,
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

    /// B43, K9: an address passes to the account that its holder joins, or is given up and can be reserved anew.
    #[test]
    fn an_address_passes_on_or_is_given_up() {
        let transfer = |from, to| Command::Transfer { from: account(from), account: account(to), at: AT };
        let transferred = Event::Transferred { account: account(2), at: AT };
        given::<Reservation>([reserved(1)]).when(transfer(1, 2)).then([transferred.clone()]);
        given::<Reservation>([reserved(1), transferred.clone()]).when(transfer(1, 2)).then_nothing();
        given::<Reservation>([reserved(3)]).when(transfer(1, 2)).then_refused(Refusal::Taken);
        given::<Reservation>([reserved(1), transferred]).when(reserve(1)).then_refused(Refusal::Taken);
        let release = |n| Command::Release { account: account(n), at: AT };
        let released = Event::Released { account: account(1), at: AT };
        given::<Reservation>([reserved(1)]).when(release(1)).then([released.clone()]);
        given::<Reservation>([reserved(1)]).when(release(2)).then_nothing();
        given::<Reservation>([reserved(1), released]).when(reserve(2)).then([reserved(2)]);
    }

    /// R4: an answer about an address that nobody holds is on record like any other.
    #[test]
    fn a_challenge_of_an_unknown_address_is_on_record() {
        let from = IpAddr::from([192, 0, 2, 7]);
        let fail = || Command::FailChallenge { from, at: AT };
        let why = ChallengeFailure::UnknownAddress;
        let failed = Event::ChallengeFailed { why, from: Personal::known(from), at: AT };
        given::<Reservation>([]).when(fail()).then([failed]);
        given::<Reservation>([reserved(1)]).when(fail()).then_nothing();
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
