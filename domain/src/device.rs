//! A client program's request for a credential, as the device authorization grant has it (RFC 8628, B51): the program
//! shows a code, a person approves it in a session of theirs, and the program fetches its credential, once.

use crate::{
    account::client::Program,
    decider::Decider,
    id::{AccountId, ClientId},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Device {}

/// How far a request came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody asked with this code.
    #[default]
    Unknown,
    /// Waits for a person.
    Pending {
        /// What the program says that it is.
        program: Program,
        /// Until when it can be approved.
        expires_at: Timestamp,
    },
    /// Waits for the program.
    Approved {
        /// By whom.
        account: AccountId,
        /// The client program of that account.
        client: ClientId,
        /// Until when the credential can be fetched.
        expires_at: Timestamp,
    },
    /// The credential was handed out.
    Fetched,
}

/// What can be asked of a request.
#[derive(Debug, Clone)]
pub enum Command {
    /// Begins one.
    Request {
        /// What the program says that it is.
        program: Program,
        /// Until when it can be approved and fetched.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Approves it.
    Approve {
        /// By whom.
        account: AccountId,
        /// The client program that it becomes.
        client: ClientId,
        /// When.
        at: Timestamp,
    },
    /// Hands the credential out.
    Fetch {
        /// When.
        at: Timestamp,
    },
}

/// What happened to a request. What a program says that it is is no person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// A program asked.
    Requested {
        /// What it says that it is.
        program: Program,
        /// Until when it can be approved and fetched.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A person approved it.
    Approved {
        /// Who.
        account: AccountId,
        /// The client program that it became.
        client: ClientId,
        /// When.
        at: Timestamp,
    },
    /// The program has its credential.
    Fetched {
        /// When.
        at: Timestamp,
    },
}

/// Why a request turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The same code was given out before and still counts: make another.
    CodeInUse,
    /// There is no such request, or it was dealt with.
    Unknown,
    /// Its time is over (RFC 8628 §3.5 `expired_token`).
    Expired,
    /// Nobody approved it yet (RFC 8628 §3.5 `authorization_pending`).
    Pending,
}

impl Decider for Device {
    const CATEGORY: &'static str = "device";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (
                State::Pending { expires_at: until, .. } | State::Approved { expires_at: until, .. },
                Command::Request { at, .. },
            ) if at < *until => Err(Refusal::CodeInUse),
            (_, Command::Request { program, expires_at, at }) => {
                Ok(vec![Event::Requested { program, expires_at, at }])
            }
            (State::Pending { expires_at, .. }, Command::Approve { at, .. } | Command::Fetch { at })
                if *expires_at <= at =>
            {
                Err(Refusal::Expired)
            }
            (State::Approved { expires_at, .. }, Command::Fetch { at }) if *expires_at <= at => {
                Err(Refusal::Expired)
            }
            (State::Pending { .. }, Command::Approve { account, client, at }) => {
                Ok(vec![Event::Approved { account, client, at }])
            }
            (State::Pending { .. }, Command::Fetch { .. }) => Err(Refusal::Pending),
            (State::Approved { .. }, Command::Fetch { at }) => Ok(vec![Event::Fetched { at }]),
            (State::Approved { .. }, Command::Approve { .. })
            | (State::Unknown | State::Fetched, Command::Approve { .. } | Command::Fetch { .. }) => {
                Err(Refusal::Unknown)
            }
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::Requested { program, expires_at, .. }) => {
                State::Pending { program: program.clone(), expires_at: *expires_at }
            }
            (State::Pending { expires_at, .. }, Event::Approved { account, client, .. }) => {
                State::Approved { account: *account, client: *client, expires_at }
            }
            // Stored without a request before it, it changes nothing.
            (state @ (State::Unknown | State::Approved { .. } | State::Fetched), Event::Approved { .. }) => {
                state
            }
            (_, Event::Fetched { .. }) => State::Fetched,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decider::kit::given, id::Id};
    use uuid::Uuid;

    const NOON: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);
    const LATE: Timestamp = Timestamp::from_micros(1_767_615_000_000_000);

    fn program() -> Program {
        Program { name: "Plugin".into(), version: "2.1".into(), platform: "Linux".into() }
    }
    fn request(at: Timestamp) -> Command {
        Command::Request { program: program(), expires_at: LATE, at }
    }
    fn requested(at: Timestamp) -> Event {
        Event::Requested { program: program(), expires_at: LATE, at }
    }
    fn approve(at: Timestamp) -> Command {
        Command::Approve { account: Id::new(Uuid::from_u128(1)), client: Id::new(Uuid::from_u128(2)), at }
    }
    fn approved() -> Event {
        Event::Approved {
            account: Id::new(Uuid::from_u128(1)),
            client: Id::new(Uuid::from_u128(2)),
            at: NOON,
        }
    }

    /// B51: a program asks, a person approves, the program fetches its credential once.
    #[test]
    fn a_credential_is_asked_for_approved_and_fetched_once() {
        let fetch = || Command::Fetch { at: NOON };
        let fetched = Event::Fetched { at: NOON };
        given::<Device>([]).when(request(NOON)).then([requested(NOON)]);
        given::<Device>([requested(NOON)]).when(fetch()).then_refused(Refusal::Pending);
        given::<Device>([requested(NOON)]).when(approve(NOON)).then([approved()]);
        given::<Device>([requested(NOON), approved()]).when(approve(NOON)).then_refused(Refusal::Unknown);
        given::<Device>([requested(NOON), approved()]).when(fetch()).then([fetched.clone()]);
        given::<Device>([requested(NOON), approved(), fetched]).when(fetch()).then_refused(Refusal::Unknown);
        given::<Device>([]).when(approve(NOON)).then_refused(Refusal::Unknown);
    }

    /// B51: a request's time ends, for the person and for the program; then its code can be given out again.
    #[test]
    fn a_request_expires() {
        given::<Device>([requested(NOON)]).when(request(NOON)).then_refused(Refusal::CodeInUse);
        given::<Device>([requested(NOON)]).when(request(LATE)).then([requested(LATE)]);
        given::<Device>([requested(NOON)]).when(approve(LATE)).then_refused(Refusal::Expired);
        given::<Device>([requested(NOON)]).when(Command::Fetch { at: LATE }).then_refused(Refusal::Expired);
        given::<Device>([requested(NOON), approved()])
            .when(Command::Fetch { at: LATE })
            .then_refused(Refusal::Expired);
    }
}
