//! What can go wrong at the database, told apart as far as a caller acts on it.
//!
//! The driver's own errors end here: they may quote values (PostgreSQL's DETAIL line does) or an address with a password,
//! so only what is known to be free of both is kept, as text.

use sqlx::{
    error::DatabaseError,
    migrate::MigrateError,
    postgres::{PgDatabaseError, PgErrorPosition},
    sqlite::SqliteError,
};
use thiserror::Error;

/// Why a statement, a connection or a migration failed. Holds neither values nor passwords.
#[derive(Debug, Error)]
pub enum DbError {
    /// A row with the same unique key exists: for an append, somebody else was faster.
    #[error("a row with this key exists already; read again and decide again")]
    Unique,
    /// The database or the pool is at its limit, or two transactions collided. Nothing was written.
    #[error("the database is busy ({0}); try again")]
    Busy(String),
    /// A newer program has migrated this database.
    #[error(
        "the database has schema version {found}, this program knows up to {known}; run the newer program"
    )]
    Newer {
        /// Highest version that the database has.
        found: i64,
        /// Highest version that this program has.
        known: i64,
    },
    /// A migration that this database has run reads differently in this program.
    #[error("migration {version} was changed after this database ran it; run the program that it came from")]
    Changed {
        /// Version of the migration that differs.
        version: i64,
    },
    /// A migration did not run; the database is as it was before.
    #[error("migration {version} failed and was taken back: {problem}")]
    Migration {
        /// Version of the migration that failed.
        version: i64,
        /// What the database said.
        problem: String,
    },
    /// No connection, or it broke. Whether a transaction that was being committed is stored is unknown.
    #[error("the database cannot be reached ({0}); check that it runs and that its URL is right")]
    Unreachable(String),
    /// The database URL cannot be used.
    #[error("the database URL is not valid ({0}); write sqlite://path or postgres://user@host/database")]
    Url(String),
    /// A statement that must give one row gave none.
    #[error("the database has no such row")]
    NoRow,
    /// A column is missing or holds something else than what was asked for: a mistake in the program.
    #[error("column `{column}`: {problem}")]
    Column {
        /// The column's name.
        column: String,
        /// What differs; never the value.
        problem: String,
    },
    /// Anything else: a mistake in a statement, a full disk, a missing right, a refusal by a trigger.
    #[error("the database refused: {0}")]
    Other(String),
}

impl DbError {
    /// Whether a unique key was taken, on either database.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Unique)
    }

    pub(super) fn column(column: &str, problem: &sqlx::Error) -> Self {
        let problem = match problem {
            sqlx::Error::ColumnDecode { source, .. } => source.to_string(),
            sqlx::Error::ColumnNotFound(_) => "no such column in the answer".to_owned(),
            other => other.to_string(),
        };
        Self::Column { column: column.to_owned(), problem }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => from_database(error.as_ref()),
            sqlx::Error::PoolTimedOut => Self::Busy("no connection became free in time".to_owned()),
            sqlx::Error::RowNotFound => Self::NoRow,
            sqlx::Error::Configuration(problem) => Self::Url(problem.to_string()),
            error @ (sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed) => Self::Unreachable(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<MigrateError> for DbError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => error.into(),
            MigrateError::ExecuteMigration(error, version) => {
                Self::Migration { version, problem: Self::from(error).to_string() }
            }
            MigrateError::VersionMismatch(version) => Self::Changed { version },
            other => Self::Other(other.to_string()),
        }
    }
}

fn from_database(error: &(dyn DatabaseError + 'static)) -> DbError {
    if error.is_unique_violation() {
        DbError::Unique
    } else if let Some(error) = error.try_downcast_ref::<SqliteError>() {
        from_sqlite(error)
    } else if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        from_postgres(error)
    } else {
        DbError::Other(error.message().to_owned())
    }
}

/// The primary result code is the low byte (<https://www.sqlite.org/rescode.html>); messages name tables and columns only.
fn from_sqlite(error: &SqliteError) -> DbError {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const CANNOT_OPEN: i32 = 14;
    let message = error.message().to_owned();
    let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
    match code & 0xff {
        BUSY | LOCKED => DbError::Busy(message),
        CANNOT_OPEN => DbError::Unreachable(message),
        _ => DbError::Other(message),
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/15/errcodes-appendix.html>).
fn from_postgres(error: &PgDatabaseError) -> DbError {
    let (code, message) = (error.code(), error.message());
    let said = format!("{message} [{code}]");
    match (code.get(..2).unwrap_or_default(), code) {
        // Serialization failure, deadlock, lock not available, insufficient resources.
        ("40" | "53", _) | (_, "55P03") => DbError::Busy(said),
        // Connection exception, refused credentials, no such database, shut down by its operator.
        ("08" | "28" | "3D", _) | (_, "57P01" | "57P02" | "57P03") => DbError::Unreachable(said),
        // Data and integrity errors may quote the value: only the places are told.
        ("22" | "23", _) => DbError::Other(format!(
            "data or integrity error {code}, table {}, column {}, constraint {}",
            error.table().unwrap_or("-"),
            error.column().unwrap_or("-"),
            error.constraint().unwrap_or("-"),
        )),
        _ => match error.position() {
            Some(PgErrorPosition::Original(at)) => DbError::Other(format!("{said} at character {at}")),
            Some(PgErrorPosition::Internal { .. }) | None => DbError::Other(said),
        },
    }
}
