//! The peer: a plain single-row `INSERT` through the same driver, with the same columns, the same bytes and the same
//! durability; no sealing, no total order, no grouping.

use crate::{appends::Writer, database::Place};
use anyhow::{Result, bail};
use eventstore::Log;
use seal::random_bytes;
use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{str::FromStr, sync::Arc, time::Duration};

/// As the table `events`, but that the database numbers the rows.
const SQLITE_TABLE: &str = "CREATE TABLE events_plain (position INTEGER NOT NULL PRIMARY KEY, \
     organisation BIGINT NOT NULL, class BIGINT NOT NULL, stream BYTEA NOT NULL, version BIGINT NOT NULL, \
     event_id BYTEA NOT NULL, recorded_at BIGINT NOT NULL, body BYTEA NOT NULL, body_hash BYTEA NOT NULL, \
     UNIQUE (organisation, stream, version))";
const POSTGRES_TABLE: &str = "CREATE TABLE events_plain (position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
     organisation BIGINT NOT NULL, class BIGINT NOT NULL, stream BYTEA NOT NULL, version BIGINT NOT NULL, \
     event_id BYTEA NOT NULL, recorded_at BIGINT NOT NULL, body BYTEA NOT NULL, body_hash BYTEA NOT NULL, \
     UNIQUE (organisation, stream, version))";
const INSERT: &str = "INSERT INTO events_plain (organisation, class, stream, version, event_id, recorded_at, body, \
     body_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
/// Longer than any of 256 waits for SQLite's one connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_mins(1);

/// Where the peer writes.
#[derive(Clone)]
pub enum Plain {
    /// One connection with the log's settings; a file of its own, so that neither has the other's write-ahead log.
    Sqlite(SqlitePool),
    /// The log's database, by a pool like the log's.
    Postgres(PgPool),
}

/// What the log stored for one event.
pub struct Sample {
    class: i64,
    body: Vec<u8>,
    body_hash: Vec<u8>,
}

/// Inserts into a stream of its own.
pub struct PlainWriter {
    plain: Plain,
    sample: Arc<Sample>,
    stream: [u8; 16],
    version: i64,
}

impl Plain {
    /// Opens the peer's table.
    pub async fn open(place: &Place) -> Result<Self> {
        if place.url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::new()
                .filename(place.folder.join("plain.db"))
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .pragma("secure_delete", "on")
                .pragma("recursive_triggers", "on")
                .pragma("journal_size_limit", "67108864");
            let pool = SqlitePoolOptions::new()
                .max_connections(1)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
                .connect_with(options)
                .await?;
            sqlx::query(SQLITE_TABLE).execute(&pool).await?;
            return Ok(Self::Sqlite(pool));
        }
        let options =
            PgConnectOptions::from_str(&place.url)?.options([("plan_cache_mode", "force_generic_plan")]);
        let pool = PgPoolOptions::new()
            .max_connections(place.connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await?;
        sqlx::query(POSTGRES_TABLE).execute(&pool).await?;
        Ok(Self::Postgres(pool))
    }

    /// A writer of rows like this one.
    pub fn writer(&self, sample: &Arc<Sample>) -> PlainWriter {
        PlainWriter { plain: self.clone(), sample: sample.clone(), stream: random_bytes(), version: 0 }
    }

    /// Gives the connections back.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Sample {
    /// The last row of the log.
    pub async fn take(log: &Log) -> Result<Self> {
        let sql = "SELECT class, body, body_hash FROM events ORDER BY position DESC LIMIT 1";
        let row = log.db().one(sql, vec![]).await?;
        Ok(Self { class: row.int("class")?, body: row.bytes("body")?, body_hash: row.bytes("body_hash")? })
    }

    /// Bytes of its body.
    pub fn len(&self) -> usize {
        self.body.len()
    }
}

impl Writer for PlainWriter {
    async fn append(&mut self) -> Result<()> {
        self.version += 1;
        let event_id: [u8; 16] = random_bytes();
        let recorded_at = eventstore::Clock::System.now().micros();
        let (stream, event_id) = (self.stream.to_vec(), event_id.to_vec());
        let Sample { class, body, body_hash } = &*self.sample;
        let inserted = match &self.plain {
            Plain::Sqlite(pool) => {
                let query = sqlx::query(INSERT).bind(1_i64).bind(*class).bind(stream).bind(self.version);
                let query =
                    query.bind(event_id).bind(recorded_at).bind(body.as_slice()).bind(body_hash.as_slice());
                query.execute(pool).await?.rows_affected()
            }
            Plain::Postgres(pool) => {
                let query = sqlx::query(INSERT).bind(1_i64).bind(*class).bind(stream).bind(self.version);
                let query =
                    query.bind(event_id).bind(recorded_at).bind(body.as_slice()).bind(body_hash.as_slice());
                query.execute(pool).await?.rows_affected()
            }
        };
        if inserted != 1 {
            bail!("{inserted} rows were inserted instead of one");
        }
        Ok(())
    }
}
