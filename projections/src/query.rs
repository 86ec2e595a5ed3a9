//! Statements with as many conditions as were asked for, and pages of what they find.

use crate::{ProjectionError, Projections, Stored};
use domain::{Timestamp, id::Id};
use eventstore::db::{Row, Value};

/// Rows of a page when nobody said how many.
const DEFAULT_PAGE: u32 = 50;

/// A part of an ordered list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// In the list's order, whichever way it was paged.
    pub items: Vec<T>,
    /// Whether something lies before it.
    pub has_previous: bool,
    /// Whether something lies after it.
    pub has_next: bool,
}

/// Which part of a list that is ordered by time, newest first; a place is an entry's time and id. `first` beats `last`;
/// with neither it is 50.
#[derive(Debug)]
pub struct TimedPage<Of> {
    /// So many from the newest, or from `after`.
    pub first: Option<u32>,
    /// Older than this entry.
    pub after: Option<(Timestamp, Id<Of>)>,
    /// So many from the oldest, or from `before`.
    pub last: Option<u32>,
    /// Newer than this entry.
    pub before: Option<(Timestamp, Id<Of>)>,
}

/// The newest.
impl<Of> Default for TimedPage<Of> {
    fn default() -> Self {
        Self { first: None, after: None, last: None, before: None }
    }
}

/// A statement made of constant fragments; `?` in a fragment becomes the next `$n`, its value is bound.
pub(crate) struct Query {
    text: String,
    values: Vec<Value>,
}

impl Query {
    pub(crate) fn new(text: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        let mut query = Self { text: String::new(), values: vec![] };
        query.push(text, values);
        query
    }

    /// Adds a fragment with as many values as it has question marks.
    pub(crate) fn push(&mut self, fragment: &'static str, values: impl IntoIterator<Item = Value>) {
        let mut pieces = fragment.split('?');
        self.text.push_str(pieces.next().unwrap_or_default());
        let mut values = values.into_iter();
        for (piece, value) in pieces.by_ref().zip(values.by_ref()) {
            self.values.push(value);
            self.text.push('$');
            self.text.push_str(&self.values.len().to_string());
            self.text.push_str(piece);
        }
        debug_assert!(values.next().is_none() && pieces.next().is_none(), "a value for each question mark");
    }

    /// Adds `(?, ?, …)` with these values.
    pub(crate) fn list(&mut self, values: impl IntoIterator<Item = Value>) {
        for (index, value) in values.into_iter().enumerate() {
            self.push(if index == 0 { "(?" } else { ", ?" }, [value]);
        }
        self.push(")", []);
    }
}

/// One of these; of none is nothing.
pub(crate) fn any_of(query: &mut Query, column: &'static str, values: impl ExactSizeIterator<Item = Value>) {
    if values.len() == 0 {
        query.push(" AND 1 = 0", []);
    } else {
        query.push(column, []);
        query.list(values);
    }
}

/// Which way and how far a list is paged, after the Relay connection specification: `first` beats `last`.
pub(crate) struct Paging {
    backwards: bool,
    limit: u32,
    has_after: bool,
    has_before: bool,
}

impl Paging {
    pub(crate) fn new(first: Option<u32>, last: Option<u32>, has_after: bool, has_before: bool) -> Self {
        Self {
            backwards: first.is_none() && last.is_some(),
            limit: first.or(last).unwrap_or(DEFAULT_PAGE),
            has_after,
            has_before,
        }
    }

    /// Whether the end of the list is wanted: then it is read from there.
    pub(crate) fn is_backwards(&self) -> bool {
        self.backwards
    }

    /// How many rows are to be read: one more than asked for tells whether there is more.
    pub(crate) fn wanted(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_add(1)
    }

    /// The condition's end of a page: one row more than asked for tells whether there is more.
    pub(crate) fn end(&self, query: &mut Query, forwards: &'static str, backwards: &'static str) {
        query.push(if self.backwards { backwards } else { forwards }, []);
        query.push(" LIMIT ?", [i64::from(self.limit).saturating_add(1).value()]);
    }

    pub(crate) fn slice<T>(&self, mut items: Vec<T>) -> Slice<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        if self.backwards {
            items.reverse();
            Slice { items, has_previous: more, has_next: self.has_before }
        } else {
            Slice { items, has_previous: self.has_after, has_next: more }
        }
    }
}

/// The fragments by which a list is paged: they name its columns of time and id.
pub(crate) struct Keyset {
    /// Older than a place, such as ` AND (at, id) < (?, ?)`.
    pub(crate) after: &'static str,
    /// Newer than a place.
    pub(crate) before: &'static str,
    /// Newest first.
    pub(crate) newest: &'static str,
    /// Oldest first.
    pub(crate) oldest: &'static str,
}

impl<Of> TimedPage<Of> {
    /// Narrows a query to this page.
    pub(crate) fn narrow(&self, query: &mut Query, keyset: &Keyset) -> Paging {
        if let Some((at, id)) = self.after {
            query.push(keyset.after, [at.value(), id.value()]);
        }
        if let Some((at, id)) = self.before {
            query.push(keyset.before, [at.value(), id.value()]);
        }
        let paging = Paging::new(self.first, self.last, self.after.is_some(), self.before.is_some());
        paging.end(query, keyset.newest, keyset.oldest);
        paging
    }
}

impl Projections {
    pub(crate) async fn all(&self, query: Query) -> Result<Vec<Row>, ProjectionError> {
        Ok(self.log().db().all(query.text, query.values).await?)
    }

    pub(crate) async fn one(&self, query: Query) -> Result<Row, ProjectionError> {
        Ok(self.log().db().one(query.text, query.values).await?)
    }
}
