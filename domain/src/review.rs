//! A reviewer's sign-off of what others did (Q2, Q10). One stream each, of one event.

use crate::{classified::Personal, decider::Decider, id::AccountId, timestamp::Timestamp, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The aggregate's name; never constructed.
pub enum Review {}

/// What a reviewer found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// As it should be.
    InOrder,
    /// Something must be done.
    FollowUp,
}

/// An event that is to be signed off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// Its place in the log.
    pub position: i64,
    /// Who caused it, if it was somebody with an account.
    pub actor: Option<AccountId>,
}

/// What can be asked of a review.
#[derive(Debug, Clone)]
pub enum Command {
    /// Signs events off.
    SignOff {
        /// Who.
        by: AccountId,
        /// Accounts that joined the reviewer's: what was done by them is the reviewer's own act as well.
        joined: BTreeSet<AccountId>,
        /// Which events, 1 to [`EVENTS`].
        events: Vec<Examined>,
        /// What the reviewer found.
        finding: Finding,
        /// In words, at most [`COMMENT_CHARACTERS`].
        comment: Option<String>,
        /// When.
        at: Timestamp,
    },
}

/// What became of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// Events were signed off.
    Reviewed {
        /// By whom.
        by: AccountId,
        /// Their places in the log, ascending, each once.
        positions: Vec<i64>,
        /// What the reviewer found.
        finding: Finding,
        /// In the reviewer's own words.
        comment: Option<Personal<String>>,
        /// When.
        at: Timestamp,
    },
}

/// Events of one sign-off.
pub const EVENTS: usize = 500;
/// Characters of a comment.
pub const COMMENT_CHARACTERS: usize = 2000;

/// Why nothing was signed off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// None, or more than [`EVENTS`].
    BadNumber,
    /// Some were done by the reviewer: their places in the list that was given.
    OwnActs(Vec<usize>),
    /// The comment is too long, or has control characters.
    BadComment,
}

impl Decider for Review {
    const CATEGORY: &'static str = "review";
    /// Whether it was made.
    type State = bool;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(made: &bool, command: Command) -> Result<Vec<Event>, Refusal> {
        if *made {
            return Ok(vec![]);
        }
        let Command::SignOff { by, joined, events, finding, comment, at } = command;
        if !(1..=EVENTS).contains(&events.len()) {
            return Err(Refusal::BadNumber);
        }
        let is_own = |event: &Examined| event.actor.is_some_and(|one| one == by || joined.contains(&one));
        let own: Vec<_> =
            events.iter().enumerate().filter_map(|(place, event)| is_own(event).then_some(place)).collect();
        if !own.is_empty() {
            return Err(Refusal::OwnActs(own));
        }
        let comment = comment.filter(|comment| !comment.trim().is_empty());
        if comment.as_ref().is_some_and(|comment| !words::fit(comment, 1..=COMMENT_CHARACTERS)) {
            return Err(Refusal::BadComment);
        }
        let positions: BTreeSet<_> = events.iter().map(|event| event.position).collect();
        let (positions, comment) = (positions.into_iter().collect(), comment.map(Personal::known));
        Ok(vec![Event::Reviewed { by, positions, finding, comment, at }])
    }

    fn evolve(_: bool, event: &Event) -> bool {
        match event {
            Event::Reviewed { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decider::kit::given, id::Id};
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

    fn person(n: u128) -> AccountId {
        Id::new(Uuid::from_u128(n))
    }
    fn done_by(actor: Option<u128>, position: i64) -> Examined {
        Examined { position, actor: actor.map(person) }
    }
    fn sign_off(events: &[Examined], comment: Option<&str>) -> Command {
        Command::SignOff {
            by: person(1),
            joined: BTreeSet::from([person(7)]),
            events: events.to_vec(),
            finding: Finding::InOrder,
            comment: comment.map(str::to_owned),
            at: AT,
        }
    }
    fn reviewed(positions: &[i64], comment: Option<&str>) -> Event {
        Event::Reviewed {
            by: person(1),
            positions: positions.to_vec(),
            finding: Finding::InOrder,
            comment: comment.map(|comment| Personal::known(comment.to_owned())),
            at: AT,
        }
    }

    /// Q2: what others did, and what nobody known did, is signed off; a review is made once.
    #[test]
    fn events_are_signed_off() {
        let events = [done_by(Some(2), 9), done_by(None, 4), done_by(Some(2), 9)];
        let made = reviewed(&[4, 9], Some("Asked and answered."));
        given::<Review>([])
            .when(sign_off(&events, Some("Asked and answered.")))
            .then(std::slice::from_ref(&made));
        given::<Review>([]).when(sign_off(&events, Some(" \n"))).then([reviewed(&[4, 9], None)]);
        given::<Review>([made]).when(sign_off(&events, None)).then_nothing();
    }

    /// Q2, Q10: nobody signs their own acts off, nor those of an account that joined theirs; the refusal says which.
    #[test]
    fn own_acts_are_refused() {
        let events = [done_by(Some(1), 3), done_by(Some(2), 4), done_by(Some(7), 5)];
        given::<Review>([]).when(sign_off(&events, None)).then_refused(Refusal::OwnActs(vec![0, 2]));
    }

    /// Q2: as many events and characters as there may be, and no more.
    #[test]
    fn a_review_has_bounds() {
        let events = |count: usize| vec![done_by(None, 4); count];
        given::<Review>([]).when(sign_off(&[], None)).then_refused(Refusal::BadNumber);
        given::<Review>([]).when(sign_off(&events(501), None)).then_refused(Refusal::BadNumber);
        given::<Review>([]).when(sign_off(&events(500), None)).then([reviewed(&[4], None)]);
        let (long, longest) = ("ä".repeat(2001), "ä".repeat(2000));
        let one = events(1);
        given::<Review>([]).when(sign_off(&one, Some(&long))).then_refused(Refusal::BadComment);
        given::<Review>([]).when(sign_off(&one, Some("a\u{7}"))).then_refused(Refusal::BadComment);
        given::<Review>([]).when(sign_off(&one, Some(&longest))).then([reviewed(&[4], Some(&longest))]);
    }
}
