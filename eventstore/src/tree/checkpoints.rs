//! The tree's signed heads, and whether a tree continues one of them.

use super::{LogTree, TreeError, signed};
use crate::db::Value;
use domain::Timestamp;
use proof::{Checkpoint, note::Verifier};
use std::ops::Deref;

/// A checkpoint as it was signed. That the signature is the log's is for the reader to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note.
    pub note: String,
}

impl Deref for SignedCheckpoint {
    type Target = Checkpoint;

    fn deref(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl SignedCheckpoint {
    /// Reads a note, whoever signed it.
    pub fn read(note: String) -> Result<Self, TreeError> {
        Ok(Self { checkpoint: Checkpoint::read(&note)?, note })
    }

    /// When it was signed, to the second.
    #[must_use]
    pub fn signed_at(&self) -> Timestamp {
        let seconds = self.checkpoint.signed_at.unwrap_or_default();
        Timestamp::from_micros(signed(seconds).saturating_mul(1_000_000))
    }
}

/// How a tree departs from a head that was signed or anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Departure {
    /// It is smaller: events were lost, or an older database was put in place.
    #[error("it has {size} events where {known} were signed")]
    Behind {
        /// How many it has.
        size: u64,
        /// How many the head has.
        known: u64,
    },
    /// It has another root at that size: the past was changed.
    #[error("its first {0} events are not those that were signed")]
    Differs(u64),
}

const LATEST: &str = "SELECT latest AS note FROM log_tree WHERE latest IS NOT NULL";
const LAST_SIZE: &str = "SELECT note FROM log_checkpoints ORDER BY tree_size DESC LIMIT 1";
const OF_SIZE: &str = "SELECT note FROM log_checkpoints WHERE tree_size = $1";
const KEY: &str = "SELECT vkey FROM log_keys";

impl LogTree {
    /// The first checkpoint of this size that was signed; without a size the newest of all. `None` if there is none.
    pub async fn checkpoint(&self, size: Option<u64>) -> Result<Option<SignedCheckpoint>, TreeError> {
        match size {
            Some(size) => self.note(OF_SIZE, vec![signed(size).into()]).await,
            None => self.note(LATEST, vec![]).await,
        }
    }

    /// The checkpoint of the largest tree that was signed.
    pub(crate) async fn largest(&self) -> Result<Option<SignedCheckpoint>, TreeError> {
        self.note(LAST_SIZE, vec![]).await
    }

    /// The key that verifies this log's checkpoints; `None` until the first one is signed.
    pub async fn key(&self) -> Result<Option<Verifier>, TreeError> {
        let Some(row) = self.db.optional(KEY, vec![]).await? else { return Ok(None) };
        Ok(Some(row.text("vkey")?.parse()?))
    }

    /// Whether the tree, of this size, continues a head.
    pub async fn departure(&self, size: u64, head: &Checkpoint) -> Result<Option<Departure>, TreeError> {
        if head.size > size {
            return Ok(Some(Departure::Behind { size, known: head.size }));
        }
        let root = self.root(head.size).await?;
        Ok((root != head.root).then_some(Departure::Differs(head.size)))
    }

    async fn note(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<SignedCheckpoint>, TreeError> {
        let row = self.db.optional(sql, values).await?;
        row.map(|row| SignedCheckpoint::read(row.text("note")?)).transpose()
    }
}
