//! What needs two persons (K3): one asks, another decides, and then it is done. One short stream a request.

use crate::{
    classified::Personal,
    decider::Decider,
    id::{AccountId, ExportId, HoldId, MessageId},
    period::Period,
    policy::Policy,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The aggregate's name; never constructed.
pub enum Approval {}
/// Names [`HoldId`]; never constructed.
pub enum Hold {}

/// How long a request waits for its decision: long enough for a week's absence, short enough that nobody grants what is
/// forgotten.
pub const LIFE: Period = Period::days(7);
/// Characters of a reason and of a comment.
pub const WORDS_CHARACTERS: usize = 500;

/// What is asked for, by ids: whoever carries it out finds there what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to")]
pub enum Action {
    /// Export of content (E1).
    ExportContent {
        /// Which.
        export: ExportId,
    },
    /// Release of a hold (K4).
    ReleaseHold {
        /// Which.
        hold: HoldId,
    },
    /// A policy by which something is kept for a shorter time (K10).
    ShortenRetention {
        /// The whole policy, as it is to be.
        policy: Box<Policy>,
        /// The version that its author saw.
        version: u32,
    },
    /// Erasure of a person's data (K5).
    Erase {
        /// Whose.
        account: AccountId,
    },
    /// Destruction of the key of a message's content (K5).
    DestroyKey {
        /// Which message.
        message: MessageId,
    },
}

/// What came of a request that was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// What it was about had changed by then, so that nothing was done.
    Stale,
}

/// What the rules know of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody asked.
    #[default]
    Unasked,
    /// Somebody did.
    Asked(Box<Request>),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// For what.
    pub action: Action,
    /// By whom; `None` is whoever runs the program.
    pub by: Option<AccountId>,
    /// Why.
    pub reason: Personal<String>,
    /// When it lapses undecided.
    pub lapses_at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits for a decision.
    Pending,
    /// It was granted, and is to be carried out.
    Granted {
        /// By whom.
        by: AccountId,
    },
    /// It was refused.
    Refused {
        /// By whom.
        by: AccountId,
    },
    /// Nobody decided in time.
    Lapsed,
    /// It was granted, and that is done with.
    CarriedOut {
        /// By whom it was granted.
        by: AccountId,
        /// What came of it.
        outcome: Outcome,
    },
}

/// What can be asked of a request.
#[derive(Debug, Clone)]
pub enum Command {
    /// Asks.
    Ask {
        /// For what.
        action: Action,
        /// By whom; `None` is whoever runs the program.
        by: Option<AccountId>,
        /// Why, at most [`WORDS_CHARACTERS`].
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Grants or refuses it.
    Decide {
        /// By whom, who has the right to.
        by: AccountId,
        /// The account whose inbox has the requester's mail: another than the requester's where that one joined it, so that one
        /// person had both (B43).
        requester_now: Option<AccountId>,
        /// Whether it is granted.
        granted: bool,
        /// In words, at most [`WORDS_CHARACTERS`].
        comment: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Ends it, if nobody decided in time.
    Lapse {
        /// When.
        at: Timestamp,
    },
    /// Records that what was granted is done with.
    NoteCarriedOut {
        /// What came of it.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
}

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It was made.
    Requested {
        /// For what.
        action: Action,
        /// By whom; `None` is whoever runs the program.
        by: Option<AccountId>,
        /// Why; the requester's own words.
        reason: Personal<String>,
        /// When it lapses undecided.
        lapses_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// It was granted or refused.
    Decided {
        /// By whom.
        by: AccountId,
        /// Whether it was granted.
        granted: bool,
        /// The decider's own words.
        comment: Option<Personal<String>>,
        /// When.
        at: Timestamp,
    },
    /// Nobody decided in time.
    Lapsed {
        /// When.
        at: Timestamp,
    },
    /// What was granted is done with.
    CarriedOut {
        /// What came of it.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
}

/// Why a request turned a command down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such request.
    NotAsked,
    /// It was made already, for something else.
    AlreadyAsked,
    /// Nobody decides on a request of their own.
    SecondPersonNeeded,
    /// It was decided on otherwise, or by somebody else.
    Decided,
    /// Its time is over.
    Lapsed,
    /// Nobody granted it.
    NotGranted,
    /// The reason is missing, too long, or has control characters.
    BadReason,
    /// The comment is too long, or has control characters.
    BadComment,
}

impl Decider for Approval {
    const CATEGORY: &'static str = "approval";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unasked, Command::Ask { action, by, reason, at }) => {
                let reason = reason.trim().to_owned();
                if reason.is_empty() || !are_words(&reason) {
                    return Err(Refusal::BadReason);
                }
                let (reason, lapses_at) = (Personal::known(reason), at.plus(LIFE));
                Ok(vec![Event::Requested { action, by, reason, lapses_at, at }])
            }
            (State::Asked(request), Command::Ask { action, by, .. }) => {
                if request.action == action && request.by == by {
                    Ok(vec![])
                } else {
                    Err(Refusal::AlreadyAsked)
                }
            }
            (
                State::Unasked,
                Command::Decide { .. } | Command::Lapse { .. } | Command::NoteCarriedOut { .. },
            ) => Err(Refusal::NotAsked),
            (State::Asked(request), Command::Decide { by, requester_now, granted, comment, at }) => {
                request.decide(by, requester_now, granted, comment, at)
            }
            (State::Asked(request), Command::Lapse { at }) => Ok(request.lapse(at)),
            (State::Asked(request), Command::NoteCarriedOut { outcome, at }) => match request.standing {
                Standing::Granted { .. } => Ok(vec![Event::CarriedOut { outcome, at }]),
                Standing::CarriedOut { .. } => Ok(vec![]),
                Standing::Pending | Standing::Refused { .. } | Standing::Lapsed => Err(Refusal::NotGranted),
            },
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::Requested { action, by, reason, lapses_at, .. }) => State::Asked(Box::new(Request {
                action: action.clone(),
                by: *by,
                reason: reason.clone(),
                lapses_at: *lapses_at,
                standing: Standing::Pending,
            })),
            (State::Asked(request), event) => {
                let standing = match (request.standing, event) {
                    (_, Event::Decided { by, granted: true, .. }) => Standing::Granted { by: *by },
                    (_, Event::Decided { by, granted: false, .. }) => Standing::Refused { by: *by },
                    (_, Event::Lapsed { .. }) => Standing::Lapsed,
                    (Standing::Granted { by }, Event::CarriedOut { outcome, .. }) => {
                        Standing::CarriedOut { by, outcome: *outcome }
                    }
                    (standing, Event::Requested { .. } | Event::CarriedOut { .. }) => standing,
                };
                State::Asked(Box::new(Request { standing, ..*request }))
            }
            (State::Unasked, Event::Decided { .. } | Event::Lapsed { .. } | Event::CarriedOut { .. }) => {
                State::Unasked
            }
        }
    }
}

