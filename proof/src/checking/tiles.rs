//! Stored tiles, compared with those that the events give.

use super::{Entry, MISSING, place};
use crate::{
    growing::HashedTile,
    tile::{TILE_WIDTH, TileId},
    tree::{Hash, subtree_hash},
    verdict::{Findings, Verdict},
};
use std::collections::BTreeMap;

/// Stored tiles that wait for the events of theirs, and the tiles above the leaves as they fill.
#[derive(Debug, Default)]
pub(super) struct StoredTiles {
    expected: BTreeMap<TileId, Vec<Hash>>,
    /// The last tile of each level above the leaves, with its index.
    above: Vec<(u64, Vec<Hash>)>,
    /// Of the last event that differs from its stored leaf.
    pub(super) last_difference: Option<u64>,
}

impl StoredTiles {
    pub(super) fn expect(&mut self, id: TileId, hashes: Vec<Hash>) {
        self.expected.insert(id, hashes);
    }

    /// Compares the tile of leaves that begins after `before` events, and those above it that it fills.
    pub(super) fn compare(
        &mut self,
        before: u64,
        entries: &[Entry],
        tile: &HashedTile,
        findings: &mut Findings,
    ) {
        let id = TileId { level: 0, index: before / TILE_WIDTH };
        if let Some(stored) = self.expected.remove(&id) {
            for ((position, entry), (leaf, stored)) in
                (before + 1..).zip(entries).zip(tile.leaves.iter().zip(&stored))
            {
                if leaf != stored && *entry != MISSING {
                    let problem =
                        format!("it does not hash to the leaf that the stored tile {} has", id.index);
                    findings.at(Verdict::Tampered, place(position, entry), problem);
                    self.last_difference = Some(position);
                }
            }
            if stored.len() > tile.leaves.len() {
                let (leaves, events) = (before + stored.len() as u64, before + tile.leaves.len() as u64);
                let problem =
                    format!("the stored tree has at least {leaves} leaves, and there are {events} events");
                findings.add(Verdict::RolledBack, problem);
            }
        }
        if let Some(root) = tile.root {
            self.rise(1, root, findings);
        }
    }

    /// Compares the tiles that never filled.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        for level in 1..=self.above.len() {
            let (index, hashes) = std::mem::take(&mut self.above[level - 1]);
            self.compare_above(level, index, &hashes, findings);
        }
        for (TileId { level, index }, hashes) in std::mem::take(&mut self.expected) {
            let leaves = (index * TILE_WIDTH + hashes.len() as u64)
                .saturating_mul(1_u64.checked_shl(8 * u32::from(level)).unwrap_or(u64::MAX));
            let problem = format!(
                "the stored tile {index} of level {level} is of a tree of at least {leaves} events; there are fewer"
            );
            findings.add(Verdict::RolledBack, problem);
        }
    }

    /// Adds the root of a full tile to the tile above it.
    fn rise(&mut self, level: usize, root: Hash, findings: &mut Findings) {
        if self.above.len() < level {
            self.above.push((0, vec![]));
        }
        let (index, hashes) = &mut self.above[level - 1];
        hashes.push(root);
        if hashes.len() as u64 == TILE_WIDTH {
            let (index, hashes) = (*index, std::mem::take(hashes));
            self.above[level - 1].0 += 1;
            self.compare_above(level, index, &hashes, findings);
            let root = subtree_hash(&hashes).expect("a full tile has a root");
            self.rise(level + 1, root, findings);
        }
    }

    fn compare_above(&mut self, level: usize, index: u64, hashes: &[Hash], findings: &mut Findings) {
        let id = TileId { level: u8::try_from(level).unwrap_or(u8::MAX), index };
        let Some(stored) = self.expected.remove(&id) else { return };
        let differs = hashes.iter().zip(&stored).position(|(hash, stored)| hash != stored);
        if let Some(at) = differs {
            let leaves = 1_u64 << (8 * level);
            let first = (index * TILE_WIDTH + at as u64) * leaves;
            let problem = format!(
                "the stored tile {index} of level {level} has another hash over events {} to {} than they give",
                first + 1,
                first + leaves
            );
            findings.add(Verdict::Tampered, problem);
            self.last_difference = self.last_difference.max(Some(first + leaves));
        }
        if stored.len() > hashes.len() {
            self.expected.insert(id, stored);
        }
    }
}
