//! The Merkle tree over the log as it is stored: its tiles, its signed heads, and the proofs made from them (N1).
//!
//! Everybody may read it. [`crate::notary`] alone writes it.

mod anchored;
mod checkpoints;
mod entries;

pub use anchored::{Anchored, Place};
pub use checkpoints::{Departure, SignedCheckpoint};
pub use entries::Entry;

use crate::{
    db::{Db, DbError},
    log::LogError,
};
use proof::{
    Hash,
    note::NoteError,
    tile::{Missing, TileId, TilePath, Tiles, decode, width_in},
};
use thiserror::Error;

/// The tree of one database.
#[derive(Debug, Clone)]
pub struct LogTree {
    pub(crate) db: Db,
}

/// A leaf's proof, with what it proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The event's entry as its row gives it. One that was changed does not fit the path.
    pub entry: Entry,
    /// From the leaf upwards.
    pub path: Vec<Hash>,
    /// The tree that it is in.
    pub checkpoint: SignedCheckpoint,
}

/// The proof that a later tree continues an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The earlier.
    pub from: SignedCheckpoint,
    /// The later.
    pub until: SignedCheckpoint,
    /// The path.
    pub path: Vec<Hash>,
}

/// Why something of the tree could not be had.
#[derive(Debug, Error)]
pub enum TreeError {
    /// A tile that the tree's size promises is not there, or it is too short.
    #[error("the tree over the log is damaged: {0}; find out with `sealpost verify`, then restore a backup")]
    Damaged(#[from] Missing),
    /// A stored checkpoint is none.
    #[error(
        "a stored checkpoint cannot be read: {0}; find out with `sealpost verify`, then restore a backup"
    )]
    Checkpoint(#[from] NoteError),
    /// The stored public key is none.
    #[error("the stored public key of the log cannot be read; restore a backup")]
    Key(#[from] proof::note::KeyError),
    /// A row of the log is no event's.
    #[error(transparent)]
    Row(#[from] LogError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

const SIZE: &str = "SELECT size FROM log_tree";
const TILE: &str = "SELECT hashes FROM log_tiles WHERE level = $1 AND tile = $2";

impl LogTree {
    /// The tree in this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// How many leaves the tiles have; a little behind the log, and at or before it what is signed.
    pub async fn size(&self) -> Result<u64, TreeError> {
        Ok(unsigned(self.db.one(SIZE, vec![]).await?.int("size")?))
    }

    /// Root of the tree of this size.
    pub async fn root(&self, size: u64) -> Result<Hash, TreeError> {
        self.with_tiles(|tiles| tiles.root(size)).await
    }

    /// The hashes of a tile, as many as are asked for; `None` for what the tree does not have.
    pub async fn tile(&self, TilePath { id, width }: TilePath) -> Result<Option<Vec<Hash>>, TreeError> {
        if width == 0 || width > width_in(id, self.size().await?) {
            return Ok(None);
        }
        let mut hashes = self.stored_tile(id).await?.ok_or(Missing(id))?;
        if hashes.len() < width.into() {
            return Err(Missing(id).into());
        }
        hashes.truncate(width.into());
        Ok(Some(hashes))
    }

    /// The proof that the leaf of an index, from 0, is in the tree of a size that was signed; by default of the last one.
    /// `None` when there is no such leaf or checkpoint.
    pub async fn inclusion(&self, index: u64, size: Option<u64>) -> Result<Option<Inclusion>, TreeError> {
        let Some(checkpoint) = self.checkpoint(size).await? else { return Ok(None) };
        let size = checkpoint.size;
        let entry = if index < size { self.entries(index, 1).await?.pop() } else { None };
        let Some(entry) = entry.filter(|entry| entry.index() == index) else { return Ok(None) };
        let path = self.with_tiles(|tiles| tiles.inclusion(index, size)).await?;
        Ok(Some(Inclusion { entry, path, checkpoint }))
    }

    /// The proof that the tree of size `until` continues the one of size `from`, both signed; `until` is the last one by
    /// default. `None` when one of them was not signed, or the later is the smaller one.
    pub async fn consistency(&self, from: u64, until: Option<u64>) -> Result<Option<Consistency>, TreeError> {
        let (Some(from), Some(until)) = (self.checkpoint(Some(from)).await?, self.checkpoint(until).await?)
        else {
            return Ok(None);
        };
        if from.size > until.size {
            return Ok(None);
        }
        let path = self.with_tiles(|tiles| tiles.consistency(from.size, until.size)).await?;
        Ok(Some(Consistency { from, until, path }))
    }

    /// Fetches the tiles that something is made of, one after another as it asks for them.
    pub(crate) async fn with_tiles<T>(
        &self,
        make: impl Fn(&Tiles) -> Result<T, Missing>,
    ) -> Result<T, TreeError> {
        let mut tiles = Tiles::new();
        let mut fetched = None;
        loop {
            let missing = match make(&tiles) {
                Ok(whole) => return Ok(whole),
                Err(missing) if fetched == Some(missing) => return Err(missing.into()),
                Err(missing) => missing,
            };
            tiles.insert(missing.0, self.stored_tile(missing.0).await?.ok_or(missing)?);
            fetched = Some(missing);
        }
    }

    pub(crate) async fn stored_tile(&self, id: TileId) -> Result<Option<Vec<Hash>>, TreeError> {
        let values = vec![i64::from(id.level).into(), signed(id.index).into()];
        let Some(row) = self.db.optional(TILE, values).await? else { return Ok(None) };
        Ok(Some(decode(&row.bytes("hashes")?).ok_or(Missing(id))?))
    }
}

/// A size or an index as it is stored. None that a log reaches is larger.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What [`signed`] stored.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
