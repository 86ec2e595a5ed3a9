//! The level of signatures: stored heads and anchors, held against the stored tree. No event is read.

use super::{
    Against, Progress, Stage, Verified, VerifyError,
    sources::{self, Extent},
};
use crate::tree::{LogTree, TreeError};
use domain::verification::Level;
use proof::{
    heads::{Heads, SignedHead},
    tile::{TILE_WIDTH, TileId, width_in},
    tree::subtree_hash,
    verdict::{Findings, Verdict},
};
use std::collections::VecDeque;

/// Sizes whose checkpoints are read at once.
const SIZES: u64 = 65_536;

pub(super) async fn verify(
    tree: &LogTree,
    against: &Against,
    progress: Progress<'_>,
) -> Result<Verified, VerifyError> {
    let mut findings = Findings::default();
    let db = &tree.db;
    let (mut anchors, notes) = against.anchors.heads(&against.key, &mut findings);
    let extent = Extent::read(db, &mut findings).await?;
    sources::check_key(db, &against.key, &extent, &mut findings).await?;
    let latest = extent.latest.as_deref().and_then(|note| sources::head(note, against, &mut findings));
    anchors.extend(latest);
    anchors.sort_by_key(SignedHead::size);
    let mut kept = VecDeque::from(anchors);
    let mut heads = Heads::default();
    let (mut from, mut until) = (None, SIZES);
    loop {
        let stored =
            sources::heads(db, against, (from, until.min(extent.checkpoints)), &mut findings).await?;
        for head in stored {
            while let Some(kept) = kept.pop_front_if(|kept| kept.size() <= head.size()) {
                judge(tree, &extent, kept, &mut heads, &mut findings).await?;
            }
            judge(tree, &extent, head, &mut heads, &mut findings).await?;
        }
        progress(Stage::Checkpoints, until.min(extent.checkpoints), extent.checkpoints);
        if until >= extent.checkpoints {
            break;
        }
        (from, until) = (Some(until), until + SIZES);
    }
    for head in kept {
        judge(tree, &extent, head, &mut heads, &mut findings).await?;
    }
    if extent.events < extent.tree {
        let Extent { tree, events, .. } = extent;
        findings
            .add(Verdict::RolledBack, format!("the tree has {tree} leaves, and the last event is {events}"));
    }
    let proven = heads.finish(against.stale_before, &mut findings);
    Ok(Verified {
        level: Level::Signatures,
        events: extent.events,
        heads: proven.heads,
        proven: proven.last,
        times: None,
        notes,
        findings,
    })
}

async fn judge(
    tree: &LogTree,
    extent: &Extent,
    head: SignedHead,
    heads: &mut Heads,
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    if head.size() > extent.tree {
        heads.judge(head, None, findings);
        return Ok(());
    }
    match tree.root(head.size()).await {
        Ok(root)
            if root == head.checkpoint.root || has_whole_edge(tree, head.size(), extent.tree).await? =>
        {
            heads.judge(head, Some(root), findings);
        }
        Ok(_) => {
            findings.add(Verdict::Tampered, format!("the stored tiles do not fit each other around {head}"));
        }
        Err(TreeError::Damaged(missing)) => {
            findings.add(Verdict::Tampered, format!("{head} cannot be compared: {missing}"));
        }
        Err(other) => return Err(other.into()),
    }
    Ok(())
}

/// Whether the tiles at the edge of a smaller tree have the hashes that the larger one is made of. Only then a root that does
/// not fit speaks of another history, and not of a tile that was changed.
async fn has_whole_edge(tree: &LogTree, size: u64, of: u64) -> Result<bool, VerifyError> {
    let mut index = size.saturating_sub(1);
    for level in 0.. {
        index /= TILE_WIDTH;
        let id = TileId { level, index };
        if u64::from(width_in(id, of)) < TILE_WIDTH {
            break;
        }
        let above = TileId { level: level + 1, index: index / TILE_WIDTH };
        let (Some(tile), Some(above)) = (tree.stored_tile(id).await?, tree.stored_tile(above).await?) else {
            return Ok(false);
        };
        let place = usize::try_from(index % TILE_WIDTH).unwrap_or_default();
        if subtree_hash(&tile).is_none_or(|root| above.get(place) != Some(&root)) {
            return Ok(false);
        }
    }
    Ok(true)
}
