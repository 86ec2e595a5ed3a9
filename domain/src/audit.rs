//! The audit of the audit: that somebody asked, and that somebody was refused (K7). One short stream a question.

use crate::{
    decider::Decider,
    id::{AccountId, AddressTag, AudienceTag, MessageId, NetworkTag},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Audit {}
/// Names [`AudienceTag`]; never constructed.
pub enum Audience {}

/// What can be asked, and needs a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// To read the audit.
    ReadAudit,
    /// To see people and notifications.
    Administer,
    /// To change the policy.
    AuthorPolicy,
    /// To see jobs and read models.
    Operate,
}

/// What a question was put to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The audit.
    #[default]
    Audit,
    /// What is shown in public, and the domains.
    Organisation,
    /// People.
    Accounts,
    /// Their ways in.
    Invitations,
    /// Mails and their fate.
    Notifications,
    /// The settings and their history.
    Policy,
}

impl Topic {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_audit(&self) -> bool {
        *self == Self::Audit
    }
}

/// What was asked: shape and bounds of the filter. Ids are the audit's skeleton; texts, addresses and networks stand here by
/// their keyed tags alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What it was put to.
    #[serde(default, skip_serializing_if = "Topic::is_audit")]
    pub topic: Topic,
    /// At this instant or later.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Codes of the kinds asked for; none is all.
    pub kinds: Vec<String>,
    /// Who did it.
    pub actors: Vec<AccountId>,
    /// Whom it touched.
    pub subjects: Vec<AccountId>,
    /// Which message it touched.
    pub messages: Vec<MessageId>,
    /// Which address it touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<AddressTag>,
    /// Who has or had one of those addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<AccountId>,
    /// From within which network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkTag>,
    /// Guests of which audience it touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<AudienceTag>,
    /// Codes of how it ended; none is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<String>,
    /// Whether it was done by right of a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Whether somebody signed it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<bool>,
}

/// What can be recorded.
#[derive(Debug, Clone)]
pub enum Command {
    /// Somebody asks the audit, or the administration, and may.
    Ask {
        /// What.
        question: Question,
        /// When.
        at: Timestamp,
    },
    /// Somebody asks, and may not.
    Refuse {
        /// The right that was missing.
        right: Right,
        /// When.
        at: Timestamp,
    },
}

/// What happened. Who asked stands in the event's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// The audit was asked, or the administration.
    Queried {
        /// What.
        question: Question,
        /// When.
        at: Timestamp,
    },
    /// Somebody was refused for lack of a right.
    AccessRefused {
        /// The right that was missing.
        right: Right,
        /// When.
        at: Timestamp,
    },
}

/// Nothing is refused here: whether somebody may is decided before, and both answers are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {}

impl Decider for Audit {
    const CATEGORY: &'static str = "audit";
    /// Whether this question is on record.
    type State = bool;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(recorded: &bool, command: Command) -> Result<Vec<Event>, Refusal> {
        if *recorded {
            return Ok(vec![]);
        }
        Ok(vec![match command {
            Command::Ask { question, at } => Event::Queried { question, at },
            Command::Refuse { right, at } => Event::AccessRefused { right, at },
        }])
    }

    fn evolve(_: bool, event: &Event) -> bool {
        match event {
            Event::Queried { .. } | Event::AccessRefused { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::kit::given;

    /// K7: a question and a refusal are each on record, once.
    #[test]
    fn a_question_is_on_record_once() {
        let at = Timestamp::from_micros(0);
        let question = Question::default();
        let ask = || Command::Ask { question: question.clone(), at };
        let queried = Event::Queried { question: question.clone(), at };
        given::<Audit>([]).when(ask()).then([queried.clone()]);
        given::<Audit>([queried]).when(ask()).then_nothing();
        let right = Right::ReadAudit;
        given::<Audit>([]).when(Command::Refuse { right, at }).then([Event::AccessRefused { right, at }]);
    }
}
