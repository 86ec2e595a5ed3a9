//! An event as it is stored: a clear header, sealed sections, and the leaf that the Merkle tree commits to.
//!
//! ```text
//! header = "SPE1" | format u8 | class u8 | organisation u32 | stream[16] | version u64 | event_id[16] | recorded_at i64
//! body   = n u8 | n × ( kind u8 | key_id[16] | length u32 | sealed )            all numbers big endian
//! aad    = header | n | index | kind | key_id
//! leaf   = SHA-256(0x00 | header | SHA-256(body))                               RFC 6962 leaf over the 90-byte entry
//! ```
//!
//! The header in the AAD stops moving, reordering and relabelling rows; the leaf over the *hash* of the body keeps the
//! tree valid when a body is purged.

use crate::{
    key::{Key, KeyId, random_bytes},
    padding::{CONTENT_FLOOR_BYTES, FLOOR_BYTES, pad, unpad},
    sealed::{OpenError, open, seal_with_nonce},
};
pub use proof::entry::{Class, ENTRY_BYTES, HEADER_BYTES, Header, entry, leaf};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const LABEL: &str = "event";
const AAD_BYTES: usize = HEADER_BYTES + 3 + 16;

/// What a section holds, and so which sort of key seals it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SectionKind {
    /// The skeleton: ids, kinds, result codes. Under the audit key of the quarter.
    Audit = 1,
    /// What concerns one person. Under that person's subject key, which erasure destroys.
    Personal = 2,
    /// What a message says. Under the message's content key, which expiry destroys.
    Content = 3,
}

impl SectionKind {
    fn floor(self) -> usize {
        match self {
            Self::Audit | Self::Personal => FLOOR_BYTES,
            Self::Content => CONTENT_FLOOR_BYTES,
        }
    }
}

impl TryFrom<u8> for SectionKind {
    type Error = OpenError;

    fn try_from(code: u8) -> Result<Self, OpenError> {
        [Self::Audit, Self::Personal, Self::Content]
            .into_iter()
            .find(|&kind| kind as u8 == code)
            .ok_or(OpenError::Malformed)
    }
}

/// One section that is to be sealed. Without `Debug`, as it holds the plaintext.
#[derive(Clone, Copy)]
pub struct Section<'a> {
    /// What it holds.
    pub kind: SectionKind,
    /// The name of `key`, by which a reader finds it.
    pub key_id: KeyId,
    /// The key to seal it under.
    pub key: &'a Key,
    /// The section's JSON, less than 4 GiB; padded here.
    pub plaintext: &'a [u8],
}

/// Seals an event's sections, 1 to 255 of them, for the row with this header.
#[must_use]
pub fn seal_body(header: &Header, sections: &[Section<'_>]) -> Vec<u8> {
    seal_body_with(header, sections, |_| random_bytes())
}

/// [`seal_body`] with the nonce of each index given, for tests with known answers.
pub(crate) fn seal_body_with(
    header: &Header,
    sections: &[Section<'_>],
    nonce: impl Fn(u8) -> [u8; 24],
) -> Vec<u8> {
    assert!(!sections.is_empty(), "an event has an audit section at least");
    let count = u8::try_from(sections.len()).expect("an event has at most 255 sections");
    let mut body = vec![count];
    for (index, section) in (0..count).zip(sections) {
        let aad = aad(header, count, index, section.kind, section.key_id);
        let padded = pad(section.plaintext, section.kind.floor());
        let sealed = seal_with_nonce(section.key, LABEL, &aad, &padded, &nonce(index));
        let length = u32::try_from(sealed.len()).expect("a section is shorter than 4 GiB");
        body.push(section.kind as u8);
        body.extend_from_slice(&section.key_id.0);
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(&sealed);
    }
    body
}

/// One section of a stored body, not yet opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedSection<'a> {
    /// What it holds.
    pub kind: SectionKind,
    /// The key that opens it; when that key is gone, so is what the section says.
    pub key_id: KeyId,
    /// The section's place in the body, from 0.
    pub index: u8,
    /// How many sections the body has.
    pub count: u8,
    /// The sealed bytes.
    pub sealed: &'a [u8],
}

impl SealedSection<'_> {
    /// The section's plaintext, if `key` sealed it for the row with this header and for this place in its body.
    pub fn open(&self, header: &Header, key: &Key) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let aad = aad(header, self.count, self.index, self.kind, self.key_id);
        let padded = open(key, LABEL, &aad, self.sealed)?;
        Ok(Zeroizing::new(unpad(&padded)?.to_vec()))
    }
}

/// Takes a stored body apart, without any key. Bytes that are missing or left over make it [`OpenError::Malformed`].
pub fn parse_body(body: &[u8]) -> Result<Vec<SealedSection<'_>>, OpenError> {
    let (&count, mut rest) = body.split_first().ok_or(OpenError::Malformed)?;
    let mut sections = Vec::with_capacity(count.into());
    for index in 0..count {
        let section;
        (section, rest) = parse_section(rest, index, count)?;
        sections.push(section);
    }
    if sections.is_empty() || !rest.is_empty() {
        return Err(OpenError::Malformed);
    }
    Ok(sections)
}

fn parse_section(bytes: &[u8], index: u8, count: u8) -> Result<(SealedSection<'_>, &[u8]), OpenError> {
    let (&kind, rest) = bytes.split_first().ok_or(OpenError::Malformed)?;
    let (&key_id, rest) = rest.split_first_chunk::<16>().ok_or(OpenError::Malformed)?;
    let (&length, rest) = rest.split_first_chunk::<4>().ok_or(OpenError::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| OpenError::Malformed)?;
    let (sealed, rest) = rest.split_at_checked(length).ok_or(OpenError::Malformed)?;
    let (kind, key_id) = (kind.try_into()?, KeyId(key_id));
    Ok((SealedSection { kind, key_id, index, count, sealed }, rest))
}

/// What binds a section to its row and to its place in the body.
pub(crate) fn aad(
    header: &Header,
    count: u8,
    index: u8,
    kind: SectionKind,
    key_id: KeyId,
) -> [u8; AAD_BYTES] {
    let mut aad = [0; AAD_BYTES];
    aad[..HEADER_BYTES].copy_from_slice(&header.encode());
    aad[HEADER_BYTES..HEADER_BYTES + 3].copy_from_slice(&[count, index, kind as u8]);
    aad[HEADER_BYTES + 3..].copy_from_slice(&key_id.0);
    aad
}

/// The hash that stands in for a body in the tree, and that a row keeps when its body is purged.
#[must_use]
pub fn body_hash(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}
