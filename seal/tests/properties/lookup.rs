//! Blind indexes.

use crate::any_key;
use proptest::{collection::vec, prelude::*};
use seal::blind::{blind, tag};

proptest! {
    /// A44: an index is stable, and differs by key, purpose and value.
    #[test]
    fn indexes_differ(key in any_key(), other in any_key(), value in vec(any::<u8>(), 0..64), extra: u8) {
        prop_assume!(key != other);
        let index = blind(&key, "account.address", &value);
        prop_assert_eq!(index, blind(&key, "account.address", &value));
        prop_assert_ne!(index, blind(&other, "account.address", &value));
        prop_assert_ne!(index, blind(&key, "account.alias", &value));
        prop_assert_ne!(index, blind(&key, "account.address", &[value.as_slice(), &[extra]].concat()));
        prop_assert_eq!(&tag(&key, "account.address", &value), &index[..16]);
    }
}

/// A purpose with the separator could be taken for another purpose, so it stops.
#[test]
#[should_panic(expected = "a purpose ends at the separator")]
fn purposes_have_no_separator() {
    let _ = blind(&seal::Key::random(), "a|b", b"");
}
