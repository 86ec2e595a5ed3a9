//! Keys: the root that never enters the database, the epoch keys beside it, and the vault whose rows they seal.
//!
//! ```text
//! root ─ seals ─ epoch keys (files) ─ derive ─ organisation key ─ seals ─ vault rows
//! ```
//!
//! Destroying a vault row is how mail expires, how people leave and how a draft ends.

mod destroy;
mod epochs;
mod files;
mod grants;
mod log_key;
mod manifest;
mod name;
mod nodes;
mod ratchet;
mod root;
mod rotate;
mod status;
mod tombstones;
mod turn;
mod vault;

pub use epochs::Epochs;
pub use files::KeyFiles;
pub use grants::{open_grant, seal_grant};
pub use log_key::{LogKey, LogKeyError};
pub use manifest::{ManifestKey, manifests, read_manifest};
pub use name::{KeyName, Purpose};
pub use nodes::KeyNode;
pub use ratchet::Rewrapped;
pub use root::{RootCommand, RootKeyProvider};
pub use rotate::RootState;
pub use status::{EpochState, KeyStatus};
pub use tombstones::{Tombstone, tombstones};
pub use turn::KeyTurn;
pub use vault::{Vault, VaultKey};

use crate::db::DbError;
use seal::KeyId;
use std::{io, path::PathBuf};
use thiserror::Error;

/// Why a key could not be had.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file of the root key is not there though the database has data.
    #[error(
        "the root key file {0} is missing; restore it from where it is kept, nothing can be read without it"
    )]
    RootMissing(PathBuf),
    /// The environment variable of the root key is not set.
    #[error("the environment variable {0} is not set; it must hold the root key")]
    RootUnset(String),
    /// systemd handed over no such credential.
    #[error(
        "the systemd credential {0} is missing; add LoadCredential= or LoadCredentialEncrypted= of that name to the unit"
    )]
    CredentialMissing(PathBuf),
    /// The root key is there and is no key.
    #[error(
        "the root key in {0} is not 43 characters of base64url, or lines of a version and such a key; it was damaged or is \
         another file"
    )]
    RootMalformed(String),
    /// A key file is sealed under a version of the root key that is not there.
    #[error(
        "version {version} of the root key is not in {place}, and a key file is sealed under it; put its line back"
    )]
    RootVersionMissing {
        /// Which.
        version: u32,
        /// Where it should be.
        place: String,
    },
    /// The program that guards the root did not do what it was asked for.
    #[error("the root command {program} failed: {problem}")]
    RootCommand {
        /// Which program.
        program: String,
        /// What went wrong, without secrets.
        problem: String,
    },
    /// Others can read the root key.
    #[error("the root key file {0} can be read by others; run chmod 600 on it")]
    RootExposed(PathBuf),
    /// The root key does not open a key file.
    #[error("the root key does not open {0}; use the root key that this database was begun with")]
    WrongRoot(PathBuf),
    /// The epoch keys are not there though the database has keys sealed under them.
    #[error(
        "the epoch keys in {0} are missing, and the database has data sealed under them; restore that folder"
    )]
    EpochsMissing(PathBuf),
    /// The folder has epoch keys though the database never began one.
    #[error(
        "the epoch keys in {0} are not of this database, which has none yet; set keys.folder to a folder of its own, or, if a \
         first start was interrupted, delete that folder"
    )]
    EpochsOfOthers(PathBuf),
    /// A key in the database is sealed under an epoch whose key is not there.
    #[error(
        "a key in the database is sealed under epoch {epoch}, whose key is not in {folder}. A database older than the key \
         backups cannot be opened any more; otherwise restore that folder"
    )]
    EpochMissing {
        /// Which.
        epoch: i64,
        /// Where it should be.
        folder: PathBuf,
    },
    /// A file with keys could not be read or written.
    #[error("key file {path}: {problem}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        problem: io::Error,
    },
    /// A vault row does not open: the database and the keys do not belong together.
    #[error(
        "a key in the database does not open under epoch {0}; database and key folder do not belong together"
    )]
    Unopenable(i64),
    /// A line that is no tombstone stands among the tombstones.
    #[error(
        "line {line} of {path} is no tombstone; the file was damaged, put it back from the backup of that folder"
    )]
    Tombstone {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
    },
    /// A tombstone names a key that is never destroyed.
    #[error(
        "a tombstone names the key {0}, which this program never destroys; a newer program or somebody else wrote it. Run the \
         newer program, or put the tombstones back from the backup of that folder"
    )]
    Indestructible(KeyId),
    /// A line does not belong into a manifest.
    #[error("line {line} of {path} does not belong into a manifest; the file was changed or damaged")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
    },
    /// The root is kept where this program cannot change it, and has no newer version there.
    #[error(
        "the root comes from {0}, and every key file is under its newest version. Renew it there first, and run this again: add a \
         line with the next version and another key, or have the key service rotate"
    )]
    RootNotOurs(String),
    /// Somebody else turns the keys now; whoever did before stops where it was.
    #[error("another node has taken over the work on keys")]
    TurnLost,
    /// The key was destroyed, and its name never gets another.
    #[error("this key was destroyed")]
    Destroyed,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl KeyError {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |problem| Self::File { path, problem }
    }
}
