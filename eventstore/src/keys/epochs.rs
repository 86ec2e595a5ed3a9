//! Epoch keys: files beside the database, sealed under the root. A backup of the database alone opens nothing.

use super::{KeyError, KeyFiles, files::Sealed};
use crate::db::Db;
use domain::{OrganisationId, Timestamp};
use futures_util::{StreamExt, TryStreamExt, stream};
use seal::Key;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

/// The epochs, and the keys of those that are kept. Clones share them.
#[derive(Clone)]
pub struct Epochs {
    pub(super) db: Db,
    keys: Arc<RwLock<BTreeMap<i64, Key>>>,
    files: KeyFiles,
}

/// Files opened at once, where a command is asked for each.
const TOGETHER: usize = 8;
const FIRST: i64 = 1;
const BEGIN_FIRST: &str =
    "INSERT INTO key_epochs (epoch, announced_at, begun_at) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING";
const CURRENT: &str = "SELECT MAX(epoch) AS epoch FROM key_epochs WHERE begun_at IS NOT NULL";

impl Epochs {
    /// Opens the epoch keys of a database. One that is empty gets the first, and a root if it has none.
    pub(super) async fn open(db: Db, files: KeyFiles, now: Timestamp) -> Result<Self, KeyError> {
        let epochs = Self { db, keys: Arc::default(), files };
        let begun = epochs.newest_begun().await?.is_some();
        match (begun, epochs.listed()?.is_empty()) {
            (false, true) => epochs.begin_first(now).await?,
            (false, false) => return Err(KeyError::EpochsOfOthers(epochs.folder().to_owned())),
            (true, true) => return Err(KeyError::EpochsMissing(epochs.folder().to_owned())),
            (true, false) => {}
        }
        epochs.load().await?;
        Ok(epochs)
    }

    async fn begin_first(&self, now: Timestamp) -> Result<(), KeyError> {
        self.files.make_root_if_missing()?;
        // Whoever was faster made it.
        self.files.create(&Sealed::Epoch(FIRST), Key::random().expose()).await?;
        self.db.run(BEGIN_FIRST, vec![FIRST.into(), now.micros().into()]).await?;
        Ok(())
    }

    /// Learns the keys of files that came, and forgets those of files that went.
    pub(super) async fn load(&self) -> Result<(), KeyError> {
        let listed = self.listed()?;
        self.keys().retain(|number, _| listed.contains(number));
        let new: Vec<i64> = listed.into_iter().filter(|number| !self.keys().contains_key(number)).collect();
        let opened = stream::iter(new).map(|number| self.read(number)).buffer_unordered(TOGETHER);
        let opened: Vec<Option<(i64, Key)>> = opened.try_collect().await?;
        self.keys().extend(opened.into_iter().flatten());
        Ok(())
    }

    /// `None` when the file has gone meanwhile.
    async fn read(&self, number: i64) -> Result<Option<(i64, Key)>, KeyError> {
        let Some(bytes) = self.files.read(&Sealed::Epoch(number)).await? else { return Ok(None) };
        let key = Key::try_from(bytes.as_slice());
        Ok(Some((number, key.map_err(|_| KeyError::WrongRoot(self.folder().to_owned()))?)))
    }

    /// The epoch that new keys are sealed under. The database says so, to all nodes the same.
    pub(super) async fn current(&self) -> Result<i64, KeyError> {
        self.newest_begun().await?.ok_or_else(|| KeyError::EpochsMissing(self.folder().to_owned()))
    }

    async fn newest_begun(&self) -> Result<Option<i64>, KeyError> {
        Ok(self.db.one(CURRENT, vec![]).await?.opt_int("epoch")?)
    }

    /// The epochs that have a file.
    pub(super) fn listed(&self) -> Result<Vec<i64>, KeyError> {
        let number = |file| match file {
            Sealed::Epoch(number) => Some(number),
            Sealed::Secret(_) => None,
        };
        Ok(self.files.list()?.into_iter().filter_map(number).collect())
    }

    /// The newest epoch whose key is loaded here.
    pub(super) fn newest_loaded(&self) -> Option<i64> {
        self.keys().last_key_value().map(|(number, _)| *number)
    }

    /// What an organisation's vault rows of that epoch are sealed under. An epoch that is not known here may have come
    /// since: then the folder is looked at once more.
    pub(super) async fn organisation_key(
        &self,
        epoch: i64,
        organisation: OrganisationId,
    ) -> Result<Key, KeyError> {
        let known = || self.keys().get(&epoch).cloned();
        let mut key = known();
        if key.is_none() {
            self.load().await?;
            key = known();
        }
        let missing = || KeyError::EpochMissing { epoch, folder: self.folder().to_owned() };
        Ok(key.ok_or_else(missing)?.derive("organisation", &[&organisation.0.to_be_bytes()]))
    }

    /// The files.
    pub(super) fn files(&self) -> &KeyFiles {
        &self.files
    }

    fn folder(&self) -> &Path {
        self.files.folder()
    }

    fn keys(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<i64, Key>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}
