//! Known bytes: what was written once is read for as long as the log is kept, so `tests/golden/` does not change.
//!
//! The files were made from the formats' descriptions by a program that shares no code with this one. A new format gets
//! a new format number or label, and files of its own.

use crate::{
    blind::blind,
    blob::{BlobOpener, BlobSealer, CHUNK_BYTES, HEADER_BYTES},
    event::{self, Class, Header, Section, SectionKind},
    key::{Key, KeyId},
    padding::padded_len,
    sealed::{open, seal_with_nonce},
    token::Token,
};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const HEADER: Header = Header {
    class: Class::Domain,
    organisation: 7,
    stream: *b"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f",
    version: 3,
    event_id: *b"\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f",
    recorded_at: 1_767_225_600_123_456, // 2026-01-01T00:00:00.123456Z
};

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

#[track_caller]
fn assert_golden(bytes: &[u8], file: &str) {
    assert_eq!(hex(bytes), file.replace('\n', ""));
}

fn key(byte: u8) -> Key {
    Key::from_bytes([byte; 32])
}

fn body() -> Vec<u8> {
    let (audit, personal, content) = (key(0xa1), key(0xa2), key(0xa3));
    let section = |kind, id: u8, key, text: &'static str| {
        let key_id = KeyId([id; 16]);
        Section { kind, key_id, key, plaintext: text.as_bytes() }
    };
    let sections = [
        section(SectionKind::Audit, 0xb1, &audit, r#"{"t":"account.login_failed","v":1}"#),
        section(SectionKind::Personal, 0xb2, &personal, r#"{"from":"203.0.113.7"}"#),
        section(SectionKind::Content, 0xb3, &content, r#"{"subject":"Grüße"}"#),
    ];
    event::seal_body_with(&HEADER, &sections, |index| [0xc0 + index; 24])
}

/// A44: an event's header.
#[test]
fn header() {
    assert_golden(&HEADER.encode(), include_str!("../tests/golden/header.hex"));
}

/// A44: what binds a section to its row and place.
#[test]
fn aad() {
    let aad = event::aad(&HEADER, 3, 2, SectionKind::Content, KeyId([0xb3; 16]));
    assert_golden(&aad, include_str!("../tests/golden/aad.hex"));
}

/// A44: an event's body with a section of every kind.
#[test]
fn sealed_body() {
    assert_golden(&body(), include_str!("../tests/golden/body.hex"));
}

/// An event's leaf in the Merkle tree.
#[test]
fn leaf() {
    let leaf = event::leaf(&HEADER, &event::body_hash(&body()));
    assert_golden(&leaf, include_str!("../tests/golden/leaf.hex"));
}

/// A44: a sealed value, both ways.
#[test]
fn sealed_value() {
    let text = b"thirty-two bytes of a wrapped key";
    let nonce = std::array::from_fn(|i| u8::try_from(i).expect("24 bytes"));
    let sealed = seal_with_nonce(&key(1), "wrap", b"row 7", text, &nonce);
    assert_golden(&sealed, include_str!("../tests/golden/sealed.hex"));
    assert_eq!(open(&key(1), "wrap", b"row 7", &sealed).as_deref(), Ok(&text.to_vec()));
}

fn blob(plain: &[u8]) -> Vec<u8> {
    let prefix = std::array::from_fn(|i| u8::try_from(i).expect("19 bytes"));
    let mut sealer = BlobSealer::with_prefix(&key(2), b"message 1, attachment 2", prefix);
    let mut bytes = sealer.header().to_vec();
    let count = plain.chunks(CHUNK_BYTES).len();
    for (index, chunk) in plain.chunks(CHUNK_BYTES).enumerate() {
        bytes.extend(sealer.seal_chunk(chunk, index + 1 == count));
    }
    bytes
}

/// A44: an attachment of one chunk, both ways.
#[test]
fn short_blob() {
    let sealed = blob(b"%PDF-1.7");
    assert_golden(&sealed, include_str!("../tests/golden/blob_short.hex"));
    let (header, chunk) = sealed.split_at(HEADER_BYTES);
    let opener = BlobOpener::new(&key(2), b"message 1, attachment 2", header).expect("the right key");
    assert_eq!(opener.open_chunk(0, chunk, true).as_deref(), Ok(&b"%PDF-1.7".to_vec()));
}

/// A44: an attachment of two chunks, by its SHA-256.
#[test]
fn blob_of_two_chunks() {
    let plain: Vec<u8> = (0..=250).cycle().take(CHUNK_BYTES + 5).collect();
    let file = include_str!("../tests/golden/blob_two_chunks_sha256.hex");
    assert_golden(&Sha256::digest(blob(&plain)), file);
}

/// A44: a blind index.
#[test]
fn blind_index() {
    let index = blind(&key(3), "account.address", b"ada@example.org");
    assert_golden(&index, include_str!("../tests/golden/blind.hex"));
}

/// A44: a derived key, and a key joined of two.
#[test]
fn keys_from_keys() {
    let derived = key(4).derive("organisation", &[&7_u32.to_be_bytes(), b"ab"]);
    assert_golden(derived.expose(), include_str!("../tests/golden/derive.hex"));
    let joined = Key::join(&key(5), &key(6), "grant");
    assert_golden(joined.expose(), include_str!("../tests/golden/join.hex"));
}

/// A link's token, and the hash by which it is found.
#[test]
fn token() {
    let token = Token::derive(&key(7), "activation", [9; 16]);
    assert_eq!(token.to_base64url().as_str(), "7zgHsBCaD8wRRNcgPvNE4_45Ltv_V0s6ku2TxmIZ5kE");
    assert_golden(&token.hash("activation"), include_str!("../tests/golden/token_hash.hex"));
}

/// A44: padded lengths, in bytes.
#[test]
fn padme_lengths() {
    let lengths = [
        (0, 128, 128),
        (128, 128, 128),
        (129, 128, 144),
        (145, 128, 160),
        (1000, 128, 1024),
        (1000, 1024, 1024),
        (1025, 1024, 1088),
        (10_000, 1024, 10_240),
        (1 << 20, 1024, 1 << 20),
        ((1 << 20) + 1, 1024, (1 << 20) + (1 << 15)),
    ];
    for (length, floor, padded) in lengths {
        assert_eq!(padded_len(length, floor), padded, "{length} bytes, floor {floor}");
    }
}
