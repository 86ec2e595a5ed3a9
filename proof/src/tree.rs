//! Hashes of leaves and inner nodes, and a tree that grows at its right edge (RFC 6962 §2.1).

use crate::lanes;
use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What a leaf's bytes begin with, and an inner node's: it keeps them apart.
pub(crate) const LEAF: u8 = 0;
pub(crate) const NODE: u8 = 1;

/// Hash of a leaf.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([LEAF]).chain_update(entry).finalize().into()
}

/// Hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [NODE; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// Root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Hash over a complete subtree: as many hashes as a power of two, each of a subtree of one height. `None` for another
/// number of them.
#[must_use]
pub fn subtree_hash(hashes: &[Hash]) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    let mut row = lanes::row_above(hashes);
    if row.is_empty() {
        return hashes.first().copied();
    }
    while row.len() > 1 {
        row = lanes::row_above(&row);
    }
    row.first().copied()
}

/// The right edge of a tree: what must be remembered to append to it and to know its root, one hash for each bit of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, largest first.
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// The edge of a tree of this size, given the roots of its complete subtrees, largest first. `None` if there are not as
    /// many of them as the size has bits.
    #[must_use]
    pub fn of(size: u64, subtrees: Vec<Hash>) -> Option<Self> {
        (subtrees.len() == size.count_ones() as usize).then_some(Self { size, subtrees })
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(0, leaf);
    }

    /// Appends a complete subtree of `2^height` leaves. The size so far must be a multiple of that.
    pub fn push_subtree(&mut self, height: u32, root: Hash) {
        debug_assert!(self.size.is_multiple_of(1 << height), "a subtree is appended at its place");
        let mut hash = root;
        let mut size = self.size >> height;
        while size & 1 == 1 {
            let left = self.subtrees.pop().expect("there is a subtree for each bit of the size");
            hash = node_hash(&left, &hash);
            size >>= 1;
        }
        self.subtrees.push(hash);
        self.size += 1 << height;
    }

    /// Root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_the_right = self.subtrees.iter().rev();
        let Some(last) = from_the_right.next() else { return empty_root() };
        from_the_right.fold(*last, |right, left| node_hash(left, &right))
    }
}
