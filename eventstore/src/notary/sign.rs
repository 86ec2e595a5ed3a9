//! Signing the tree's head, after looking that it continues what was signed before.

use super::{Memory, Notary, NotaryError, is_stale};
use crate::tree::{SignedCheckpoint, signed, unsigned};
use domain::Timestamp;
use proof::{Checkpoint, note::Verifier};

const LATEST: &str = "UPDATE log_tree SET latest = $3 WHERE fencing_token = $1 AND size = $2";
const KEEP: &str = "INSERT INTO log_checkpoints (tree_size, note) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const KEEP_KEY: &str = "INSERT INTO log_keys (vkey) VALUES ($1) ON CONFLICT DO NOTHING";

impl Notary {
    /// Signs the tree of this size, unless it is signed and that is not too long ago.
    pub(super) async fn sign_if_due(
        &self,
        memory: &mut Memory,
        token: i64,
        size: u64,
    ) -> Result<Option<SignedCheckpoint>, NotaryError> {
        let now = self.log.now();
        let latest = self.tree.checkpoint(None).await?;
        let is_fresh = |latest: &SignedCheckpoint| {
            latest.size == size && !is_stale(latest.signed_at(), self.settings.heartbeat, now)
        };
        if size == 0 || latest.as_ref().is_some_and(is_fresh) {
            return Ok(None);
        }
        if memory.signer.is_none() {
            memory.signer = Some(self.settings.key.open(self.tree.key().await?.as_ref()).await?);
        }
        let Some(signer) = &memory.signer else { return Ok(None) };
        let key = signer.verifier();
        self.check(size, latest, memory.signed.as_ref(), &key).await?;
        let checkpoint = Checkpoint {
            origin: signer.name().to_owned(),
            size,
            root: self.tree.root(size).await?,
            signed_at: Some(seconds(now)),
        };
        let note = checkpoint.sign(signer);
        self.keep(token, size, &note, &key).await?;
        metrics::counter!("sealpost_checkpoints_total").increment(1);
        memory.signed = Some(checkpoint.clone());
        Ok(Some(SignedCheckpoint { checkpoint, note }))
    }

    /// Refuses a tree that does not continue every head that is known: in the database, in this process, and in the file
    /// of anchors, where whoever put the database back could not put it back as well.
    async fn check(
        &self,
        size: u64,
        latest: Option<SignedCheckpoint>,
        signed: Option<&Checkpoint>,
        key: &Verifier,
    ) -> Result<(), NotaryError> {
        let open = |note: &str| Checkpoint::open(note, key);
        let mut heads = vec![];
        for stored in [latest, self.tree.largest().await?].into_iter().flatten() {
            heads.push(("its last checkpoint", open(&stored.note).map_err(|_| NotaryError::Forged)?));
        }
        heads.extend(signed.map(|signed| ("what this node signed last", signed.clone())));
        let anchor = self.settings.anchors.last(key)?;
        heads.extend(anchor.map(|anchor| ("its last anchor", anchor.checkpoint)));
        let mut seen = vec![];
        for (what, head) in heads {
            if seen.contains(&(head.size, head.root)) {
                continue;
            }
            if let Some(departure) = self.tree.departure(size, &head).await? {
                return Err(NotaryError::NotContinued { what, departure });
            }
            seen.push((head.size, head.root));
        }
        Ok(())
    }

    async fn keep(&self, token: i64, size: u64, note: &str, key: &Verifier) -> Result<(), NotaryError> {
        let size = signed(size);
        let mut tx = self.log.db().begin().await?;
        if tx.run(LATEST, vec![token.into(), size.into(), note.into()]).await? == 0 {
            tx.rollback().await?;
            return Err(NotaryError::Superseded);
        }
        tx.run(KEEP, vec![size.into(), note.into()]).await?;
        tx.run(KEEP_KEY, vec![key.to_string().into()]).await?;
        Ok(tx.commit().await?)
    }
}

fn seconds(at: Timestamp) -> u64 {
    unsigned(at.micros().div_euclid(1_000_000))
}
