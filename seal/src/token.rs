//! Tokens for links and sessions: 256 bits that only their holder has. The database keeps a hash.

use crate::key::{Key, length_prefix, random_bytes};
use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const TOKEN_BYTES: usize = 32;

/// A bearer secret of 256 bits. Wiped when dropped, never printed, compared in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token([u8; TOKEN_BYTES]);

impl Token {
    /// A fresh token, for a session.
    #[must_use]
    pub fn random() -> Self {
        Self(random_bytes())
    }

    /// The token of the link with this id: `key.derive("token", [purpose, id])`. A mailer that has to send a link again
    /// makes the same one, without anyone having stored it.
    #[must_use]
    pub fn derive(key: &Key, purpose: &str, id: [u8; 16]) -> Self {
        Self(*key.derive("token", &[purpose.as_bytes(), &id]).expose())
    }

    /// The token as it stands in a link or cookie: 43 characters of base64url without padding (RFC 4648 §5).
    #[must_use]
    pub fn to_base64url(&self) -> Zeroizing<String> {
        Zeroizing::new(Base64UrlUnpadded::encode_string(&self.0))
    }

    /// The token that a client sent; `None` if it is not the one way to write 256 bits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut token = Self([0; TOKEN_BYTES]);
        let length = Base64UrlUnpadded::decode(text, &mut token.0).ok()?.len();
        (length == TOKEN_BYTES).then_some(token)
    }

    /// What is stored and looked up: `SHA-256("sealpost/token/1" | purpose length u8 | purpose | token)`. A token for
    /// one purpose finds nothing under another. A plain hash is enough for 256 random bits.
    #[must_use]
    pub fn hash(&self, purpose: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"sealpost/token/1")
            .chain_update(length_prefix(purpose))
            .chain_update(purpose)
            .chain_update(self.0)
            .finalize()
            .into()
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}
