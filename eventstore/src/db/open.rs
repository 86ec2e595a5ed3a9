//! How connections are set up: every setting that durability, secrecy or speed depends on is here.

use super::{Db, DbError, Pools};
use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{fmt, str::FromStr, time::Duration};

/// How long SQLite waits for another process's lock before it says busy. Writes take milliseconds, so this is generous.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits for a free connection. Longer than [`BUSY_TIMEOUT`], shorter than a person's patience.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Concurrent readers on SQLite: more bring nothing, since pages come from the operating system's cache.
const SQLITE_READERS: u32 = 4;
/// What the write-ahead log is cut back to after a checkpoint that follows a burst.
const JOURNAL_SIZE_LIMIT_BYTES: &str = "67108864";

/// Which database to open.
#[derive(Clone, PartialEq, Eq)]
pub struct DbSettings {
    /// `sqlite://path` (relative, or absolute with a third slash; the file is created) or `postgres://user@host/database`.
    pub url: String,
    /// Connections to PostgreSQL that this process holds at most. SQLite has one writer and four readers.
    pub max_connections: u32,
}

/// Without the URL, which may hold a password.
impl fmt::Debug for DbSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split_once("://").map_or("", |(scheme, _)| scheme);
        f.debug_struct("DbSettings")
            .field("url", &format_args!("{scheme}://…"))
            .field("max_connections", &self.max_connections)
            .finish()
    }
}

impl Db {
    /// Opens the database and checks that it answers. Does not migrate: see [`Db::migrate`].
    pub async fn open(settings: &DbSettings) -> Result<Self, DbError> {
        let pools = match settings.url.split_once("://") {
            Some(("sqlite", path)) => sqlite(path).await?,
            Some(("postgres" | "postgresql", _)) => postgres(settings, &[]).await?,
            Some(_) | None => return Err(DbError::Url("its scheme is unknown".to_owned())),
        };
        Ok(Self(pools))
    }

    /// Opens somebody's database to look at it: nothing in it can be changed, and none is made where there is none.
    pub async fn open_read_only(settings: &DbSettings) -> Result<Self, DbError> {
        let pools = match settings.url.split_once("://") {
            Some(("sqlite", path)) => {
                let options = sqlite_options(path)?.create_if_missing(false).read_only(true);
                let readers = sqlite_pool().max_connections(SQLITE_READERS).connect_with(options).await?;
                Pools::Sqlite { writer: readers.clone(), readers }
            }
            Some(("postgres" | "postgresql", _)) => {
                postgres(settings, &[("default_transaction_read_only", "on")]).await?
            }
            Some(_) | None => return Err(DbError::Url("its scheme is unknown".to_owned())),
        };
        Ok(Self(pools))
    }
}

async fn sqlite(path: &str) -> Result<Pools, DbError> {
    let options = sqlite_options(path)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // A destroyed key must not stay in a free page.
        .pragma("secure_delete", "on")
        // So that the triggers against DELETE see INSERT OR REPLACE too (K1).
        .pragma("recursive_triggers", "on")
        .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT_BYTES);
    let writer = sqlite_pool().max_connections(1).connect_with(options.clone()).await?;
    let readers = sqlite_pool().max_connections(SQLITE_READERS).connect_with(options.read_only(true)).await?;
    Ok(Pools::Sqlite { readers, writer })
}

/// What every connection to SQLite has.
fn sqlite_options(path: &str) -> Result<SqliteConnectOptions, DbError> {
    if path.is_empty() || path == ":memory:" {
        return Err(DbError::Url("SQLite needs the path of a file".to_owned()));
    }
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        // A function or virtual table that was smuggled into the schema must not run.
        .pragma("trusted_schema", "off"))
}

fn sqlite_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

async fn postgres(settings: &DbSettings, options: &[(&str, &str)]) -> Result<Pools, DbError> {
    let options = PgConnectOptions::from_str(&settings.url)?
        .application_name("sealpost")
        // Statements with array parameters would otherwise be planned anew at every call.
        .options([("plan_cache_mode", "force_generic_plan")])
        .options(options.iter().copied());
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await;
    match pool {
        Ok(pool) => Ok(Pools::Postgres(pool)),
        // The driver keeps trying while nobody listens.
        Err(sqlx::Error::PoolTimedOut) => {
            Err(DbError::Unreachable("no answer from the server in time".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::DbSettings;

    #[test]
    fn settings_print_without_the_password() {
        let url = "postgres://sealpost:hunter2@db/sealpost".to_owned();
        let printed = format!("{:?}", DbSettings { url, max_connections: 8 });
        assert_eq!(printed, "DbSettings { url: postgres://…, max_connections: 8 }");
    }
}
