//! Attachments, sealed 64 KiB at a time, so that 50 MiB pass in constant memory.
//!
//! ```text
//! blob   = header | n × ( ciphertext | tag[16] )              all chunks but the last hold 65 536 bytes of plaintext
//! header = "SPB1" | format u8 | chunk bytes u32 | nonce prefix[19] | commitment[32]                     (big endian)
//! key ‖ commitment = HKDF-SHA256-Expand(content key, "sealpost/blob/1" | header before commitment | SHA-256(context))
//! ```
//!
//! The chunks are STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over XChaCha20-Poly1305: the nonce is the prefix,
//! the chunk's index as u32 and one byte that says whether it is the last, so that chunks cannot be reordered and a blob
//! cannot be cut short. Every chunk authenticates the header. A chunk depends on nothing but header and index: any of
//! them opens alone (ranges), and sealing can go on elsewhere (resuming).

use crate::{
    key::{Key, random_bytes},
    sealed::OpenError,
};
use aead_stream::{NewStream, StreamBE32, StreamPrimitive, aead::Payload};
use chacha20poly1305::XChaCha20Poly1305;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of plaintext in every chunk but the last.
pub const CHUNK_BYTES: usize = 65_536;
/// Bytes that sealing adds to a chunk.
pub const TAG_BYTES: usize = 16;
/// Bytes in the header of a blob.
pub const HEADER_BYTES: usize = START_BYTES + PREFIX_BYTES + 32;

/// Magic, format 1 and [`CHUNK_BYTES`]: the same in every blob of this format.
const START: &[u8; START_BYTES] = b"SPB1\x01\x00\x01\x00\x00";
const START_BYTES: usize = 9;
const PREFIX_BYTES: usize = 19;

/// Bytes in the sealed blob of a plaintext of `plain_len` bytes; also an empty one has a chunk.
#[must_use]
pub fn sealed_len(plain_len: u64) -> u64 {
    let chunks = plain_len.div_ceil(CHUNK_BYTES as u64).max(1);
    HEADER_BYTES as u64 + plain_len + chunks * TAG_BYTES as u64
}

/// Seals one blob, chunk after chunk.
pub struct BlobSealer {
    stream: Stream,
    next: u32,
    finished: bool,
}

impl BlobSealer {
    /// A new blob under `key`. The context says which blob it is (ids of message and attachment, say) and is needed again
    /// to open it.
    #[must_use]
    pub fn new(key: &Key, context: &[u8]) -> Self {
        Self::with_prefix(key, context, random_bytes())
    }

    pub(crate) fn with_prefix(key: &Key, context: &[u8], prefix: [u8; PREFIX_BYTES]) -> Self {
        Self { stream: Stream::new(key, context, prefix), next: 0, finished: false }
    }

    /// The blob's first bytes.
    #[must_use]
    pub fn header(&self) -> &[u8; HEADER_BYTES] {
        &self.stream.header
    }

    /// The next chunk, sealed: [`CHUNK_BYTES`] of plaintext, or what is left for the last one, which is empty in an empty
    /// blob only. Panics otherwise and after the last chunk.
    #[must_use]
    pub fn seal_chunk(&mut self, plain: &[u8], last: bool) -> Vec<u8> {
        assert!(!self.finished, "nothing follows the last chunk");
        assert!(is_chunk_len(self.next, plain.len(), last), "a chunk that is not the last is full");
        let sealed = self.stream.seal(self.next, plain, last);
        self.next = self.next.checked_add(1).expect("a blob is shorter than 256 TiB");
        self.finished = last;
        sealed
    }
}

/// Opens the chunks of one blob, in any order.
pub struct BlobOpener {
    stream: Stream,
}

impl BlobOpener {
    /// The blob with this header, if `key` sealed it in this context.
    pub fn new(key: &Key, context: &[u8], header: &[u8]) -> Result<Self, OpenError> {
        Ok(Self { stream: Stream::read(key, context, header)? })
    }

    /// The plaintext of the chunk with this index, from 0. `last` is what the blob's length says: a blob cut short at a
    /// chunk's end is then [`OpenError::Tampered`].
    pub fn open_chunk(&self, index: u32, sealed: &[u8], last: bool) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let plain_len = sealed.len().checked_sub(TAG_BYTES).ok_or(OpenError::Malformed)?;
        if !is_chunk_len(index, plain_len, last) {
            return Err(OpenError::Malformed);
        }
        self.stream.open(index, sealed, last)
    }
}

fn is_chunk_len(index: u32, plain_len: usize, last: bool) -> bool {
    plain_len == CHUNK_BYTES || (last && plain_len < CHUNK_BYTES && (plain_len > 0 || index == 0))
}

struct Stream {
    cipher: StreamBE32<XChaCha20Poly1305>,
    header: [u8; HEADER_BYTES],
}

impl Stream {
    fn new(key: &Key, context: &[u8], prefix: [u8; PREFIX_BYTES]) -> Self {
        let place = Sha256::digest(context);
        let (key, commitment) = key.expand_committed(&[b"sealpost/blob/1", START, &prefix, &place]);
        let mut header = [0; HEADER_BYTES];
        header[..START_BYTES].copy_from_slice(START);
        header[START_BYTES..START_BYTES + PREFIX_BYTES].copy_from_slice(&prefix);
        header[START_BYTES + PREFIX_BYTES..].copy_from_slice(&commitment);
        Self { cipher: StreamBE32::new(key.expose().into(), (&prefix).into()), header }
    }

    fn read(key: &Key, context: &[u8], header: &[u8]) -> Result<Self, OpenError> {
        let header: &[u8; HEADER_BYTES] = header.try_into().map_err(|_| OpenError::Malformed)?;
        let rest = header.strip_prefix(START).ok_or(OpenError::Malformed)?;
        let (&prefix, commitment) = rest.split_first_chunk().ok_or(OpenError::Malformed)?;
        let stream = Self::new(key, context, prefix);
        let expected = &stream.header[START_BYTES + PREFIX_BYTES..];
        if bool::from(expected.ct_eq(commitment)) { Ok(stream) } else { Err(OpenError::WrongKey) }
    }

    fn seal(&self, index: u32, plain: &[u8], last: bool) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: &self.header };
        self.cipher.encrypt(index, last, payload).expect("a chunk is short")
    }

    fn open(&self, index: u32, sealed: &[u8], last: bool) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let payload = Payload { msg: sealed, aad: &self.header };
        self.cipher.decrypt(index, last, payload).map(Zeroizing::new).map_err(|_| OpenError::Tampered)
    }
}
