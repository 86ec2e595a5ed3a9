//! Transactions. One that is dropped without a commit is rolled back.

use super::{Db, DbError, Dialect, Pools, Row, Sql, Value, connection::Connection};
use sqlx::{Postgres, Sqlite, Transaction};

/// Key of the advisory lock under which positions are assigned ("sealpost" in ASCII). Other users of the same PostgreSQL
/// database must not take it.
const LOG_LOCK: i64 = i64::from_be_bytes(*b"sealpost");

/// [`LOG_LOCK`] taken with the BEGIN; an append reads the log's head after it, so it must see what was committed meanwhile.
const BEGIN_LOCKED: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(8315159405380203380)";
/// A deferred transaction that reads first and writes then may fail busy without a retry: so IMMEDIATE.
const SQLITE_DURABLE: &str = "PRAGMA synchronous=FULL; BEGIN IMMEDIATE";

/// A transaction that may write. After a statement failed on PostgreSQL it accepts no other: roll back and begin again.
#[derive(Debug)]
pub struct Tx(pub(super) Inner);

#[derive(Debug)]
pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Begins a durable transaction: what is committed outlives a power cut.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        self.begin_with(
            SQLITE_DURABLE,
            // An append reads the log's head after it got the lock: it must see what was committed meanwhile.
            "BEGIN ISOLATION LEVEL READ COMMITTED",
        )
        .await
    }

    /// Begins a durable transaction that holds the lock under which positions are assigned ([`Tx::lock_log`]), in one
    /// round trip.
    pub async fn begin_append(&self) -> Result<Tx, DbError> {
        self.begin_with(SQLITE_DURABLE, BEGIN_LOCKED).await
    }

    /// Begins a transaction for what can be derived again, such as a read model and its checkpoint: a power cut may take
    /// the last commits back, whole and in order, and the work is then done once more. Never for events or keys.
    pub async fn begin_derived(&self) -> Result<Tx, DbError> {
        self.begin_with(
            "PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE",
            "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off",
        )
        .await
    }

    /// Begins a transaction that reads alone, and sees nothing of what is written meanwhile. On SQLite the write-ahead log
    /// cannot be cut back for as long.
    pub async fn begin_reading(&self) -> Result<Tx, DbError> {
        Ok(Tx(match &self.0 {
            Pools::Sqlite { readers, .. } => Inner::Sqlite(readers.begin_with("BEGIN DEFERRED").await?),
            Pools::Postgres(pool) => {
                Inner::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        }))
    }

    /// The durability is set with every BEGIN, so that none leaks from one transaction into the next.
    async fn begin_with(&self, sqlite: &'static str, postgres: &'static str) -> Result<Tx, DbError> {
        Ok(Tx(match &self.0 {
            Pools::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with(sqlite).await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.begin_with(postgres).await?),
        }))
    }
}

impl Tx {
    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &self.0 {
            Inner::Sqlite(_) => Dialect::Sqlite,
            Inner::Postgres(_) => Dialect::Postgres,
        }
    }

    /// All rows.
    pub async fn all(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let sql = sql.into();
        self.connection().all(sql, values).await
    }

    /// The first row; [`DbError::NoRow`] if there is none.
    pub async fn one(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Row, DbError> {
        let sql = sql.into();
        self.connection().one(sql, values).await
    }

    /// The first row, if there is one.
    pub async fn optional(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Option<Row>, DbError> {
        let sql = sql.into();
        self.connection().optional(sql, values).await
    }

    /// How many rows the statement affected.
    pub async fn run(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<u64, DbError> {
        let sql = sql.into();
        self.connection().run(sql, values).await
    }

    /// Waits until this transaction is the only one that appends, on any node; the lock ends with it. SQLite has only one
    /// writer anyway.
    pub async fn lock_log(&mut self) -> Result<(), DbError> {
        if self.dialect() == Dialect::Postgres {
            self.run("SELECT pg_advisory_xact_lock($1)", vec![LOG_LOCK.into()]).await?;
        }
        Ok(())
    }

    /// Makes it permanent. After [`DbError::Unreachable`] it is unknown whether it is.
    pub async fn commit(self) -> Result<(), DbError> {
        match self.0 {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Takes it back.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self.0 {
            Inner::Sqlite(tx) => tx.rollback().await?,
            Inner::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    pub(super) fn connection(&mut self) -> Connection<'_> {
        match &mut self.0 {
            Inner::Sqlite(tx) => Connection::Sqlite(tx),
            Inner::Postgres(tx) => Connection::Postgres(tx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K1: appends and migrations take the same lock.
    #[test]
    fn there_is_one_lock() {
        assert!(BEGIN_LOCKED.ends_with(&format!("({LOG_LOCK})")));
    }
}
