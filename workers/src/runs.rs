//! `job_runs`: the last run of each job.

use crate::{JobName, Ran};
use domain::Timestamp;
use eventstore::db::{Db, DbError, Row};
use std::fmt;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did its work.
    Ok,
    /// The surroundings were in the way; it is tried again soon.
    Retry,
    /// Something is wrong; it is tried again when the job is due.
    Failed,
}

const READ: &str = "SELECT last_started_at, last_took_ms, last_outcome, last_failure, last_done_count FROM job_runs WHERE name = $1";
const RECORD: &str = "INSERT INTO job_runs \
     (name, last_started_at, last_took_ms, last_outcome, last_failure, last_done_count, runs) \
     VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT (name) DO UPDATE SET \
     last_started_at = excluded.last_started_at, last_took_ms = excluded.last_took_ms, \
     last_outcome = excluded.last_outcome, last_failure = excluded.last_failure, \
     last_done_count = excluded.last_done_count, runs = job_runs.runs + 1";

/// The last run of a job, if it ever ran.
pub(crate) async fn last(db: &Db, job: JobName) -> Result<Option<Ran>, DbError> {
    let row = db.optional(READ, vec![job.as_str().into()]).await?;
    row.map(|row| read(job, &row)).transpose()
}

/// Records a run in place of the one before.
pub(crate) async fn record(db: &Db, run: &Ran) -> Result<(), DbError> {
    let values = vec![
        run.name.as_str().into(),
        run.started_at.micros().into(),
        run.took_ms.into(),
        run.outcome.as_str().into(),
        run.failure.clone().into(),
        run.done_count.into(),
    ];
    db.run(RECORD, values).await.map(drop)
}

fn read(name: JobName, row: &Row) -> Result<Ran, DbError> {
    Ok(Ran {
        name,
        started_at: Timestamp::from_micros(row.int("last_started_at")?),
        took_ms: row.int("last_took_ms")?,
        outcome: Outcome::read(&row.text("last_outcome")?)?,
        failure: row.opt_text("last_failure")?,
        done_count: row.int("last_done_count")?,
    })
}

impl Outcome {
    /// The word for it, as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Retry => "retry",
            Self::Failed => "failed",
        }
    }

    fn read(word: &str) -> Result<Self, DbError> {
        let found =
            [Self::Ok, Self::Retry, Self::Failed].into_iter().find(|outcome| outcome.as_str() == word);
        found.ok_or_else(|| DbError::Column {
            column: "last_outcome".to_owned(),
            problem: "it is none of ok, retry, failed".to_owned(),
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
