//! Content rules tried on past mail (G3): asked for here, done by the job *try rules*, read on any node. It opens messages as
//! their senders could, shows nothing of them, and sends nothing.

mod running;
mod store;

pub(crate) use store::Stored;

use crate::{
    App, Done, Error, Place, Problem, ProblemCode, Viewer, content_rules::ContentRule,
    content_rules::problem_at, sending::sent_id,
};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp,
    audit::{Question, Right, Topic},
    content::{Action, Rule},
    id::{Id, RuleId},
};
use projections::{Slice, TimedPage};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Rules tried on past mail.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// Which.
    pub id: Id<DryRun>,
    /// How it stands.
    pub state: DryRunState,
    /// Messages that were looked at.
    pub done: u64,
    /// Messages in all, once it has begun.
    pub total: Option<u64>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What went wrong, in words.
    pub failure: Option<String>,
    /// The rules.
    pub rules: Vec<ContentRule>,
}

/// How a dry run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DryRunState {
    /// It waits for the job.
    Queued,
    /// It is under way; a node that stops leaves it to the next.
    Running,
    /// It has looked at everything.
    Done,
    /// It gave up.
    Failed,
}

/// A past message that a rule would have met.
#[derive(Debug, Clone)]
pub struct TriedHit {
    /// Which message.
    pub message: MessageId,
    /// When it was sent.
    pub at: Timestamp,
    /// The rule.
    pub rule: ContentRule,
    /// What would have been done.
    pub action: Action,
    /// How many hits.
    pub hits: u32,
    /// Whose mail.
    pub sender: AccountId,
}

/// What is to be tried.
#[derive(Debug, Clone)]
pub struct DryRunRequest {
    /// The rules, 1 to 50.
    pub rules: Vec<Rule>,
    /// Mail sent at this instant or later.
    pub from: Timestamp,
    /// Mail sent before this instant; now by default.
    pub until: Option<Timestamp>,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// Rules that are tried together.
const RULES: usize = 50;
/// Runs that are not finished, of one organisation.
const UNFINISHED: u64 = 10;

impl App {
    /// Has rules tried on past mail (G3). That somebody asked is on record, as every question is.
    pub async fn dry_run_rules(
        &self,
        viewer: &Viewer,
        request: DryRunRequest,
    ) -> Result<Done<DryRun>, Error> {
        let meta = self.authorise(viewer, Right::AuthorPolicy).await?;
        let organisation = viewer.organisation;
        let DryRunRequest { rules, from, until, idempotency_key } = request;
        let inputs = format!("{:?}", (&rules, from, until));
        let key = self.idempotency(viewer, "dry-run", &idempotency_key, &inputs).await?;
        look_at(&rules)?;
        let now = self.log.now();
        let until = until.unwrap_or(now).min(now);
        if from >= until {
            let message = "Name a time for `from` that is before `until`, and in the past.";
            return Err(Problem::new(ProblemCode::Invalid, message).at(["from"]).into());
        }
        let question =
            Question { topic: Topic::Policy, from: Some(from), until: Some(until), ..Question::default() };
        let position = self.ask(organisation, &meta, question).await?;
        let id: Id<DryRun> = sent_id(&key);
        if let Some(known) = self.stored_run(organisation, id).await? {
            if known.input != key.input {
                return Err(eventstore::LogError::KeyReused.into());
            }
        } else {
            if self.unfinished_runs(organisation).await? >= UNFINISHED {
                let message = "As many dry runs wait as can; try again when one of them is done.";
                return Err(Problem::new(ProblemCode::NotAllowed, message).into());
            }
            let plain = serde_json::to_vec(&rules).map_err(Error::internal)?;
            let sealed = self.hide(organisation, Place::DryRun, &plain).await?;
            self.store_run(organisation, id, key.input, sealed, (from, until), now).await?;
        }
        let run =
            self.dry_run_of(organisation, id).await?.ok_or_else(|| crate::error::not_found("dry run"))?;
        Ok(Done { value: run, position })
    }

