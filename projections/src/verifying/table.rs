//! A read model's table, read in the order of its primary key, alike from both databases.

use eventstore::db::{Db, DbError, Dialect, Row, Sql, Tx, Value};
use std::{cmp::Ordering, collections::VecDeque};

/// Rows read at once.
const PAGE: usize = 1_000;

const COLUMNS: &str = "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid";

/// What a table is made of, as the migrations make it.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
    /// Places of the primary key's columns, in its order.
    key: Vec<usize>,
}

pub(super) struct Column {
    pub(super) name: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Bytes,
    Text,
    Bool,
}

impl Table {
    /// The table of this name in a SQLite database that was just migrated.
    pub(super) async fn of(scratch: &Db, name: &'static str) -> Result<Self, DbError> {
        let (mut columns, mut key) = (vec![], vec![]);
        for (place, row) in scratch.all(COLUMNS, vec![name.into()]).await?.iter().enumerate() {
            let kind = match row.text("type")?.as_str() {
                "BIGINT" => Kind::Int,
                "BYTEA" => Kind::Bytes,
                "TEXT" => Kind::Text,
                "BOOLEAN" => Kind::Bool,
                other => return Err(DbError::Other(format!("{name} has a column of type {other}"))),
            };
            columns.push(Column { name: row.text("name")?, kind });
            key.extend(Some((row.int("pk")?, place)).filter(|(pk, _)| *pk > 0));
        }
        key.sort_unstable();
        Ok(Self { name, columns, key: key.into_iter().map(|(_, place)| place).collect() })
    }

    /// How two rows stand to each other by their keys.
    pub(super) fn order(&self, left: &[Value], right: &[Value]) -> Ordering {
        let compare = |place: &usize| match (&left[*place], &right[*place]) {
            (Value::Int(left), Value::Int(right)) => left.cmp(right),
            (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
            (Value::Text(left), Value::Text(right)) => left.cmp(right),
            (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
            _ => Ordering::Equal,
        };
        self.key.iter().map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// A row's key in words: ids, numbers and keyed tags.
    pub(super) fn named(&self, row: &[Value]) -> String {
        let parts = self.key.iter().map(|place| {
            let value = match &row[*place] {
                Value::Int(value) => value.map(|value| value.to_string()),
                Value::Bytes(value) => value.as_ref().map(|value| hex(value)),
                Value::Text(value) => value.clone(),
                Value::Bool(value) => value.map(|value| value.to_string()),
            };
            format!("{} {}", self.columns[*place].name, value.unwrap_or_default())
        });
        parts.collect::<Vec<_>>().join(", ")
    }

    /// The page after a row, or the first.
    fn page(&self, dialect: Dialect, after: Option<&[Value]>) -> (Sql, Vec<Value>) {
        let columns: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let ordered: Vec<_> = self.key.iter().map(|place| ordered(&self.columns[*place], dialect)).collect();
        let ordered = ordered.join(", ");
        let values: Vec<_> = self.key.iter().filter_map(|place| Some(after?[*place].clone())).collect();
        let beyond = if values.is_empty() {
            String::new()
        } else {
            let numbers: Vec<_> = (1..=values.len()).map(|number| format!("${number}")).collect();
            format!(" WHERE ({ordered}) > ({})", numbers.join(", "))
        };
        let (columns, name) = (columns.join(", "), self.name);
        (format!("SELECT {columns} FROM {name}{beyond} ORDER BY {ordered} LIMIT {PAGE}").into(), values)
    }

    fn read(&self, row: &Row) -> Result<Vec<Value>, DbError> {
        let value = |Column { name, kind }: &Column| {
            Ok(match kind {
                Kind::Int => Value::Int(row.opt_int(name)?),
                Kind::Bytes => Value::Bytes(row.opt_bytes(name)?),
                Kind::Text => Value::Text(row.opt_text(name)?),
                Kind::Bool => Value::Bool(row.opt_bool(name)?),
            })
        };
        self.columns.iter().map(value).collect()
    }
}

/// Texts by their bytes, whatever the database's language is.
fn ordered(column: &Column, dialect: Dialect) -> String {
    match (column.kind, dialect) {
        (Kind::Text, Dialect::Postgres) => format!("{} COLLATE \"C\"", column.name),
        (Kind::Int | Kind::Bytes | Kind::Text | Kind::Bool, _) => column.name.clone(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A way through a table.
#[derive(Default)]
pub(super) struct Cursor {
    rows: VecDeque<Vec<Value>>,
    last: Option<Vec<Value>>,
    is_over: bool,
}

impl Cursor {
    pub(super) async fn fill_from(&mut self, scratch: &Db, table: &Table) -> Result<(), DbError> {
        if self.is_due() {
            let (sql, values) = table.page(scratch.dialect(), self.last.as_deref());
            let rows = scratch.all(sql, values).await?;
            self.fill(table, &rows)?;
        }
        Ok(())
    }

    pub(super) async fn fill_from_picture(&mut self, picture: &mut Tx, table: &Table) -> Result<(), DbError> {
        if self.is_due() {
            let (sql, values) = table.page(picture.dialect(), self.last.as_deref());
            let rows = picture.all(sql, values).await?;
            self.fill(table, &rows)?;
        }
        Ok(())
    }

    /// The row that comes next.
    pub(super) fn peek(&self) -> Option<&[Value]> {
        self.rows.front().map(Vec::as_slice)
    }

    /// Takes that row; empty behind the end.
    pub(super) fn take(&mut self) -> Vec<Value> {
        self.rows.pop_front().unwrap_or_default()
    }

    fn is_due(&self) -> bool {
        self.rows.is_empty() && !self.is_over
    }

    fn fill(&mut self, table: &Table, rows: &[Row]) -> Result<(), DbError> {
        self.is_over = rows.len() < PAGE;
        for row in rows {
            self.rows.push_back(table.read(row)?);
        }
        self.last = self.rows.back().cloned().or_else(|| self.last.take());
        Ok(())
    }
}
