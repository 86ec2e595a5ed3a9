//! The ratchet: every night a new epoch begins, the keys that live are sealed again under it, and the oldest epoch's key is
//! deleted. What was destroyed since then cannot be opened any more, not by a backup of the database either (K5).
//!
//! It has two phases, so that no node meets a row that it cannot open. The new key's file is announced, each node that runs
//! loads it and says so; only then new keys are sealed under it. Whoever comes after a crash goes on where it was.

use super::{KeyError, KeyNode, KeyTurn, files::Sealed, name::RowName, tombstones};
use crate::{
    db::{Row, Value},
    fault::may_die_at,
};
use domain::{Timestamp, keyring, period::Period};
use seal::{Key, KeyId};
use std::fmt::Write;

/// What came of sealing keys again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Keys that are under the newest epoch now.
    pub keys: u64,
    /// Rows that do not open, and stay as they are.
    pub unopenable: u64,
}

/// Keys sealed again in one transaction.
const TOGETHER: i64 = 200;
/// No policy lets a key backup live longer than 90 days, so none can bring back what a tombstone of more days is for.
const TOMBSTONES_KEPT: Period = Period::days(91);

const EPOCHS: &str = "SELECT MAX(epoch) AS newest, \
     MAX(CASE WHEN begun_at IS NOT NULL THEN epoch END) AS current, MAX(begun_at) AS begun_at FROM key_epochs";
const KNOWN: &str = "SELECT epoch FROM key_epochs";
const ANNOUNCE: &str =
    "INSERT INTO key_epochs (epoch, announced_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const BEGIN: &str = "UPDATE key_epochs SET begun_at = $2 WHERE epoch = $1 AND begun_at IS NULL";
const SUPERSEDE: &str = "UPDATE key_epochs SET superseded_at = $1 WHERE superseded_at IS NULL \
     AND epoch < (SELECT MAX(epoch) FROM key_epochs WHERE begun_at IS NOT NULL)";
const SUPERSEDED: &str =
    "SELECT epoch, superseded_at FROM key_epochs WHERE superseded_at IS NOT NULL ORDER BY epoch";
const END: &str =
    "DELETE FROM key_epochs WHERE epoch = $1 AND NOT EXISTS (SELECT 1 FROM vault WHERE epoch = $1)";
const OLDEST: &str = "SELECT MIN(epoch) AS epoch FROM key_epochs";
const UNDER_OLD: &str = "SELECT organisation, purpose, owner, generation, key_id, epoch, sealed FROM vault \
     WHERE epoch < $1 AND key_id > $2 ORDER BY key_id LIMIT $3";

impl KeyTurn {
    /// The next epoch, announced: one that is announced already, or a new one if the current one is of another day, or if
    /// `anyway`. `None` if no other epoch is to begin.
    pub async fn announce_epoch(&self, anyway: bool) -> Result<Option<i64>, KeyError> {
        self.prolong().await?;
        self.tidy().await?;
        let (vault, now) = (&self.vault, self.vault.clock.now());
        let row = vault.db.one(EPOCHS, vec![]).await?;
        let (newest, current) = (row.opt_int("newest")?, row.opt_int("current")?);
        if newest > current {
            return Ok(newest);
        }
        let begun_at = row.opt_int("begun_at")?.map(Timestamp::from_micros);
        if !anyway && !begun_at.is_some_and(|begun_at| keyring::is_due(begun_at, now)) {
            return Ok(None);
        }
        let next = newest.unwrap_or_default() + 1;
        // Whoever was faster made it.
        vault.files().create(&Sealed::Epoch(next), Key::random().expose()).await?;
        may_die_at("epoch key written");
        self.announce(next).await?;
        vault.epochs.load().await?;
        Ok(Some(next))
    }

    /// Files and rows belong together, though a crash, or a database from a backup, may have parted them. A file that is newer
    /// than all that the database knows is announced; an older one was about to be deleted.
    async fn tidy(&self) -> Result<(), KeyError> {
        let vault = &self.vault;
        let rows = vault.db.all(KNOWN, vec![]).await?;
        let known = rows.iter().map(|row| row.int("epoch")).collect::<Result<Vec<_>, _>>()?;
        let newest = known.iter().copied().max().unwrap_or_default();
        for epoch in vault.epochs.listed()? {
            if epoch > newest {
                self.announce(epoch).await?;
            } else if !known.contains(&epoch) {
                vault.files().remove(&Sealed::Epoch(epoch))?;
            }
        }
        vault.files().remove_unfinished()?;
        vault.epochs.load().await
    }

    async fn announce(&self, epoch: i64) -> Result<(), KeyError> {
        let now = self.vault.clock.now();
        self.vault.db.run(ANNOUNCE, vec![epoch.into(), now.micros().into()]).await?;
        Ok(())
    }

    /// Nodes that run and have not loaded the key of an epoch: it cannot begin yet.
    pub async fn nodes_without(&self, epoch: i64) -> Result<Vec<KeyNode>, KeyError> {
        let nodes = self.vault.nodes().await?;
        Ok(nodes.into_iter().filter(|node| node.epoch < epoch).collect())
    }

