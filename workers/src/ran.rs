//! One run of a job: timed, traced, counted, however it ends.

use crate::{
    JobError, JobName, Outcome,
    jobs::{self, Tools},
};
use anyhow::anyhow;
use domain::Timestamp;
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Instant};

/// What is kept of a failure.
const FAILURE_CHARACTERS: usize = 500;

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Which.
    pub name: JobName,
    /// When it began.
    pub started_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong, without personal data.
    pub failure: Option<String>,
    /// How much it did: messages, lockouts, mails, invitations. 0 when it did not end well.
    pub done_count: i64,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
}

/// Runs a job and tells how it ended; a panic is a failure like others.
pub(crate) async fn run_once(name: JobName, tools: &Tools<'_>) -> Ran {
    let started_at = tools.app.log().now();
    #[expect(clippy::disallowed_methods, reason = "measures how long work takes")]
    let began = Instant::now();
    let done = AssertUnwindSafe(jobs::run(name, tools)).catch_unwind().await;
    let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let done = done
        .unwrap_or_else(|_| Err(JobError::Fail(anyhow!("the job panicked; the program's log says where"))));
    let (outcome, done_count) = match &done {
        Ok(done) => (Outcome::Ok, i64::try_from(*done).unwrap_or(i64::MAX)),
        Err(JobError::Retry(_)) => (Outcome::Retry, 0),
        Err(JobError::Fail(_)) => (Outcome::Failed, 0),
    };
    let failure =
        done.err().map(|problem| problem.text().chars().take(FAILURE_CHARACTERS).collect::<String>());
    let said = failure.as_deref().unwrap_or_default();
    match outcome {
        Outcome::Ok => tracing::debug!(done_count, took_ms, "the job is done"),
        Outcome::Retry => tracing::warn!(failure = said, took_ms, "the job is tried again soon"),
        Outcome::Failed => tracing::error!(failure = said, took_ms, "the job failed"),
    }
    let ran = Ran { name, started_at, outcome, failure, done_count, took_ms };
    ran.measure();
    ran
}

impl Ran {
    fn measure(&self) {
        let job = self.name.as_str();
        let count = u64::try_from(self.done_count).unwrap_or_default();
        metrics::counter!("sealpost_job_runs_total", "job" => job, "outcome" => self.outcome.as_str())
            .increment(1);
        metrics::counter!("sealpost_job_done_total", "job" => job).increment(count);
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a double; seconds and milliseconds fit")]
        let (started_s, took_ms) = ((self.started_at.micros() / 1_000_000) as f64, self.took_ms as f64);
        metrics::gauge!("sealpost_job_last_started_s", "job" => job).set(started_s);
        metrics::gauge!("sealpost_job_last_took_ms", "job" => job).set(took_ms);
        let failing = if self.outcome == Outcome::Ok { 0.0 } else { 1.0 };
        metrics::gauge!("sealpost_job_failing", "job" => job).set(failing);
    }
}
