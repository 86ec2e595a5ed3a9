//! The root: what every key file is sealed under, in versions, and where it comes from.
//!
//! ```text
//! sealed = "SPR1" | root version u32 | n u16 | wrapped[n] | sealed under the key        numbers big endian
//! ```
//!
//! With a root key of our own the key is the root key of that version and `wrapped` is empty. With a command the key is drawn
//! anew for each secret, and `wrapped` is what the command made of it: the root never leaves whatever the command speaks to.

mod command;
mod ring;

pub use command::RootCommand;

use super::KeyError;
use ring::Ring;
use seal::Key;
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Where the root comes from. It is read again at each use and kept in no memory.
#[derive(Debug, Clone)]
pub enum RootKeyProvider {
    /// A file with mode 0600. Made when the database is empty and the file is not there.
    File(PathBuf),
    /// A file that systemd hands to this service alone (`LoadCredential=`). Never made or changed here.
    Credential(PathBuf),
    /// An environment variable; for development only, since a process's environment is easily seen.
    Environment(String),
    /// A program that wraps and unwraps keys, so that the root stays where it is.
    Command(RootCommand),
}

const MAGIC: &[u8; 4] = b"SPR1";
/// What an epoch key takes that was sealed before there were versions: under version 1, without a head.
const UNVERSIONED_BYTES: usize = seal::key::KEY_BYTES + seal::sealed::OVERHEAD_BYTES;
/// The version of a root key that was never rotated.
const FIRST_VERSION: u32 = 1;
/// Nobody but the owner may have any right.
const OTHERS: u32 = 0o077;

impl RootKeyProvider {
    /// Seals a small secret under the newest version. `label` says for which use, `aad` for which place; both are needed again.
    pub async fn wrap(&self, label: &str, aad: &[u8], secret: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (version, wrapped, key) = match self {
            Self::Command(command) => {
                let key = Key::random();
                let (version, wrapped) = command.wrap(label, &key).await?;
                (version, wrapped, key)
            }
            Self::File(_) | Self::Credential(_) | Self::Environment(_) => {
                let (version, key) = self.ring()?.newest();
                (version, vec![], key)
            }
        };
        let length = u16::try_from(wrapped.len()).map_err(|_| self.unusable("wraps keys to over 64 KiB"))?;
        let head = [&MAGIC[..], &version.to_be_bytes(), &length.to_be_bytes(), &wrapped].concat();
        Ok([head, seal::seal(&key, label, aad, secret)].concat())
    }

    /// Opens what [`Self::wrap`] sealed; `None` when this root, label or place is another.
    pub async fn unwrap(
        &self,
        label: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let Some(parts) = Parts::read(sealed) else { return Ok(None) };
        let key = match self {
            Self::Command(_) if parts.wrapped.is_empty() => return Ok(None),
            Self::Command(command) => command.unwrap(label, parts.version, parts.wrapped).await?,
            Self::File(_) | Self::Credential(_) | Self::Environment(_) => {
                let ring = self.ring()?;
                let missing = || KeyError::RootVersionMissing { version: parts.version, place: self.place() };
                ring.version(parts.version).ok_or_else(missing)?
            }
        };
        Ok(seal::open(&key, label, aad, parts.sealed).ok())
    }

    /// The version that secrets are sealed under from now on.
    pub async fn newest_version(&self) -> Result<u32, KeyError> {
        match self {
            Self::Command(command) => command.version().await,
            Self::File(_) | Self::Credential(_) | Self::Environment(_) => Ok(self.ring()?.newest().0),
        }
    }

    /// Under which version something was sealed; `None` for bytes that no root sealed.
    pub(super) fn version_of(sealed: &[u8]) -> Option<u32> {
        Parts::read(sealed).map(|parts| parts.version)
    }

