//! Attachments: sealed 64 KiB at a time while they arrive, kept in an object store, opened while they leave. Neither way
//! holds more of a file in memory than a few parts of it.

use bytes::{Bytes, BytesMut};
use domain::AttachmentId;
use futures_util::{
    Stream, StreamExt,
    stream::{BoxStream, try_unfold},
};
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart, local::LocalFileSystem, path::Path};
use seal::{
    Key, OpenError,
    blob::{BlobOpener, BlobSealer, CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, sealed_len},
};
use std::{fs, io, path::PathBuf, pin::pin, sync::Arc};
use thiserror::Error;
use time::Date;
use zeroize::Zeroizing;

/// The sealed attachments of all organisations. Clones share the store.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
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
    /// The folder for attachments could not be made.
    #[error("the folder {path} for attachments cannot be made: {problem}")]
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

/// Parts on their way to the store at once, 5 MiB each: one is sent while the next one fills.
const PARTS_UNDER_WAY: usize = 2;

impl Blobs {
    /// In this store.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// In a folder, which is made if it is not there. A blob that was stored outlives a power cut.
    pub fn directory(path: &std::path::Path) -> Result<Self, BlobError> {
        fs::create_dir_all(path).map_err(|problem| BlobError::Folder { path: path.to_owned(), problem })?;
        Ok(Self::new(Arc::new(LocalFileSystem::new_with_prefix(path)?.with_fsync(true))))
    }

    /// Where an attachment lies: `tag of the organisation/day on which it expires/id`, so that a day can be cleared by
    /// its prefix and the path tells nothing of what lies there.
    #[must_use]
    pub fn place(organisation: [u8; 16], day: Date, id: AttachmentId) -> String {
        format!("{:032x}/{day}/{id}", u128::from_be_bytes(organisation))
    }

    /// Seals what arrives under `key` and stores it at `path`, all or nothing: if `plain` breaks off, or is not
    /// `declared_len` bytes long, nothing is there afterwards. A key seals one blob only.
    pub async fn put<E>(
        &self,
        path: &str,
        key: &Key,
        plain: impl Stream<Item = Result<Bytes, E>>,
        declared_len: u64,
    ) -> Result<(), BlobError> {
        let mut upload = WriteMultipart::new(self.store.put_multipart(&location(path)?).await?);
        match seal_into(&mut upload, BlobSealer::new(key, path.as_bytes()), plain, declared_len).await {
            Ok(()) => {
                upload.finish().await?;
                Ok(())
            }
            Err(problem) => {
                // What went wrong first is the answer.
                let _ = upload.abort().await;
                Err(problem)
            }
        }
    }

    /// Opens the blob at `path`, whose plaintext has `plain_len` bytes. A wrong key or length is found here, a changed
    /// chunk when the stream comes to it; what the stream gave before is authentic.
    pub async fn get(
        &self,
        path: &str,
        key: &Key,
        plain_len: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, BlobError> {
        let found = self.store.get(&location(path)?).await?;
        if found.meta.size != sealed_len(plain_len) {
            return Err(OpenError::Tampered.into());
        }
        let mut sealed = Sealed { arriving: found.into_stream(), waiting: BytesMut::new() };
        let header = sealed.take(HEADER_BYTES).await?;
        let opener = BlobOpener::new(key, path.as_bytes(), &header)?;
        let opening = Opening { sealed, opener, index: 0, left: Some(plain_len) };
        Ok(try_unfold(opening, Opening::next).boxed())
    }

    /// Deletes the blob; quiet when there is none.
    pub async fn delete(&self, path: &str) -> Result<(), BlobError> {
        match self.store.delete(&location(path)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(problem) => Err(problem.into()),
        }
    }
}

fn location(path: &str) -> Result<Path, BlobError> {
    Path::parse(path).map_err(|problem| BlobError::Store(problem.into()))
}

async fn seal_into<E>(
    upload: &mut WriteMultipart,
    mut sealer: BlobSealer,
    plain: impl Stream<Item = Result<Bytes, E>>,
    declared_len: u64,
) -> Result<(), BlobError> {
    upload.put(Bytes::copy_from_slice(sealer.header()));
    let mut plain = pin!(plain);
    let mut arrived = 0;
    // A full chunk waits until more arrives: only then it is known that it is not the last.
    let mut chunk = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
    while let Some(piece) = plain.next().await {
        let mut piece = piece.map_err(|_| BlobError::Incomplete)?;
        arrived += piece.len() as u64;
        if arrived > declared_len {
            return Err(BlobError::TooLong);
        }
        while !piece.is_empty() {
            if chunk.len() == CHUNK_BYTES {
                upload.wait_for_capacity(PARTS_UNDER_WAY).await?;
                upload.put(sealer.seal_chunk(&chunk, false).into());
                chunk.clear();
            }
            let fits = piece.len().min(CHUNK_BYTES - chunk.len());
            chunk.extend_from_slice(&piece.split_to(fits));
        }
    }
    if arrived < declared_len {
        return Err(BlobError::Incomplete);
    }
    upload.put(sealer.seal_chunk(&chunk, true).into());
    Ok(())
}

/// A blob on its way out.
struct Opening {
    sealed: Sealed,
    opener: BlobOpener,
    /// Of the next chunk.
    index: u32,
    /// Bytes of plaintext that are still to come; `None` after the last chunk, which an empty blob has too.
    left: Option<u64>,
}

impl Opening {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, BlobError> {
        let Some(left) = self.left else { return Ok(None) };
        let last = left <= CHUNK_BYTES as u64;
        let plain_bytes = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let chunk = self.sealed.take(plain_bytes + TAG_BYTES).await?;
        let plain = self.opener.open_chunk(self.index, &chunk, last)?;
        self.index = self.index.checked_add(1).ok_or(OpenError::Malformed)?;
        self.left = (!last).then(|| left - CHUNK_BYTES as u64);
        Ok(Some((Bytes::from_owner(plain), self)))
    }
}

/// Sealed bytes, which arrive in pieces of any length.
struct Sealed {
    arriving: BoxStream<'static, object_store::Result<Bytes>>,
    waiting: BytesMut,
}

impl Sealed {
    async fn take(&mut self, length_bytes: usize) -> Result<Bytes, BlobError> {
        while self.waiting.len() < length_bytes {
            let piece = self.arriving.next().await.ok_or(OpenError::Malformed)??;
            self.waiting.extend_from_slice(&piece);
        }
        Ok(self.waiting.split_to(length_bytes).freeze())
    }
}
