//! Files on their way out.

use super::{BlobError, Blobs, location, part_path};
use bytes::Bytes;
use domain::message::Attachment;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream, try_unfold},
};
use object_store::{GetOptions, GetRange, path::Path};
use seal::{
    Key, OpenError,
    blob::{BlobOpener, CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, sealed_len},
};
use std::ops::Range;

const CHUNK: u64 = CHUNK_BYTES as u64;

/// What is wanted of one part.
struct Wanted {
    path: String,
    /// Bytes of plaintext in the whole part.
    part_bytes: u64,
    /// Which of them; never empty.
    range: Range<u64>,
}

/// A part on its way out.
struct Opening {
    blobs: Blobs,
    at: Path,
    opener: BlobOpener,
    wanted: Wanted,
    /// Of the next chunk.
    index: u64,
    /// Sealed chunks that were read, from the next one on.
    waiting: Bytes,
}

impl Blobs {
    pub(super) fn opened(
        &self,
        file: &Attachment,
        range: &Range<u64>,
    ) -> BoxStream<'static, Result<Bytes, BlobError>> {
        let (blobs, key) = (self.clone(), Key::from_bytes(file.key.0));
        stream::iter(wanted(file, range))
            .then(move |wanted| Opening::begin(blobs.clone(), key.clone(), wanted))
            .map_ok(|opening| try_unfold(opening, Opening::next))
            .try_flatten()
            .boxed()
    }

    /// Sealed bytes of a part. A long answer that is read slowly would hold a connection to the store and outlast its
    /// patience, so whole pieces are read.
    async fn piece(&self, at: &Path, range: Range<u64>, part_bytes: u64) -> Result<Bytes, BlobError> {
        let length = range.end - range.start;
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.store.get_opts(at, options).await?;
        if found.meta.size != sealed_len(part_bytes) {
            return Err(OpenError::Tampered.into());
        }
        let piece = found.bytes().await?;
        if piece.len() as u64 == length { Ok(piece) } else { Err(OpenError::Malformed.into()) }
    }
}

/// The parts that have something of the range. A part that came to nothing has no bytes.
fn wanted(file: &Attachment, range: &Range<u64>) -> Vec<Wanted> {
    let parts = if file.parts.is_empty() {
        vec![(file.blob.clone(), file.size_bytes)]
    } else {
        let numbered = (0..).zip(&file.parts);
        numbered.map(|(number, bytes)| (part_path(&file.blob, number), *bytes)).collect()
    };
    let mut wanted = vec![];
    let mut start = 0_u64;
    for (path, part_bytes) in parts {
        let end = start.saturating_add(part_bytes);
        let (from, until) = (range.start.max(start), range.end.min(end));
        if from < until {
            wanted.push(Wanted { path, part_bytes, range: from - start..until - start });
        }
        start = end;
    }
    wanted
}

impl Opening {
    async fn begin(blobs: Blobs, key: Key, wanted: Wanted) -> Result<Self, BlobError> {
        let at = location(&wanted.path)?;
        let index = wanted.range.start / CHUNK;
        let until = wanted.sealed_until(index, blobs.piece_bytes);
        let (header, waiting) = if index == 0 {
            let mut piece = blobs.piece(&at, 0..until, wanted.part_bytes).await?;
            (piece.split_to(HEADER_BYTES), piece)
        } else {
            (blobs.piece(&at, 0..sealed_chunk(0), wanted.part_bytes).await?, Bytes::new())
        };
        let opener = BlobOpener::new(&key, wanted.path.as_bytes(), &header)?;
        Ok(Self { blobs, at, opener, wanted, index, waiting })
    }

    async fn next(mut self) -> Result<Option<(Bytes, Self)>, BlobError> {
        let Wanted { part_bytes, range, .. } = &self.wanted;
        let start = self.index * CHUNK;
        if start >= range.end {
            return Ok(None);
        }
        if self.waiting.is_empty() {
            let sealed =
                sealed_chunk(self.index)..self.wanted.sealed_until(self.index, self.blobs.piece_bytes);
            self.waiting = self.blobs.piece(&self.at, sealed, *part_bytes).await?;
        }
        let end = (start + CHUNK).min(*part_bytes);
        let sealed = self.waiting.split_to(within_chunk(end - start) + TAG_BYTES);
        let index = u32::try_from(self.index).map_err(|_| OpenError::Malformed)?;
        let plain = Bytes::from_owner(self.opener.open_chunk(index, &sealed, end == *part_bytes)?);
        let (from, until) = (range.start.max(start) - start, range.end.min(end) - start);
        self.index += 1;
        Ok(Some((plain.slice(within_chunk(from)..within_chunk(until)), self)))
    }
}

impl Wanted {
    /// Where the sealed chunks end that are read together from this one on.
    fn sealed_until(&self, index: u64, piece_bytes: usize) -> u64 {
        let together = (piece_bytes / CHUNK_BYTES).max(1) as u64;
        let next = (index + together).min((self.range.end - 1) / CHUNK + 1);
        sealed_chunk(next).min(sealed_len(self.part_bytes))
    }
}

/// Where a chunk begins in its sealed part.
fn sealed_chunk(index: u64) -> u64 {
    HEADER_BYTES as u64 + index * (CHUNK + TAG_BYTES as u64)
}

fn within_chunk(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a chunk is short")
}
