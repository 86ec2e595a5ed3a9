//! What goes into a statement: its text, and the values bound to `$1`, `$2` ….

use sqlx::{
    AssertSqlSafe, Database, Encode, SqlSafeStr, SqlStr, Type, database::HasStatementCache, query::Query,
};
use std::fmt;
use uuid::Uuid;

/// The text of a statement.
///
/// Portable SQL keeps to what both databases read alike: `$1`, `RETURNING`, `ON CONFLICT … excluded`, and the types
/// `TEXT`, `BIGINT`, `BYTEA` and `BOOLEAN`.
pub struct Sql {
    text: SqlStr,
    /// Whether the connection keeps the prepared statement.
    kept: bool,
}

/// A constant statement: each connection prepares it once and keeps it.
impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self { text: text.into_sql_str(), kept: true }
    }
}

/// A statement put together from constant fragments, for instance a filter with as many conditions as were asked for.
///
/// Every piece must be a constant of the program or the number of a parameter. A value is *never* written into the text,
/// it is bound; whoever builds a `String` for this vouches for that (the driver's guard ends here).
impl From<String> for Sql {
    fn from(text: String) -> Self {
        Self { text: AssertSqlSafe(text).into_sql_str(), kept: false }
    }
}

/// A value to bind; `None` is NULL. Ids are bytes, times are microseconds since 1970 (UTC).
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// BIGINT
    Int(Option<i64>),
    /// BYTEA
    Bytes(Option<Vec<u8>>),
    /// TEXT
    Text(Option<String>),
    /// BOOLEAN
    Bool(Option<bool>),
}

/// Names the type alone: a value may be personal, or a key.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int(_) => "Int(…)",
            Self::Bytes(_) => "Bytes(…)",
            Self::Text(_) => "Text(…)",
            Self::Bool(_) => "Bool(…)",
        })
    }
}

/// A type that a column can hold, NULL included: PostgreSQL wants the type of a NULL as well.
pub trait Nullable: Into<Value> {
    /// NULL of this type.
    const NULL: Value;
}

impl<T: Nullable> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(T::NULL, Into::into)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}
impl Nullable for i64 {
    const NULL: Value = Value::Int(None);
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(Some(value))
    }
}
impl Nullable for bool {
    const NULL: Value = Value::Bool(None);
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}
impl Nullable for String {
    const NULL: Value = Value::Text(None);
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}
impl Nullable for &str {
    const NULL: Value = Value::Text(None);
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(Some(value))
    }
}
impl Nullable for Vec<u8> {
    const NULL: Value = Value::Bytes(None);
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        value.to_vec().into()
    }
}
impl Nullable for &[u8] {
    const NULL: Value = Value::Bytes(None);
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        value.to_vec().into()
    }
}
impl<const N: usize> Nullable for [u8; N] {
    const NULL: Value = Value::Bytes(None);
}

/// As its 16 bytes: a driver's own idea of a UUID differs between the databases.
impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        value.into_bytes().into()
    }
}
impl Nullable for Uuid {
    const NULL: Value = Value::Bytes(None);
}

/// The driver's query for a statement and its values.
pub(super) fn bound<'q, DB>(sql: Sql, values: Vec<Value>) -> Query<'q, DB, DB::Arguments>
where
    DB: Database + HasStatementCache,
    Option<i64>: for<'e> Encode<'e, DB> + Type<DB>,
    Option<Vec<u8>>: for<'e> Encode<'e, DB> + Type<DB>,
    Option<String>: for<'e> Encode<'e, DB> + Type<DB>,
    Option<bool>: for<'e> Encode<'e, DB> + Type<DB>,
{
    let prepared = sqlx::query::<DB>(sql.text).persistent(sql.kept);
    values.into_iter().fold(prepared, |query, value| match value {
        Value::Int(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bool(value) => query.bind(value),
    })
}
