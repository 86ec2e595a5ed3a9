//! The entry of an event: its clear header and the hash of its sealed body. It holds no ciphertext and no name.
//!
//! ```text
//! header = "SPE1" | format u8 | class u8 | organisation u32 | stream[16] | version u64 | event_id[16] | recorded_at i64
//! entry  = header | SHA-256(body)                                               all numbers big endian
//! ```

use crate::tree::{Hash, leaf_hash};

/// Bytes in an encoded header.
pub const HEADER_BYTES: usize = 58;
/// Bytes in an entry of the Merkle tree: header and hash of the body.
pub const ENTRY_BYTES: usize = HEADER_BYTES + 32;

const MAGIC: &[u8; 4] = b"SPE1";
const FORMAT: u8 = 1;

/// What an event is about. Clear in the row, so that the key events can be read before any other key is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Class {
    /// What people and workers did.
    Domain = 1,
    /// What happened to keys.
    Key = 2,
    /// What happened to the log itself.
    System = 3,
}

impl Class {
    /// The class of this number, if it is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Domain, Self::Key, Self::System].into_iter().find(|&class| class as u8 == code)
    }
}

/// The clear part of an event's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the event is about.
    pub class: Class,
    /// The organisation's number in this database.
    pub organisation: u32,
    /// The stream's keyed tag.
    pub stream: [u8; 16],
    /// The event's number in its stream, from 1.
    pub version: u64,
    /// The event's own id.
    pub event_id: [u8; 16],
    /// When it was recorded, in microseconds since 1970-01-01 UTC.
    pub recorded_at: i64,
}

impl Header {
    /// The header's bytes, as they are authenticated and hashed.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4] = FORMAT;
        bytes[5] = self.class as u8;
        bytes[6..10].copy_from_slice(&self.organisation.to_be_bytes());
        bytes[10..26].copy_from_slice(&self.stream);
        bytes[26..34].copy_from_slice(&self.version.to_be_bytes());
        bytes[34..50].copy_from_slice(&self.event_id);
        bytes[50..].copy_from_slice(&self.recorded_at.to_be_bytes());
        bytes
    }

    /// Reads what [`Header::encode`] wrote; `None` for anything else.
    #[must_use]
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (&[format, class], rest) = rest.split_first_chunk::<2>()?;
        let (organisation, rest) = rest.split_first_chunk::<4>()?;
        let (stream, rest) = rest.split_first_chunk::<16>()?;
        let (version, rest) = rest.split_first_chunk::<8>()?;
        let (event_id, rest) = rest.split_first_chunk::<16>()?;
        let (recorded_at, _) = rest.split_first_chunk::<8>()?;
        if magic != MAGIC || format != FORMAT {
            return None;
        }
        Some(Self {
            class: Class::from_code(class)?,
            organisation: u32::from_be_bytes(*organisation),
            stream: *stream,
            version: u64::from_be_bytes(*version),
            event_id: *event_id,
            recorded_at: i64::from_be_bytes(*recorded_at),
        })
    }
}

/// The entry of the Merkle tree: header, then the hash of the body.
#[must_use]
pub fn entry(header: &Header, body_hash: &Hash) -> [u8; ENTRY_BYTES] {
    let mut entry = [0; ENTRY_BYTES];
    entry[..HEADER_BYTES].copy_from_slice(&header.encode());
    entry[HEADER_BYTES..].copy_from_slice(body_hash);
    entry
}

/// The leaf of the tree for an event.
#[must_use]
pub fn leaf(header: &Header, body_hash: &Hash) -> Hash {
    leaf_hash(&entry(header, body_hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// N1: a header is read back as it was written; another magic, format or class is none.
    #[test]
    fn a_header_reads_back() {
        let header = Header {
            class: Class::Key,
            organisation: 7,
            stream: [1; 16],
            version: 3,
            event_id: [2; 16],
            recorded_at: -5,
        };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Some(header));
        for place in [0, 4, 5] {
            let mut other = bytes;
            other[place] ^= 0x40;
            assert_eq!(Header::decode(&other), None, "byte {place}");
        }
    }
}
