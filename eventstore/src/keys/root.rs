//! Where the root key comes from.

use super::KeyError;
use base64ct::{Base64UrlUnpadded, Encoding};
use seal::Key;
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Where the root key comes from. It is 256 bits, written as 43 characters of base64url.
#[derive(Debug, Clone)]
pub enum RootKeyProvider {
    /// A file with mode 0600. Made when the database is empty and the file is not there.
    File(PathBuf),
    /// An environment variable; for development only, since a process's environment is easily seen.
    Environment(String),
}

/// Nobody but the owner may have any right.
const OTHERS: u32 = 0o077;

impl RootKeyProvider {
    /// The root key; `may_create` says that the database is empty, so that no data can depend on a lost key.
    pub(super) fn root(&self, may_create: bool) -> Result<Key, KeyError> {
        match self {
            Self::Environment(name) => {
                let text = std::env::var(name).map_err(|_| KeyError::RootUnset(name.clone()))?;
                parse(&Zeroizing::new(text), name)
            }
            Self::File(path) => match fs::metadata(path) {
                Ok(meta) if meta.permissions().mode() & OTHERS != 0 => {
                    Err(KeyError::RootExposed(path.clone()))
                }
                Ok(_) => {
                    let text = Zeroizing::new(fs::read_to_string(path).map_err(KeyError::file(path))?);
                    parse(&text, &path.display().to_string())
                }
                Err(problem) if problem.kind() == ErrorKind::NotFound && may_create => create(path),
                Err(problem) if problem.kind() == ErrorKind::NotFound => {
                    Err(KeyError::RootMissing(path.clone()))
                }
                Err(problem) => Err(KeyError::file(path)(problem)),
            },
        }
    }
}

fn parse(text: &str, place: &str) -> Result<Key, KeyError> {
    let bytes = Base64UrlUnpadded::decode_vec(text.trim()).map(Zeroizing::new).unwrap_or_default();
    Key::try_from(bytes.as_slice()).map_err(|_| KeyError::RootMalformed(place.to_owned()))
}

fn create(path: &Path) -> Result<Key, KeyError> {
    let key = Key::random();
    let text = Zeroizing::new(Base64UrlUnpadded::encode_string(key.expose()));
    write_secret(path, text.as_bytes())?;
    Ok(key)
}

/// Writes a file that nobody but the owner can read and that must not exist yet, durably.
pub(super) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(KeyError::file(folder))?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(KeyError::file(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(KeyError::file(path))?;
    // The name must outlive a power cut as well: data will depend on this key.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(KeyError::file(folder))
}
