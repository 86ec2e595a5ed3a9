//! The organisation's content rules (G2, G3). What a rule looks for is in [`crate::content`].

use super::State;
use crate::{content::Rule, id::RuleId, timestamp::Timestamp};
use serde::{Deserialize, Serialize};

/// Rules of one organisation; more are a sign that something else is wanted.
pub const MAX_RULES: usize = 200;

/// What the organisation knows of a rule. One that was removed is still known by its name: its hits stay in the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// As it is, or was when it was removed.
    pub rule: Rule,
    /// Whether it was removed.
    pub removed: bool,
}

/// What can be asked.
#[derive(Debug, Clone)]
pub enum Command {
    /// Adds a rule.
    Create {
        /// Which it will be.
        id: RuleId,
        /// The rule; it was looked at by [`Rule::problems`].
        rule: Box<Rule>,
        /// When.
        at: Timestamp,
    },
    /// Replaces a rule.
    Change {
        /// Which.
        id: RuleId,
        /// The rule as it shall be.
        rule: Box<Rule>,
        /// When.
        at: Timestamp,
    },
    /// Removes a rule.
    Delete {
        /// Which.
        id: RuleId,
        /// When.
        at: Timestamp,
    },
}

/// What happened to a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It was added.
    RuleCreated {
        /// Which.
        id: RuleId,
        /// The rule.
        rule: Box<Rule>,
        /// When.
        at: Timestamp,
    },
    /// It was replaced.
    RuleChanged {
        /// Which.
        id: RuleId,
        /// The rule as it is now.
        rule: Box<Rule>,
        /// When.
        at: Timestamp,
    },
    /// It was removed.
    RuleDeleted {
        /// Which.
        id: RuleId,
        /// When.
        at: Timestamp,
    },
}

/// Why a rule was turned down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such rule, or no more.
    NoSuchRule,
    /// Another rule has this name.
    NameTaken,
    /// There are [`MAX_RULES`] already.
    TooMany,
}

pub(super) fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Create { id, .. } if state.rules.contains_key(&id) => Ok(vec![]),
        Command::Create { .. } if state.standing_rules().count() >= MAX_RULES => Err(Refusal::TooMany),
        Command::Create { id, rule, .. } | Command::Change { id, rule, .. }
            if state.names(&rule.name, id) =>
        {
            Err(Refusal::NameTaken)
        }
        Command::Create { id, rule, at } => Ok(vec![Event::RuleCreated { id, rule, at }]),
        Command::Change { id, rule, at } => match state.rules.get(&id).filter(|known| !known.removed) {
            None => Err(Refusal::NoSuchRule),
            Some(known) if known.rule == *rule => Ok(vec![]),
            Some(_) => Ok(vec![Event::RuleChanged { id, rule, at }]),
        },
        Command::Delete { id, at } => match state.rules.get(&id) {
            None => Err(Refusal::NoSuchRule),
            Some(known) if known.removed => Ok(vec![]),
            Some(_) => Ok(vec![Event::RuleDeleted { id, at }]),
        },
    }
}

pub(super) fn evolve(state: &mut State, event: &Event) {
    match event {
        Event::RuleCreated { id, rule, .. } | Event::RuleChanged { id, rule, .. } => {
            state.rules.insert(*id, Known { rule: (**rule).clone(), removed: false });
        }
        Event::RuleDeleted { id, .. } => {
            if let Some(known) = state.rules.get_mut(id) {
                known.removed = true;
            }
        }
    }
}

impl State {
    /// The rules that stand, in no order.
    pub fn standing_rules(&self) -> impl Iterator<Item = (RuleId, &Rule)> {
        self.rules.iter().filter(|(_, known)| !known.removed).map(|(id, known)| (*id, &known.rule))
    }
    fn names(&self, name: &str, except: RuleId) -> bool {
        self.standing_rules().any(|(id, rule)| id != except && rule.name == name)
    }
}
