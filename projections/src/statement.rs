//! What a read model does with an event: statements with cells, of which some are yet to be sealed.

use domain::{
    OrganisationId, Personal, Timestamp,
    bytes::{Sealed, TokenHash},
    event::Subject,
    id::Id,
};
use eventstore::{Position, db::Value};
use seal::{Key, blind};
use serde::Serialize;
use uuid::Uuid;

/// A statement on the model's own tables. Its text is a constant: values are bound, never written into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Portable SQL; every table in it is named `rm_…`.
    pub sql: &'static str,
    /// What is bound to `$1`, `$2` ….
    pub cells: Vec<Cell>,
    /// Whether it can be written together with others of the same text.
    pub gathers: bool,
}

/// What is bound to one parameter.
#[derive(Clone, PartialEq, Eq)]
pub enum Cell {
    /// As it is.
    Plain(Value),
    /// About a person: the runner seals it under the person's key, or writes NULL when that is gone (K5).
    Personal {
        /// Whose key.
        subject: Subject,
        /// What.
        text: String,
    },
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(value) => value.fmt(f),
            Self::Personal { .. } => f.write_str("Personal(…)"),
        }
    }
}

impl Statement {
    pub(crate) fn new<const N: usize>(sql: &'static str, cells: [Cell; N]) -> Self {
        Self { sql, cells: cells.into(), gathers: false }
    }

    /// Adds a row, by a text with one `VALUES (…)`. Those of a batch are written as one statement, before the model's next
    /// statement that is no row: until then nothing may depend on which of them comes first.
    pub(crate) fn row<const N: usize>(sql: &'static str, cells: [Cell; N]) -> Self {
        Self { gathers: true, ..Self::new(sql, cells) }
    }
}

impl Cell {
    /// A word of a fixed vocabulary, as serde spells it.
    pub(crate) fn word(value: impl Serialize) -> Self {
        Self::Plain(word(value))
    }

    /// Something personal, as text; NULL when it is erased.
    pub(crate) fn personal<T>(subject: Subject, value: &Personal<T>, text: impl Fn(&T) -> String) -> Self {
        match value.value() {
            Some(value) => Self::Personal { subject, text: text(value) },
            None => Self::Plain(Value::Bytes(None)),
        }
    }
}

/// A word of a fixed vocabulary, as serde spells it.
pub(crate) fn word(value: impl Serialize) -> Value {
    let json = serde_json::to_value(value).ok();
    let text = json
        .as_ref()
        .and_then(serde_json::Value::as_str)
        .expect("a word of a vocabulary is a string in JSON");
    text.into()
}

/// A value as a column holds it, alike on both databases.
pub trait Stored: Sized {
    /// NULL of its type.
    const NULL: Value;

    /// As it is bound.
    fn value(self) -> Value;
}

impl<T: Stored> From<T> for Cell {
    fn from(value: T) -> Self {
        Self::Plain(value.value())
    }
}

impl<T: Stored> Stored for Option<T> {
    const NULL: Value = T::NULL;
    fn value(self) -> Value {
        self.map_or(T::NULL, T::value)
    }
}
impl<Of> Stored for Id<Of> {
    const NULL: Value = Value::Bytes(None);
    fn value(self) -> Value {
        self.bytes().into()
    }
}
impl Stored for Uuid {
    const NULL: Value = Value::Bytes(None);
    fn value(self) -> Value {
        self.into()
    }
}
impl Stored for OrganisationId {
    const NULL: Value = Value::Int(None);
    fn value(self) -> Value {
        i64::from(self.0).into()
    }
}
impl Stored for Timestamp {
    const NULL: Value = Value::Int(None);
    fn value(self) -> Value {
        self.micros().into()
    }
}
impl Stored for Position {
    const NULL: Value = Value::Int(None);
    fn value(self) -> Value {
        self.into()
    }
}
impl Stored for u16 {
    const NULL: Value = Value::Int(None);
    fn value(self) -> Value {
        i64::from(self).into()
    }
}
impl Stored for u32 {
    const NULL: Value = Value::Int(None);
    fn value(self) -> Value {
        i64::from(self).into()
    }
}
/// Sizes in bytes; none comes near the end of the range.
impl Stored for u64 {
    const NULL: Value = Value::Int(None);
    fn value(self) -> Value {
        i64::try_from(self).unwrap_or(i64::MAX).into()
    }
}
impl Stored for bool {
    const NULL: Value = Value::Bool(None);
    fn value(self) -> Value {
        self.into()
    }
}
impl Stored for &str {
    const NULL: Value = Value::Text(None);
    fn value(self) -> Value {
        self.into()
    }
}
impl<const N: usize> Stored for [u8; N] {
    const NULL: Value = Value::Bytes(None);
    fn value(self) -> Value {
        self.into()
    }
}
impl Stored for &TokenHash {
    const NULL: Value = Value::Bytes(None);
    fn value(self) -> Value {
        self.0.into()
    }
}
impl Stored for &Sealed {
    const NULL: Value = Value::Bytes(None);
    fn value(self) -> Value {
        self.0.clone().into()
    }
}

/// Makes the keyed tags of one organisation, by which rows are found.
pub struct Tags {
    index: Key,
}

impl Tags {
    /// Of an organisation's index key.
    #[must_use]
    pub fn new(index: Key) -> Self {
        Self { index }
    }

    /// The tag of a value; `what` keeps equal values of two kinds apart.
    #[must_use]
    pub fn term(&self, what: &str, value: &[u8]) -> [u8; 16] {
        blind::tag(&self.index, &format!("term/{what}"), value)
    }
}
