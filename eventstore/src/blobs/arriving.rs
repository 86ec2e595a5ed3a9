//! Files on their way in.

use super::{BlobError, Blobs, location};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use object_store::buffered::BufWriter;
use seal::{
    Key,
    blob::{BlobSealer, CHUNK_BYTES},
};
use std::{pin::pin, sync::Arc};
use tokio::io::AsyncWriteExt;
use zeroize::Zeroizing;

/// What arrived of a file.
#[derive(Clone, Copy)]
struct Arrived {
    /// Bytes of plaintext.
    bytes: u64,
    /// Whether the stream broke off rather than ended.
    cut: bool,
}

/// Pieces on their way to the store at once: one is sent while the next one fills.
const UNDER_WAY: usize = 2;

impl Blobs {
    pub(super) async fn store_whole<E>(
        &self,
        path: &str,
        key: &Key,
        plain: impl Stream<Item = Result<Bytes, E>>,
        declared_len: u64,
    ) -> Result<(), BlobError> {
        let mut writer = self.writer(path)?;
        let whole = match seal_into(&mut writer, key, path, plain, declared_len).await {
            Ok(arrived) if arrived.cut || arrived.bytes < declared_len => Err(BlobError::Incomplete),
            other => other.map(drop),
        };
        settled(writer, whole).await
    }

    pub(super) async fn store_part<E>(
        &self,
        path: &str,
        key: &Key,
        plain: impl Stream<Item = Result<Bytes, E>>,
        at_most: u64,
    ) -> Result<u64, BlobError> {
        let mut writer = self.writer(path)?;
        match seal_into(&mut writer, key, path, plain, at_most).await {
            Ok(Arrived { bytes: 0, .. }) => Ok(0),
            Ok(arrived) => settled(writer, Ok(arrived.bytes)).await,
            Err(problem) => settled(writer, Err(problem)).await,
        }
    }

    fn writer(&self, path: &str) -> Result<BufWriter, BlobError> {
        let writer = BufWriter::with_capacity(Arc::clone(&self.store), location(path)?, self.piece_bytes);
        Ok(writer.with_max_concurrency(UNDER_WAY))
    }
}

/// Makes durable what was written, or takes it back.
async fn settled<T>(mut writer: BufWriter, sealed: Result<T, BlobError>) -> Result<T, BlobError> {
    if sealed.is_ok() {
        writer.shutdown().await.map_err(|problem| {
            BlobError::Store(object_store::Error::Generic { store: "attachments", source: Box::new(problem) })
        })?;
    } else {
        // What went wrong first is the answer.
        let _ = writer.abort().await;
    }
    sealed
}

async fn seal_into<E>(
    writer: &mut BufWriter,
    key: &Key,
    path: &str,
    plain: impl Stream<Item = Result<Bytes, E>>,
    at_most: u64,
) -> Result<Arrived, BlobError> {
    let mut sealer = BlobSealer::new(key, path.as_bytes());
    writer.put(Bytes::copy_from_slice(sealer.header())).await?;
    let mut plain = pin!(plain);
    let mut arrived = Arrived { bytes: 0, cut: false };
    // A full chunk waits until more arrives: only then it is known that it is not the last.
    let mut chunk = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
    while let Some(piece) = plain.next().await {
        let Ok(mut piece) = piece else {
            arrived.cut = true;
            break;
        };
        arrived.bytes += piece.len() as u64;
        if arrived.bytes > at_most {
            return Err(BlobError::TooLong);
        }
        while !piece.is_empty() {
            if chunk.len() == CHUNK_BYTES {
                writer.put(sealer.seal_chunk(&chunk, false).into()).await?;
                chunk.clear();
            }
            let fits = piece.len().min(CHUNK_BYTES - chunk.len());
            chunk.extend_from_slice(&piece.split_to(fits));
        }
    }
    writer.put(sealer.seal_chunk(&chunk, true).into()).await?;
    Ok(arrived)
}
