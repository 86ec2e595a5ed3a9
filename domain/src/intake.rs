//! A mail that the organisation's own mail server handed over and that met a content rule (G2, G3). One short stream each;
//! a mail that met none is passed on and leaves nothing here.

use crate::{
    address::EmailAddress,
    classified::{Content, Personal},
    content::Action,
    decider::Decider,
    id::{AccountId, MessageId, RuleId},
    message::Attachment,
    timestamp::Timestamp,
    words,
};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Intake {}

/// What the rules know of a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// It met no rule.
    #[default]
    Unmet,
    /// It waits for an officer's decision.
    Held(Box<Held>),
    /// An officer let it pass; it is to be handed to the relay.
    Passing(Box<Held>),
    /// Nothing is left to do.
    Settled,
}

/// A mail that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The rule that it met.
    pub rule: RuleId,
    /// What is kept of it.
    pub mail: Content<Kept>,
}

/// What is kept of a mail that is held. Sealed under a key of its own, which dies when the mail is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Reverse path; `None` is the empty one (RFC 5321 §4.5.5).
    pub sender: Option<EmailAddress>,
    /// To whom it was to go, as the mail server said.
    pub recipients: Vec<String>,
    /// The mail as it came.
    pub raw: Attachment,
}

/// What can be asked of a mail.
#[derive(Debug, Clone)]
pub enum Command {
    /// Records that it met a rule.
    Meet {
        /// Which rule.
        rule: RuleId,
        /// What the rule does.
        action: Action,
        /// How many hits.
        hits: u32,
        /// Whose mail, where the sender has an account.
        sender: Option<AccountId>,
        /// What it became, when it was secured.
        message: Option<MessageId>,
        /// What is kept, when it is held.
        kept: Option<Box<Kept>>,
        /// When.
        at: Timestamp,
    },
    /// Decides on a mail that is held.
    Decide {
        /// Who.
        by: AccountId,
        /// Anything but hold.
        decision: Action,
        /// What it became, when it is secured.
        message: Option<MessageId>,
        /// Why, at most [`REASON_CHARACTERS`].
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Records what the relay said to a mail that was let pass.
    NotePassed {
        /// Whether the relay took it; else it refused for good.
        taken: bool,
        /// When.
        at: Timestamp,
    },
}

/// What happened to a mail.
#[expect(
    clippy::large_enum_variant,
    reason = "an event lives between its row and its projection, one at a time"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It met a rule.
    RuleMet {
        /// Which rule.
        rule: RuleId,
        /// What the rule did.
        action: Action,
        /// How many hits.
        hits: u32,
        /// Whose mail, where the sender has an account.
        sender: Option<AccountId>,
        /// What it became, when it was secured.
        message: Option<MessageId>,
        /// What is kept, when it is held.
        kept: Option<Content<Kept>>,
        /// When.
        at: Timestamp,
    },
    /// An officer decided on it.
    Decided {
        /// Who.
        by: AccountId,
        /// What.
        decision: Action,
        /// What it became, when it was secured.
        message: Option<MessageId>,
        /// Why; the officer's own words.
        reason: Personal<String>,
        /// When.
        at: Timestamp,
    },
    /// The relay took it, after an officer let it pass.
    PassedOn {
        /// When.
        at: Timestamp,
    },
    /// The relay refused it for good, after an officer let it pass.
    PassingFailed {
        /// When.
        at: Timestamp,
    },
}

/// Characters of the reason for a decision.
pub const REASON_CHARACTERS: usize = 500;

/// Why a mail turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such mail, or it is not held.
    NotHeld,
    /// It was decided on already.
    Decided,
    /// To hold is no decision.
    NoDecision,
    /// The reason is missing, too long, or has control characters.
    BadReason,
}

