//! Anchoring: the newest checkpoint put into a file outside the database; what a log must continue to be started with; and
//! how it begins anew after a restore that was declared (K11).

use super::{Anchor, Notary, NotaryError};
use crate::{
    keys::{LogKey, LogKeyError},
    tree::{Anchored, Departure, Place, SignedCheckpoint},
};
use proof::{Checkpoint, Hash, note::Verifier};

/// A log that does not continue its last anchor, and the tree that it has.
#[derive(Debug, Clone)]
pub struct GivenUp {
    /// The last anchor.
    pub anchor: Anchor,
    /// How the log departs from it.
    pub departure: Departure,
    /// How many events the log has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl Notary {
    /// The key that verifies this log: as it lies outside the database, otherwise as the database says. `None` before the
    /// first checkpoint.
    pub async fn public_key(&self) -> Result<Option<Verifier>, NotaryError> {
        match LogKey::public(&self.settings.key.folder)? {
            Some(key) => Ok(Some(key)),
            None => Ok(self.tree.key().await?),
        }
    }

    /// The last anchor in the file; `None` before the first one.
    pub async fn last_anchor(&self) -> Result<Option<Anchor>, NotaryError> {
        match self.public_key().await? {
            Some(key) => Ok(self.settings.anchors.last(&key)?),
            None if self.settings.anchors.path().exists() => {
                Err(LogKeyError::PublicMissing(self.settings.key.folder.clone()).into())
            }
            None => Ok(None),
        }
    }

    /// How the log departs from its last anchor, if it does. Needs no signing key: every node looks before it starts.
    pub async fn given_up(&self) -> Result<Option<GivenUp>, NotaryError> {
        let Some(anchor) = self.last_anchor().await? else { return Ok(None) };
        let size = self.tree.size().await?;
        let Some(departure) = self.tree.departure(size, &anchor.checkpoint).await? else { return Ok(None) };
        Ok(Some(GivenUp { anchor, departure, size, root: self.tree.root(size).await? }))
    }

    /// Refuses a log that does not continue its last anchor.
    pub async fn check_anchor(&self) -> Result<(), NotaryError> {
        match self.given_up().await? {
            None => Ok(()),
            Some(GivenUp { departure, .. }) => {
                Err(NotaryError::NotContinued { what: LAST_ANCHOR, departure })
            }
        }
    }

    /// The newest checkpoint, if the log's key signed it and it continues the last anchor: what can be put elsewhere.
    pub async fn latest(&self) -> Result<Option<SignedCheckpoint>, NotaryError> {
        let (Some(key), Some(latest)) = (self.public_key().await?, self.tree.checkpoint(None).await?) else {
            return Ok(None);
        };
        Checkpoint::open(&latest.note, &key).map_err(|_| NotaryError::Forged)?;
        self.check_anchor().await?;
        Ok(Some(latest))
    }

    /// Puts the newest checkpoint into the file of anchors, unless its tree is there already. Says whether it did.
    pub async fn anchor(&self) -> Result<bool, NotaryError> {
        let Some(SignedCheckpoint { checkpoint, note }) = self.latest().await? else { return Ok(false) };
        let last = self.last_anchor().await?;
        if last.is_some_and(|last| last.checkpoint.size >= checkpoint.size) {
            return Ok(false);
        }
        self.put_in_file(&Anchor { checkpoint, note, replaces: None }).await?;
        Ok(true)
    }

    /// Signs a log that does not continue its last anchor, and begins anew in the file of anchors with a line that names that
    /// anchor. Only for a restore that is on record.
    pub async fn begin_anew(&self, replaced: &Anchor) -> Result<SignedCheckpoint, NotaryError> {
        let mut memory = self.memory.lock().await;
        let Some(lease) = self.lease(&mut memory).await? else { return Err(NotaryError::Elsewhere) };
        let size = self.extend(lease.fencing_token).await?;
        memory.signed = None;
        let key = self.open_key(&mut memory).await?;
        self.check_stored(size, &key).await?;
        let signed = self.sign(&mut memory, lease.fencing_token, size).await?;
        let SignedCheckpoint { checkpoint, note } = signed.clone();
        self.put_in_file(&Anchor { checkpoint, note, replaces: Some(replaced.note.clone()) }).await?;
        Ok(signed)
    }

    async fn put_in_file(&self, anchor: &Anchor) -> Result<(), NotaryError> {
        self.settings.anchors.append(anchor)?;
        let (tree_size, at) = (anchor.checkpoint.size, self.log.now());
        Ok(self.tree.note_anchored(Anchored { place: Place::File, tree_size, at }).await?)
    }
}

/// What is not continued, in words.
pub(super) const LAST_ANCHOR: &str = "its last anchor";
