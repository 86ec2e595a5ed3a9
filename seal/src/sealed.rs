//! One value, sealed under one key for one place.
//!
//! ```text
//! sealed = nonce[24] | commitment[32] | ciphertext | tag[16]                    XChaCha20-Poly1305
//! key ‖ commitment = HKDF-SHA256-Expand(section key, "sealpost/seal/1" | label length u8 | label | nonce | SHA-256(aad))
//! ```
//!
//! The commitment is there because XChaCha20-Poly1305 alone does not commit to its key: without it, one ciphertext could
//! be made to open to two texts under two keys. Nonces are random; 192 bits are enough for that
//! (draft-irtf-cfrg-xchacha).

use crate::key::{Key, length_prefix, random_bytes};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{AeadInOut, inout::InOutBuf},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;
const COMMITMENT_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

/// Bytes that sealing adds to a plaintext.
pub const OVERHEAD_BYTES: usize = NONCE_BYTES + COMMITMENT_BYTES + TAG_BYTES;

/// Why sealed bytes did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The bytes do not have the format's shape.
    #[error("these bytes are not in the sealed format; read them again from the store or a backup")]
    Malformed,
    /// The commitment differs: another key, another label, or another place than they were sealed for.
    #[error("this key did not seal these bytes for this place; look up the key by the id beside them")]
    WrongKey,
    /// The key is right and the ciphertext is not what was sealed.
    #[error("these bytes were changed after they were sealed; verify the log and restore them from a backup")]
    Tampered,
}

/// Seals `plaintext` under `key`. `label` says for which use (a constant of at most 255 bytes), `aad` for which place;
/// both are needed again to open it and neither is kept in the result. The length is not hidden: see
/// [`padding`](crate::padding).
#[must_use]
pub fn seal(key: &Key, label: &str, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    seal_with_nonce(key, label, aad, plaintext, &random_bytes())
}

/// [`seal`] with a given nonce, which no key may ever see twice: apart from `seal`, for tests with known answers.
pub(crate) fn seal_with_nonce(
    key: &Key,
    label: &str,
    aad: &[u8],
    plaintext: &[u8],
    nonce: &[u8; NONCE_BYTES],
) -> Vec<u8> {
    let (key, commitment) = committed_key(key, label, aad, nonce);
    // The plaintext is overwritten in place, so the buffer must not move while it grows.
    let mut sealed = Vec::with_capacity(OVERHEAD_BYTES + plaintext.len());
    sealed.extend_from_slice(nonce);
    sealed.extend_from_slice(&commitment);
    sealed.extend_from_slice(plaintext);
    let tag = encrypt(&key, nonce, aad, &mut sealed[NONCE_BYTES + COMMITMENT_BYTES..]);
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens what [`seal`] made with the same key, label and `aad`. The commitment is compared, in constant time, before
/// anything is decrypted.
pub fn open(key: &Key, label: &str, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Malformed)?;
    let (commitment, rest) = rest.split_first_chunk::<COMMITMENT_BYTES>().ok_or(OpenError::Malformed)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(OpenError::Malformed)?;

    let (key, expected) = committed_key(key, label, aad, nonce);
    if !bool::from(expected.ct_eq(commitment)) {
        return Err(OpenError::WrongKey);
    }
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt_inout_detached(nonce.into(), aad, InOutBuf::from(plaintext.as_mut_slice()), tag.into())
        .map_err(|_| OpenError::Tampered)?;
    Ok(plaintext)
}

fn committed_key(
    key: &Key,
    label: &str,
    aad: &[u8],
    nonce: &[u8; NONCE_BYTES],
) -> (Key, [u8; COMMITMENT_BYTES]) {
    let place = Sha256::digest(aad);
    key.expand_committed(&[b"sealpost/seal/1", &length_prefix(label), label.as_bytes(), nonce, &place])
}

fn encrypt(key: &Key, nonce: &[u8; NONCE_BYTES], aad: &[u8], buffer: &mut [u8]) -> [u8; TAG_BYTES] {
    XChaCha20Poly1305::new(key.expose().into())
        .encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(buffer))
        .expect("a plaintext is shorter than 256 GiB")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A44: the cipher is XChaCha20-Poly1305, by the vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn known_answer() {
        let key = Key::from_bytes(std::array::from_fn(|i| 0x80 + u8::try_from(i).expect("32 bytes")));
        let nonce = std::array::from_fn(|i| 0x40 + u8::try_from(i).expect("24 bytes"));
        let aad = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let mut text = *b"Ladies and Gentlemen of the class of '99: \
            If I could offer you only one tip for the future, sunscreen would be it.";

        let tag = encrypt(&key, &nonce, &aad, &mut text);

        let ciphertext = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
            731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
            2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
            21f9664c97637da9768812f615c68b13b52e";
        assert_eq!(crate::golden::hex(&text), ciphertext);
        assert_eq!(crate::golden::hex(&tag), "c0875924c1c7987947deafd8780acf49");
    }
}
