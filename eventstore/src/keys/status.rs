//! How the keys stand; nothing here is a secret.

use super::{KeyError, KeyNode, RootState, Vault};
use crate::db::Row;
use domain::Timestamp;

/// An epoch that is kept, or was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochState {
    /// Which.
    pub epoch: i64,
    /// New keys are sealed under it since; `None` while it is only announced.
    pub begun_at: Option<Timestamp>,
    /// They are sealed under a newer one since.
    pub superseded_at: Option<Timestamp>,
    /// Keys that are under it.
    pub keys: u64,
}

/// How the keys of a database stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatus {
    /// Versions of the root.
    pub root: RootState,
    /// Oldest first.
    pub epochs: Vec<EpochState>,
    /// The nodes that run.
    pub nodes: Vec<KeyNode>,
}

const EPOCHS: &str = "SELECT e.epoch AS epoch, e.begun_at AS begun_at, e.superseded_at AS superseded_at, \
     (SELECT COUNT(*) FROM vault v WHERE v.epoch = e.epoch) AS keys FROM key_epochs e ORDER BY e.epoch";

impl KeyStatus {
    /// The epoch that keys are sealed under.
    #[must_use]
    pub fn current(&self) -> Option<&EpochState> {
        self.epochs.iter().rfind(|epoch| epoch.begun_at.is_some())
    }

    /// Keys that are still under an older epoch.
    #[must_use]
    pub fn keys_under_old_epochs(&self) -> u64 {
        self.epochs.iter().filter(|epoch| epoch.superseded_at.is_some()).map(|epoch| epoch.keys).sum()
    }
}

impl Vault {
    /// How the keys stand.
    pub async fn status(&self) -> Result<KeyStatus, KeyError> {
        let root = self.files().root_state().await?;
        Ok(KeyStatus { root, epochs: self.epoch_states().await?, nodes: self.nodes().await? })
    }

    /// The epochs that are kept, and one that was announced, oldest first.
    pub async fn epoch_states(&self) -> Result<Vec<EpochState>, KeyError> {
        let time = |micros: Option<i64>| micros.map(Timestamp::from_micros);
        let state = |row: &Row| {
            Ok(EpochState {
                epoch: row.int("epoch")?,
                begun_at: time(row.opt_int("begun_at")?),
                superseded_at: time(row.opt_int("superseded_at")?),
                keys: u64::try_from(row.int("keys")?).unwrap_or_default(),
            })
        };
        self.db.all(EPOCHS, vec![]).await?.iter().map(state).collect()
    }
}
