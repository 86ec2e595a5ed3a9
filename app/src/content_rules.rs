//! The organisation's content rules: kept by policy authors, asked about what members write (G2, G3, Q9).

mod asking;

pub(crate) use asking::{is_text, judged, text_of, texts_of};

use crate::{
    App, Done, Error, Problem, ProblemCode, Viewer, administration::EITHER, organisations::STREAM, retrying,
    sending::sent_id,
};
use domain::{
    Metadata, OrganisationId,
    audit::{Right, Topic},
    content::{Fault, Rule, RuleProblem, Rules},
    id::RuleId,
    organisation::{
        Command, Organisation, Refusal, State,
        rules::{self, Known},
    },
    policy::ContentPolicy,
};
use eventstore::{Commit, Position, log::Idempotency};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// A rule with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentRule {
    /// Which.
    pub id: RuleId,
    /// What it is; for one that was removed, what it was.
    pub rule: Rule,
}

impl App {
    /// Adds a rule (G3).
    pub async fn create_content_rule(
        &self,
        viewer: &Viewer,
        rule: Rule,
        key: &str,
    ) -> Result<Done<ContentRule>, Error> {
        let meta = self.authorise(viewer, Right::AuthorPolicy).await?;
        let request = self.idempotency(viewer, "content-rule", key, &format!("{rule:?}")).await?;
        let id: RuleId = sent_id(&request);
        if let Some(position) = self.log.repeated(viewer.organisation, &request).await? {
            return self.known_rule(viewer.organisation, id, position).await;
        }
        look_at(&rule)?;
        let at = self.log.now();
        let create = rules::Command::Create { id, rule: Box::new(rule), at };
        let position = self.change_rules(viewer.organisation, &meta, create, Some(request)).await?;
        self.known_rule(viewer.organisation, id, position).await
    }

    /// Replaces a rule (G3).
    pub async fn update_content_rule(
        &self,
        viewer: &Viewer,
        id: RuleId,
        rule: Rule,
    ) -> Result<Done<ContentRule>, Error> {
        let meta = self.authorise(viewer, Right::AuthorPolicy).await?;
        look_at(&rule)?;
        let at = self.log.now();
        let change = rules::Command::Change { id, rule: Box::new(rule), at };
        let position = self.change_rules(viewer.organisation, &meta, change, None).await?;
        self.known_rule(viewer.organisation, id, position).await
    }

    /// Removes a rule; its hits stay in the audit.
    pub async fn delete_content_rule(&self, viewer: &Viewer, id: RuleId) -> Result<Done<RuleId>, Error> {
        let meta = self.authorise(viewer, Right::AuthorPolicy).await?;
        let delete = rules::Command::Delete { id, at: self.log.now() };
        let position = self.change_rules(viewer.organisation, &meta, delete, None).await?;
        Ok(Done { value: id, position })
    }

    /// The rules that stand, in their order. The look is on record.
    pub async fn content_rules(&self, viewer: &Viewer) -> Result<Vec<ContentRule>, Error> {
        self.consult(viewer, EITHER, Topic::Policy, vec![]).await?;
        let state = self.rules(viewer.organisation).await?;
        let mut rules: Vec<_> =
            state.standing_rules().map(|(id, rule)| ContentRule { id, rule: rule.clone() }).collect();
        rules.sort_by_key(|rule| (rule.rule.order, rule.id));
        Ok(rules)
    }

    /// The enabled rules of an organisation, ready to be asked. They are made ready once for each change.
    pub(crate) fn ready_rules(
        &self,
        organisation: OrganisationId,
        state: &State,
    ) -> Result<Arc<Rules>, Error> {
        let mut ready = self.ready_rules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ready.get(&organisation).filter(|known| known.is_of(state)) {
            return Ok(known.rules.clone());
        }
        let rules = Rules::compile(state.standing_rules(), &state.policy.content).map_err(Error::internal)?;
        let rules = Arc::new(rules);
        let made =
            Ready { of: state.rules.clone(), policy: state.policy.content.clone(), rules: rules.clone() };
        ready.insert(organisation, made);
        Ok(rules)
    }

    async fn change_rules(
        &self,
        organisation: OrganisationId,
        meta: &Metadata,
        command: rules::Command,
        idempotency: Option<Idempotency>,
    ) -> Result<Position, Error> {
        let command = &command;
        retrying(move || async move {
            let loaded = self.log.load::<Organisation>(organisation, STREAM).await?;
            let change = loaded.decide(Command::Rules(command.clone())).map_err(refused)?;
            let commit = Commit { idempotency, ..Commit::new(organisation, meta, vec![change]) };
            Ok(self.log.append(commit).await?.position())
        })
        .await
    }

    async fn known_rule(
        &self,
        organisation: OrganisationId,
        id: RuleId,
        position: Position,
    ) -> Result<Done<ContentRule>, Error> {
        let state = self.rules(organisation).await?;
        let known = state.rules.get(&id).ok_or_else(|| refused(no_such_rule()))?;
        Ok(Done { value: ContentRule { id, rule: known.rule.clone() }, position })
    }
}

/// Rules that were made ready, by organisation.
pub(crate) type ReadyRules = Arc<Mutex<HashMap<OrganisationId, Ready>>>;

/// Rules that were made ready, and of what.
pub(crate) struct Ready {
    of: BTreeMap<RuleId, Known>,
    policy: ContentPolicy,
    rules: Arc<Rules>,
}

impl Ready {
    fn is_of(&self, state: &State) -> bool {
        self.of == state.rules && self.policy == state.policy.content
    }
}

/// Everything that is wrong with a rule, at its path below `rule`.
fn look_at(rule: &Rule) -> Result<(), Error> {
    let problems: Vec<_> =
        rule.problems().into_iter().map(|problem| problem_at(problem, &["rule"])).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Problems(problems)) }
}

/// A rule's problem, below a path.
pub(crate) fn problem_at(problem: RuleProblem, below: &[&str]) -> Problem {
    let RuleProblem { fault, field, why } = problem;
    let code = match fault {
        Fault::Missing => ProblemCode::Required,
        Fault::TooLong => ProblemCode::TooLong,
        Fault::Invalid => ProblemCode::Invalid,
    };
    Problem::new(code, why).at(below.iter().copied().chain(field.iter().map(String::as_str)))
}

fn no_such_rule() -> Refusal {
    Refusal::Rules(rules::Refusal::NoSuchRule)
}

fn refused(refusal: Refusal) -> Problem {
    let field: &[&str] = match &refusal {
        Refusal::Rules(rules::Refusal::NameTaken) => &["rule", "name"],
        Refusal::Rules(rules::Refusal::NoSuchRule) => &["ruleId"],
        Refusal::Rules(rules::Refusal::TooMany)
        | Refusal::AlreadyFounded
        | Refusal::NotFounded
        | Refusal::BadIdentity
        | Refusal::BadPolicy
        | Refusal::StalePolicy
        | Refusal::SecondPersonNeeded
        | Refusal::BadReason
        | Refusal::BadPresentation
        | Refusal::ConflictingRole
        | Refusal::LastAdministrator => &[],
    };
    Problem::from(refusal).at(field.iter().copied())
}
