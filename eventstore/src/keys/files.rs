//! The folder of key files: small secrets beside the database, each sealed under the root.

use super::{KeyError, RootKeyProvider};
use seal::random_bytes;
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown},
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
        let Some(sealed) = self.bytes(file)? else { return Ok(None) };
        let opened = self.root.unwrap(file.label(), &file.aad(), &sealed).await?;
        opened.map(Some).ok_or(KeyError::WrongRoot(self.path(file)))
    }

    /// Makes a file, durably; false if it is there already.
    pub(super) async fn create(&self, file: &Sealed, secret: &[u8]) -> Result<bool, KeyError> {
        let sealed = self.root.wrap(file.label(), &file.aad(), secret).await?;
        Writing::of(&self.path(file), &sealed)?.make()
    }

    /// Seals a file again, under the newest version of the root. It is seen to open before it replaces the old one.
    pub(super) async fn reseal(&self, file: &Sealed) -> Result<(), KeyError> {
        let Some(secret) = self.read(file).await? else { return Ok(()) };
        let sealed = self.root.wrap(file.label(), &file.aad(), &secret).await?;
        let opened = self.root.unwrap(file.label(), &file.aad(), &sealed).await?;
        if opened.is_none_or(|opened| opened != secret) {
            return Err(KeyError::WrongRoot(self.path(file)));
        }
        Writing::of(&self.path(file), &sealed)?.replace()
    }

    /// Under which version of the root a file is; `None` if it is not there.
    pub(super) fn version(&self, file: &Sealed) -> Result<Option<u32>, KeyError> {
        let Some(sealed) = self.bytes(file)? else { return Ok(None) };
        RootKeyProvider::version_of(&sealed).map(Some).ok_or(KeyError::WrongRoot(self.path(file)))
    }

    /// Deletes a file, durably. Quiet if it is not there.
    pub(super) fn remove(&self, file: &Sealed) -> Result<(), KeyError> {
        let path = self.path(file);
        match fs::remove_file(&path) {
            Err(problem) if problem.kind() != ErrorKind::NotFound => Err(KeyError::file(path)(problem)),
            Ok(()) | Err(_) => sync_folder_of(&path),
        }
    }

    /// Deletes what crashes left of files that were being written: it is sealed, and would outlive what it became.
    pub(super) fn remove_unfinished(&self) -> Result<(), KeyError> {
        for path in paths(&self.folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with('.') && name.ends_with(UNFINISHED) {
                fs::remove_file(&path).map_err(KeyError::file(&path))?;
            }
        }
        Ok(())
    }

    /// The root.
    pub(super) fn root(&self) -> &RootKeyProvider {
        &self.root
    }

    fn bytes(&self, file: &Sealed) -> Result<Option<Vec<u8>>, KeyError> {
        let path = self.path(file);
        match fs::read(&path) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(None),
            Err(problem) => Err(KeyError::file(path)(problem)),
        }
    }

    /// The newest version of the root that this machine has; `None` where a program guards it.
    pub(super) fn root_version_here(&self) -> Result<Option<u32>, KeyError> {
        self.root.version_here()
    }

    /// Makes the root that everything begins with, where it is a file that is not there. Only before any data depends on it.
    pub(super) fn make_root_if_missing(&self) -> Result<(), KeyError> {
        self.root.make_if_missing()
    }

    /// Every file of the folder that is sealed under the root.
    pub(super) fn list(&self) -> Result<Vec<Sealed>, KeyError> {
        let paths = paths(&self.folder)?;
        let of_others = paths.iter().filter(|path| !self.root.is_file(path));
        let mut files: Vec<Sealed> = of_others.filter_map(|path| Sealed::of_file(path)).collect();
        files.sort();
        Ok(files)
    }

    fn path(&self, file: &Sealed) -> PathBuf {
        self.folder.join(file.file_name())
    }
}

/// What is in a folder; nothing if it is not there.
pub(super) fn paths(folder: &Path) -> Result<Vec<PathBuf>, KeyError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(problem) => return Err(KeyError::file(folder)(problem)),
    };
    let paths = entries.map(|entry| Ok(entry?.path()));
    paths.collect::<io::Result<_>>().map_err(KeyError::file(folder))
}

/// A file that nobody but the owner can read, on its way: written beside its place, then put there durably and whole. A power
/// cut leaves all of it or nothing.
pub(super) struct Writing {
    place: PathBuf,
    /// Begins with a dot and ends in `.tmp`; gone with the value.
    beside: PathBuf,
    file: File,
}

const UNFINISHED: &str = ".tmp";

impl Writing {
    /// Begins with these bytes.
    pub(super) fn of(place: &Path, bytes: &[u8]) -> Result<Self, KeyError> {
        let folder = folder_of(place);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(KeyError::file(folder))?;
        let mut name = OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(format!(".{:016x}{UNFINISHED}", u64::from_be_bytes(random_bytes())));
        let beside = folder.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
        let file = file.map_err(KeyError::file(&beside))?;
        let mut writing = Self { place: place.to_owned(), beside, file };
        writing.add(bytes)?;
        Ok(writing)
    }

    /// Goes on with these bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), KeyError> {
        self.file.write_all(bytes).map_err(KeyError::file(&self.beside))
    }

    /// Puts it in its place; false, and nothing done, if a file is there already.
    pub(super) fn make(self) -> Result<bool, KeyError> {
        self.finish(folder_of(&self.place))?;
        let made = match fs::hard_link(&self.beside, &self.place) {
            Ok(()) => true,
            Err(problem) if problem.kind() == ErrorKind::AlreadyExists => false,
            Err(problem) => return Err(KeyError::file(&self.place)(problem)),
        };
        sync_folder_of(&self.place)?;
        Ok(made)
    }

    /// Puts it in the place of the file that is there.
    pub(super) fn replace(self) -> Result<(), KeyError> {
        self.finish(&self.place)?;
        fs::rename(&self.beside, &self.place).map_err(KeyError::file(&self.place))?;
        sync_folder_of(&self.place)
    }

    /// Whoever writes for another, as root does for a service, leaves the file to whom the folder or the old file belongs.
    fn finish(&self, like: &Path) -> Result<(), KeyError> {
        let (like, own) = (fs::metadata(like), self.file.metadata());
        if let (Ok(like), Ok(own)) = (like, own)
            && (like.uid(), like.gid()) != (own.uid(), own.gid())
        {
            // Others than root may not, and need not.
            drop(chown(&self.beside, Some(like.uid()), Some(like.gid())));
        }
        self.file.sync_all().map_err(KeyError::file(&self.beside))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // What stays behind all the same is removed by the next ratchet.
        drop(fs::remove_file(&self.beside));
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
