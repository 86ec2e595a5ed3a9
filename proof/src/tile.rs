//! Tiles: a tree's hashes in blocks of 256, as C2SP tlog-tiles lays them out, so that a proof needs few of them and a full
//! tile never changes.
//!
//! A tile of level L holds the hashes of complete subtrees of 256^L leaves each; its right edge may be partial.

use crate::tree::{Hash, subtree_hash};
use std::{collections::BTreeMap, fmt};

/// Levels of the tree in one tile.
pub const TILE_HEIGHT: u32 = 8;
/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 holds leaves.
    pub level: u8,
    /// From the left, from 0.
    pub index: u64,
}

/// A tile with its width, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    /// Which.
    pub id: TileId,
    /// How many hashes of it: 1 to 256.
    pub width: u16,
}

/// The last parts of a tile's path: groups of three digits, all but the last with an `x`, then `.p` and the width of a
/// partial tile: `x001/x234/067.p/8`.
#[must_use]
pub fn index_path(index: u64, width: u16) -> String {
    let mut groups = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    let partial = if u64::from(width) < TILE_WIDTH { format!(".p/{width}") } else { String::new() };
    groups.join("/") + &partial
}

/// Reads what [`index_path`] writes: index and width. `None` for anything else, so that each tile has one path.
#[must_use]
pub fn parse_index_path(path: &str) -> Option<(u64, u16)> {
    let (groups, width) = match path.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().ok().filter(|width| (1..256).contains(width))?),
        None => (path, 256),
    };
    let mut index = 0_u64;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let number: u64 = digits.parse().ok().filter(|_| digits.len() == 3)?;
        index = index.checked_mul(1000)?.checked_add(number)?;
    }
    (index_path(index, width) == path).then_some((index, width))
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/{}", self.id.level, index_path(self.id.index, self.width))
    }
}

/// How many hashes of a tile a tree of this size has; 0 when it has none of it.
#[must_use]
pub fn width_in(id: TileId, tree_size: u64) -> u16 {
    let hashes = tree_size.checked_shr(TILE_HEIGHT * u32::from(id.level)).unwrap_or(0);
    let width = hashes.saturating_sub(id.index.saturating_mul(TILE_WIDTH)).min(TILE_WIDTH);
    u16::try_from(width).unwrap_or_default()
}

/// Tiles that were fetched, from which hashes of subtrees are read.
#[derive(Debug, Clone, Default)]
pub struct Tiles(BTreeMap<TileId, Vec<Hash>>);

/// A tile that is needed and was not fetched, or that is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tile {} of level {} is needed and is not there", .0.index, .0.level)]
pub struct Missing(pub TileId);

impl Tiles {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tile: its hashes from the left.
    pub fn insert(&mut self, id: TileId, hashes: Vec<Hash>) {
        self.0.insert(id, hashes);
    }

    /// Hash of the complete subtree of `2^height` leaves that begins at leaf `start`, a multiple of that.
    pub(crate) fn subtree(&self, start: u64, height: u32) -> Result<Hash, Missing> {
        // Always below the level's last row, so that a subtree of 256 hashes is read from the tile above it.
        let level = height / TILE_HEIGHT;
        let first = start.checked_shr(TILE_HEIGHT * level).unwrap_or(0);
        let id = TileId { level: u8::try_from(level).unwrap_or(u8::MAX), index: first / TILE_WIDTH };
        let from = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
        let count = 1_usize << (height % TILE_HEIGHT);
        let hashes = self.0.get(&id).and_then(|tile| tile.get(from..from + count)).ok_or(Missing(id))?;
        subtree_hash(hashes).ok_or(Missing(id))
    }
}

/// The bytes of a tile: its hashes one after another.
#[must_use]
pub fn encode(hashes: &[Hash]) -> Vec<u8> {
    hashes.concat()
}

/// Reads the bytes of a tile; `None` unless they are 1 to 256 hashes.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && (1..=256).contains(&hashes.len())).then(|| hashes.to_vec())
}
