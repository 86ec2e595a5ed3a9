//! Extending the tree: rows in order, without their bodies, become leaves.

use super::{Notary, NotaryError, edge::Edge};
use crate::tree::{Entry, signed, unsigned};
use proof::tile;

/// Leaves added in one transaction at most: memory stays small, and a crash costs little.
const BATCH: u32 = 4_096;

const STATE: &str = "SELECT size, fencing_token FROM log_tree";
const ADOPT: &str = "UPDATE log_tree SET fencing_token = $1 WHERE fencing_token < $1";
const GROW: &str = "UPDATE log_tree SET size = $3 WHERE fencing_token = $1 AND size = $2";
const WRITE: &str = "INSERT INTO log_tiles (level, tile, hashes) VALUES ($1, $2, $3) \
     ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes";

impl Notary {
    /// Adds everything that the log has; answers how large the tree is then.
    pub(super) async fn extend(&self, token: i64) -> Result<u64, NotaryError> {
        let mut edge = Edge::load(&self.tree, self.adopt(token).await?).await?;
        loop {
            let from = edge.size();
            // With the one that the tree covers last, to see that the log is still the one that the tree grew from.
            let entries = self.tree.entries(from.saturating_sub(1), BATCH + 1).await?;
            for entry in continuing(&edge, &entries)? {
                edge.push(entry.leaf());
            }
            if edge.size() == from {
                return Ok(from);
            }
            self.write(token, from, &mut edge).await?;
        }
    }

    /// The size of the tree, from now on written under this token alone.
    async fn adopt(&self, token: i64) -> Result<u64, NotaryError> {
        let db = self.log.db();
        let state = db.one(STATE, vec![]).await?;
        let known = state.int("fencing_token")?;
        if known > token || (known < token && db.run(ADOPT, vec![token.into()]).await? == 0) {
            return Err(NotaryError::Superseded);
        }
        Ok(unsigned(db.one(STATE, vec![]).await?.int("size")?))
    }

    /// Tiles and size in one transaction. It need not be durable: the next checkpoint's is, and until then nobody was told.
    async fn write(&self, token: i64, from: u64, edge: &mut Edge) -> Result<(), NotaryError> {
        let mut tx = self.log.db().begin_derived().await?;
        let values = vec![token.into(), signed(from).into(), signed(edge.size()).into()];
        if tx.run(GROW, values).await? == 0 {
            tx.rollback().await?;
            return Err(NotaryError::Superseded);
        }
        for (id, hashes) in edge.take_tiles() {
            let values =
                vec![i64::from(id.level).into(), signed(id.index).into(), tile::encode(&hashes).into()];
            tx.run(WRITE, values).await?;
        }
        tx.commit().await?;
        metrics::counter!("sealpost_tree_events_total").absolute(edge.size());
        Ok(())
    }
}

/// The entries that the tree does not have yet, if they follow on it without a gap.
fn continuing<'e>(edge: &Edge, entries: &'e [Entry]) -> Result<&'e [Entry], NotaryError> {
    let mut fresh = entries;
    if let Some(last) = edge.last() {
        let covered = signed(edge.size());
        match entries.split_first() {
            Some((entry, rest)) if entry.position == covered && entry.leaf() == last => fresh = rest,
            Some(_) | None => return Err(NotaryError::Rewritten(covered)),
        }
    }
    let mut in_order = (signed(edge.size()) + 1..).zip(fresh);
    match in_order.find(|(due, entry)| entry.position != *due) {
        Some((due, _)) => Err(NotaryError::Gap(due)),
        None => Ok(fresh),
    }
}
