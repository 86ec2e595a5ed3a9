//! The organisation: its domains, its people's roles and its policy. One stream; everything else belongs to it.

use crate::{
    address::{Domain, EmailAddress},
    decider::Decider,
    id::AccountId,
    policy::{Policy, Role},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The aggregate's name; never constructed.
pub enum Organisation {}

/// What the rules know of an organisation.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// `None` until it is founded.
    pub founded: Option<Identity>,
    /// Counts the policy's changes from 1, the pack it was founded with.
    pub policy_version: u32,
    /// The policy in force.
    pub policy: Policy,
    /// Its own domains (A26, B50).
    pub domains: BTreeSet<Domain>,
    /// Who holds which roles (K2).
    pub roles: BTreeMap<AccountId, BTreeSet<Role>>,
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
    /// Together with a role that the account has, this one would join content and administration (K2).
    ConflictingRole,
    /// Nobody would be left to administer.
    LastAdministrator,
}

/// Characters of an organisation's name; what fits a mail's subject.
const NAME_CHARACTERS: usize = 100;

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
            Command::ChangePolicy { policy, version, at } => {
                Ok(vec![Event::PolicyChanged { policy, version: version + 1, at }])
            }
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
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::Founded { identity, policy, domains, .. } => {
                state.founded = Some(identity.clone());
                state.policy = (**policy).clone();
                state.policy_version = 1;
                state.domains.clone_from(domains);
            }
            Event::PolicyChanged { policy, version, .. } => {
                state.policy = (**policy).clone();
                state.policy_version = *version;
            }
            Event::RoleGranted { account, role, .. } => {
                state.roles.entry(*account).or_default().insert(*role);
            }
            Event::RoleRevoked { account, role, .. } => {
                if let Some(held) = state.roles.get_mut(account) {
                    held.remove(role);
                }
            }
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
    fn has(&self, account: AccountId, role: Role) -> bool {
        self.roles.get(&account).is_some_and(|held| held.contains(&role))
    }
    fn holders(&self, role: Role) -> usize {
        self.roles.values().filter(|held| held.contains(&role)).count()
    }
}

impl Identity {
    fn is_valid(&self) -> bool {
        let short = |text: &str| !text.trim().is_empty() && text.chars().count() <= NAME_CHARACTERS;
        let is_url = self.portal_url.starts_with("https://") || self.portal_url.starts_with("http://");
        short(&self.name)
            && !self.name.chars().any(char::is_control)
            && is_url
            && !self.portal_url.ends_with('/')
            && !self.portal_url.chars().any(|c| c.is_control() || c.is_whitespace())
            && EmailAddress::parse(&self.do_not_reply).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decider::kit::given, policy::Pack};
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

    fn founded() -> Event {
        Event::Founded {
            identity: Identity {
                name: "Insurer".into(),
                portal_url: "https://mail.insurer.example".into(),
                do_not_reply: "do-not-reply@insurer.example".into(),
            },
            policy: Box::new(Policy::from_pack(Pack::Portal)),
            domains: BTreeSet::new(),
            at: AT,
        }
    }
    /// B29: an organisation that mails could not come from, or lead to, is not founded.
    #[test]
    fn an_identity_is_complete() {
        let Event::Founded { identity, policy, domains, at } = founded() else { unreachable!() };
        for bad in [
            Identity { name: "two\nlines".into(), ..identity.clone() },
            Identity { portal_url: "mail.insurer.example".into(), ..identity.clone() },
            Identity { portal_url: "https://mail.insurer.example/".into(), ..identity.clone() },
            Identity { do_not_reply: "nobody".into(), ..identity.clone() },
        ] {
            let found =
                Command::Found { identity: bad, policy: policy.clone(), domains: domains.clone(), at };
            given::<Organisation>([]).when(found).then_refused(Refusal::BadIdentity);
        }
    }

    fn account(n: u128) -> AccountId {
        AccountId::new(Uuid::from_u128(n))
    }
    fn granted(n: u128, role: Role) -> Event {
        Event::RoleGranted { account: account(n), role, at: AT }
    }
    fn grant(n: u128, role: Role) -> Command {
        Command::GrantRole { account: account(n), role, at: AT }
    }

    /// K2: a role is granted once, and repeating it stays quiet.
    #[test]
    fn a_role_is_granted_once() {
        given::<Organisation>([founded()])
            .when(grant(1, Role::ComplianceOfficer))
            .then([granted(1, Role::ComplianceOfficer)]);
        given::<Organisation>([founded(), granted(1, Role::ComplianceOfficer)])
            .when(grant(1, Role::ComplianceOfficer))
            .then_nothing();
    }

    /// K2: nobody both reads content and administers.
    #[test]
    fn administration_and_content_do_not_meet() {
        given::<Organisation>([founded(), granted(1, Role::Administrator)])
            .when(grant(1, Role::BreakGlass))
            .then_refused(Refusal::ConflictingRole);
    }

    /// K2: the last administrator stays.
    #[test]
    fn the_last_administrator_stays() {
        let revoke = |n| Command::RevokeRole { account: account(n), role: Role::Administrator, at: AT };
        given::<Organisation>([founded(), granted(1, Role::Administrator)])
            .when(revoke(1))
            .then_refused(Refusal::LastAdministrator);
        given::<Organisation>([founded(), granted(1, Role::Administrator)]).when(revoke(2)).then_nothing();
    }

    /// Q8: a policy change names the version it saw; a stale one is refused, the same policy again is quiet.
    #[test]
    fn a_policy_change_names_what_it_saw() {
        let change = |pack, version| Command::ChangePolicy {
            policy: Box::new(Policy::from_pack(pack)),
            version,
            at: AT,
        };
        given::<Organisation>([founded()]).when(change(Pack::Envelope, 1)).then([Event::PolicyChanged {
            policy: Box::new(Policy::from_pack(Pack::Envelope)),
            version: 2,
            at: AT,
        }]);
        given::<Organisation>([founded()]).when(change(Pack::Envelope, 2)).then_refused(Refusal::StalePolicy);
        given::<Organisation>([founded()]).when(change(Pack::Portal, 1)).then_nothing();
    }
}
