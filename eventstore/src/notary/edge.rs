//! The right edge of the tree: the one place where it grows.

use crate::tree::{LogTree, TreeError};
use proof::{
    Hash,
    tile::{Missing, TILE_HEIGHT, TILE_WIDTH, TileId, width_in},
    tree::subtree_hash,
};

/// A tree's last, partial tile of each level, and the tiles that were filled since it was last written.
pub(super) struct Edge {
    size: u64,
    last: Option<Hash>,
    partial: Vec<Vec<Hash>>,
    full: Vec<(TileId, Vec<Hash>)>,
}

impl Edge {
    /// The edge of the tree of this size.
    pub(super) async fn load(tree: &LogTree, size: u64) -> Result<Self, TreeError> {
        let mut partial = vec![];
        for level in (0..).take_while(|level| size >> (TILE_HEIGHT * u32::from(*level)) > 0) {
            partial.push(first(tree, rightmost(level, size), size).await?);
        }
        let last = match size.checked_sub(1) {
            Some(index) => {
                let id = TileId { level: 0, index: index / TILE_WIDTH };
                first(tree, id, size).await?.pop()
            }
            None => None,
        };
        Ok(Self { size, last, partial, full: vec![] })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The leaf that was added last.
    pub(super) fn last(&self) -> Option<Hash> {
        self.last
    }

    pub(super) fn push(&mut self, leaf: Hash) {
        self.size += 1;
        self.last = Some(leaf);
        let mut hash = leaf;
        for level in 0.. {
            if self.partial.len() == usize::from(level) {
                self.partial.push(vec![]);
            }
            let tile = &mut self.partial[usize::from(level)];
            tile.push(hash);
            if tile.len() as u64 != TILE_WIDTH {
                return;
            }
            let tile = std::mem::take(tile);
            hash = subtree_hash(&tile).expect("a full tile has a power of two of hashes");
            let id = rightmost(level, self.size);
            self.full.push((TileId { index: id.index - 1, ..id }, tile));
        }
    }

    /// The tiles that are not written yet.
    pub(super) fn take_tiles(&mut self) -> Vec<(TileId, Vec<Hash>)> {
        let mut tiles = std::mem::take(&mut self.full);
        for (level, tile) in (0..).zip(&self.partial) {
            if !tile.is_empty() {
                tiles.push((rightmost(level, self.size), tile.clone()));
            }
        }
        tiles
    }
}

/// The tile of a level that its next hash goes into.
fn rightmost(level: u8, size: u64) -> TileId {
    TileId { level, index: (size >> (TILE_HEIGHT * u32::from(level))) / TILE_WIDTH }
}

/// What the tree of this size has of a tile.
async fn first(tree: &LogTree, id: TileId, size: u64) -> Result<Vec<Hash>, TreeError> {
    let width = usize::from(width_in(id, size));
    if width == 0 {
        return Ok(vec![]);
    }
    let mut hashes = tree.stored_tile(id).await?.filter(|hashes| hashes.len() >= width).ok_or(Missing(id))?;
    hashes.truncate(width);
    Ok(hashes)
}