    /// From now on new keys are sealed under it, on every node.
    pub async fn begin_epoch(&self, epoch: i64) -> Result<(), KeyError> {
        self.prolong().await?;
        let now = self.vault.clock.now().micros();
        let mut tx = self.vault.db.begin().await?;
        tx.run(BEGIN, vec![epoch.into(), now.into()]).await?;
        tx.run(SUPERSEDE, vec![now.into()]).await?;
        tx.commit().await?;
        may_die_at("epoch begun");
        Ok(())
    }

    /// Seals every key that is under an older epoch again, under the current one. Keys that are made or destroyed meanwhile
    /// are left alone: a row is replaced only if it is there still, under the epoch it was read under.
    pub async fn rewrap(&self) -> Result<Rewrapped, KeyError> {
        let vault = &self.vault;
        let epoch = vault.epochs.current().await?;
        let mut done = Rewrapped::default();
        let mut last = vec![];
        loop {
            self.prolong().await?;
            let values = vec![epoch.into(), last.clone().into(), TOGETHER.into()];
            let rows = vault.db.all(UNDER_OLD, values).await?;
            let Some(end) = rows.last() else { break };
            last = end.bytes("key_id")?;
            let mut fresh = vec![];
            for row in &rows {
                match self.sealed_again(row, epoch).await {
                    Ok(row) => fresh.push(row),
                    Err(KeyError::Unopenable(_) | KeyError::EpochMissing { .. }) => done.unopenable += 1,
                    Err(problem) => return Err(problem),
                }
            }
            done.keys += self.replace(epoch, &fresh).await?;
            may_die_at("batch rewrapped");
        }
        if done.unopenable > 0 {
            tracing::error!(done.unopenable, "keys do not open under their epoch, and stay as they are");
        }
        vault.wipe().await?;
        Ok(done)
    }

    async fn sealed_again(&self, row: &Row, epoch: i64) -> Result<Fresh, KeyError> {
        let (name, id) = (RowName::read(row)?, KeyId(row.bytes16("key_id")?));
        let key = self.vault.unseal(row).await?;
        let sealed = self.vault.seal(&name, id, epoch, &key).await?;
        Ok(Fresh { id, old_epoch: row.int("epoch")?, sealed })
    }

    async fn replace(&self, epoch: i64, fresh: &[Fresh]) -> Result<u64, KeyError> {
        if fresh.is_empty() {
            return Ok(0);
        }
        let mut sql = String::from("WITH fresh (key_id, epoch, sealed) AS (VALUES ");
        let mut values: Vec<Value> = vec![epoch.into()];
        for row in fresh {
            let (comma, first) = (if values.len() == 1 { "" } else { ", " }, values.len() + 1);
            write!(sql, "{comma}(${first}, ${}, ${})", first + 1, first + 2)
                .expect("a string takes everything");
            values.extend([row.id.0.into(), row.old_epoch.into(), row.sealed.clone().into()]);
        }
        sql.push_str(
            ") UPDATE vault SET epoch = $1, sealed = fresh.sealed FROM fresh \
             WHERE vault.key_id = fresh.key_id AND vault.epoch = fresh.epoch",
        );
        Ok(self.vault.db.run(sql, values).await?)
    }

    /// Deletes the keys of epochs that are over, given how long key backups live, and what is kept beside them for as long.
    /// Gives the oldest epoch that is left. One that a row still needs is left, too.
    pub async fn end_epochs(&self, kept: Period) -> Result<i64, KeyError> {
        self.prolong().await?;
        let (vault, now) = (&self.vault, self.vault.clock.now());
        for row in vault.db.all(SUPERSEDED, vec![]).await? {
            let epoch = row.int("epoch")?;
            if !keyring::is_over(Timestamp::from_micros(row.int("superseded_at")?), kept, now) {
                continue;
            }
            // The database lets no row be under it from here on.
            if vault.db.run(END, vec![epoch.into()]).await? == 0 {
                tracing::error!(epoch, "an epoch that is over is kept: keys of the database are still under it");
                continue;
            }
            may_die_at("epoch ended");
            vault.files().remove(&Sealed::Epoch(epoch))?;
            may_die_at("epoch key deleted");
        }
        vault.epochs.load().await?;
        let before = |kept: Period| (now.to_utc() - kept.nominal()).date();
        tombstones::prune(vault.files().folder(), before(TOMBSTONES_KEPT))?;
        super::manifest::prune(vault.files().folder(), before(kept))?;
        Ok(vault.db.one(OLDEST, vec![]).await?.opt_int("epoch")?.unwrap_or_default())
    }

    /// The epoch that keys are sealed under.
    pub async fn current_epoch(&self) -> Result<i64, KeyError> {
        self.vault.epochs.current().await
    }
}

/// A key's row, sealed again.
struct Fresh {
    id: KeyId,
    old_epoch: i64,
    sealed: Vec<u8>,
}
