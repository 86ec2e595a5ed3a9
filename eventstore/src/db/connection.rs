//! The one place where a statement goes to the driver of either database.

use super::{DbError, Dialect, Row, Sql, Value, row::RowOf, value::bound};
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection};

/// A connection, borrowed from a pool or from a transaction.
pub(super) enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Connection<'_> {
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub async fn all(&mut self, sql: Sql, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let rows = bound::<Sqlite>(sql, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(RowOf::Sqlite).map(Row).collect()
            }
            Self::Postgres(connection) => {
                let rows = bound::<Postgres>(sql, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(RowOf::Postgres).map(Row).collect()
            }
        })
    }

    pub async fn optional(&mut self, sql: Sql, values: Vec<Value>) -> Result<Option<Row>, DbError> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let row = bound::<Sqlite>(sql, values).fetch_optional(&mut **connection).await?;
                row.map(RowOf::Sqlite).map(Row)
            }
            Self::Postgres(connection) => {
                let row = bound::<Postgres>(sql, values).fetch_optional(&mut **connection).await?;
                row.map(RowOf::Postgres).map(Row)
            }
        })
    }

    pub async fn one(&mut self, sql: Sql, values: Vec<Value>) -> Result<Row, DbError> {
        self.optional(sql, values).await?.ok_or(DbError::NoRow)
    }

    pub async fn run(&mut self, sql: Sql, values: Vec<Value>) -> Result<u64, DbError> {
        Ok(match self {
            Self::Sqlite(connection) => {
                bound::<Sqlite>(sql, values).execute(&mut **connection).await?.rows_affected()
            }
            Self::Postgres(connection) => {
                bound::<Postgres>(sql, values).execute(&mut **connection).await?.rows_affected()
            }
        })
    }
}
