//! SQLite and PostgreSQL behind one small interface: text and values go in, rows come out.
//!
//! Every statement is portable SQL, written once. The dialects differ at named places only: opening ([`Db::open`]), the
//! log's lock ([`Tx::lock_log`]), waking other nodes ([`Db::announce`], [`Db::listener`]), the bulk insert
//! ([`Tx::insert_events`]), truncating the write-ahead log ([`Db::truncate_wal`]) and the append-only triggers.
//!
//! On SQLite a process has one writing connection: a second writer waits for the first transaction to end. [`Db::all`],
//! [`Db::one`] and [`Db::optional`] read on separate, read-only connections; what writes and answers with rows
//! (`INSERT … RETURNING`) goes through a [`Tx`].

mod connection;
mod error;
mod events;
mod migrate;
mod open;
mod row;
mod tx;
mod value;
mod wakeups;

pub use error::DbError;
pub use events::EventRow;
pub use migrate::{SchemaState, schema_checksum};
pub use open::DbSettings;
pub use row::Row;
pub use tx::Tx;
pub use value::{Nullable, Sql, Value};
pub use wakeups::Wakeups;

use connection::Connection;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, pool::PoolConnection};

/// Which database it is, for the few places that must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3, in a file of its own.
    Sqlite,
    /// PostgreSQL 15 or newer.
    Postgres,
}

/// A database that is open. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Db(Pools);

#[derive(Debug, Clone)]
enum Pools {
    Sqlite { readers: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

/// A connection out of a pool, for one statement.
enum Pooled {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Pooled {
    fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            Self::Postgres(connection) => Connection::Postgres(connection),
        }
    }
}

impl Db {
    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &self.0 {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres(_) => Dialect::Postgres,
        }
    }

    /// All rows of a reading statement.
    pub async fn all(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let sql = sql.into();
        self.reader().await?.connection().all(sql, values).await
    }

    /// Gives the rows of a reading statement one by one as they come, so that memory does not grow with their number. What is
    /// given out slowly holds a connection, and on SQLite the write-ahead log, for as long.
    pub async fn each<E: From<DbError>>(
        &self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
        visit: impl AsyncFnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = sql.into();
        self.reader().await?.connection().each(sql, values, visit).await
    }

    /// The first row of a reading statement; [`DbError::NoRow`] if there is none.
    pub async fn one(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Row, DbError> {
        let sql = sql.into();
        self.reader().await?.connection().one(sql, values).await
    }

    /// The first row of a reading statement, if there is one.
    pub async fn optional(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Option<Row>, DbError> {
        let sql = sql.into();
        self.reader().await?.connection().optional(sql, values).await
    }

    /// Runs a writing statement durably, all or nothing; answers how many rows it affected.
    pub async fn run(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<u64, DbError> {
        let sql = sql.into();
        match &self.0 {
            // A transaction, so that the writer is durable whatever the one before it was.
            Pools::Sqlite { .. } => {
                let mut tx = self.begin().await?;
                let affected = tx.run(sql, values).await?;
                tx.commit().await?;
                Ok(affected)
            }
            Pools::Postgres(pool) => Connection::Postgres(&mut *pool.acquire().await?).run(sql, values).await,
        }
    }

    /// Empties SQLite's write-ahead log into the database file, so that no copy of a destroyed key stays in it.
    /// [`DbError::Busy`] while a reader still needs it: try again. Nothing to do on PostgreSQL.
    pub async fn truncate_wal(&self) -> Result<(), DbError> {
        let Pools::Sqlite { writer, .. } = &self.0 else {
            return Ok(());
        };
        let mut connection = writer.acquire().await?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)".into();
        let outcome = Connection::Sqlite(&mut connection).one(sql, vec![]).await?;
        match outcome.int("busy")? {
            0 => Ok(()),
            _ => Err(DbError::Busy("a reader holds the write-ahead log".to_owned())),
        }
    }

    /// Waits until connections in use are given back, and closes all.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    async fn reader(&self) -> Result<Pooled, DbError> {
        Ok(match &self.0 {
            Pools::Sqlite { readers, .. } => Pooled::Sqlite(readers.acquire().await?),
            Pools::Postgres(pool) => Pooled::Postgres(pool.acquire().await?),
        })
    }
}
