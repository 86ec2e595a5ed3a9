//! A notification: an ordinary mail without content, and its fate (A6, G1, R15). One short stream each, so that a slow
//! relay never stands in the way of an account or a message.

use crate::{
    decider::Decider,
    id::{AccountId, MessageId},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The aggregate's name; never constructed.
pub enum Notification {}

/// What the rules know of a notification. That it is due follows from the event it tells of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// Not given up and not sent, after so many attempts.
    #[default]
    Waiting,
    /// It left; it can still come back.
    Sent,
    /// Failed for good, came back, or suppressed.
    Settled,
}

/// What a notification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Secure mail waits (A6).
    NewMessage,
    /// Come and register (A1).
    Invitation,
    /// Confirm the registration, or a new password (A4, A13).
    Activation,
    /// The reminder phrase (A10).
    Reminder,
    /// The reset link (B22).
    Reset,
    /// Disabled until (A18).
    Lockout,
    /// Confirm an alias, or undo its promotion (B42, R14).
    Alias,
    /// Mail ends soon (A22).
    ExpiryWarning,
    /// To the sender: a mail about a message could not be delivered (A41).
    Undeliverable,
    /// To whoever wrote to the address that nobody reads (B31).
    AutoNotice,
    /// To compliance officers: emergency access was opened (K6).
    Alert,
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What it says.
    pub kind: Kind,
    /// To whom; `None` where it answers an address, whoever has it.
    pub recipient: Option<AccountId>,
    /// The message it tells of, if any.
    pub message: Option<MessageId>,
    /// Who is told when it cannot be delivered: whoever sent the message or the invitation (A41).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<AccountId>,
}

/// What can be recorded of a notification.
#[derive(Debug, Clone)]
pub enum Command {
    /// The relay took it, or the local mailbox did.
    NoteSent {
        /// What it is about.
        about: About,
        /// When.
        at: Timestamp,
    },
    /// It did not leave yet.
    NoteDeferred {
        /// What it is about.
        about: About,
        /// The relay's reply code, if it replied (RFC 5321).
        reply: Option<u16>,
        /// When it is tried again.
        next_attempt_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// It was refused for good.
    NoteFailed {
        /// What it is about.
        about: About,
        /// The relay's reply code, if it replied (RFC 5321).
        reply: Option<u16>,
        /// When.
        at: Timestamp,
    },
    /// It came back to the address that nobody reads (RFC 3464).
    NoteBounced {
        /// What it is about.
        about: About,
        /// Why, as the other side's mail server says.
        status: Option<MailStatus>,
        /// When.
        at: Timestamp,
    },
    /// It is not to be sent: the person left (B38), or what it tells of is over.
    Suppress {
        /// What it is about.
        about: About,
        /// Why.
        why: Suppression,
        /// When.
        at: Timestamp,
    },
}

/// What became of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It left.
    Sent {
        /// What it is about.
        about: About,
        /// When.
        at: Timestamp,
    },
    /// It is tried again later.
    Deferred {
        /// What it is about.
        about: About,
        /// The relay's reply code.
        reply: Option<u16>,
        /// When it is tried again.
        next_attempt_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// It never left.
    Failed {
        /// What it is about.
        about: About,
        /// The relay's reply code.
        reply: Option<u16>,
        /// When.
        at: Timestamp,
    },
    /// It left and came back.
    Bounced {
        /// What it is about.
        about: About,
        /// Why, as the other side's mail server says.
        status: Option<MailStatus>,
        /// When.
        at: Timestamp,
    },
    /// It was not sent, on purpose.
    Suppressed {
        /// What it is about.
        about: About,
        /// Why.
        why: Suppression,
        /// When.
        at: Timestamp,
    },
}

/// An enhanced mail system status code (RFC 3463), such as 5.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailStatus(pub u16, pub u16, pub u16);

impl fmt::Display for MailStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Why a notification is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    /// The person left (B38).
    Unsubscribed,
    /// The message expired, the link was used, the lockout ended.
    Over,
    /// The person's data is gone, the address with it (K5).
    Erased,
    /// Another mail told of it too (policy `digest`).
    Digest,
}

/// Nothing is refused: what happened to a mail has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {}

impl Decider for Notification {
    const CATEGORY: &'static str = "notification";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        Ok(match (state, command) {
            (State::Sent, Command::NoteBounced { about, status, at }) => {
                vec![Event::Bounced { about, status, at }]
            }
            // What is waiting cannot have come back: somebody made that up.
            (State::Sent | State::Settled, _) | (State::Waiting, Command::NoteBounced { .. }) => vec![],
            (State::Waiting, Command::NoteSent { about, at }) => vec![Event::Sent { about, at }],
            (State::Waiting, Command::NoteDeferred { about, reply, next_attempt_at, at }) => {
                vec![Event::Deferred { about, reply, next_attempt_at, at }]
            }
            (State::Waiting, Command::NoteFailed { about, reply, at }) => {
                vec![Event::Failed { about, reply, at }]
            }
            (State::Waiting, Command::Suppress { about, why, at }) => {
                vec![Event::Suppressed { about, why, at }]
            }
        })
    }

    fn evolve(state: State, event: &Event) -> State {
        match event {
            Event::Deferred { .. } => state,
            Event::Sent { .. } => State::Sent,
            Event::Failed { .. } | Event::Bounced { .. } | Event::Suppressed { .. } => State::Settled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::kit::given;
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);

    fn about() -> About {
        About {
            kind: Kind::NewMessage,
            recipient: Some(AccountId::new(Uuid::from_u128(2))),
            message: Some(MessageId::new(Uuid::from_u128(3))),
            sender: None,
        }
    }
    fn sent() -> Event {
        Event::Sent { about: about(), at: AT }
    }
    fn note_sent() -> Command {
        Command::NoteSent { about: about(), at: AT }
    }

    /// A6: a notification is sent once, also after it was deferred.
    #[test]
    fn a_notification_is_sent_once() {
        let deferred = Event::Deferred { about: about(), reply: Some(451), next_attempt_at: AT, at: AT };
        given::<Notification>([]).when(note_sent()).then([sent()]);
        given::<Notification>([deferred]).when(note_sent()).then([sent()]);
        given::<Notification>([sent()]).when(note_sent()).then_nothing();
    }

    /// R15: what left can come back, once; what never left cannot.
    #[test]
    fn a_notification_comes_back_once() {
        let status = Some(MailStatus(5, 1, 1));
        let note = || Command::NoteBounced { about: about(), status, at: AT };
        let bounced = Event::Bounced { about: about(), status, at: AT };
        given::<Notification>([sent()]).when(note()).then([bounced.clone()]);
        given::<Notification>([sent(), bounced]).when(note()).then_nothing();
        given::<Notification>([]).when(note()).then_nothing();
    }

    /// B38: what was suppressed never leaves.
    #[test]
    fn a_suppressed_notification_never_leaves() {
        let why = Suppression::Unsubscribed;
        let suppressed = Event::Suppressed { about: about(), why, at: AT };
        given::<Notification>([])
            .when(Command::Suppress { about: about(), why, at: AT })
            .then([suppressed.clone()]);
        given::<Notification>([suppressed]).when(note_sent()).then_nothing();
    }
}
