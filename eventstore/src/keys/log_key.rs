//! The key that signs the log's checkpoints: a file beside the epoch keys, sealed under the root key. Its public half lies
//! beside it in clear, to be handed to auditors.

use super::{KeyError, KeyFiles, RootKeyProvider};
use proof::note::{Signer, Verifier};
use seal::random_bytes;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};
use thiserror::Error;
use zeroize::Zeroizing;

/// The sealed key is `log.key`.
const NAME: &str = "log";
/// The public key, as text.
const PUBLIC_FILE: &str = "log.vkey";
const SEED_BYTES: usize = 32;

/// Where the key is. Holds no secret; only a notary opens it.
#[derive(Debug, Clone)]
pub struct LogKey {
    /// Opens the file.
    pub root: RootKeyProvider,
    /// Where it lies.
    pub folder: PathBuf,
    /// What the log is to be called. By default it gets a random name, so that no two logs share one.
    pub origin: Option<String>,
}

/// Why the log's key could not be had.
#[derive(Debug, Error)]
pub enum LogKeyError {
    /// The key that signed this log so far is not there.
    #[error("the log's signing key {0} is missing; restore it, another key cannot continue this log")]
    Missing(PathBuf),
    /// The public key is in no place that can be looked at, though something was signed.
    #[error(
        "the log's public key log.vkey is missing in {0}; restore it, the anchors cannot be checked without it"
    )]
    PublicMissing(PathBuf),
    /// The key that is there is not the one that signed this log so far.
    #[error("{0} is not the key that signed this log so far; restore the one that did")]
    Other(PathBuf),
    /// The public key is there and is none.
    #[error("{0} holds no public key of a log; remove it, the node that signs writes it anew")]
    Malformed(PathBuf),
    /// A log cannot have this name.
    #[error(
        "a log cannot be called \"{0}\"; choose a name without spaces and plus signs, such as a host name"
    )]
    Name(String),
    /// The configuration gives the log another name than its key has.
    #[error(
        "the log is called {name}, and a log's name never changes; set notary.origin to it, not to {configured}"
    )]
    OtherName {
        /// What the configuration says.
        configured: String,
        /// What the key says.
        name: String,
    },
    /// The root key does not open it, or a file could not be read.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl LogKey {
    /// Opens the key. `known` is the key that signed this log so far; the first time there is none, and one is made.
    pub async fn open(&self, known: Option<&Verifier>) -> Result<Signer, LogKeyError> {
        let files = KeyFiles::new(self.root.clone(), &self.folder);
        let path = self.folder.join(NAME).with_extension("key");
        let plain = match (files.existing_secret(NAME).await?, known) {
            (Some(plain), _) => plain,
            (None, Some(_)) => return Err(LogKeyError::Missing(path)),
            (None, None) => {
                let made = self.make()?;
                files.secret(NAME, || made).await?
            }
        };
        let signer = read(&plain).ok_or_else(|| KeyError::WrongRoot(path.clone()))?;
        if known.is_some_and(|known| *known != signer.verifier()) {
            return Err(LogKeyError::Other(path));
        }
        if let Some(origin) = &self.origin
            && origin != signer.name()
        {
            return Err(LogKeyError::OtherName {
                configured: origin.clone(),
                name: signer.name().to_owned(),
            });
        }
        self.publish(&signer)?;
        Ok(signer)
    }

    /// The public key that lies in this folder, outside the database; `None` until a notary has made it.
    pub fn public(folder: &Path) -> Result<Option<Verifier>, LogKeyError> {
        let path = folder.join(PUBLIC_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => text.parse().map(Some).map_err(|_| LogKeyError::Malformed(path)),
            Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(None),
            Err(problem) => Err(KeyError::file(path)(problem).into()),
        }
    }

    /// A new key, as it is kept: seed and name.
    fn make(&self) -> Result<Zeroizing<Vec<u8>>, LogKeyError> {
        let seed = Zeroizing::new(random_bytes::<SEED_BYTES>());
        let name = self
            .origin
            .clone()
            .unwrap_or_else(|| format!("sealpost/{:016x}", u64::from_be_bytes(random_bytes())));
        let signer = Signer::new(&name, &seed).ok_or(LogKeyError::Name(name))?;
        Ok(Zeroizing::new([seed.as_slice(), signer.name().as_bytes()].concat()))
    }

    /// Puts the public key beside the sealed one, where it is not yet.
    fn publish(&self, signer: &Signer) -> Result<(), LogKeyError> {
        let path = self.folder.join(PUBLIC_FILE);
        match Self::public(&self.folder)? {
            Some(public) if public == signer.verifier() => Ok(()),
            Some(_) => Err(LogKeyError::Other(path)),
            None => {
                let text = format!("{}\n", signer.verifier());
                Ok(fs::write(&path, text).map_err(KeyError::file(&path))?)
            }
        }
    }
}

/// The key as [`LogKey::make`] made it.
fn read(plain: &[u8]) -> Option<Signer> {
    let (seed, name) = plain.split_first_chunk::<SEED_BYTES>()?;
    Signer::new(str::from_utf8(name).ok()?, seed)
}
