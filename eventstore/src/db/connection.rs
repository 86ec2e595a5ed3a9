//! The one place where a statement goes to the driver of either database.

use super::{DbError, Dialect, Row, Sql, Value, row::RowOf, value::bound};
use futures_util::TryStreamExt as _;
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

    /// Gives the rows one by one as they come, so that memory does not grow with their number.
    pub async fn each<E: From<DbError>>(
        &mut self,
        sql: Sql,
        values: Vec<Value>,
        mut visit: impl AsyncFnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let broken = |problem| E::from(DbError::from(problem));
        match self {
            Self::Sqlite(connection) => {
                let mut rows = bound::<Sqlite>(sql, values).fetch(&mut **connection);
                while let Some(row) = rows.try_next().await.map_err(broken)? {
                    visit(Row(RowOf::Sqlite(row))).await?;
                }
            }
            Self::Postgres(connection) => {
                let mut rows = bound::<Postgres>(sql, values).fetch(&mut **connection);
                while let Some(row) = rows.try_next().await.map_err(broken)? {
                    visit(Row(RowOf::Postgres(row))).await?;
                }
            }
        }
        Ok(())
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
