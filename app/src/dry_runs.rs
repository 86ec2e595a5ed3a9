//! Content rules tried on past mail (G3): asked for here, done by the job *try rules*, read on any node. It opens messages as
//! their senders could, shows nothing of them, and sends nothing.

mod running;
mod store;

use crate::{
    App, Done, Error, Problem, ProblemCode, Viewer, Work, WorkKind,
    content_rules::{ContentRule, problem_at},
    works::Stored,
};
use domain::{
    AccountId, MessageId, Timestamp,
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
    /// How far it is; its id is the run's.
    pub work: Work,
    /// The rules.
    pub rules: Vec<ContentRule>,
}

/// What is tried, as it is kept until it was.
#[derive(Serialize, Deserialize)]
struct Trial {
    rules: Vec<Rule>,
    from: Timestamp,
    until: Timestamp,
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
        let trial = Trial { rules, from, until };
        let begun = self.begin_work(organisation, WorkKind::DryRun, &key, &trial, position).await?;
        Ok(Done { value: self.dry_run_from(&begun.value).await?, position })
    }

    /// A dry run, for policy authors; there is none for others.
    pub async fn dry_run(&self, viewer: &Viewer, id: Id<Work>) -> Result<Option<DryRun>, Error> {
        if viewer.role_for(Right::AuthorPolicy).is_none() {
            return Ok(None);
        }
        match self.stored_work(viewer.organisation, WorkKind::DryRun, id).await? {
            Some(stored) => Ok(Some(self.dry_run_from(&stored).await?)),
            None => Ok(None),
        }
    }

    /// What a dry run met so far, the newest mail first.
    pub async fn dry_run_hits(
        &self,
        viewer: &Viewer,
        run: &DryRun,
        page: &TimedPage<domain::message::Message>,
    ) -> Result<Slice<TriedHit>, Error> {
        let Slice { items, has_previous, has_next } =
            self.stored_hits(viewer.organisation, run.work.id, page).await?;
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
        let Some(at) = self.stored_hit_at(viewer.organisation, run.work.id, message).await? else {
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
        self.stored_hit_count(viewer.organisation, run.work.id).await
    }

    async fn dry_run_from(&self, stored: &Stored) -> Result<DryRun, Error> {
        let work = stored.work.clone();
        let rules = self.asked_of::<Trial>(stored).await?.rules.into_iter().enumerate();
        let rules = rules.map(|(place, rule)| ContentRule { id: tried(work.id, place), rule }).collect();
        Ok(DryRun { work, rules })
    }
}

/// The id of a rule that stands nowhere but in a dry run.
fn tried(run: Id<Work>, place: usize) -> RuleId {
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