impl Request {
    fn decide(
        &self,
        by: AccountId,
        requester_now: Option<AccountId>,
        granted: bool,
        comment: Option<String>,
        at: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        match self.standing {
            Standing::Granted { by: before } | Standing::CarriedOut { by: before, .. }
                if before == by && granted =>
            {
                return Ok(vec![]);
            }
            Standing::Refused { by: before } if before == by && !granted => return Ok(vec![]),
            Standing::Granted { .. } | Standing::Refused { .. } | Standing::CarriedOut { .. } => {
                return Err(Refusal::Decided);
            }
            Standing::Lapsed => return Err(Refusal::Lapsed),
            Standing::Pending => {}
        }
        if self.lapses_at <= at {
            return Err(Refusal::Lapsed);
        }
        if self.by == Some(by) || requester_now == Some(by) {
            return Err(Refusal::SecondPersonNeeded);
        }
        let comment = comment.map(|comment| comment.trim().to_owned()).filter(|comment| !comment.is_empty());
        if comment.as_deref().is_some_and(|comment| !are_words(comment)) {
            return Err(Refusal::BadComment);
        }
        Ok(vec![Event::Decided { by, granted, comment: comment.map(Personal::known), at }])
    }

    fn lapse(&self, at: Timestamp) -> Vec<Event> {
        if self.standing == Standing::Pending && self.lapses_at <= at {
            vec![Event::Lapsed { at }]
        } else {
            vec![]
        }
    }
}

