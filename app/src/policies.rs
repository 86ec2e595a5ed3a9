//! The policy: changing it, and every version that there was (Q8).

use crate::{
    App, Done, Error, Problem, ProblemCode, Steward, Viewer,
    administration::{EITHER, OFFICERS},
    approvals::{Asking, Granted, requester},
    organisations::{STREAM, founded},
};
use domain::{
    AccountId, Decider, Event, Metadata, OrganisationId, Timestamp,
    approval::{Action, Outcome},
    audit::{Right, Topic},
    event::Actor,
    id::ApprovalId,
    organisation::{self, Command, Organisation, Refusal},
    period::Period,
    policy::{Difference, Policy, PolicyProblem},
};
use eventstore::{
    Commit,
    log::{Change, ContentKeys, StreamName},
};
use projections::approvals::ApprovalAction;

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

/// What became of a wish to change the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyChange {
    /// It is in force, as this version.
    InForce(u32),
    /// It keeps something for a shorter time, and waits for a second person (K3).
    Awaits(ApprovalId),
}

impl App {
    /// Replaces the policy, if it is still the version that was seen; else a `CONFLICT`. What keeps something for a shorter time
    /// becomes a request instead. Every setting that is out of its bounds is a problem of its own, at its path below `changes`.
    pub async fn change_policy(
        &self,
        steward: impl Into<Steward<'_>>,
        policy: &Policy,
        version: u32,
        reason: Option<String>,
    ) -> Result<Done<PolicyChange>, Error> {
        let steward = steward.into();
        let (organisation, meta) = self.by_right(steward, Right::AuthorPolicy).await?;
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
            second_person: false,
            at,
        };
        match self.log.execute::<Organisation>(organisation, STREAM, &meta, change).await? {
            Ok(done) => {
                let version = self.rules(organisation).await?.policy_version;
                Ok(Done { value: PolicyChange::InForce(version), position: done.position() })
            }
            Err(Refusal::SecondPersonNeeded) => {
                let action = Action::ShortenRetention { policy: Box::new(policy.clone()), version };
                let reason = reason.as_deref().unwrap_or_default();
                let done = self.ask_to_shorten(organisation, &meta, action, reason).await?;
                if let Steward::Person(_) = steward {
                    self.models.wait_for(done.position, &["approvals"]).await?;
                }
                Ok(Done { value: PolicyChange::Awaits(done.value), position: done.position })
            }
            Err(refusal) => Err(refused(refusal).into()),
        }
    }

    /// Asks for a second person; whoever asked for the same already, and waits, does so on.
    async fn ask_to_shorten(
        &self,
        organisation: OrganisationId,
        meta: &Metadata,
        action: Action,
        reason: &str,
    ) -> Result<Done<ApprovalId>, Error> {
        let by = requester(meta);
        for row in self.models.approvals_pending(organisation, ApprovalAction::ShortenRetention).await? {
            let request = self.request(organisation, row.approval).await?;
            if request.by == by && request.action == action && self.log.now() < request.lapses_at {
                return Ok(Done { value: row.approval, position: self.log.head() });
            }
        }
        let approval = self.log.clock().new_id();
        let change = self.asked_for(Asking { organisation, approval, action, reason, meta }).await?;
        let appended = self.log.append(Commit::new(organisation, meta, vec![change])).await?;
        Ok(Done { value: approval, position: appended.position() })
    }

    /// Replaces the policy by one that a second person agreed to, unless somebody changed it meanwhile.
    pub(crate) async fn shorten_retention(
        &self,
        granted: &Granted,
        policy: &Policy,
        version: u32,
    ) -> Result<(Outcome, Vec<Change>), Error> {
        let loaded = self.log.load::<Organisation>(granted.organisation, STREAM).await?;
        let change = Command::ChangePolicy {
            policy: Box::new(policy.clone()),
            version,
            reason: granted.reason.clone(),
            second_person: true,
            at: self.log.now(),
        };
        match loaded.decide(change) {
            Ok(change) => Ok((Outcome::Done, vec![change])),
            Err(Refusal::StalePolicy) => Ok((Outcome::Stale, vec![])),
            Err(refusal) => Err(refused(refusal).into()),
        }
    }

    /// Every version, newest first, for one of those who administer.
    pub async fn consult_policy(&self, viewer: &Viewer) -> Result<Vec<PolicyVersion>, Error> {
        self.consult(viewer, EITHER, Topic::Policy, vec![]).await?;
        self.policy_versions(viewer.organisation).await
    }

    /// Every version, newest first, for officers (Q8).
    pub async fn audit_policies(&self, viewer: &Viewer) -> Result<Vec<PolicyVersion>, Error> {
        self.consult(viewer, OFFICERS, Topic::Policy, vec![]).await?;
        self.policy_versions(viewer.organisation).await
    }

    /// The version in force at an instant, now if none is named (Q8, N2).
    pub async fn policy_at(
        &self,
        viewer: &Viewer,
        as_of: Option<Timestamp>,
    ) -> Result<Option<PolicyVersion>, Error> {
        let versions = self.audit_policies(viewer).await?;
        let at = self.instant(viewer.organisation, as_of, "asOf").await?;
        Ok(in_force(versions, at))
    }

    /// What differs between the versions of two instants, the later now if none is named (Q8).
    pub async fn policy_difference(
        &self,
        viewer: &Viewer,
        from: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<Vec<Difference>, Error> {
        let versions = self.audit_policies(viewer).await?;
        let from = self.instant(viewer.organisation, Some(from), "from").await?;
        let until = self.instant(viewer.organisation, until, "until").await?;
        let (earlier, later) = (in_force(versions.clone(), from), in_force(versions, until));
        let differences = earlier.zip(later).map(|(one, other)| one.policy.differences(&other.policy));
        Ok(differences.unwrap_or_default())
    }

    /// Since when each version is in force and how long backups of keys live under it, oldest first.
    pub async fn backup_lives(
        &self,
        organisation: OrganisationId,
    ) -> Result<Vec<(Timestamp, Period)>, Error> {
        let versions = self.policy_versions(organisation).await?;
        let life = |version: &PolicyVersion| (version.since, version.policy.retention.key_backups);
        Ok(versions.iter().rev().map(life).collect())
    }

    /// Every version, newest first.
    pub async fn policy_versions(&self, organisation: OrganisationId) -> Result<Vec<PolicyVersion>, Error> {
        let stream = StreamName { category: Organisation::CATEGORY, id: STREAM };
        let recorded = self.log.read_stream(organisation, stream, 0, &ContentKeys::none()).await?;
        let mut versions: Vec<PolicyVersion> = vec![];
        for recorded in recorded {
            let Event::Organisation(event) = recorded.event else { continue };
            let (policy, version, reason) = match event {
                organisation::Event::Founded { policy, .. } => (policy, 1, None),
                organisation::Event::PolicyChanged { policy, version, reason, .. } => {
                    (policy, version, reason)
                }
                organisation::Event::Updated { .. }
                | organisation::Event::DomainClaimed { .. }
                | organisation::Event::DomainReleased { .. }
                | organisation::Event::RoleGranted { .. }
                | organisation::Event::RoleRevoked { .. }
                | organisation::Event::Rules(_) => continue,
            };
            // What was decided counts from the instant on at which it was recorded.
            let at = recorded.recorded_at;
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

fn in_force(versions: Vec<PolicyVersion>, at: Timestamp) -> Option<PolicyVersion> {
    // Newest first.
    versions.into_iter().find(|version| version.since <= at)
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
        | Refusal::SecondPersonNeeded
        | Refusal::BadPresentation
        | Refusal::ConflictingRole
        | Refusal::LastAdministrator
        | Refusal::Rules(_) => None,
    };
    Problem::from(refusal).at(field)
}
