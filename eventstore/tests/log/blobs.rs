//! Attachments: sealed on their way in, opened on their way out, in one blob or in parts.

use crate::support::id;
use bytes::Bytes;
use domain::{Timestamp, bytes::BlobKey, message::Attachment};
use eventstore::blobs::{BlobError, Blobs};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use object_store::{ObjectStoreExt, PutPayload, memory::InMemory, path::Path};
use seal::{
    Key, OpenError,
    blob::{CHUNK_BYTES, sealed_len},
};
use std::{
    cell::Cell,
    convert::Infallible,
    fs,
    ops::Range,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tempfile::TempDir;
use time::macros::date;

const CHUNK: u64 = CHUNK_BYTES as u64;
const PLACE: &str = "00/2026-03-06/1";

fn plain(length: u64) -> Vec<u8> {
    (0..=250).cycle().take(usize::try_from(length).unwrap()).collect()
}

/// In pieces of a length that fits no chunk.
fn arriving(bytes: &[u8], piece: usize) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let pieces: Vec<_> = bytes.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

/// The file at a place; without parts, in one blob.
fn file(place: &str, key: &Key, size_bytes: u64, parts: &[u64]) -> Attachment {
    Attachment {
        id: id(1),
        name: "scan.png".into(),
        media_type: "image/png".into(),
        size_bytes,
        blob: place.into(),
        parts: parts.to_vec(),
        key: BlobKey(*key.expose()),
    }
}

async fn range(blobs: &Blobs, file: &Attachment, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
    let chunks: Vec<Bytes> = blobs.open(file, range).try_collect().await?;
    Ok(chunks.concat())
}

async fn read(blobs: &Blobs, path: &str, key: &Key, length: u64) -> Result<Vec<u8>, BlobError> {
    range(blobs, &file(path, key, length, &[]), 0..length).await
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// A38: a file comes back as it was, whatever its length and in whatever pieces it arrived, from a folder as well.
#[tokio::test]
async fn a_file_comes_back() {
    let folder = TempDir::new().unwrap();
    for blobs in
        [Blobs::new(Arc::new(InMemory::new())), Blobs::directory(&folder.path().join("new")).unwrap()]
    {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 6 * 1024 * 1024 + 7] {
            let (key, bytes) = (Key::random(), plain(length));
            for piece in [1000, 70_000, 20_000_000] {
                blobs.put(PLACE, &key, arriving(&bytes, piece), length).await.unwrap();
                assert!(read(&blobs, PLACE, &key, length).await.unwrap() == bytes, "{length} bytes");
            }
        }
    }
}

/// A44: what is stored does not hold what was written, and has the length that the format says.
#[tokio::test]
async fn a_file_is_stored_sealed() {
    let folder = TempDir::new().unwrap();
    let blobs = Blobs::directory(folder.path()).unwrap();
    let bytes = b"recognisable ".repeat(10_000);
    let length = bytes.len() as u64;
    blobs.put(PLACE, &Key::random(), arriving(&bytes, 999), length).await.unwrap();
    let stored = fs::read(folder.path().join(PLACE)).unwrap();
    assert_eq!(stored.len() as u64, sealed_len(length));
    assert!(!stored.windows(12).any(|window| window == b"recognisable"));
}

/// R7: a file that is longer or shorter than announced, or breaks off, leaves nothing behind.
#[tokio::test]
async fn half_a_file_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let blobs = Blobs::directory(folder.path()).unwrap();
    let key = Key::random();
    for length in [1, CHUNK, CHUNK + 1, 11 * 1024 * 1024] {
        let bytes = plain(length);
        let long = blobs.put(PLACE, &key, arriving(&bytes, 1 << 20), length - 1).await;
        assert!(matches!(long, Err(BlobError::TooLong)), "{length}");
        let short = blobs.put(PLACE, &key, arriving(&bytes, 1 << 20), length + 1).await;
        assert!(matches!(short, Err(BlobError::Incomplete)), "{length}");
        let broken =
            arriving(&bytes, 1 << 20).map(|piece| piece.map_err(|_| ())).chain(stream::iter([Err(())]));
        let broken = blobs.put(PLACE, &key, broken, length).await;
        assert!(matches!(broken, Err(BlobError::Incomplete)), "{length}");
        assert_eq!(files(folder.path()), Vec::<std::path::PathBuf>::new());
        assert!(matches!(read(&blobs, PLACE, &key, length).await, Err(BlobError::NotFound)));
    }
}

