//! Short values that a client carries and cannot read: page cursors, positions in the log.
//!
//! A plain position would tell how much happens in an organisation. A hidden one differs at every showing, has one
//! length for all short values, and cannot be forged or used for another purpose.

use crate::{
    key::Key,
    padding::{pad, unpad},
    sealed::{open, seal},
};
use base64ct::{Base64UrlUnpadded, Encoding};

const LABEL: &str = "opaque";
/// Padded length of a short value in bytes: a position or a time with an id fits.
const FLOOR_BYTES: usize = 32;

/// `value` as base64url (RFC 4648 §5, no padding) of a sealed and padded value.
#[must_use]
pub fn hide(key: &Key, purpose: &str, value: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(&seal(key, LABEL, purpose.as_bytes(), &pad(value, FLOOR_BYTES)))
}

/// What [`hide`] hid for this purpose; `None` for anything else, whatever the reason: a client is not told which.
#[must_use]
pub fn reveal(key: &Key, purpose: &str, hidden: &str) -> Option<Vec<u8>> {
    let sealed = Base64UrlUnpadded::decode_vec(hidden).ok()?;
    let padded = open(key, LABEL, purpose.as_bytes(), &sealed).ok()?;
    unpad(&padded).ok().map(<[u8]>::to_vec)
}
