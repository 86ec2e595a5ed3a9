//! What is stored beside the rows: signed heads, tiles, the public key. Whatever of it cannot be read is a finding.

use super::{Against, VerifyError};
use crate::{
    db::{Db, Row, Value},
    tree::{signed, unsigned},
};
use proof::{
    Hash,
    heads::{Kept, SignedHead},
    note::Verifier,
    tile::{self, TileId},
    verdict::{Findings, Verdict},
};

const TREE: &str = "SELECT size, latest FROM log_tree";
const KEYS: &str = "SELECT vkey FROM log_keys";
const MOST: &str = "SELECT COALESCE(MAX(tree_size), 0) AS size FROM log_checkpoints";
const HEAD: &str = "SELECT COALESCE(MAX(position), 0) AS head FROM events";
const CHECKPOINTS: &str = "SELECT tree_size, note FROM log_checkpoints \
     WHERE tree_size > $1 AND tree_size <= $2 ORDER BY tree_size";
const TILES: &str =
    "SELECT tile, hashes FROM log_tiles WHERE level = $1 AND tile >= $2 AND tile < $3 ORDER BY tile";

/// How far everything was when the verification began. What is added meanwhile is left to the next one: a log in use goes on
/// while it is verified, and only grows.
#[derive(Debug)]
pub(super) struct Extent {
    /// The largest checkpoint.
    pub(super) checkpoints: u64,
    /// The newest checkpoint.
    pub(super) latest: Option<String>,
    /// Leaves in the tiles.
    pub(super) tree: u64,
    /// The last event.
    pub(super) events: u64,
}

impl Extent {
    /// Read in this order, each is at least as far as the one before.
    pub(super) async fn read(db: &Db, findings: &mut Findings) -> Result<Self, VerifyError> {
        let checkpoints = unsigned(db.one(MOST, vec![]).await?.int("size")?);
        let (tree, latest) = if let Some(row) = db.optional(TREE, vec![]).await? {
            (unsigned(row.int("size")?), row.opt_text("latest")?)
        } else {
            findings.add(Verdict::Tampered, "the row of the table log_tree is missing");
            (0, None)
        };
        let events = unsigned(db.one(HEAD, vec![]).await?.int("head")?);
        Ok(Self { checkpoints, latest, tree, events })
    }
}

/// Looks that the database names the key that the log is verified with.
pub(super) async fn check_key(
    db: &Db,
    key: &Verifier,
    extent: &Extent,
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    let rows = db.all(KEYS, vec![]).await?;
    for row in &rows {
        if row.text("vkey")? != key.to_string() {
            findings.add(Verdict::Tampered, "the public key in the database is not the log's");
        }
    }
    if rows.is_empty() && extent.checkpoints > 0 {
        findings.add(Verdict::Tampered, "the public key is missing in the database");
    }
    Ok(())
}

/// A head in a stored note; one that the key did not sign is a finding.
pub(super) fn head(note: &str, against: &Against, findings: &mut Findings) -> Option<SignedHead> {
    match SignedHead::open(note, &against.key, Kept::Checkpoint) {
        Ok(head) => Some(head),
        Err(problem) => {
            findings
                .add(Verdict::Tampered, format!("a checkpoint in the database does not count: {problem}"));
            None
        }
    }
}

/// Stored checkpoints of more than `from` events and no more than `until`, by size.
pub(super) async fn heads(
    db: &Db,
    against: &Against,
    (from, until): (Option<u64>, u64),
    findings: &mut Findings,
) -> Result<Vec<SignedHead>, VerifyError> {
    let from = from.map_or(-1, signed);
    let mut heads = vec![];
    for row in db.all(CHECKPOINTS, vec![from.into(), signed(until).into()]).await? {
        let size = unsigned(row.int("tree_size")?);
        match head(&row.text("note")?, against, findings) {
            Some(head) if head.size() == size => heads.push(head),
            Some(head) => {
                findings.add(Verdict::Tampered, format!("{head} is stored as that of {size} events"));
            }
            None => {}
        }
    }
    Ok(heads)
}

/// Stored tiles of a level, from one index to before another, as far as a tree of this size has them. One that is missing or
/// too short is a finding.
pub(super) async fn tiles(
    db: &Db,
    level: u8,
    (from, until): (u64, u64),
    size: u64,
    findings: &mut Findings,
) -> Result<Vec<(TileId, Vec<Hash>)>, VerifyError> {
    let values: Vec<Value> = vec![i64::from(level).into(), signed(from).into(), signed(until).into()];
    let rows = db.all(TILES, values).await?;
    let mut stored = rows.iter().map(stored_tile).collect::<Result<Vec<_>, _>>()?.into_iter().peekable();
    let mut tiles = vec![];
    for index in from..until {
        let id = TileId { level, index };
        let width = usize::from(tile::width_in(id, size));
        let hashes = stored.next_if(|(found, _)| *found == index).and_then(|(_, hashes)| hashes);
        if width == 0 {
            break;
        }
        match hashes {
            Some(mut hashes) if hashes.len() >= width => {
                // It may have grown since the verification began.
                hashes.truncate(width);
                tiles.push((id, hashes));
            }
            Some(_) | None => {
                let problem = format!("the stored tile {index} of level {level} is missing or damaged");
                findings.add(Verdict::Tampered, problem);
            }
        }
    }
    Ok(tiles)
}

fn stored_tile(row: &Row) -> Result<(u64, Option<Vec<Hash>>), crate::db::DbError> {
    Ok((unsigned(row.int("tile")?), tile::decode(&row.bytes("hashes")?)))
}
