//! Runs each job when it is due, on one node at a time.

use crate::{
    Anchoring, JobName, JobsError, Mailer, Outcome, Ran, Schedule, Table, jobs::Tools, ran::run_once, runs,
};
use app::App;
use chrono::{DateTime, Utc};
use domain::{Timestamp, period::Period};
use eventstore::{
    db::{Db, DbError},
    leases::Leases,
};
use futures_util::future::join_all;
use std::{convert::Infallible, time::Duration};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How often it looks what is due.
const LOOK: Duration = Duration::from_secs(1);
/// How long a node keeps a job without prolonging: then it is taken for dead, and another may run it.
const LEASE: Period = Period::minutes(5);
/// How often a running job's lease is prolonged.
const PROLONG: Duration = Duration::from_mins(1);
/// After a run that is to be tried again, unless the job is due sooner anyway.
const RETRY_AFTER: Period = Period::minutes(1);
/// A last run that lies further ahead than clocks of nodes differ is from before the clock was set back: it counts as none.
const CLOCKS_DIFFER: Period = Period::minutes(5);

/// Runs the jobs of the cron table. Cloning shares what they work with.
#[derive(Clone)]
pub struct Scheduler {
    app: App,
    table: Table,
    mailer: Mailer,
    relay: Mailer,
    anchoring: Option<Anchoring>,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStatus {
    /// Which.
    pub name: JobName,
    /// Its cron expression, UTC.
    pub expression: String,
    /// When it last began.
    pub last_started_at: Option<Timestamp>,
    /// How long that took, in milliseconds.
    pub last_took_ms: Option<i64>,
    /// How it ended.
    pub last_outcome: Option<Outcome>,
    /// What went wrong then, without personal data.
    pub last_failure: Option<String>,
    /// How much it did then: messages, lockouts, mails, invitations.
    pub last_done_count: Option<i64>,
    /// When it is due; the past when it is due now, `None` when its expression names no time to come.
    pub next_at: Option<Timestamp>,
}

/// Whether a run asks first if the job is due.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Due,
    Now,
}

impl Scheduler {
    /// The jobs of a table over the use cases. Nothing runs until [`Self::run`], [`Self::run_due`] or [`Self::run_now`].
    #[must_use]
    pub fn new(app: App, table: Table, mailer: Mailer) -> Self {
        let relay = mailer.clone();
        Self { app, table, mailer, relay, anchoring: None }
    }

    /// The same, with another way on for mail that is not secured.
    #[must_use]
    pub fn with_relay(self, relay: Mailer) -> Self {
        Self { relay, ..self }
    }

    /// The same, with places for the log's checkpoints.
    #[must_use]
    pub fn with_anchoring(self, anchoring: Anchoring) -> Self {
        Self { anchoring: Some(anchoring), ..self }
    }

    /// Runs what is due until `stop`; what runs then comes to an end first. Each job looks for itself, so that one that
    /// takes long, or fails, holds up no other.
    pub async fn run(&self, stop: CancellationToken) {
        let schedules = self.table.schedules().iter();
        join_all(schedules.map(|schedule| self.keep_running(schedule, &stop))).await;
    }

    /// Runs every job that is due and that no other node runs, once however many times it was missed. A job's failure is
    /// in the answer and on record; the error is one of the records themselves, and comes after every job was tried.
    pub async fn run_due(&self) -> Result<Vec<Ran>, JobsError> {
        let stop = CancellationToken::new();
        let schedules = self.table.schedules().iter();
        let attempts = schedules.map(|schedule| self.attempt(schedule, When::Due, &stop));
        let ran = join_all(attempts).await;
        ran.into_iter().filter_map(Result::transpose).collect()
    }

    /// Runs a job whether it is due or not; `None` while another node, or another run of this one, is at it.
    pub async fn run_now(&self, name: JobName) -> Result<Option<Ran>, JobsError> {
        let stop = CancellationToken::new();
        self.attempt(self.table.schedule(name), When::Now, &stop).await
    }