    /// The newest version that this machine has; `None` where a program guards the root, for all nodes alike.
    pub(super) fn version_here(&self) -> Result<Option<u32>, KeyError> {
        match self {
            Self::Command(_) => Ok(None),
            Self::File(_) | Self::Credential(_) | Self::Environment(_) => Ok(Some(self.ring()?.newest().0)),
        }
    }

    /// Adds a new version, which is the newest from now on. [`KeyError::RootNotOurs`] for all but a file.
    pub(super) fn add_version(&self) -> Result<u32, KeyError> {
        match self {
            Self::File(path) => {
                let ring = self.ring()?.with_another();
                ring.replace(path)?;
                Ok(ring.newest().0)
            }
            Self::Credential(_) | Self::Environment(_) | Self::Command(_) => {
                Err(KeyError::RootNotOurs(self.place()))
            }
        }
    }

    /// Takes all versions away but some, and gives which those were. [`KeyError::RootNotOurs`] for all but a file.
    pub(super) fn keep_versions(&self, kept: impl Fn(u32) -> bool) -> Result<Vec<u32>, KeyError> {
        let Self::File(path) = self else { return Err(KeyError::RootNotOurs(self.place())) };
        let mut ring = self.ring()?;
        let gone = ring.keep(kept);
        if !gone.is_empty() {
            ring.replace(path)?;
        }
        Ok(gone)
    }

    /// Whether this is the file of the root key, should it lie among those that it seals.
    pub(super) fn is_file(&self, path: &Path) -> bool {
        matches!(self, Self::File(root) if root.file_name() == path.file_name())
    }

    /// Makes the file of a root key that is not there yet. Only before any data depends on it.
    pub(super) fn make_if_missing(&self) -> Result<(), KeyError> {
        match self {
            Self::File(path) if !path.try_exists().map_err(KeyError::file(path))? => Ring::create(path),
            Self::File(_) | Self::Credential(_) | Self::Environment(_) | Self::Command(_) => Ok(()),
        }
    }

    /// The versions of a root key of our own.
    fn ring(&self) -> Result<Ring, KeyError> {
        let text = match self {
            Self::File(path) => own_file(path)?,
            Self::Credential(path) => match fs::read_to_string(path) {
                Err(problem) if problem.kind() == ErrorKind::NotFound => {
                    return Err(KeyError::CredentialMissing(path.clone()));
                }
                text => text.map_err(KeyError::file(path))?,
            },
            Self::Environment(name) => std::env::var(name).map_err(|_| KeyError::RootUnset(name.clone()))?,
            Self::Command(_) => return Err(self.unusable("keeps its root to itself")),
        };
        Ring::parse(&Zeroizing::new(text)).ok_or_else(|| KeyError::RootMalformed(self.place()))
    }

    /// Where it comes from, for people.
    fn place(&self) -> String {
        match self {
            Self::File(path) | Self::Credential(path) => path.display().to_string(),
            Self::Environment(name) => name.clone(),
            Self::Command(command) => command.program().to_owned(),
        }
    }

    fn unusable(&self, problem: &str) -> KeyError {
        KeyError::RootCommand { program: self.place(), problem: problem.to_owned() }
    }
}

fn own_file(path: &Path) -> Result<String, KeyError> {
    match fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & OTHERS != 0 => Err(KeyError::RootExposed(path.to_owned())),
        Ok(_) => fs::read_to_string(path).map_err(KeyError::file(path)),
        Err(problem) if problem.kind() == ErrorKind::NotFound => Err(KeyError::RootMissing(path.to_owned())),
        Err(problem) => Err(KeyError::file(path)(problem)),
    }
}

/// What was sealed, taken apart.
struct Parts<'a> {
    version: u32,
    wrapped: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() == UNVERSIONED_BYTES {
            return Some(Self { version: FIRST_VERSION, wrapped: &[], sealed: bytes });
        }
        let (version, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (wrapped, sealed) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        Some(Self { version: u32::from_be_bytes(*version), wrapped, sealed })
    }
}
