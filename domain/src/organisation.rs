//! The organisation: its name and what it shows, its domains, its people's roles and its policy. One stream; everything else belongs to it.

use crate::{
    address::{Domain, EmailAddress},
    decider::Decider,
    id::{AccountId, RuleId},
    policy::{Policy, Role},
    presentation::Presentation,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub mod rules;

/// The aggregate's name; never constructed.
pub enum Organisation {}

/// What the rules know of an organisation.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// `None` until it is founded.
    pub founded: Option<Identity>,
    /// When that was.
    pub founded_at: Option<Timestamp>,
    /// Counts the policy's changes from 1, the pack it was founded with.
    pub policy_version: u32,
    /// The policy in force.
    pub policy: Policy,
    /// How it shows itself (A47).
    pub presentation: Presentation,
    /// Its own domains (A26, B50).
    pub domains: BTreeSet<Domain>,
    /// Who holds which roles (K2).
    pub roles: BTreeMap<AccountId, BTreeSet<Role>>,
    /// Its content rules, those that were removed among them (G3).
    pub rules: BTreeMap<RuleId, rules::Known>,
}

/// What it is called and where it is found. An organisation is not a person: this is audit skeleton.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Shown on pages and in mails, at most 100 characters.
    pub name: String,
    /// Where its portal answers, without a slash at the end (A8).
    pub portal_url: String,
    /// Sender of its notifications; nobody reads replies to it (B29).
    pub do_not_reply: String,
}

