//! The folder of key files: small secrets beside the database, each sealed under the root.

use super::{KeyError, RootKeyProvider};
use seal::random_bytes;
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The folder, and the root that its files are sealed under. All nodes share one folder, as they share the database.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    root: RootKeyProvider,
    folder: PathBuf,
}

/// A file that is sealed under the root. Its name says for which use and which place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sealed {
    /// The key of that epoch: `000001.epoch`.
    Epoch(i64),
    /// A secret that some other part of the program keeps: `log.key`.
    Secret(String),
}

const EPOCH: &str = "epoch";
const SECRET: &str = "key";

impl Sealed {
    fn file_name(&self) -> String {
        match self {
            Self::Epoch(number) => format!("{number:06}.{EPOCH}"),
            Self::Secret(name) => format!("{name}.{SECRET}"),
        }
    }

    fn of_file(path: &Path) -> Option<Self> {
        let (stem, suffix) = path.file_name()?.to_str()?.rsplit_once('.')?;
        match suffix {
            EPOCH => stem.parse().ok().map(Self::Epoch),
            SECRET if !stem.is_empty() => Some(Self::Secret(stem.to_owned())),
            _ => None,
        }
    }

    fn label(&self) -> &str {
        match self {
            Self::Epoch(_) => EPOCH,
            Self::Secret(name) => name,
        }
    }

    fn aad(&self) -> Vec<u8> {
        match self {
            Self::Epoch(number) => number.to_be_bytes().into(),
            Self::Secret(_) => vec![],
        }
    }
}

impl KeyFiles {
    /// The files of a folder, which need not exist yet.
    #[must_use]
    pub fn new(root: RootKeyProvider, folder: &Path) -> Self {
        Self { root, folder: folder.to_owned() }
    }

    /// Where they lie. What is on record about keys lies there too, outside the database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The secret of that name, made by `make` if there is none yet; of several nodes that make it at once one wins. The name
    /// is a constant of the program. It is sealed under the root, and again whenever the root is rotated.
    pub async fn secret(
        &self,
        name: &'static str,
        make: impl FnOnce() -> Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let file = Sealed::Secret(name.to_owned());
        if let Some(found) = self.read(&file).await? {
            return Ok(found);
        }
        self.create(&file, &make()).await?;
        self.read(&file).await?.ok_or_else(|| {
            let path = self.path(&file);
            KeyError::File { path, problem: ErrorKind::NotFound.into() }
        })
    }

    /// The secret of that name, if there is one.
    pub async fn existing_secret(&self, name: &'static str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        self.read(&Sealed::Secret(name.to_owned())).await
    }

    /// What a file holds; `None` if it is not there.
    pub(super) async fn read(&self, file: &Sealed) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let path = self.path(file);
        let sealed = match fs::read(&path) {
            Ok(sealed) => sealed,
            Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(None),
            Err(problem) => return Err(KeyError::file(path)(problem)),
        };
        let opened = self.root.unwrap(file.label(), &file.aad(), &sealed).await?;
        opened.map(Some).ok_or(KeyError::WrongRoot(path))
    }

    /// Makes a file, durably; false if it is there already.
    pub(super) async fn create(&self, file: &Sealed, secret: &[u8]) -> Result<bool, KeyError> {
        let sealed = self.root.wrap(file.label(), &file.aad(), secret).await?;
        write_new(&self.path(file), &sealed)
    }

    /// Makes the root that everything begins with, where it is a file that is not there. Only before any data depends on it.
    pub(super) fn make_root_if_missing(&self) -> Result<(), KeyError> {
        self.root.make_if_missing()
    }

    /// Every file of the folder that is sealed under the root.
    pub(super) fn list(&self) -> Result<Vec<Sealed>, KeyError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(vec![]),
            Err(problem) => return Err(KeyError::file(&self.folder)(problem)),
        };
        let mut files = vec![];
        for entry in entries {
            let path = entry.map_err(KeyError::file(&self.folder))?.path();
            files.extend(Sealed::of_file(&path).filter(|_| !self.root.is_file(&path)));
        }
        files.sort();
        Ok(files)
    }

    fn path(&self, file: &Sealed) -> PathBuf {
        self.folder.join(file.file_name())
    }
}

/// Writes a file that nobody but the owner can read, durably and whole: a power cut leaves all of it or nothing. False, and
/// nothing done, if it is there already.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, KeyError> {
    let written = Written::beside(path, bytes)?;
    let made = match fs::hard_link(&written.0, path) {
        Ok(()) => true,
        Err(problem) if problem.kind() == ErrorKind::AlreadyExists => false,
        Err(problem) => return Err(KeyError::file(path)(problem)),
    };
    drop(written);
    sync_folder_of(path)?;
    Ok(made)
}

/// A file beside the one that it will become. Its name begins with a dot and ends in `.tmp`; gone with the value.
struct Written(PathBuf);

impl Written {
    fn beside(path: &Path, bytes: &[u8]) -> Result<Self, KeyError> {
        let folder = folder_of(path);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(KeyError::file(folder))?;
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{:016x}.tmp", u64::from_be_bytes(random_bytes())));
        let written = Self(folder.join(name));
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&written.0)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(KeyError::file(&written.0))?;
        Ok(written)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // What stays behind is found by the next ratchet.
        drop(fs::remove_file(&self.0));
    }
}

/// A name must outlive a power cut as well as what it names.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), KeyError> {
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(KeyError::file(folder))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}
