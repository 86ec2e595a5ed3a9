//! Signing the tree's head, after looking that it continues what was signed before.

use super::{Memory, Notary, NotaryError, anchoring::LAST_ANCHOR, is_stale};
use crate::tree::{SignedCheckpoint, signed, unsigned};
use domain::Timestamp;
use proof::{
    Checkpoint,
    note::{Signer, Verifier},
};

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
        let latest = self.tree.checkpoint(None).await?;
        let is_fresh = |latest: &SignedCheckpoint| {
            latest.size == size && !is_stale(latest.signed_at(), self.settings.heartbeat, self.log.now())
        };
        if size == 0 || latest.as_ref().is_some_and(is_fresh) {
            return Ok(None);
        }
        let key = self.open_key(memory).await?;
        self.check_stored(size, &key).await?;
        if let Some(signed) = &memory.signed {
            self.check_continues("what this node signed last", size, signed).await?;
        }
        if let Some(anchor) = self.settings.anchors.last(&key)? {
            self.check_continues(LAST_ANCHOR, size, &anchor.checkpoint).await?;
        }
        self.sign(memory, token, size).await.map(Some)
    }

    /// Opens the signing key, if that did not happen yet.
    pub(super) async fn open_key(&self, memory: &mut Memory) -> Result<Verifier, NotaryError> {
        Ok(self.signer(memory).await?.verifier())
    }

    async fn signer<'m>(&self, memory: &'m mut Memory) -> Result<&'m Signer, NotaryError> {
        match &mut memory.signer {
            Some(signer) => Ok(signer),
            none => Ok(none.insert(self.settings.key.open(self.tree.key().await?.as_ref()).await?)),
        }
    }

    /// Refuses a tree that does not continue what the database says was signed.
    pub(super) async fn check_stored(&self, size: u64, key: &Verifier) -> Result<(), NotaryError> {
        let stored = [self.tree.checkpoint(None).await?, self.tree.largest().await?];
        let mut stored: Vec<_> = stored.into_iter().flatten().collect();
        stored.dedup_by_key(|stored| (stored.size, stored.root));
        for stored in stored {
            let head = Checkpoint::open(&stored.note, key).map_err(|_| NotaryError::Forged)?;
            self.check_continues("its last checkpoint", size, &head).await?;
        }
        Ok(())
    }

    async fn check_continues(
        &self,
        what: &'static str,
        size: u64,
        head: &Checkpoint,
    ) -> Result<(), NotaryError> {
        match self.tree.departure(size, head).await? {
            Some(departure) => Err(NotaryError::NotContinued { what, departure }),
            None => Ok(()),
        }
    }

    /// Signs the tree of this size, and keeps the note where everybody finds it.
    pub(super) async fn sign(
        &self,
        memory: &mut Memory,
        token: i64,
        size: u64,
    ) -> Result<SignedCheckpoint, NotaryError> {
        let root = self.tree.root(size).await?;
        let signer = self.signer(memory).await?;
        let signed_at = Some(seconds(self.log.now()));
        let checkpoint = Checkpoint { origin: signer.name().to_owned(), size, root, signed_at };
        let (note, key) = (checkpoint.sign(signer), signer.verifier());
        self.keep(token, size, &note, &key).await?;
        metrics::counter!("sealpost_checkpoints_total").increment(1);
        memory.signed = Some(checkpoint.clone());
        Ok(SignedCheckpoint { checkpoint, note })
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
