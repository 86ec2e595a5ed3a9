//! N1: roots, paths and proofs, against the definitions of RFC 6962 written down as they stand.

use proof::{
    Hash,
    proofs::{ProofError, check_consistency, check_inclusion},
    tile::{TILE_WIDTH, TileId, Tiles},
    tree::{Frontier, empty_root, leaf_hash, node_hash, subtree_hash},
};

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

/// MTH of RFC 6962 §2.1.
fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let middle = leaves.len().next_power_of_two() / 2;
            node_hash(&root_of(&leaves[..middle]), &root_of(&leaves[middle..]))
        }
    }
}

/// All tiles of a tree with these leaves.
fn tiles_of(leaves: &[Hash]) -> Tiles {
    let mut tiles = Tiles::new();
    let mut row = leaves.to_vec();
    for level in 0.. {
        let width = usize::try_from(TILE_WIDTH).unwrap();
        for (index, hashes) in (0..).zip(row.chunks(width)) {
            tiles.insert(TileId { level, index }, hashes.to_vec());
        }
        row = row.chunks_exact(width).map(|tile| subtree_hash(tile).unwrap()).collect();
        if row.is_empty() {
            return tiles;
        }
    }
    unreachable!("a row is shorter than the one below it")
}

/// N1: the root of a growing tree is the one of the definition, by its edge and by its tiles.
#[test]
fn roots_are_those_of_the_definition() {
    let mut frontier = Frontier::default();
    let leaves = leaves(700);
    for size in 0..=leaves.len() {
        let expected = root_of(&leaves[..size]);
        assert_eq!(frontier.root(), expected, "{size}");
        if size % 23 == 0 || size.is_power_of_two() {
            let tiles = tiles_of(&leaves[..size]);
            assert_eq!(tiles.root(size as u64), Ok(expected));
            assert_eq!(tiles.frontier(size as u64), Ok(frontier.clone()));
        }
        if let Some(leaf) = leaves.get(size) {
            frontier.push(*leaf);
        }
    }
}

/// N1: every leaf has a path that proves it, and nothing else does: no other leaf, place, size or length.
#[test]
fn inclusion_is_proven_for_the_leaf_alone() {
    let leaves = leaves(600);
    let tiles = tiles_of(&leaves);
    for size in (1_u64..20).chain([255, 256, 257, 511, 512, 513, 600]) {
        let root = tiles.root(size).unwrap();
        for index in (0..size).filter(|index| size < 20 || index % 37 == 0 || *index + 3 > size) {
            let leaf = &leaves[usize::try_from(index).unwrap()];
            let path = tiles.inclusion(index, size).unwrap();
            assert_eq!(check_inclusion(leaf, index, size, &path, &root), Ok(()), "{index} of {size}");
            let other = leaf_hash(b"another");
            assert_eq!(check_inclusion(&other, index, size, &path, &root), Err(ProofError::WrongRoot));
            assert!(check_inclusion(leaf, index ^ 1, size, &path, &root).is_err());
            let longer = [path.as_slice(), &[root]].concat();
            assert!(check_inclusion(leaf, index, size, &longer, &root).is_err());
            if let Some((_, shorter)) = path.split_last() {
                assert!(check_inclusion(leaf, index, size, shorter, &root).is_err());
            }
        }
        assert_eq!(check_inclusion(&leaves[0], size, size, &[], &root), Err(ProofError::OutOfRange));
    }
}

/// N1: each tree is proven to continue each earlier one, and one with a changed past is not.
#[test]
fn consistency_is_proven_for_what_continues() {
    let leaves = leaves(600);
    let tiles = tiles_of(&leaves);
    let mut changed = leaves.clone();
    changed[2] = leaf_hash(b"changed");
    let rewritten = tiles_of(&changed);
    let sizes: Vec<u64> = (0..20).chain([255, 256, 257, 511, 512, 513, 600]).collect();
    for &until in &sizes {
        for &from in sizes.iter().filter(|from| **from <= until) {
            let (old, new) = (tiles.root(from).unwrap(), tiles.root(until).unwrap());
            let path = tiles.consistency(from, until).unwrap();
            assert_eq!(check_consistency((from, &old), (until, &new), &path), Ok(()), "{from} to {until}");
            let longer = [path.as_slice(), &[new]].concat();
            assert!(check_consistency((from, &old), (until, &new), &longer).is_err());
            if from > 2 {
                let forged = rewritten.root(until).unwrap();
                let path = rewritten.consistency(from, until).unwrap();
                assert!(check_consistency((from, &old), (until, &forged), &path).is_err());
            }
        }
    }
    let root = tiles.root(5).unwrap();
    assert_eq!(check_consistency((6, &root), (5, &root), &[]), Err(ProofError::OutOfRange));
}

/// N1: a tile that was not fetched is named.
#[test]
fn a_missing_tile_is_named() {
    let mut tiles = Tiles::new();
    let missing = tiles.root(300).unwrap_err();
    assert_eq!(missing.0, TileId { level: 1, index: 0 });
    tiles.insert(missing.0, leaves(1));
    assert_eq!(tiles.root(300).unwrap_err().0, TileId { level: 0, index: 1 });
}