    /// A dry run, for policy authors; there is none for others.
    pub async fn dry_run(&self, viewer: &Viewer, id: Id<DryRun>) -> Result<Option<DryRun>, Error> {
        if viewer.role_for(Right::AuthorPolicy).is_none() {
            return Ok(None);
        }
        self.dry_run_of(viewer.organisation, id).await
    }

    /// What a dry run met so far, the newest mail first.
    pub async fn dry_run_hits(
        &self,
        viewer: &Viewer,
        run: &DryRun,
        page: &TimedPage<domain::message::Message>,
    ) -> Result<Slice<TriedHit>, Error> {
        let Slice { items, has_previous, has_next } =
            self.stored_hits(viewer.organisation, run.id, page).await?;
        let known = |hit: store::StoredHit| {
            let rule = run.rules.get(hit.rule)?.clone();
            let store::StoredHit { message, at, action, hits, sender, .. } = hit;
            Some(TriedHit { message, at, rule, action, hits, sender })
        };
        Ok(Slice { items: items.into_iter().filter_map(known).collect(), has_previous, has_next })
    }

    /// One of them.
    pub async fn dry_run_hit(
        &self,
        viewer: &Viewer,
        run: &DryRun,
        message: MessageId,
    ) -> Result<Option<TriedHit>, Error> {
        let Some(at) = self.stored_hit_at(viewer.organisation, run.id, message).await? else {
            return Ok(None);
        };
        // The page that ends with it.
        let before = TimedPage {
            last: Some(1),
            before: Some((Timestamp::from_micros(at.micros() - 1), message)),
            ..TimedPage::default()
        };
        let found = self.dry_run_hits(viewer, run, &before).await?;
        Ok(found.items.into_iter().find(|hit| hit.message == message))
    }

    /// How many it met so far.
    pub async fn dry_run_hit_count(&self, viewer: &Viewer, run: &DryRun) -> Result<u64, Error> {
        self.stored_hit_count(viewer.organisation, run.id).await
    }

    async fn dry_run_of(
        &self,
        organisation: OrganisationId,
        id: Id<DryRun>,
    ) -> Result<Option<DryRun>, Error> {
        let Some(stored) = self.stored_run(organisation, id).await? else { return Ok(None) };
        let rules = self.rules_of_run(organisation, &stored).await?;
        let Stored { state, done, total, started_at, finished_at, failure, .. } = stored;
        let rules =
            rules.into_iter().enumerate().map(|(place, rule)| ContentRule { id: tried(id, place), rule });
        Ok(Some(DryRun { id, state, done, total, started_at, finished_at, failure, rules: rules.collect() }))
    }

    async fn rules_of_run(&self, organisation: OrganisationId, run: &Stored) -> Result<Vec<Rule>, Error> {
        let plain = self.reveal(organisation, Place::DryRun, &run.rules).await?.unwrap_or_default();
        serde_json::from_slice(&plain).map_err(Error::internal)
    }
}

/// The id of a rule that stands nowhere but in a dry run.
fn tried(run: Id<DryRun>, place: usize) -> RuleId {
    RuleId::new(Uuid::new_v5(&run.uuid(), &place.to_be_bytes()))
}

/// Everything that is wrong with the rules, each at its path.
fn look_at(rules: &[Rule]) -> Result<(), Error> {
    if !(1..=RULES).contains(&rules.len()) {
        let message = format!("Try 1 to {RULES} rules together.");
        return Err(Problem::new(ProblemCode::Invalid, message).at(["rules"]).into());
    }
    let problems: Vec<_> = rules
        .iter()
        .enumerate()
        .flat_map(|(place, rule)| {
            let place = place.to_string();
            let at = move |problem| problem_at(problem, &["rules", &place]);
            rule.problems().into_iter().map(at)
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Problems(problems)) }
}
