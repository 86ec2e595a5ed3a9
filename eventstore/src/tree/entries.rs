//! The entries that the tree is over: each row's header and the hash of its body. Bodies are never read for it.

use super::{LogTree, TreeError, signed, unsigned};
use crate::{
    db::Row,
    log::{LogError, header},
    recorded::Position,
};
use proof::{
    Hash,
    entry::{self, ENTRY_BYTES, Header},
};

/// What the tree commits to of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Where the event stands.
    pub position: Position,
    /// The clear part of its row.
    pub header: Header,
    /// SHA-256 of its sealed body, as the row says.
    pub body_hash: Hash,
}

impl Entry {
    /// Its index in the tree, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        unsigned(self.position - 1)
    }

    /// The bytes that are hashed.
    #[must_use]
    pub fn bytes(&self) -> [u8; ENTRY_BYTES] {
        entry::entry(&self.header, &self.body_hash)
    }

    /// Its leaf.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        entry::leaf(&self.header, &self.body_hash)
    }

    fn of(row: &Row) -> Result<Self, LogError> {
        Ok(Self {
            position: row.int("position")?,
            header: header(row)?,
            body_hash: row.bytes32("body_hash")?,
        })
    }
}

const ENTRIES: &str = "SELECT position, organisation, class, stream, version, event_id, recorded_at, body_hash \
     FROM events WHERE position > $1 ORDER BY position LIMIT $2";

impl LogTree {
    /// The log's entries from the one with this index on, as many as are asked for and there.
    pub async fn entries(&self, first: u64, count: u32) -> Result<Vec<Entry>, TreeError> {
        let rows = self.db.all(ENTRIES, vec![signed(first).into(), i64::from(count).into()]).await?;
        Ok(rows.iter().map(Entry::of).collect::<Result<_, _>>()?)
    }
}
