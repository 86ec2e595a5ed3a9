//! Hiding lengths: Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019) with a floor.
//!
//! `padded = length u32 big endian | plaintext | zeros`. A padded length tells O(log log n) bits about a plaintext and
//! costs at most 12 %; below the floor all lengths are the same.

use crate::sealed::OpenError;
use zeroize::Zeroizing;

/// The shortest padded section, in bytes: an address, a name or a kind of event cannot be told by its length.
pub const FLOOR_BYTES: usize = 128;
/// The shortest padded content (subject and body of a message), in bytes.
pub const CONTENT_FLOOR_BYTES: usize = 1024;

const PREFIX_BYTES: usize = 4;

/// `plaintext` with its length before and zeros behind, at least `floor` bytes in all. A plaintext has less than 4 GiB.
#[must_use]
pub fn pad(plaintext: &[u8], floor: usize) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(plaintext.len()).expect("a plaintext is shorter than 4 GiB");
    let total = padded_len(PREFIX_BYTES + plaintext.len(), floor);
    let mut padded = Zeroizing::new(Vec::with_capacity(total));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(plaintext);
    padded.resize(total, 0);
    padded
}

/// The plaintext inside; [`OpenError::Malformed`] if the length is too long or the padding is not all zeros.
pub fn unpad(padded: &[u8]) -> Result<&[u8], OpenError> {
    let (length, rest) = padded.split_first_chunk::<PREFIX_BYTES>().ok_or(OpenError::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| OpenError::Malformed)?;
    let (plaintext, zeros) = rest.split_at_checked(length).ok_or(OpenError::Malformed)?;
    if zeros.iter().any(|&byte| byte != 0) {
        return Err(OpenError::Malformed);
    }
    Ok(plaintext)
}

/// The Padmé length for `length` bytes, not below `floor`: of an `e`-bit length, only the leading `log2 e` bits stay.
#[must_use]
pub fn padded_len(length: usize, floor: usize) -> usize {
    let length = length.max(floor).max(2);
    let exponent = length.ilog2();
    let kept_bits = exponent.ilog2() + 1;
    let mask = (1 << (exponent - kept_bits)) - 1;
    (length + mask) & !mask
}