/// A44: a file opens with its own key and in its own place alone.
#[tokio::test]
async fn a_file_is_bound_to_its_key_and_place() {
    let store = Arc::new(InMemory::new());
    let blobs = Blobs::new(store.clone());
    let key = Key::random();
    blobs.put(PLACE, &key, arriving(b"scan", 4), 4).await.unwrap();
    store.copy(&Path::from(PLACE), &Path::from("elsewhere")).await.unwrap();
    for (place, key) in [(PLACE, Key::random()), ("elsewhere", key)] {
        let opened = read(&blobs, place, &key, 4).await;
        assert!(matches!(opened, Err(BlobError::Open(OpenError::WrongKey))), "{place}");
    }
}

/// A44: a changed, shortened or lengthened file is not delivered as if it were whole.
#[tokio::test]
async fn a_changed_file_is_found() {
    let store = Arc::new(InMemory::new());
    let blobs = Blobs::new(store.clone());
    let (key, length) = (Key::random(), 2 * CHUNK);
    blobs.put(PLACE, &key, arriving(&plain(length), 5000), length).await.unwrap();
    let place = Path::from(PLACE);
    let stored = store.get(&place).await.unwrap().bytes().await.unwrap().to_vec();
    let (mut first, mut last) = (stored.clone(), stored.clone());
    first[100] ^= 1;
    last[stored.len() - 1] ^= 1;
    let without_last = stored[..stored.len() - CHUNK_BYTES - 16].to_vec();
    for changed in [first, last, without_last.clone(), [stored, vec![0]].concat()] {
        store.put(&place, PutPayload::from(changed)).await.unwrap();
        assert!(matches!(read(&blobs, PLACE, &key, length).await, Err(BlobError::Open(_))));
    }
    store.put(&place, PutPayload::from(without_last)).await.unwrap();
    let cut = read(&blobs, PLACE, &key, CHUNK).await;
    assert!(
        matches!(cut, Err(BlobError::Open(OpenError::Tampered))),
        "a whole chunk cut off, and its length denied"
    );
}

/// A39: 50 MiB pass in constant memory: arriving, no more than three pieces of 512 KiB wait for the folder; leaving, they
/// come chunk by chunk.
#[tokio::test]
async fn a_large_file_passes_in_constant_memory() {
    const MIB: u64 = 1 << 20;
    let folder = TempDir::new().unwrap();
    let blobs = Blobs::directory(folder.path()).unwrap();
    let key = Key::random();
    let piece = Bytes::from(plain(MIB));
    let most_waiting = Cell::new(0);
    let arriving = stream::iter((0..50).map(|arrived| {
        let stored: u64 = files(folder.path()).iter().map(|file| file.metadata().unwrap().len()).sum();
        most_waiting.set(most_waiting.get().max((arrived * MIB).saturating_sub(stored)));
        Ok::<_, Infallible>(piece.clone())
    }));
    blobs.put(PLACE, &key, arriving, 50 * MIB).await.unwrap();
    assert!(most_waiting.get() <= 4 * MIB, "{} bytes", most_waiting.get());

    let whole = file(PLACE, &key, 50 * MIB, &[]);
    let lengths = blobs.open(&whole, 0..50 * MIB).map_ok(|chunk| chunk.len());
    let lengths: Vec<usize> = lengths.try_collect().await.unwrap();
    assert_eq!(lengths, [CHUNK_BYTES; 800]);
}

/// A21: a deleted file is gone; deleting it again is quiet.
#[tokio::test]
async fn a_file_is_deleted_once() {
    let folder = TempDir::new().unwrap();
    let blobs = Blobs::directory(folder.path()).unwrap();
    let key = Key::random();
    blobs.put(PLACE, &key, arriving(b"scan", 4), 4).await.unwrap();
    for _ in 0..2 {
        blobs.delete_all(PLACE).await.unwrap();
        assert!(matches!(read(&blobs, PLACE, &key, 4).await, Err(BlobError::NotFound)));
    }
    let neighbour = format!("{PLACE}0");
    blobs.put(&neighbour, &key, arriving(b"scan", 4), 4).await.unwrap();
    for part in [0, 3] {
        blobs.put_part(PLACE, part, &key, arriving(b"scan", 4), 4).await.unwrap();
    }
    for _ in 0..2 {
        blobs.delete_part(PLACE, 0).await.unwrap();
        blobs.delete_all(PLACE).await.unwrap();
    }
    assert_eq!(files(folder.path()), [folder.path().join(neighbour)]);
}

