//! The policy: changing it, and every version that there was (Q8).

use crate::{
    App, Done, Error, Problem, ProblemCode, Steward, Viewer,
    administration::EITHER,
    organisations::{STREAM, founded},
};
use domain::{
    AccountId, Decider, Event, OrganisationId, Timestamp,
    audit::{Right, Topic},
    event::Actor,
    organisation::{self, Command, Organisation, Refusal},
    policy::{Difference, Policy, PolicyProblem},
};
use eventstore::log::{ContentKeys, StreamName};

/// One version of the settings.
#[derive(Debug, Clone)]
pub struct PolicyVersion {
    /// Counts from 1, the pack that the organisation was founded with.
    pub version: u32,
    /// The settings.
    pub policy: Policy,
    /// In force since.
    pub since: Timestamp,
    /// In force until; `None` for today's.
    pub until: Option<Timestamp>,
    /// Who changed it; `None` for whoever runs the program.
    pub changed_by: Option<AccountId>,
    /// Why.
    pub reason: Option<String>,
    /// What differs from the version before.
    pub changes: Vec<Difference>,
}

impl App {
    /// Replaces the policy, if it is still the version that was seen; else a `CONFLICT`. Every setting that is out of its
    /// bounds is a problem of its own, at its path below `changes`. The value is the version in force.
    pub async fn change_policy(
        &self,
        steward: impl Into<Steward<'_>>,
        policy: &Policy,
        version: u32,
        reason: Option<String>,
    ) -> Result<Done<u32>, Error> {
        let (organisation, meta) = self.by_right(steward.into(), Right::AuthorPolicy).await?;
        let rules = self.rules(organisation).await?;
        if let Err(problems) = policy.validate()
            && rules.policy_version == version
        {
            return Err(Error::Problems(problems.into_iter().map(out_of_bounds).collect()));
        }
        let at = self.log.now();
        let change = || Command::ChangePolicy {
            policy: Box::new(policy.clone()),
            version,
            reason: reason.clone(),
            at,
        };
        let done = self.log.execute::<Organisation>(organisation, STREAM, &meta, change).await?;
        let position = done.map_err(refused)?.position();
        Ok(Done { value: self.rules(organisation).await?.policy_version, position })
    }

    /// Every version, newest first, for one of those who administer.
    pub async fn consult_policy(&self, viewer: &Viewer) -> Result<Vec<PolicyVersion>, Error> {
        self.consult(viewer, EITHER, Topic::Policy, vec![]).await?;
        self.policy_versions(viewer.organisation).await
    }

    /// Every version, newest first.
    pub async fn policy_versions(&self, organisation: OrganisationId) -> Result<Vec<PolicyVersion>, Error> {
        let stream = StreamName { category: Organisation::CATEGORY, id: STREAM };
        let recorded = self.log.read_stream(organisation, stream, 0, &ContentKeys::none()).await?;
        let mut versions: Vec<PolicyVersion> = vec![];
        for recorded in recorded {
            let Event::Organisation(event) = recorded.event else { continue };
            let (policy, version, reason, at) = match event {
                organisation::Event::Founded { policy, at, .. } => (policy, 1, None, at),
                organisation::Event::PolicyChanged { policy, version, reason, at } => {
                    (policy, version, reason, at)
                }
                organisation::Event::Updated { .. }
                | organisation::Event::DomainClaimed { .. }
                | organisation::Event::DomainReleased { .. }
                | organisation::Event::RoleGranted { .. }
                | organisation::Event::RoleRevoked { .. }
                | organisation::Event::Rules(_) => continue,
            };
            let changes = match versions.last_mut() {
                Some(before) => {
                    before.until = Some(at);
                    before.policy.differences(&policy)
                }
                None => vec![],
            };
            let changed_by = match recorded.meta.by {
                Actor::Person { account, .. } => Some(account),
                Actor::LinkHolder { .. } | Actor::Anonymous | Actor::Worker | Actor::Operator => None,
            };
            versions.push(PolicyVersion {
                version,
                policy: *policy,
                since: at,
                until: None,
                changed_by,
                reason,
                changes,
            });
        }
        founded(!versions.is_empty())?;
        versions.reverse();
        Ok(versions)
    }
}

/// A setting's problem, at its path as the API names it.
pub(crate) fn out_of_bounds(PolicyProblem { setting, why }: PolicyProblem) -> Problem {
    let path = camel_case(setting);
    let field = std::iter::once("changes").chain(path.split('.'));
    Problem::new(ProblemCode::PolicyInvalid, format!("{path}: {why}")).at(field)
}

/// A setting's path in the stored policy, as the API names it: `retention.keyBackups`.
#[must_use]
pub fn camel_case(setting: &str) -> String {
    let mut name = String::with_capacity(setting.len());
    let mut raise = false;
    for letter in setting.chars() {
        if letter == '_' {
            raise = true;
        } else if std::mem::take(&mut raise) {
            name.extend(letter.to_uppercase());
        } else {
            name.push(letter);
        }
    }
    name
}

fn refused(refusal: Refusal) -> Problem {
    let field = match refusal {
        Refusal::BadReason => Some("reason"),
        Refusal::StalePolicy => Some("version"),
        Refusal::AlreadyFounded
        | Refusal::NotFounded
        | Refusal::BadIdentity
        | Refusal::BadPolicy
        | Refusal::BadPresentation
        | Refusal::ConflictingRole
        | Refusal::LastAdministrator
        | Refusal::Rules(_) => None,
    };
    Problem::from(refusal).at(field)
}
