//! Rotating the root: the key files are sealed again under its newest version. Keys and events stay as they are.
//!
//! Both versions are good meanwhile, and each file is replaced as a whole, so a crash leaves some files under the old version
//! and some under the new one, and the next call goes on. An old version can go when no file is under it.

use super::{KeyError, KeyFiles, KeyNode, KeyTurn};
use crate::fault::may_die_at;
use std::collections::BTreeMap;

/// Versions of the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootState {
    /// What files are sealed under from now on.
    pub newest: u32,
    /// How many files are sealed under which version.
    pub in_use: BTreeMap<u32, usize>,
}

impl RootState {
    /// Whether every file is under the newest version.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.in_use.keys().all(|version| *version == self.newest)
    }
}

impl KeyFiles {
    /// Under which versions of the root the files are.
    pub async fn root_state(&self) -> Result<RootState, KeyError> {
        let mut in_use = BTreeMap::new();
        for file in self.list()? {
            if let Some(version) = self.version(&file)? {
                *in_use.entry(version).or_default() += 1;
            }
        }
        Ok(RootState { newest: self.root().newest_version().await?, in_use })
    }
}

impl KeyTurn {
    /// The version that the files shall be under: the newest one. If they are already, a new version is made of a root key in
    /// a file; [`KeyError::RootNotOurs`] for a root that is kept elsewhere and must be renewed there first.
    pub async fn renew_root(&self) -> Result<u32, KeyError> {
        self.prolong().await?;
        let files = self.vault.files();
        let state = files.root_state().await?;
        if !state.is_settled() {
            return Ok(state.newest);
        }
        let version = files.root().add_version()?;
        may_die_at("root version added");
        Ok(version)
    }

    /// Nodes that run and do not know a version of the root yet: no file may be sealed under it.
    pub async fn nodes_without_root(&self, version: u32) -> Result<Vec<KeyNode>, KeyError> {
        let nodes = self.vault.nodes().await?;
        Ok(nodes.into_iter().filter(|node| node.root_version.is_some_and(|known| known < version)).collect())
    }

    /// Seals every file that is under another version of the root again under this one, which is the newest. Gives how many.
    pub async fn reseal(&self, version: u32) -> Result<u64, KeyError> {
        let files = self.vault.files();
        let mut resealed = 0;
        for file in files.list()? {
            self.prolong().await?;
            if files.version(&file)?.is_some_and(|of_file| of_file != version) {
                files.reseal(&file).await?;
                resealed += 1;
                may_die_at("key file resealed");
            }
        }
        files.remove_unfinished()?;
        Ok(resealed)
    }

    /// Takes the versions of a root key in a file away that no key file is under any more, and gives which those were.
    /// Backups of the key files from before the rotation open with them alone.
    pub async fn retire_roots(&self) -> Result<Vec<u32>, KeyError> {
        self.prolong().await?;
        let files = self.vault.files();
        let state = files.root_state().await?;
        files.root().keep_versions(|version| version == state.newest || state.in_use.contains_key(&version))
    }
}