/// R7: what arrived before a part was cut is kept, also in the middle of a chunk; of a part that is too long nothing is, nor of
/// one that brought nothing.
#[tokio::test]
async fn what_arrived_of_a_part_is_kept() {
    let folder = TempDir::new().unwrap();
    let blobs = Blobs::directory(folder.path()).unwrap();
    let key = Key::random();
    let cut = |bytes: &[u8]| {
        let pieces = arriving(bytes, 1000).map(|piece| piece.map_err(|_| ()));
        pieces.chain(stream::iter([Err(())]))
    };
    for (part, length) in [(0, 1), (1, CHUNK), (2, CHUNK + 1), (3, 1_500_000)] {
        let arrived = blobs.put_part(PLACE, part, &key, cut(&plain(length)), length + 1).await.unwrap();
        assert_eq!(arrived, length);
    }
    let whole = file(PLACE, &key, 1_500_000 + 2 * CHUNK + 2, &[1, CHUNK, CHUNK + 1, 1_500_000]);
    let expected = [plain(1), plain(CHUNK), plain(CHUNK + 1), plain(1_500_000)].concat();
    assert!(range(&blobs, &whole, 0..whole.size_bytes).await.unwrap() == expected);
    let stored = files(folder.path());
    assert!(matches!(
        blobs.put_part(PLACE, 4, &key, arriving(&plain(10), 4), 9).await,
        Err(BlobError::TooLong)
    ));
    let nothing = blobs.put_part(PLACE, 5, &key, cut(&[]), 9).await.unwrap();
    assert_eq!(nothing, 0);
    assert_eq!(files(folder.path()), stored);
}

/// A24: any range of a file comes back as it was, across its parts, over parts that came to nothing, and as far as there is
/// something.
#[tokio::test]
async fn any_range_comes_back() {
    let blobs = Blobs::new(Arc::new(InMemory::new()));
    let key = Key::random();
    let parts = [CHUNK + 5, 0, 3, 0, 3 * CHUNK, 1];
    let size = parts.iter().sum();
    let bytes = plain(size);
    let mut rest = bytes.as_slice();
    for (number, length) in (0..).zip(parts).filter(|(_, length)| *length > 0) {
        let (part, following) = rest.split_at(usize::try_from(length).unwrap());
        blobs.put_part(PLACE, number, &key, arriving(part, 9999), length).await.unwrap();
        rest = following;
    }
    let whole = file(PLACE, &key, size, &parts);
    let edges =
        [0, 1, CHUNK - 1, CHUNK, CHUNK + 5, CHUNK + 8, 2 * CHUNK + 8, size - 2, size - 1, size, size + 9];
    for from in edges {
        for until in edges {
            let within = |place: u64| usize::try_from(place.min(size)).unwrap();
            let expected = bytes.get(within(from)..within(until)).unwrap_or_default();
            assert!(range(&blobs, &whole, from..until).await.unwrap() == expected, "{from}..{until}");
        }
    }
}

/// A44: a part in another's place is not taken for it.
#[tokio::test]
async fn parts_do_not_change_places() {
    let store = Arc::new(InMemory::new());
    let blobs = Blobs::new(store.clone());
    let key = Key::random();
    for (part, bytes) in [(0, b"one,"), (1, b"two,")] {
        blobs.put_part(PLACE, part, &key, arriving(bytes, 4), 4).await.unwrap();
    }
    let whole = file(PLACE, &key, 8, &[4, 4]);
    assert_eq!(range(&blobs, &whole, 0..8).await.unwrap(), b"one,two,");
    store.copy(&Path::from(format!("{PLACE}/1")), &Path::from(format!("{PLACE}/0"))).await.unwrap();
    let changed = range(&blobs, &whole, 0..8).await;
    assert!(matches!(changed, Err(BlobError::Open(OpenError::WrongKey))), "{changed:?}");
}

/// R7: what a crash left of a write is cleared once it is old, and nothing else is.
#[tokio::test]
async fn interrupted_writes_are_cleared() {
    let folder = TempDir::new().unwrap();
    let blobs = Blobs::directory(folder.path()).unwrap();
    blobs.put(PLACE, &Key::random(), arriving(b"scan", 4), 4).await.unwrap();
    let written = |name: &str, seconds| {
        let path = folder.path().join("00/2026-03-06").join(name);
        let file = fs::File::create(&path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        path
    };
    let old = written("2#1", 1_000);
    let young = written("3#17", 3_000);
    let before = Timestamp::from_micros(2_000_000_000);
    assert_eq!(blobs.clear_interrupted(before).await.unwrap(), 1);
    assert!(!old.exists() && young.exists() && folder.path().join(PLACE).exists());
    assert_eq!(blobs.clear_interrupted(before).await.unwrap(), 0);
}

/// A44: a blob's place names the organisation by its tag, then the day.
#[test]
fn a_place_begins_with_organisation_and_day() {
    let mut tag = [0; 16];
    tag[15] = 0xAB;
    assert_eq!(
        Blobs::place(tag, date!(2026 - 01 - 05), id(1)),
        "000000000000000000000000000000ab/2026-01-05/00000000-0000-0000-0000-000000000001"
    );
}
