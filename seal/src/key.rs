//! Keys, their ids, and how one key is made from others.

use crate::sealed::OpenError;
use hkdf::{Hkdf, HkdfExtract};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Sha256;
use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes in a key.
pub const KEY_BYTES: usize = 32;

/// A 256-bit symmetric key. Wiped when dropped, never printed, compared in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// A fresh key from the system's random source.
    #[must_use]
    pub fn random() -> Self {
        Self(random_bytes())
    }

    /// The key that was kept as these bytes; the caller wipes its own copy.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The key itself, for wrapping it under another key or writing it to a key file. Never for a log or a message.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// A key for one use, made from this one: HKDF-SHA256-Expand (RFC 5869) with
    /// `info = "sealpost/derive/1" | label length u8 | label | n × (length u32 big endian | context)`.
    ///
    /// The lengths keep `["ab", "c"]` apart from `["a", "bc"]`. The label is a constant of at most 255 bytes.
    #[must_use]
    pub fn derive(&self, label: &str, context: &[&[u8]]) -> Self {
        let label_length = length_prefix(label);
        let lengths: Vec<[u8; 4]> = context.iter().map(|part| length_u32(part)).collect();
        let mut info: Vec<&[u8]> = vec![b"sealpost/derive/1", &label_length, label.as_bytes()];
        for (length, part) in lengths.iter().zip(context) {
            info.extend([length.as_slice(), part]);
        }
        let mut key = Self([0; KEY_BYTES]);
        self.expand(&info, &mut key.0);
        key
    }

    /// A key that can only be made while both keys exist: destroying either destroys it. A grant is sealed under
    /// mailbox key ‖ expiry-day key, so that unsubscribing and expiry each end it.
    ///
    /// HKDF-SHA256 (RFC 5869): extract with salt `"sealpost/join/1"` over `a ‖ b`, expand with
    /// `info = label length u8 | label`. The order of the two keys matters.
    #[must_use]
    pub fn join(a: &Self, b: &Self, label: &str) -> Self {
        let mut extract = HkdfExtract::<Sha256>::new(Some(b"sealpost/join/1"));
        extract.input_ikm(&a.0);
        extract.input_ikm(&b.0);
        let (mut pseudorandom_key, hkdf) = extract.finalize();
        pseudorandom_key.zeroize();
        let mut key = Self([0; KEY_BYTES]);
        hkdf.expand_multi_info(&[&length_prefix(label), label.as_bytes()], &mut key.0)
            .expect("HKDF-SHA256 gives 32 bytes");
        key
    }

    /// An encryption key and the commitment that binds a ciphertext to it, from one expansion.
    pub(crate) fn expand_committed(&self, info: &[&[u8]]) -> (Self, [u8; 32]) {
        let mut output = Zeroizing::new([0; KEY_BYTES + 32]);
        self.expand(info, &mut *output);
        let mut key = Self([0; KEY_BYTES]);
        let mut commitment = [0; 32];
        key.0.copy_from_slice(&output[..KEY_BYTES]);
        commitment.copy_from_slice(&output[KEY_BYTES..]);
        (key, commitment)
    }

    fn expand(&self, info: &[&[u8]], output: &mut [u8]) {
        Hkdf::<Sha256>::from_prk(&self.0)
            .expect("32 bytes are enough for HKDF-SHA256")
            .expand_multi_info(info, output)
            .expect("HKDF-SHA256 gives up to 8160 bytes");
    }
}

/// A key that came out of a sealed value; anything but 32 bytes is [`OpenError::Malformed`].
impl TryFrom<&[u8]> for Key {
    type Error = OpenError;

    fn try_from(bytes: &[u8]) -> Result<Self, OpenError> {
        bytes.try_into().map(Self).map_err(|_| OpenError::Malformed)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// The random name of a key in the vault. Not secret: it stands beside what the key sealed, and in tombstones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    /// A fresh id: 128 random bits.
    #[must_use]
    pub fn random() -> Self {
        Self(random_bytes())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// What was read is not a key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a key id as 32 lower-case hexadecimal digits")]
pub struct KeyIdError;

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(digit) {
            return Err(KeyIdError);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| KeyIdError)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Random bytes for keys, nonces, ids and tokens. Without a random source nothing here may go on, so its failure panics.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has a random source");
    bytes
}

/// The length byte before a label or purpose, which are constants in the code.
pub(crate) fn length_prefix(label: &str) -> [u8; 1] {
    [u8::try_from(label.len()).expect("a label has at most 255 bytes")]
}

fn length_u32(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).expect("a key's context is short").to_be_bytes()
}
