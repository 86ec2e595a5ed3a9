//! Inclusion and consistency: the paths, made from tiles, and their check, which needs nothing but the roots
//! (RFC 6962 §2.1.1, §2.1.2; the checks are those of RFC 9162 §2.1.3.2 and §2.1.4.2).

use crate::{
    tile::{Missing, Tiles},
    tree::{Frontier, Hash, empty_root, node_hash},
};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf in a tree of that size, or the later tree is the smaller one.
    #[error("the proof is about a leaf or a tree that is outside the tree")]
    OutOfRange,
    /// It has too many hashes, or too few.
    #[error("the proof has the wrong length")]
    WrongLength,
    /// Its hashes lead to another root.
    #[error("the proof leads to another root")]
    WrongRoot,
}

impl Tiles {
    /// Root of the tree of this size.
    pub fn root(&self, size: u64) -> Result<Hash, Missing> {
        if size == 0 { Ok(empty_root()) } else { self.range(0, size) }
    }

    /// The right edge of the tree of this size.
    pub fn frontier(&self, size: u64) -> Result<Frontier, Missing> {
        let mut frontier = Frontier::default();
        for height in (0..u64::BITS).rev().filter(|height| size >> height & 1 == 1) {
            frontier.push_subtree(height, self.subtree(frontier.size(), height)?);
        }
        Ok(frontier)
    }

    /// The audit path of a leaf in the tree of this size, from the leaf upwards. Empty for a leaf that is outside of it.
    pub fn inclusion(&self, leaf: u64, size: u64) -> Result<Vec<Hash>, Missing> {
        let mut path = vec![];
        let (mut from, mut until) = (0, size);
        while leaf < size && until - from > 1 {
            let middle = from + split(until - from);
            if leaf < middle {
                path.push(self.range(middle, until)?);
                until = middle;
            } else {
                path.push(self.range(from, middle)?);
                from = middle;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// The proof that the tree of size `until` continues the one of size `from`. Empty where nothing is to be shown.
    pub fn consistency(&self, from: u64, until: u64) -> Result<Vec<Hash>, Missing> {
        let mut proof = vec![];
        if from == 0 || from >= until {
            return Ok(proof);
        }
        let (mut low, mut high) = (0, until);
        while from != high {
            let middle = low + split(high - low);
            if from <= middle {
                proof.push(self.range(middle, high)?);
                high = middle;
            } else {
                proof.push(self.range(low, middle)?);
                low = middle;
            }
        }
        // Whoever has the old tree knows this one already, if it is the whole of it.
        if low != 0 {
            proof.push(self.range(low, high)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// Hash over the leaves from `from` to before `until`, as the tree has it.
    fn range(&self, from: u64, until: u64) -> Result<Hash, Missing> {
        let count = until - from;
        if count.is_power_of_two() && from.is_multiple_of(count) {
            return self.subtree(from, count.trailing_zeros());
        }
        let middle = from + split(count);
        Ok(node_hash(&self.range(from, middle)?, &self.range(middle, until)?))
    }
}

/// The largest power of two that is smaller than a number above 1.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// Checks that a leaf is in the tree of this size and root.
pub fn check_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let mut climb = Climb { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in path {
        hash = match climb.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    climb.arrived()?;
    if hash == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// Checks that the tree of size `until` continues the one of size `from`: nothing of that was changed or removed.
pub fn check_consistency(
    (from, from_root): (u64, &Hash),
    (until, until_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if from > until {
        return Err(ProofError::OutOfRange);
    }
    if from == until || from == 0 {
        if !proof.is_empty() {
            return Err(ProofError::WrongLength);
        }
        let known = if from == until { until_root } else { &empty_root() };
        return if from_root == known { Ok(()) } else { Err(ProofError::WrongRoot) };
    }
    let mut hashes = proof.iter();
    let first =
        if from.is_power_of_two() { *from_root } else { *hashes.next().ok_or(ProofError::WrongLength)? };
    let common = (from - 1).trailing_ones();
    let mut climb = Climb { node: (from - 1) >> common, last: (until - 1) >> common };
    let (mut old, mut new) = (first, first);
    for sibling in hashes {
        match climb.step()? {
            Side::Left => {
                old = node_hash(sibling, &old);
                new = node_hash(sibling, &new);
            }
            Side::Right => new = node_hash(&new, sibling),
        }
    }
    climb.arrived()?;
    if old == *from_root && new == *until_root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// On which side the next hash of a path is.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root, beside the way from the last leaf.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    fn step(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::WrongLength);
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // The last node of a row that has no sibling goes up as it is.
            while self.node & 1 == 0 && self.node != 0 {
                self.node >>= 1;
                self.last >>= 1;
            }
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= 1;
        self.last >>= 1;
        Ok(side)
    }

    fn arrived(&self) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::WrongLength) }
    }
}