    /// How each job stands.
    pub async fn list(&self) -> Result<Vec<JobStatus>, JobsError> {
        let mut all = vec![];
        for schedule in self.table.schedules() {
            let last = runs::last(self.db(), schedule.name).await?;
            let next_at = due_at(schedule, last.as_ref(), self.app.log().now());
            all.push(JobStatus {
                name: schedule.name,
                expression: schedule.expression.source().to_owned(),
                last_started_at: last.as_ref().map(|run| run.started_at),
                last_took_ms: last.as_ref().map(|run| run.took_ms),
                last_outcome: last.as_ref().map(|run| run.outcome),
                last_done_count: last.as_ref().map(|run| run.done_count),
                last_failure: last.and_then(|run| run.failure),
                next_at,
            });
        }
        Ok(all)
    }

    async fn keep_running(&self, schedule: &Schedule, stop: &CancellationToken) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => {}
            }
            if let Err(problem) = self.attempt(schedule, When::Due, stop).await {
                tracing::warn!(job = %schedule.name, %problem, "the job is looked at again in a moment");
            }
        }
    }

    /// Runs a job under its lease; `None` when it is not due or not ours to run.
    async fn attempt(
        &self,
        schedule: &Schedule,
        when: When,
        stop: &CancellationToken,
    ) -> Result<Option<Ran>, JobsError> {
        if when == When::Due && !self.is_due(schedule).await? {
            return Ok(None);
        }
        // A holder of its own for each run, so that two runs of one program keep apart as well.
        let leases = Leases::new(self.db().clone(), self.app.log().clock().clone());
        let lease = format!("job:{}", schedule.name);
        if leases.take(&lease, LEASE).await?.is_none() {
            return Ok(None);
        }
        let ran = self.run_leased(schedule, when, stop, &leases, &lease).await;
        if let Err(problem) = leases.give_back(&lease).await {
            tracing::warn!(job = %schedule.name, %problem, "the lease was not given back; it ends by itself");
        }
        Ok(ran?)
    }

    async fn run_leased(
        &self,
        schedule: &Schedule,
        when: When,
        stop: &CancellationToken,
        leases: &Leases,
        lease: &str,
    ) -> Result<Option<Ran>, DbError> {
        // Another node may have run it between the look and the lease.
        if when == When::Due && !self.is_due(schedule).await? {
            return Ok(None);
        }
        let tools = Tools {
            app: &self.app,
            mailer: &self.mailer,
            relay: &self.relay,
            anchoring: self.anchoring.as_ref(),
            stop,
        };
        let span = tracing::info_span!("job", name = %schedule.name);
        let ran = tokio::select! {
            ran = run_once(schedule.name, &tools).instrument(span) => ran,
            never = prolong(leases, lease) => match never {},
        };
        runs::record(self.db(), &ran).await?;
        Ok(Some(ran))
    }

    async fn is_due(&self, schedule: &Schedule) -> Result<bool, DbError> {
        let last = runs::last(self.db(), schedule.name).await?;
        let now = self.app.log().now();
        Ok(due_at(schedule, last.as_ref(), now).is_some_and(|due| due <= now))
    }

    fn db(&self) -> &Db {
        self.app.log().db()
    }
}

/// When a job is due next: at once if it never ran, otherwise at the first time after its last run, however many were
/// missed since.
fn due_at(schedule: &Schedule, last: Option<&Ran>, now: Timestamp) -> Option<Timestamp> {
    let Some(last) = last.filter(|last| last.started_at <= now.plus(CLOCKS_DIFFER)) else {
        return Some(now);
    };
    let started_at: DateTime<Utc> = DateTime::from_timestamp_micros(last.started_at.micros())?;
    let next = schedule.expression.after(&started_at).next();
    let next = next.map(|next| Timestamp::from_micros(next.timestamp_micros()));
    match last.outcome {
        Outcome::Ok | Outcome::Failed => next,
        Outcome::Retry => {
            let soon = last.started_at.plus(RETRY_AFTER);
            Some(next.map_or(soon, |next| next.min(soon)))
        }
    }
}

/// Keeps a lease for as long as it is polled.
async fn prolong(leases: &Leases, lease: &str) -> Infallible {
    loop {
        sleep(PROLONG).await;
        // Another node may have it by now, or the database be away. The job goes on all the same: each is idempotent.
        match leases.take(lease, LEASE).await {
            Ok(Some(_)) => {}
            Ok(None) => tracing::warn!(lease, "the lease was lost while the job ran"),
            Err(problem) => tracing::warn!(lease, %problem, "the lease was not prolonged"),
        }
    }
}
