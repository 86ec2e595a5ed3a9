//! Why a job did not do its work, told apart by whether it helps to try again soon.

use eventstore::{LogError, db::DbError, keys::KeyError};
use projections::ProjectionError;
use std::error::Error;
use thiserror::Error;

/// Why a job did not do its work. What is inside is shown to operators and holds nothing personal.
#[derive(Debug)]
pub enum JobError {
    /// The surroundings are in the way: it is tried again soon.
    Retry(anyhow::Error),
    /// Something is wrong that time does not mend: it is tried again when the job is due.
    Fail(anyhow::Error),
}

/// Why the cron table could not be worked through: the records of the runs could not be read or written.
#[derive(Debug, Error)]
#[error("the records of the jobs cannot be used: {0}")]
pub struct JobsError(#[from] DbError);

impl JobError {
    /// What it says, causes included.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Retry(problem) | Self::Fail(problem) => format!("{problem:#}"),
        }
    }
}

impl From<app::Error> for JobError {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::Busy | app::Error::NotCaughtUp => Self::Retry(error.into()),
            // The sentence of a problem can name an address; its code cannot.
            app::Error::Problems(problems) => {
                let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
                Self::Fail(anyhow::anyhow!("a use case refused: {codes:?}"))
            }
            app::Error::Internal(ref cause) if passes(cause.as_ref()) => Self::Retry(error.into()),
            app::Error::Internal(_)
            | app::Error::TooMuch(_)
            | app::Error::Unauthenticated
            | app::Error::SessionEnded
            | app::Error::Forbidden
            | app::Error::Throttled
            | app::Error::ClientNotActivated { .. }
            | app::Error::ClientTooOld { .. } => Self::Fail(error.into()),
        }
    }
}

/// Whether a cause is one of the surroundings: a database that is away or busy, a program that shuts down.
fn passes(cause: &(dyn Error + Send + Sync + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<DbError>() {
        database_passes(error)
    } else if let Some(error) = cause.downcast_ref::<LogError>() {
        log_passes(error)
    } else if let Some(error) = cause.downcast_ref::<KeyError>() {
        key_passes(error)
    } else if let Some(error) = cause.downcast_ref::<ProjectionError>() {
        match error {
            ProjectionError::Db(error) => database_passes(error),
            ProjectionError::Log(error) => log_passes(error),
            ProjectionError::Key(error) => key_passes(error),
            ProjectionError::Unreadable { .. }
            | ProjectionError::Parked { .. }
            | ProjectionError::TooMuch(_)
            | ProjectionError::Unknown { .. } => false,
        }
    } else {
        false
    }
}

fn database_passes(error: &DbError) -> bool {
    matches!(error, DbError::Busy(_) | DbError::Unreachable(_))
}

fn key_passes(error: &KeyError) -> bool {
    matches!(error, KeyError::Db(error) if database_passes(error))
}

fn log_passes(error: &LogError) -> bool {
    match error {
        LogError::Conflict | LogError::Busy | LogError::Closed => true,
        LogError::Db(error) => database_passes(error),
        LogError::Key(error) => key_passes(error),
        LogError::KeyReused | LogError::Codec(_) | LogError::Open { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::{Problem, ProblemCode};

    /// A job is tried again soon where waiting helps, and only there.
    #[test]
    fn what_passes_is_told_from_what_stays() {
        let unreachable = || DbError::Unreachable("no route".to_owned());
        let broken = || DbError::Other("no such table".to_owned());
        for passing in [
            app::Error::Busy,
            app::Error::NotCaughtUp,
            app::Error::Internal(Box::new(unreachable())),
            app::Error::Internal(Box::new(LogError::Db(unreachable()))),
            app::Error::Internal(Box::new(ProjectionError::Log(LogError::Closed))),
            app::Error::Internal(Box::new(KeyError::Db(unreachable()))),
        ] {
            let error = JobError::from(passing);
            assert!(matches!(error, JobError::Retry(_)), "{error:?}");
        }
        for staying in [
            app::Error::Forbidden,
            app::Error::Internal(Box::new(broken())),
            app::Error::Internal(Box::new(LogError::Db(broken()))),
            app::Error::Internal(Box::new(ProjectionError::Unreadable { column: "profile" })),
            app::Error::Internal("something else".into()),
        ] {
            let error = JobError::from(staying);
            assert!(matches!(error, JobError::Fail(_)), "{error:?}");
        }
    }

    /// What a job says of a refusal names nobody.
    #[test]
    fn a_refusal_names_nobody() {
        let problem = Problem::new(ProblemCode::RecipientRefused, "ada@insurer.example wants no mail.");
        let text = JobError::from(app::Error::from(problem)).text();
        assert!(text.contains("RecipientRefused") && !text.contains("ada"), "{text}");
    }
}
