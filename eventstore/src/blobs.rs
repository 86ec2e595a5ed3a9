//! Attachments: sealed 64 KiB at a time while they arrive, kept in an object store, opened while they leave. Neither way
//! holds more of a file in memory than a few pieces of it.
//!
//! A file lies at its *place*, in one sealed blob or in several parts below it: `place`, or `place/0`, `place/1` … A part is
//! what one request of an upload brought (R7). Each is a blob of its own, with a header of its own, bound to its path; so
//! nothing is ever sealed twice under one nonce, however often an upload is cut.

mod arriving;
mod leaving;
mod stores;

pub use stores::Bucket;

use bytes::Bytes;
use domain::{AttachmentId, id::ExportId, message::Attachment};
use futures_util::{Stream, TryStreamExt, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use seal::{Key, OpenError};
use std::{io, ops::Range, path::PathBuf, sync::Arc};
use thiserror::Error;
use time::Date;

/// The sealed attachments of all organisations. Clones share the store.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Where the store is a folder of this machine.
    folder: Option<PathBuf>,
    /// Bytes that are handed to the store at once.
    piece_bytes: usize,
}

/// Why an attachment could not be stored or read.
#[derive(Debug, Error)]
pub enum BlobError {
    /// More bytes arrived than were announced. Nothing was stored.
    #[error("the file is longer than was announced; send its length in bytes")]
    TooLong,
    /// Fewer bytes arrived than were announced, or they stopped arriving. Nothing was stored.
    #[error("the file did not arrive whole; send it again")]
    Incomplete,
    /// There is no such attachment, or it is there no more.
    #[error("there is no such attachment")]
    NotFound,
    /// The stored bytes are not what was sealed there under this key.
    #[error("an attachment does not open: {0}")]
    Open(#[from] OpenError),
    /// The folder for attachments could not be made or looked through.
    #[error("the folder {path} for attachments cannot be used: {problem}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        problem: io::Error,
    },
    /// The store failed.
    #[error("the store of attachments failed: {0}")]
    Store(object_store::Error),
}

impl From<object_store::Error> for BlobError {
    fn from(problem: object_store::Error) -> Self {
        match problem {
            object_store::Error::NotFound { .. } => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

impl Blobs {
    /// Where an attachment lies: `tag of the organisation/day on which it expires/id`, so that the path tells nothing of
    /// what lies there.
    #[must_use]
    pub fn place(organisation: [u8; 16], day: Date, id: AttachmentId) -> String {
        format!("{:032x}/{day}/{id}", u128::from_be_bytes(organisation))
    }

    /// Below which the files of an export lie: beside the attachments of its organisation.
    #[must_use]
    pub fn export_place(organisation: [u8; 16], export: ExportId) -> String {
        format!("{:032x}/exports/{export}", u128::from_be_bytes(organisation))
    }

    /// Seals what arrives under `key` and stores it at `path`, all or nothing: if `plain` breaks off, or is not
    /// `declared_len` bytes long, nothing is there afterwards.
    pub async fn put<E>(
        &self,
        path: &str,
        key: &Key,
        plain: impl Stream<Item = Result<Bytes, E>>,
        declared_len: u64,
    ) -> Result<(), BlobError> {
        self.store_whole(path, key, plain, declared_len).await
    }

    /// Seals one part of a file while it arrives, and gives its bytes of plaintext. What came before the stream broke off is
    /// kept, and is durable when this returns; of none nothing is stored, nor of a stream that gives more than `at_most`
    /// ([`BlobError::TooLong`]). A number is used for one part only, whatever became of it.
    pub async fn put_part<E>(
        &self,
        place: &str,
        part: u32,
        key: &Key,
        plain: impl Stream<Item = Result<Bytes, E>>,
        at_most: u64,
    ) -> Result<u64, BlobError> {
        self.store_part(&part_path(place, part), key, plain, at_most).await
    }

    /// The plaintext bytes of a file in this range, as far as it has them, reading only the chunks that are needed. A wrong
    /// key, a wrong length or a changed chunk ends the stream with an error; what it gave before is authentic.
    #[must_use]
    pub fn open(&self, file: &Attachment, range: Range<u64>) -> BoxStream<'static, Result<Bytes, BlobError>> {
        self.opened(file, &range)
    }

    /// Deletes one part of a file; quiet when there is none.
    pub async fn delete_part(&self, place: &str, part: u32) -> Result<(), BlobError> {
        self.delete(&location(&part_path(place, part))?).await
    }

    /// Deletes a file with all its parts, also those that a crash left; quiet when there is none.
    pub async fn delete_all(&self, place: &str) -> Result<(), BlobError> {
        let place = location(place)?;
        let parts: Vec<_> = self.store.list(Some(&place)).try_collect().await?;
        for part in parts {
            self.delete(&part.location).await?;
        }
        // In a folder, deleting what is a folder itself would be an error.
        match self.store.head(&place).await {
            Ok(_) => self.delete(&place).await,
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(problem) => Err(problem.into()),
        }
    }

    async fn delete(&self, location: &Path) -> Result<(), BlobError> {
        match self.store.delete(location).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(problem) => Err(problem.into()),
        }
    }
}

fn part_path(place: &str, part: u32) -> String {
    format!("{place}/{part}")
}

fn location(path: &str) -> Result<Path, BlobError> {
    Path::parse(path).map_err(|problem| BlobError::Store(problem.into()))
}