impl Decider for Intake {
    const CATEGORY: &'static str = "intake";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unmet, Command::Meet { rule, action, hits, sender, message, kept, at }) => {
                let kept = kept.map(|kept| Content::known(*kept));
                Ok(vec![Event::RuleMet { rule, action, hits, sender, message, kept, at }])
            }
            (State::Held(_) | State::Passing(_) | State::Settled, Command::Meet { .. })
            | (State::Settled, Command::NotePassed { .. }) => Ok(vec![]),
            (State::Unmet, Command::Decide { .. })
            | (State::Unmet | State::Held(_), Command::NotePassed { .. }) => Err(Refusal::NotHeld),
            (State::Passing(_) | State::Settled, Command::Decide { .. }) => Err(Refusal::Decided),
            (State::Held(_), Command::Decide { decision: Action::Hold, .. }) => Err(Refusal::NoDecision),
            (State::Held(_), Command::Decide { reason, .. })
                if !words::fit(&reason, 1..=REASON_CHARACTERS) =>
            {
                Err(Refusal::BadReason)
            }
            (State::Held(_), Command::Decide { by, decision, message, reason, at }) => {
                let reason = Personal::known(reason);
                Ok(vec![Event::Decided { by, decision, message, reason, at }])
            }
            (State::Passing(_), Command::NotePassed { taken: true, at }) => Ok(vec![Event::PassedOn { at }]),
            (State::Passing(_), Command::NotePassed { taken: false, at }) => {
                Ok(vec![Event::PassingFailed { at }])
            }
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::RuleMet { rule, kept: Some(mail), .. }) => {
                State::Held(Box::new(Held { rule: *rule, mail: mail.clone() }))
            }
            (State::Held(held), Event::Decided { decision: Action::Pass, .. }) => State::Passing(held),
            (
                State::Unmet | State::Held(_) | State::Passing(_) | State::Settled,
                Event::RuleMet { kept: None, .. }
                | Event::Decided { .. }
                | Event::PassedOn { .. }
                | Event::PassingFailed { .. },
            ) => State::Settled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bytes::BlobKey, decider::kit::given, id::Id};
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

    fn id<Of>(n: u128) -> Id<Of> {
        Id::new(Uuid::from_u128(n))
    }
    fn kept() -> Kept {
        let raw = Attachment {
            id: id(7),
            name: "mail.eml".into(),
            media_type: "message/rfc822".into(),
            size_bytes: 9,
            blob: "blob".into(),
            parts: vec![],
            key: BlobKey([0; 32]),
        };
        Kept { sender: None, recipients: vec!["zoe@guest.example".into()], raw }
    }
    fn meet(action: Action, kept: Option<Kept>) -> Command {
        let kept = kept.map(Box::new);
        Command::Meet { rule: id(1), action, hits: 2, sender: None, message: None, kept, at: AT }
    }
    fn met(action: Action, kept: Option<Kept>) -> Event {
        let kept = kept.map(Content::known);
        Event::RuleMet { rule: id(1), action, hits: 2, sender: None, message: None, kept, at: AT }
    }
    fn held() -> Event {
        met(Action::Hold, Some(kept()))
    }
    fn decide(decision: Action, reason: &str) -> Command {
        Command::Decide { by: id(4), decision, message: None, reason: reason.into(), at: AT }
    }
    fn decided(decision: Action) -> Event {
        let reason = Personal::known("Harmless.".to_owned());
        Event::Decided { by: id(4), decision, message: None, reason, at: AT }
    }

    /// G2: that a mail met a rule is on record once, whatever the rule did.
    #[test]
    fn a_mail_meets_a_rule_once() {
        given::<Intake>([]).when(meet(Action::Secure, None)).then([met(Action::Secure, None)]);
        given::<Intake>([met(Action::Secure, None)]).when(meet(Action::Secure, None)).then_nothing();
        given::<Intake>([]).when(meet(Action::Hold, Some(kept()))).then([held()]);
    }

    /// G2, Q9: a held mail is decided on once, with a reason, and not by holding it on.
    #[test]
    fn a_held_mail_is_decided_on() {
        let pass = || decide(Action::Pass, "Harmless.");
        given::<Intake>([held()]).when(pass()).then([decided(Action::Pass)]);
        given::<Intake>([held(), decided(Action::Pass)]).when(pass()).then_refused(Refusal::Decided);
        given::<Intake>([held()]).when(decide(Action::Hold, "Later.")).then_refused(Refusal::NoDecision);
        given::<Intake>([held()]).when(decide(Action::Pass, "  ")).then_refused(Refusal::BadReason);
        given::<Intake>([]).when(pass()).then_refused(Refusal::NotHeld);
        given::<Intake>([met(Action::Refuse, None)]).when(pass()).then_refused(Refusal::Decided);
    }

    /// G2: what an officer let pass is handed over once; what was refused is not.
    #[test]
    fn what_may_pass_is_handed_over_once() {
        let note = |taken| Command::NotePassed { taken, at: AT };
        let passing = [held(), decided(Action::Pass)];
        given::<Intake>(passing.clone()).when(note(true)).then([Event::PassedOn { at: AT }]);
        given::<Intake>(passing.clone()).when(note(false)).then([Event::PassingFailed { at: AT }]);
        let [held, pass] = passing;
        given::<Intake>([held.clone(), pass, Event::PassedOn { at: AT }]).when(note(true)).then_nothing();
        given::<Intake>([held.clone()]).when(note(true)).then_refused(Refusal::NotHeld);
        given::<Intake>([held, decided(Action::Refuse)]).when(note(true)).then_nothing();
    }
}