fn are_words(text: &str) -> bool {
    text.chars().count() <= WORDS_CHARACTERS && !text.chars().any(|c| c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decider::kit::given, id::Id};
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

    fn id<Of>(n: u128) -> Id<Of> {
        Id::new(Uuid::from_u128(n))
    }
    fn action() -> Action {
        Action::ReleaseHold { hold: id(9) }
    }
    fn ask(reason: &str) -> Command {
        Command::Ask { action: action(), by: Some(id(1)), reason: reason.into(), at: AT }
    }
    fn asked() -> Event {
        Event::Requested {
            action: action(),
            by: Some(id(1)),
            reason: Personal::known("The matter is settled.".to_owned()),
            lapses_at: AT.plus(LIFE),
            at: AT,
        }
    }
    fn decide(by: u128, granted: bool) -> Command {
        Command::Decide { by: id(by), requester_now: Some(id(1)), granted, comment: None, at: AT }
    }
    fn decided(by: u128, granted: bool) -> Event {
        Event::Decided { by: id(by), granted, comment: None, at: AT }
    }

    /// K3: a request is made once, with a reason; its repeat is quiet, and its id is not used for another.
    #[test]
    fn a_request_is_made_once() {
        given::<Approval>([]).when(ask(" The matter is settled. ")).then([asked()]);
        given::<Approval>([asked()]).when(ask("Said otherwise.")).then_nothing();
        let other = Command::Ask {
            action: Action::Erase { account: id(3) },
            by: Some(id(1)),
            reason: "x".into(),
            at: AT,
        };
        given::<Approval>([asked()]).when(other).then_refused(Refusal::AlreadyAsked);
        for bad in ["", "  ", "a\u{7}", &"a".repeat(501)] {
            given::<Approval>([]).when(ask(bad)).then_refused(Refusal::BadReason);
        }
    }

    /// K3: another person grants or refuses, once; the same decision again is quiet, another one comes too late.
    #[test]
    fn another_person_decides_once() {
        for granted in [true, false] {
            given::<Approval>([asked()]).when(decide(2, granted)).then([decided(2, granted)]);
            let past = [asked(), decided(2, granted)];
            given::<Approval>(&past).when(decide(2, granted)).then_nothing();
            given::<Approval>(&past).when(decide(2, !granted)).then_refused(Refusal::Decided);
            given::<Approval>(&past).when(decide(3, granted)).then_refused(Refusal::Decided);
        }
        given::<Approval>([]).when(decide(2, true)).then_refused(Refusal::NotAsked);
        let words = |comment: &str| Command::Decide {
            by: id(2),
            requester_now: None,
            granted: true,
            comment: Some(comment.into()),
            at: AT,
        };
        let comment = Some(Personal::known("Agreed.".to_owned()));
        let agreed = Event::Decided { by: id(2), granted: true, comment, at: AT };
        given::<Approval>([asked()]).when(words(" Agreed. ")).then([agreed]);
        given::<Approval>([asked()]).when(words("  ")).then([decided(2, true)]);
        given::<Approval>([asked()]).when(words(&"a".repeat(501))).then_refused(Refusal::BadComment);
    }

    /// K3, B43: nobody decides on their own request, nor with an account that the requester's has joined since.
    #[test]
    fn nobody_decides_alone() {
        given::<Approval>([asked()]).when(decide(1, true)).then_refused(Refusal::SecondPersonNeeded);
        given::<Approval>([asked()]).when(decide(1, false)).then_refused(Refusal::SecondPersonNeeded);
        let joined =
            Command::Decide { by: id(2), requester_now: Some(id(2)), granted: true, comment: None, at: AT };
        given::<Approval>([asked()]).when(joined).then_refused(Refusal::SecondPersonNeeded);
    }

    /// K3: what nobody decides in time lapses, and is not decided on any more, whether that is on record yet or not.
    #[test]
    fn an_old_request_lapses() {
        let end = AT.plus(LIFE);
        let lapse = |at| Command::Lapse { at };
        given::<Approval>([asked()]).when(lapse(AT)).then_nothing();
        given::<Approval>([asked()]).when(lapse(end)).then([Event::Lapsed { at: end }]);
        given::<Approval>([asked(), Event::Lapsed { at: end }]).when(lapse(end)).then_nothing();
        given::<Approval>([asked(), decided(2, true)]).when(lapse(end)).then_nothing();
        given::<Approval>([]).when(lapse(end)).then_refused(Refusal::NotAsked);
        let late = Command::Decide { by: id(2), requester_now: None, granted: true, comment: None, at: end };
        given::<Approval>([asked()]).when(late.clone()).then_refused(Refusal::Lapsed);
        given::<Approval>([asked(), Event::Lapsed { at: end }]).when(late).then_refused(Refusal::Lapsed);
    }

    /// K3: what was granted is carried out, once; nothing else is.
    #[test]
    fn what_was_granted_is_carried_out_once() {
        let note = |outcome| Command::NoteCarriedOut { outcome, at: AT };
        let done = Event::CarriedOut { outcome: Outcome::Done, at: AT };
        let granted = [asked(), decided(2, true)];
        given::<Approval>(&granted).when(note(Outcome::Done)).then([done.clone()]);
        let [first, second] = granted;
        given::<Approval>([first.clone(), second.clone(), done.clone()])
            .when(note(Outcome::Stale))
            .then_nothing();
        given::<Approval>([first.clone(), second, done]).when(decide(2, true)).then_nothing();
        given::<Approval>([first.clone()]).when(note(Outcome::Done)).then_refused(Refusal::NotGranted);
        given::<Approval>([first, decided(2, false)])
            .when(note(Outcome::Done))
            .then_refused(Refusal::NotGranted);
    }
}
