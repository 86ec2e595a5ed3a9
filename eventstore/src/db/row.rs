//! One row of an answer; its columns are read by name and type, alike on both databases.

use super::DbError;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};
use std::fmt;
use uuid::Uuid;

/// One row of an answer. A column that is missing, NULL or of another type is [`DbError::Column`], which names it.
pub struct Row(pub(super) RowOf);

pub(super) enum RowOf {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A BIGINT. PostgreSQL gives smaller integers for literals and `numeric` for `sum`: cast those to BIGINT.
    pub fn int(&self, column: &str) -> Result<i64, DbError> {
        self.required(column)
    }

    /// A BIGINT or NULL.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, DbError> {
        self.optional(column)
    }

    /// A BYTEA.
    pub fn bytes(&self, column: &str) -> Result<Vec<u8>, DbError> {
        self.required(column)
    }

    /// A BYTEA or NULL.
    pub fn opt_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, DbError> {
        self.optional(column)
    }

    /// A BYTEA of exactly 16 bytes: an id or a tag.
    pub fn bytes16(&self, column: &str) -> Result<[u8; 16], DbError> {
        fixed(column, self.bytes(column)?)
    }

    /// A BYTEA of exactly 32 bytes: a hash or a blind index.
    pub fn bytes32(&self, column: &str) -> Result<[u8; 32], DbError> {
        fixed(column, self.bytes(column)?)
    }

    /// A UUID, stored as its 16 bytes.
    pub fn uuid(&self, column: &str) -> Result<Uuid, DbError> {
        self.bytes16(column).map(Uuid::from_bytes)
    }

    /// A UUID, stored as its 16 bytes, or NULL.
    pub fn opt_uuid(&self, column: &str) -> Result<Option<Uuid>, DbError> {
        let bytes = self.opt_bytes(column)?;
        bytes.map(|bytes| fixed(column, bytes).map(Uuid::from_bytes)).transpose()
    }

    /// A TEXT.
    pub fn text(&self, column: &str) -> Result<String, DbError> {
        self.required(column)
    }

    /// A TEXT or NULL.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, DbError> {
        self.optional(column)
    }

    /// A BOOLEAN, or what a comparison or `EXISTS` gives.
    pub fn bool(&self, column: &str) -> Result<bool, DbError> {
        self.required(column)
    }

    /// A BOOLEAN or NULL.
    pub fn opt_bool(&self, column: &str) -> Result<Option<bool>, DbError> {
        self.optional(column)
    }

    /// Through an `Option`, because SQLite's driver reads NULL as zero, empty or false when asked for a bare type.
    fn required<T: Column>(&self, column: &str) -> Result<T, DbError> {
        self.optional(column)?
            .ok_or_else(|| DbError::Column { column: column.to_owned(), problem: "it is NULL".to_owned() })
    }

    fn optional<T: Column>(&self, column: &str) -> Result<Option<T>, DbError> {
        match &self.0 {
            RowOf::Sqlite(row) => row.try_get(column),
            RowOf::Postgres(row) => row.try_get(column),
        }
        .map_err(|problem| DbError::column(column, &problem))
    }
}

/// A type that both drivers read.
trait Column: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> {}
impl Column for i64 {}
impl Column for Vec<u8> {}
impl Column for String {}
impl Column for bool {}

/// Says how many columns there are and nothing of what they hold.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = match &self.0 {
            RowOf::Sqlite(row) => row.len(),
            RowOf::Postgres(row) => row.len(),
        };
        write!(f, "Row({columns} columns)")
    }
}

fn fixed<const N: usize>(column: &str, bytes: Vec<u8>) -> Result<[u8; N], DbError> {
    bytes.try_into().map_err(|bytes: Vec<u8>| DbError::Column {
        column: column.to_owned(),
        problem: format!("{} bytes instead of {N}", bytes.len()),
    })
}
