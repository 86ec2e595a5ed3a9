//! Bytes that the domain carries and does not understand: hashes and what was sealed at the edge. Base64 in JSON.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// The purpose-bound hash of a link's or session's token; the token itself is stored nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TokenHash(#[serde(with = "text32")] pub [u8; 32]);

/// Something sealed under a key of its own, such as a password's hash or a message's content key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(#[serde(with = "text")] pub Vec<u8>);

/// A SHA-256, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sha256(#[serde(with = "text32")] pub [u8; 32]);

/// The key of one attachment's blob. Stands inside sealed content only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobKey(#[serde(with = "text32")] pub [u8; 32]);

/// Bytes of any length as base64url text.
mod text {
    use super::{Base64UrlUnpadded, Deserialize, Deserializer, Encoding, Error, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Base64UrlUnpadded::encode_string(bytes))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        Base64UrlUnpadded::decode_vec(&text).map_err(|_| D::Error::custom("not base64url"))
    }
}

/// Thirty-two bytes as base64url text.
mod text32 {
    use super::{Deserializer, Error, Serializer, text};

    pub fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        text::serialize(bytes, to)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        text::deserialize(from)?.try_into().map_err(|_| D::Error::custom("not 32 bytes"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobKey(…)")
    }
}
