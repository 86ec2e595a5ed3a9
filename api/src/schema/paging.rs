//! Lists in pages, after the Relay connection specification, by cursors that name no position of the log.

use crate::{
    asker::{Asker, unknown_cursor},
    codes::{Code, error},
};
use async_graphql::{OutputType, Result, SimpleObject, TypeName};
use projections::Slice;
use std::borrow::Cow;

/// Where a page stands (Relay).
#[derive(SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there is more before this page.
    has_previous_page: bool,
    /// Whether there is more after this page.
    has_next_page: bool,
    /// Cursor of the first entry.
    start_cursor: Option<String>,
    /// Cursor of the last entry.
    end_cursor: Option<String>,
}

/// One page of a list, keyset-paged.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(crate) struct Connection<N: OutputType> {
    /// Where this page ends and whether there are more.
    page_info: PageInfo,
    /// The page's entries in order.
    edges: Vec<Edge<N>>,
    /// How many there are in all; null where counting is not cheap.
    total_count: Option<i32>,
}

/// One entry of a page.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(crate) struct Edge<N: OutputType> {
    /// The entry itself.
    node: N,
    /// Where this entry stands; opaque.
    cursor: String,
}

impl<N: OutputType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", <N as OutputType>::type_name()).into()
    }
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <N as OutputType>::type_name()).into()
    }
}

/// Entries of a page when nobody says how many, and at most.
const DEFAULT: u32 = 50;
const MOST: u32 = 200;

/// What of a list is asked; one direction alone is set, cursors are places already.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    pub(crate) first: Option<u32>,
    pub(crate) after: Option<Vec<u8>>,
    pub(crate) last: Option<u32>,
    pub(crate) before: Option<Vec<u8>>,
}

impl Paging {
    /// Reads the four arguments of a list.
    pub(crate) async fn read(
        asker: &Asker,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Self> {
        let (forwards, backwards) = (first.is_some() || after.is_some(), last.is_some() || before.is_some());
        if forwards && backwards {
            let message = "Page forwards by `first` and `after`, or backwards by `last` and `before`.";
            return Err(error(Code::BadRequest, message));
        }
        let place = async |cursor: Option<String>| match cursor {
            Some(cursor) => asker.place(&cursor).await.map(Some),
            None => Ok(None),
        };
        let (after, before) = (place(after).await?, place(before).await?);
        if backwards {
            return Ok(Self { last: Some(count(last)?), before, ..Self::default() });
        }
        Ok(Self { first: Some(count(first)?), after, ..Self::default() })
    }

    /// The part of a short list that is read whole; `place` tells where an entry stands.
    pub(crate) fn cut<T>(&self, mut items: Vec<T>, place: impl Fn(&T) -> Vec<u8>) -> Result<Slice<T>> {
        let find = |items: &[T], wanted: &Option<Vec<u8>>| match wanted {
            Some(wanted) => {
                items.iter().position(|item| place(item) == *wanted).map(Some).ok_or_else(unknown_cursor)
            }
            None => Ok(None),
        };
        let start = find(&items, &self.after)?.map_or(0, |index| index + 1);
        let end = find(&items, &self.before)?.unwrap_or(items.len());
        let size = usize::try_from(self.first.or(self.last).unwrap_or(DEFAULT)).unwrap_or(usize::MAX);
        let (from, to) = if self.last.is_some() {
            (end.saturating_sub(size).max(start), end)
        } else {
            (start, start.saturating_add(size).min(end))
        };
        let (has_previous, has_next) = (from > 0, to < items.len());
        items.truncate(to);
        Ok(Slice { items: items.split_off(from), has_previous, has_next })
    }
}

fn count(asked: Option<i32>) -> Result<u32> {
    match asked.map(u32::try_from) {
        None => Ok(DEFAULT),
        Some(Ok(count @ 1..=MOST)) => Ok(count),
        Some(Ok(0) | Err(_)) => Err(error(Code::BadRequest, "A page has an entry at least.")),
        Some(Ok(_)) => Err(error(Code::LimitExceeded, format!("A page has {MOST} entries at most."))),
    }
}

/// What a page weighs: its entries are read together, so that two weigh as much as one read alone.
pub(crate) fn weight(first: Option<i32>, last: Option<i32>, entry: usize) -> usize {
    let size = first.or(last).and_then(|count| usize::try_from(count).ok()).unwrap_or(DEFAULT as usize);
    1 + size.saturating_mul(entry) / 2
}

/// A page as its client sees it.
pub(crate) async fn connection<T, N: OutputType>(
    asker: &Asker,
    slice: Slice<T>,
    total: Option<u64>,
    place: impl Fn(&T) -> Vec<u8>,
    node: impl Fn(T) -> N,
) -> Result<Connection<N>> {
    let mut edges = Vec::with_capacity(slice.items.len());
    for item in slice.items {
        let cursor = asker.cursor(&place(&item)).await?;
        edges.push(Edge { node: node(item), cursor });
    }
    let page_info = PageInfo {
        has_previous_page: slice.has_previous,
        has_next_page: slice.has_next,
        start_cursor: edges.first().map(|edge| edge.cursor.clone()),
        end_cursor: edges.last().map(|edge| edge.cursor.clone()),
    };
    let total_count = total.map(|total| i32::try_from(total).unwrap_or(i32::MAX));
    Ok(Connection { page_info, edges, total_count })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(paging: &Paging) -> (Vec<u8>, bool, bool) {
        let slice = paging.cut(vec![1_u8, 2, 3, 4], |item| vec![*item]).unwrap();
        (slice.items, slice.has_previous, slice.has_next)
    }

    /// A36: a short list is cut as a long one is, in both directions.
    #[test]
    fn a_short_list_is_cut() {
        let forwards = Paging { first: Some(2), after: Some(vec![1]), ..Paging::default() };
        assert_eq!(cut(&forwards), (vec![2, 3], true, true));
        let backwards = Paging { last: Some(2), before: Some(vec![3]), ..Paging::default() };
        assert_eq!(cut(&backwards), (vec![1, 2], false, true));
        assert_eq!(cut(&Paging { first: Some(9), ..Paging::default() }), (vec![1, 2, 3, 4], false, false));
        let unknown = Paging { first: Some(1), after: Some(vec![9]), ..Paging::default() };
        assert!(unknown.cut(vec![1_u8], |item| vec![*item]).is_err());
    }
}
