//! A tree whose entries are read once, tile by tile, with the roots that it had while it grew.

use crate::{
    entry::ENTRY_BYTES,
    lanes,
    tile::{TILE_HEIGHT, TILE_WIDTH},
    tree::{Frontier, Hash, subtree_hash},
};

/// Leaves of one tile; all but a log's last have 256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedTile {
    /// From the left.
    pub leaves: Vec<Hash>,
    /// Root of the subtree over them, if the tile is full.
    pub root: Option<Hash>,
}

/// Hashes entries into tiles. The first of them begins a tile.
#[must_use]
pub fn hash_tiles(entries: &[[u8; ENTRY_BYTES]]) -> Vec<HashedTile> {
    let width = usize::try_from(TILE_WIDTH).unwrap_or(usize::MAX);
    let tile = |entries| {
        let leaves = lanes::leaves(entries);
        let root = if leaves.len() == width { subtree_hash(&leaves) } else { None };
        HashedTile { leaves, root }
    };
    entries.chunks(width).map(tile).collect()
}

/// The tree so far.
#[derive(Debug, Clone, Default)]
pub struct Growing {
    /// The tree before the last tile.
    before: Frontier,
    last: Option<HashedTile>,
}

impl Growing {
    /// Appends a tile. Only the last one may be less than full.
    pub fn push(&mut self, tile: HashedTile) {
        let last = self.last.replace(tile);
        if let Some(root) = last.and_then(|last| last.root) {
            self.before.push_subtree(TILE_HEIGHT, root);
        }
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.before.size() + self.last.as_ref().map_or(0, |last| last.leaves.len() as u64)
    }

    /// The root that it had at this size, no further back than the beginning of the last tile.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        let leaves = self.last.as_ref().map_or(&[][..], |last| &last.leaves);
        let count = usize::try_from(size.checked_sub(self.before.size())?).ok()?;
        let mut tree = self.before.clone();
        match self.last.as_ref().and_then(|last| last.root) {
            Some(root) if count == leaves.len() => tree.push_subtree(TILE_HEIGHT, root),
            Some(_) | None => leaves.get(..count)?.iter().for_each(|leaf| tree.push(*leaf)),
        }
        Some(tree.root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::leaf_hash;

    /// N1: a tree that is read by tiles has the roots of one that grows leaf by leaf.
    #[test]
    fn a_tree_read_by_tiles_has_every_root() {
        let entries: Vec<_> = (0..700_u16)
            .map(|number| {
                let mut entry = [0; ENTRY_BYTES];
                entry[..2].copy_from_slice(&number.to_be_bytes());
                entry
            })
            .collect();
        let mut roots = vec![Frontier::default().root()];
        let mut whole = Frontier::default();
        for entry in &entries {
            whole.push(leaf_hash(entry));
            roots.push(whole.root());
        }
        let mut growing = Growing::default();
        assert_eq!(growing.root_at(0), Some(roots[0]));
        let mut from = 0;
        for tile in hash_tiles(&entries) {
            growing.push(tile);
            for size in from..=growing.size() {
                assert_eq!(
                    growing.root_at(size),
                    roots.get(usize::try_from(size).unwrap()).copied(),
                    "{size}"
                );
            }
            assert_eq!(growing.root_at(growing.size() + 1), None);
            from = growing.size();
        }
        assert_eq!(growing.size(), 700);
        assert_eq!(growing.root_at(511), None, "further back than the last tile");
    }
}
