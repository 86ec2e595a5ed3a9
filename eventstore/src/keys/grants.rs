//! Grants: a message's content key, sealed for one reader. Opening one needs the reader's mailbox key *and* the key of
//! the day on which the message expires, so it dies with either (A21, B38).

use domain::{AccountId, bytes::Sealed, id::ContentKeyId};
use seal::Key;

const LABEL: &str = "grant";

/// Seals a content key for one reader.
#[must_use]
pub fn seal_grant(
    mailbox: &Key,
    expiry_day: &Key,
    reader: AccountId,
    id: ContentKeyId,
    content: &Key,
) -> Sealed {
    let key = Key::join(mailbox, expiry_day, LABEL);
    Sealed(seal::seal(&key, LABEL, &aad(reader, id), content.expose()))
}

/// Opens a grant; `None` when the keys are not those it was sealed under.
#[must_use]
pub fn open_grant(
    mailbox: &Key,
    expiry_day: &Key,
    reader: AccountId,
    id: ContentKeyId,
    grant: &Sealed,
) -> Option<Key> {
    let key = Key::join(mailbox, expiry_day, LABEL);
    let opened = seal::open(&key, LABEL, &aad(reader, id), &grant.0).ok()?;
    Key::try_from(opened.as_slice()).ok()
}

fn aad(reader: AccountId, id: ContentKeyId) -> [u8; 32] {
    let mut aad = [0; 32];
    aad[..16].copy_from_slice(&reader.bytes());
    aad[16..].copy_from_slice(&id.bytes());
    aad
}
