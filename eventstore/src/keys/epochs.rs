//! Epoch keys: files beside the database, sealed under the root key. A backup of the database alone opens nothing.

use super::{KeyError, RootKeyProvider, root::write_secret};
use domain::OrganisationId;
use seal::Key;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The epoch keys that are kept, by number.
#[derive(Clone)]
pub struct Epochs {
    keys: Arc<BTreeMap<i64, Key>>,
    folder: PathBuf,
}

const LABEL: &str = "epoch";
const SUFFIX: &str = "epoch";

impl Epochs {
    /// Opens the epoch keys in `folder`. `empty` says that the database has no keys yet: then the first one is made.
    pub fn open(root: &RootKeyProvider, folder: &Path, empty: bool) -> Result<Self, KeyError> {
        let files = files(folder)?;
        if files.is_empty() && !empty {
            return Err(KeyError::EpochsMissing(folder.to_owned()));
        }
        let root = root.root(files.is_empty())?;
        let mut keys = BTreeMap::new();
        if files.is_empty() {
            keys.insert(1, create(&root, folder, 1)?);
        }
        for (number, path) in files {
            let sealed = fs::read(&path).map_err(KeyError::file(&path))?;
            let opened = seal::open(&root, LABEL, &number.to_be_bytes(), &sealed);
            let key = opened.and_then(|bytes| Key::try_from(bytes.as_slice()));
            keys.insert(number, key.map_err(|_| KeyError::WrongRoot(folder.to_owned()))?);
        }
        Ok(Self { keys: Arc::new(keys), folder: folder.to_owned() })
    }

    /// The epoch that new keys are sealed under.
    pub(super) fn current(&self) -> i64 {
        self.keys.last_key_value().map_or(1, |(number, _)| *number)
    }

    /// What an organisation's vault rows of that epoch are sealed under.
    pub(super) fn organisation_key(&self, epoch: i64, organisation: OrganisationId) -> Result<Key, KeyError> {
        let epoch_key = self.keys.get(&epoch).ok_or_else(|| KeyError::EpochsMissing(self.folder.clone()))?;
        Ok(epoch_key.derive("organisation", &[&organisation.0.to_be_bytes()]))
    }

    /// Where the epoch keys lie; the tombstones of destroyed keys lie there too, outside the database.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

fn files(folder: &Path) -> Result<Vec<(i64, PathBuf)>, KeyError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Err(problem) => return Err(KeyError::file(folder)(problem)),
    };
    let mut files = vec![];
    for entry in entries {
        let path = entry.map_err(KeyError::file(folder))?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let (Some(number), Some(SUFFIX)) = (number, path.extension().and_then(|suffix| suffix.to_str())) {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files)
}

fn create(root: &Key, folder: &Path, number: i64) -> Result<Key, KeyError> {
    let key = Key::random();
    let path = folder.join(format!("{number:06}.{SUFFIX}"));
    write_secret(&path, &seal::seal(root, LABEL, &number.to_be_bytes(), key.expose()))?;
    Ok(key)
}
