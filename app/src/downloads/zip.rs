//! A message and its files as one Zip file (A25), made as it leaves: never more of it is in memory than a few pieces.

use super::{Interrupted, Leaving, Letter, names, text};
use async_zip::{Compression, ZipDateTime, ZipDateTimeBuilder, ZipEntryBuilder, base::write::ZipFileWriter};
use bytes::Bytes;
use domain::Timestamp;
use eventstore::blobs::{BlobError, Blobs};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use std::pin::pin;
use tokio::io::{AsyncWrite, AsyncWriteExt, duplex};
use tokio_util::{compat::FuturesAsyncWriteCompatExt, io::ReaderStream};

/// Between who makes the archive and who takes it; as much as a file's pieces have.
const PIPE_BYTES: usize = 65_536;

type Pieces = BoxStream<'static, Result<Bytes, BlobError>>;

pub(super) fn archive(blobs: Blobs, letter: Letter) -> Leaving {
    let (reader, writer) = duplex(PIPE_BYTES);
    let bytes = ReaderStream::with_capacity(reader, PIPE_BYTES);
    let bytes = bytes.map(|piece| piece.map_err(|problem| Interrupted::Zip(problem.into())));
    // Both ends live in the one stream: whoever stops taking stops the making. That the making failed comes as an error,
    // so that a torn archive never looks whole.
    let making = stream::once(write(writer, blobs, letter));
    let failure = making.filter_map(async |made| made.err().map(Err));
    stream::select(bytes, failure).boxed()
}

/// Bytes of the whole archive, known since nothing in it is compressed (APPNOTE 6.3.10, sections 4.3.7 to 4.3.16).
pub(super) fn size_bytes(letter: &Letter) -> u64 {
    let (header, descriptor, directory, end) = (30, 16, 46, 22);
    let files = letter.headline.attachments.iter().map(|file| file.size_bytes);
    let contents: u64 = files.chain([text::file(letter).len() as u64]).sum();
    let entry = |name: &String| header + descriptor + directory + 2 * name.len() as u64;
    contents + names_of(letter).iter().map(entry).sum::<u64>() + end
}

/// The text's name, then those of the files.
fn names_of(letter: &Letter) -> Vec<String> {
    let text = names::of_message(&letter.headline.subject, "txt");
    let files = letter.headline.attachments.iter().map(|file| file.name.as_str());
    names::unique([text.as_str()].into_iter().chain(files))
}

async fn write(writer: impl AsyncWrite + Unpin, blobs: Blobs, letter: Letter) -> Result<(), Interrupted> {
    // Without Zip64: with it the library ends each entry in a form that other programs misread, and a message's files are far
    // below 4 GiB.
    let mut archive = ZipFileWriter::with_tokio(writer).force_no_zip64();
    let at = dos_time(letter.sent_at);
    let (names, files) = (names_of(&letter), &letter.headline.attachments);
    let text: Pieces = stream::iter([Ok(Bytes::from(text::file(&letter)))]).boxed();
    let files = files.iter().map(|file| blobs.open(file, 0..file.size_bytes));
    for (name, pieces) in names.into_iter().zip([text].into_iter().chain(files)) {
        // Stored: most files are compressed already, and of a deflated entry the library swaps the two lengths.
        let entry = ZipEntryBuilder::new(name.into(), Compression::Stored)
            .last_modification_date(at)
            .unix_permissions(0o100_644);
        let mut entry = archive.write_entry_stream(entry).await?;
        let mut pieces = pin!(pieces);
        while let Some(piece) = pieces.next().await {
            (&mut entry)
                .compat_write()
                .write_all(&piece?)
                .await
                .map_err(|problem| Interrupted::Zip(problem.into()))?;
        }
        entry.close().await?;
    }
    archive.close().await?;
    Ok(())
}

/// In UTC, to two seconds; the format's years are 1980 to 2107.
fn dos_time(at: Timestamp) -> ZipDateTime {
    let at = at.to_utc();
    ZipDateTimeBuilder::new()
        .year(at.year().clamp(1980, 2107))
        .month(u8::from(at.month()).into())
        .day(at.day().into())
        .hour(at.hour().into())
        .minute(at.minute().into())
        .second(at.second().into())
        .build()
}
