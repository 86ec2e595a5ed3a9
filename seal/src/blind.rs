//! Blind indexes: finding a row by a value that the row keeps sealed.
//!
//! `HMAC-SHA256(index key, purpose | 0x7c | value)`, RFC 2104. Whoever has the database and not the key can neither read
//! the value nor try candidates; the purpose keeps indexes apart, so that equal values in two columns are not seen to be.

use crate::key::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The index of `value`, which the caller has normalised. The purpose is a constant without `|`.
#[must_use]
pub fn blind(index_key: &Key, purpose: &str, value: &[u8]) -> [u8; 32] {
    assert!(!purpose.contains('|'), "a purpose ends at the separator");
    let mut mac = Hmac::<Sha256>::new_from_slice(index_key.expose()).expect("HMAC takes a key of any length");
    mac.update(purpose.as_bytes());
    mac.update(b"|");
    mac.update(value);
    mac.finalize().into_bytes().into()
}

/// The first 16 bytes of [`blind`], for stream names and searched columns, where a collision is harmless or 128 bits
/// make it impossible in practice.
#[must_use]
pub fn tag(index_key: &Key, purpose: &str, value: &[u8]) -> [u8; 16] {
    let mut tag = [0; 16];
    tag.copy_from_slice(&blind(index_key, purpose, value)[..16]);
    tag
}
