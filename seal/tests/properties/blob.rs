//! Attachments: all chunks, in order, to the last one, or nothing.

use crate::{any_key, bit_flips};
use proptest::prelude::*;
use seal::{
    Key, OpenError,
    blob::{BlobOpener, BlobSealer, CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, sealed_len},
};

const CONTEXT: &[u8] = b"message 1, attachment 1";

fn any_plain() -> impl Strategy<Value = Vec<u8>> {
    let chunk = CHUNK_BYTES;
    let around = prop_oneof![
        Just(0_usize),
        1..300_usize,
        chunk - 1..chunk + 2,
        2 * chunk - 1..2 * chunk + 2,
        0..4 * chunk
    ];
    (around, any::<u8>())
        .prop_map(|(length, first)| (0..=250).cycle().skip(first.into()).take(length).collect())
}

fn pieces(plain: &[u8]) -> Vec<&[u8]> {
    if plain.is_empty() { vec![plain] } else { plain.chunks(CHUNK_BYTES).collect() }
}

fn seal_blob(key: &Key, plain: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut sealer = BlobSealer::new(key, CONTEXT);
    let pieces = pieces(plain);
    let chunks =
        (1..).zip(&pieces).map(|(number, piece)| sealer.seal_chunk(piece, number == pieces.len())).collect();
    (sealer.header().to_vec(), chunks)
}

fn open_blob(key: &Key, header: &[u8], chunks: &[Vec<u8>]) -> Result<Vec<u8>, OpenError> {
    let opener = BlobOpener::new(key, CONTEXT, header)?;
    let mut plain = Vec::new();
    for (index, chunk) in (0..).zip(chunks) {
        let last = usize::try_from(index).is_ok_and(|index| index + 1 == chunks.len());
        plain.extend_from_slice(&opener.open_chunk(index, chunk, last)?);
    }
    Ok(plain)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A44: an attachment of any length opens again, and its sealed length is known beforehand.
    #[test]
    fn roundtrip(key in any_key(), plain in any_plain()) {
        let (header, chunks) = seal_blob(&key, &plain);
        let length = header.len() + chunks.iter().map(Vec::len).sum::<usize>();
        prop_assert_eq!(sealed_len(plain.len() as u64), length as u64);
        prop_assert_eq!(open_blob(&key, &header, &chunks), Ok(plain));
    }

    /// A44: a blob without its last chunks does not open as a whole.
    #[test]
    fn cut_short(key in any_key(), full in 1_usize..4, rest in 0_usize..50) {
        let (header, mut chunks) = seal_blob(&key, &vec![7; full * CHUNK_BYTES + rest]);
        while chunks.len() > 1 {
            chunks.pop();
            prop_assert_eq!(open_blob(&key, &header, &chunks), Err(OpenError::Tampered));
        }
    }

    /// A44: chunks in another order, or twice, do not open.
    #[test]
    fn reordered(key in any_key(), a in 0_usize..4, b in 0_usize..4) {
        prop_assume!(a != b);
        let (header, chunks) = seal_blob(&key, &vec![7; 4 * CHUNK_BYTES]);
        let mut swapped = chunks.clone();
        swapped.swap(a, b);
        prop_assert_eq!(open_blob(&key, &header, &swapped), Err(OpenError::Tampered));
        let mut doubled = chunks.clone();
        doubled.insert(a, chunks[a].clone());
        prop_assert_eq!(open_blob(&key, &header, &doubled), Err(OpenError::Tampered));
    }

    /// A44: a chunk says whether it is the last one, and cannot be made to say otherwise.
    #[test]
    fn last_flag(key in any_key()) {
        let (header, chunks) = seal_blob(&key, &vec![7; 2 * CHUNK_BYTES]);
        let opener = BlobOpener::new(&key, CONTEXT, &header).expect("the right key");
        prop_assert_eq!(opener.open_chunk(0, &chunks[0], true), Err(OpenError::Tampered));
        prop_assert_eq!(opener.open_chunk(1, &chunks[1], false), Err(OpenError::Tampered));
        prop_assert!(opener.open_chunk(1, &chunks[1], true).is_ok());
    }

    /// A43, A44: another key or context is refused at the header; another blob's chunk at the chunk.
    #[test]
    fn another_key_context_or_blob(key in any_key(), other in any_key()) {
        prop_assume!(key != other);
        let (header, chunks) = seal_blob(&key, b"text");
        prop_assert_eq!(open_blob(&other, &header, &chunks), Err(OpenError::WrongKey));
        prop_assert_eq!(BlobOpener::new(&key, b"message 2", &header).err(), Some(OpenError::WrongKey));
        let (another_header, _) = seal_blob(&key, b"text");
        prop_assert_eq!(open_blob(&key, &another_header, &chunks), Err(OpenError::Tampered));
    }

    /// A44: a blob with any one bit flipped, in header or chunk, is refused.
    #[test]
    fn every_bit_flip(key in any_key(), length in 0_usize..40) {
        let (header, chunks) = seal_blob(&key, &vec![7; length]);
        for flipped in bit_flips(&header) {
            prop_assert!(open_blob(&key, &flipped, &chunks).is_err());
        }
        for flipped in bit_flips(&chunks[0]) {
            prop_assert_eq!(open_blob(&key, &header, &[flipped]), Err(OpenError::Tampered));
        }
    }
}

/// A header or chunk of an impossible length is refused before any key is used.
#[test]
fn impossible_lengths() {
    let key = Key::random();
    let (header, chunks) = seal_blob(&key, b"text");
    for length in 0..HEADER_BYTES {
        assert_eq!(BlobOpener::new(&key, CONTEXT, &header[..length]).err(), Some(OpenError::Malformed));
    }
    let opener = BlobOpener::new(&key, CONTEXT, &header).expect("the right key");
    assert_eq!(opener.open_chunk(0, &chunks[0], false), Err(OpenError::Malformed));
    assert_eq!(opener.open_chunk(0, &chunks[0][..TAG_BYTES - 1], true), Err(OpenError::Malformed));
    assert_eq!(opener.open_chunk(1, &[0; TAG_BYTES], true), Err(OpenError::Malformed));
    assert_eq!(opener.open_chunk(0, &vec![0; CHUNK_BYTES + TAG_BYTES + 1], true), Err(OpenError::Malformed));
}

/// Sealing a chunk after the last one is a bug, and stops.
#[test]
#[should_panic(expected = "nothing follows the last chunk")]
fn nothing_after_the_last() {
    let mut sealer = BlobSealer::new(&Key::random(), CONTEXT);
    let _ = sealer.seal_chunk(b"text", true);
    let _ = sealer.seal_chunk(b"more", true);
}

/// A short chunk in the middle is a bug, and stops.
#[test]
#[should_panic(expected = "a chunk that is not the last is full")]
fn middle_chunks_are_full() {
    let _ = BlobSealer::new(&Key::random(), CONTEXT).seal_chunk(b"text", false);
}