/// What can be asked of an organisation.
#[derive(Debug, Clone)]
pub enum Command {
    /// Begins it.
    Found {
        /// Who it is.
        identity: Identity,
        /// Its first policy.
        policy: Box<Policy>,
        /// Its own domains.
        domains: BTreeSet<Domain>,
        /// When.
        at: Timestamp,
    },
    /// Replaces the policy.
    ChangePolicy {
        /// The whole new policy.
        policy: Box<Policy>,
        /// The version that the author saw.
        version: u32,
        /// Why, at most [`REASON_CHARACTERS`] (Q8).
        reason: Option<String>,
        /// Whether a second person agreed; needed to keep anything for a shorter time (K3).
        second_person: bool,
        /// When.
        at: Timestamp,
    },
    /// Changes what is shown in public.
    Update {
        /// What it is called.
        name: String,
        /// The rest of it, whole.
        presentation: Box<Presentation>,
        /// When.
        at: Timestamp,
    },
    /// Makes a domain one of its own (A26, B50).
    ClaimDomain {
        /// Which.
        domain: Domain,
        /// When.
        at: Timestamp,
    },
    /// Gives a domain up; accounts stay as they are.
    ReleaseDomain {
        /// Which.
        domain: Domain,
        /// When.
        at: Timestamp,
    },
    /// Gives an account a role (K2).
    GrantRole {
        /// To whom.
        account: AccountId,
        /// Which.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// Takes a role from an account.
    RevokeRole {
        /// From whom.
        account: AccountId,
        /// Which.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// Changes its content rules (G3).
    Rules(rules::Command),
}

/// What happened to an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It began.
    Founded {
        /// Who it is.
        identity: Identity,
        /// Its first policy.
        policy: Box<Policy>,
        /// Its own domains.
        domains: BTreeSet<Domain>,
        /// When.
        at: Timestamp,
    },
    /// Another policy is in force.
    PolicyChanged {
        /// The whole policy, so that each version can be read by itself (Q8).
        policy: Box<Policy>,
        /// Its number.
        version: u32,
        /// Why (Q8).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Something else is shown in public.
    Updated {
        /// What it is called.
        name: String,
        /// The rest of it, whole.
        presentation: Box<Presentation>,
        /// When.
        at: Timestamp,
    },
    /// A domain became its own.
    DomainClaimed {
        /// Which.
        domain: Domain,
        /// When.
        at: Timestamp,
    },
    /// A domain is not its own any more.
    DomainReleased {
        /// Which.
        domain: Domain,
        /// When.
        at: Timestamp,
    },
    /// An account got a role.
    RoleGranted {
        /// Who.
        account: AccountId,
        /// Which.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// An account lost a role.
    RoleRevoked {
        /// Who.
        account: AccountId,
        /// Which.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// Something happened to a content rule.
    #[serde(untagged)]
    Rules(rules::Event),
}

/// Why an organisation turned a command down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It exists.
    AlreadyFounded,
    /// It does not exist.
    NotFounded,
    /// Name, address of the portal or sender is missing or too long.
    BadIdentity,
    /// The settings contradict each other or exceed their bounds.
    BadPolicy,
    /// Somebody else changed the policy meanwhile.
    StalePolicy,
    /// Something would be kept for a shorter time: another person must agree (K3).
    SecondPersonNeeded,
    /// The reason is too long.
    BadReason,
    /// Something that is to be shown in public cannot be: [`Presentation::problems`] says what.
    BadPresentation,
    /// Together with a role that the account has, this one would join content and administration (K2).
    ConflictingRole,
    /// Nobody would be left to administer.
    LastAdministrator,
    /// A content rule was turned down.
    Rules(rules::Refusal),
}

/// Characters of an organisation's name; what fits a mail's subject.
const NAME_CHARACTERS: usize = 100;
/// Characters of the reason for a change.
pub const REASON_CHARACTERS: usize = 500;

impl Decider for Organisation {
    const CATEGORY: &'static str = "organisation";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Found { identity, policy, domains, at } => match state.founded {
                Some(_) => Err(Refusal::AlreadyFounded),
                None if !identity.is_valid() => Err(Refusal::BadIdentity),
                None if policy.validate().is_err() => Err(Refusal::BadPolicy),
                None => Ok(vec![Event::Founded { identity, policy, domains, at }]),
            },
            _ if state.founded.is_none() => Err(Refusal::NotFounded),
            Command::ChangePolicy { version, .. } if version != state.policy_version => {
                Err(Refusal::StalePolicy)
            }
            Command::ChangePolicy { policy, .. } if *policy == state.policy => Ok(vec![]),
            Command::ChangePolicy { policy, .. } if policy.validate().is_err() => Err(Refusal::BadPolicy),
            Command::ChangePolicy { reason: Some(reason), .. }
                if reason.chars().count() > REASON_CHARACTERS || reason.chars().any(char::is_control) =>
            {
                Err(Refusal::BadReason)
            }
            Command::ChangePolicy { policy, second_person: false, .. }
                if policy.keeps_shorter_than(&state.policy) =>
            {
                Err(Refusal::SecondPersonNeeded)
            }
            Command::ChangePolicy { policy, version, reason, second_person: _, at } => {
                Ok(vec![Event::PolicyChanged { policy, version: version + 1, reason, at }])
            }
            Command::Update { name, .. } if !is_name(&name) => Err(Refusal::BadIdentity),
            Command::Update { presentation, .. } if !presentation.problems().is_empty() => {
                Err(Refusal::BadPresentation)
            }
            Command::Update { name, presentation, .. } if state.shows(&name, &presentation) => Ok(vec![]),
            Command::Update { name, presentation, at } => Ok(vec![Event::Updated { name, presentation, at }]),
            Command::ClaimDomain { domain, .. } if state.domains.contains(&domain) => Ok(vec![]),
            Command::ClaimDomain { domain, at } => Ok(vec![Event::DomainClaimed { domain, at }]),
            Command::ReleaseDomain { domain, .. } if !state.domains.contains(&domain) => Ok(vec![]),
            Command::ReleaseDomain { domain, at } => Ok(vec![Event::DomainReleased { domain, at }]),
            Command::GrantRole { account, role, .. } if state.has(account, role) => Ok(vec![]),
            Command::GrantRole { account, role, at } => {
                if state.roles_of(account).iter().any(|held| held.conflicts(role)) {
                    return Err(Refusal::ConflictingRole);
                }
                Ok(vec![Event::RoleGranted { account, role, at }])
            }
            Command::RevokeRole { account, role, .. } if !state.has(account, role) => Ok(vec![]),
            Command::RevokeRole { role: Role::Administrator, .. }
                if state.holders(Role::Administrator) == 1 =>
            {
                Err(Refusal::LastAdministrator)
            }
            Command::RevokeRole { account, role, at } => Ok(vec![Event::RoleRevoked { account, role, at }]),
            Command::Rules(command) => rules::decide(state, command)
                .map(|events| events.into_iter().map(Event::Rules).collect())
                .map_err(Refusal::Rules),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::Founded { identity, policy, domains, at } => {
                state.founded = Some(identity.clone());
                state.founded_at = Some(*at);
                state.policy = (**policy).clone();
                state.policy_version = 1;
                state.domains.clone_from(domains);
            }
            Event::PolicyChanged { policy, version, .. } => {
                state.policy = (**policy).clone();
                state.policy_version = *version;
            }
            Event::Updated { name, presentation, .. } => {
                state.presentation = (**presentation).clone();
                if let Some(identity) = &mut state.founded {
                    identity.name.clone_from(name);
                }
            }
            Event::DomainClaimed { domain, .. } => {
                state.domains.insert(domain.clone());
            }
            Event::DomainReleased { domain, .. } => {
                state.domains.remove(domain);
            }
            Event::RoleGranted { account, role, .. } => {
                state.roles.entry(*account).or_default().insert(*role);
            }
            Event::RoleRevoked { account, role, .. } => {
                if let Some(held) = state.roles.get_mut(account) {
                    held.remove(role);
                }
            }
            Event::Rules(event) => rules::evolve(&mut state, event),
        }
        state
    }
}

impl State {
    /// The roles of an account; none for most.
    #[must_use]
    pub fn roles_of(&self, account: AccountId) -> BTreeSet<Role> {
        self.roles.get(&account).cloned().unwrap_or_default()
    }
    /// Who holds a role.
    #[must_use]
    pub fn holders_of(&self, role: Role) -> Vec<AccountId> {
        let holds = |(account, held): (&AccountId, &BTreeSet<Role>)| held.contains(&role).then_some(*account);
        self.roles.iter().filter_map(holds).collect()
    }
    fn shows(&self, name: &str, presentation: &Presentation) -> bool {
        self.presentation == *presentation
            && self.founded.as_ref().is_some_and(|identity| identity.name == name)
    }
    fn has(&self, account: AccountId, role: Role) -> bool {
        self.roles.get(&account).is_some_and(|held| held.contains(&role))
    }
    fn holders(&self, role: Role) -> usize {
        self.holders_of(role).len()
    }
}

impl Identity {
    fn is_valid(&self) -> bool {
        let is_url = self.portal_url.starts_with("https://") || self.portal_url.starts_with("http://");
        is_name(&self.name)
            && is_url
            && !self.portal_url.ends_with('/')
            && !self.portal_url.chars().any(|c| c.is_control() || c.is_whitespace())
            && EmailAddress::parse(&self.do_not_reply).is_ok()
    }
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NAME_CHARACTERS && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
