//! Epoch keys: files beside the database, sealed under the root. A backup of the database alone opens nothing.

use super::{KeyError, KeyFiles, files::Sealed};
use domain::OrganisationId;
use futures_util::{StreamExt, TryStreamExt, stream};
use seal::Key;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

/// The epoch keys that are kept, by number. Clones share them.
#[derive(Clone)]
pub struct Epochs {
    keys: Arc<RwLock<BTreeMap<i64, Key>>>,
    files: KeyFiles,
}

/// Files opened at once, where a command is asked for each.
const TOGETHER: usize = 8;
const FIRST: i64 = 1;

impl Epochs {
    /// Opens the epoch keys. `empty` says that the database has no keys yet: then the first one is made.
    pub(super) async fn open(files: KeyFiles, empty: bool) -> Result<Self, KeyError> {
        let epochs = Self { keys: Arc::default(), files };
        epochs.load().await?;
        match epochs.newest() {
            Some(_) => {}
            None if empty => {
                epochs.files.make_root_if_missing()?;
                // Whoever was faster made it.
                epochs.files.create(&Sealed::Epoch(FIRST), Key::random().expose()).await?;
                epochs.load().await?;
            }
            None => return Err(KeyError::EpochsMissing(epochs.folder().to_owned())),
        }
        Ok(epochs)
    }

    /// Learns the keys of files that came, and forgets those of files that went.
    pub(super) async fn load(&self) -> Result<(), KeyError> {
        let listed = self.files.list()?;
        let numbers =
            || listed.iter().filter_map(|file| if let Sealed::Epoch(n) = file { Some(*n) } else { None });
        self.keys().retain(|number, _| numbers().any(|listed| listed == *number));
        let new: Vec<i64> = numbers().filter(|number| !self.keys().contains_key(number)).collect();
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

    /// The epoch that new keys are sealed under.
    pub(super) fn current(&self) -> i64 {
        self.newest().unwrap_or(FIRST)
    }

    /// The newest epoch that is known here.
    fn newest(&self) -> Option<i64> {
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
