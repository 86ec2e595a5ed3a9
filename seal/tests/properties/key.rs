//! Keys: each use, context and pair has a key of its own, and none is ever printed.

use crate::any_key;
use proptest::prelude::*;
use seal::{Key, KeyId, OpenError};

proptest! {
    /// A44: a derived key depends on the key, the label and where one context ends and the next begins.
    #[test]
    fn derived_keys_differ(key in any_key(), other in any_key(), a in any::<[u8; 4]>(), b in any::<[u8; 4]>()) {
        prop_assume!(key != other);
        let derived = key.derive("use", &[&a, &b]);
        prop_assert_eq!(&derived, &key.derive("use", &[&a, &b]));
        let joined = [a, b].concat();
        let others = [
            key.clone(),
            other.derive("use", &[&a, &b]),
            key.derive("used", &[&a, &b]),
            key.derive("use", &[&joined]),
            key.derive("use", &[&joined, &[]]),
            key.derive("use", &[&a]),
            key.derive("use", &[]),
        ];
        for other in others {
            prop_assert_ne!(&derived, &other);
        }
    }

    /// A43: a grant's key needs both its halves, in their order and for their use.
    #[test]
    fn a_joined_key_needs_both(mailbox in any_key(), day in any_key(), other in any_key()) {
        prop_assume!(mailbox != day && day != other && mailbox != other);
        let grant = Key::join(&mailbox, &day, "grant");
        prop_assert_eq!(&grant, &Key::join(&mailbox, &day, "grant"));
        let others = [
            Key::join(&other, &day, "grant"),
            Key::join(&mailbox, &other, "grant"),
            Key::join(&day, &mailbox, "grant"),
            Key::join(&mailbox, &day, "hold"),
        ];
        for other in others {
            prop_assert_ne!(&grant, &other);
        }
    }

    /// A key id is written and read in one way only.
    #[test]
    fn key_id_text(bytes in any::<[u8; 16]>(), text in "[0-9a-fA-F+ ]{31,33}") {
        let id = KeyId(bytes);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).expect("a string");
        prop_assert_eq!(&json, &format!("\"{id}\""));
        prop_assert_eq!(serde_json::from_str::<KeyId>(&json).expect("a key id"), id);
        if let Ok(read) = text.parse::<KeyId>() {
            prop_assert_eq!(read.to_string(), text);
        }
    }
}

/// A key shows nothing of itself in debug output.
#[test]
fn keys_are_not_printed() {
    assert_eq!(format!("{:?}", Key::from_bytes([7; 32])), "Key(redacted)");
}

/// Random keys and ids are all different.
#[test]
fn random_keys_differ() {
    assert_ne!(Key::random(), Key::random());
    assert_ne!(KeyId::random(), KeyId::random());
}

/// Only 32 bytes are a key.
#[test]
fn key_lengths() {
    assert_eq!(Key::try_from([7; 32].as_slice()), Ok(Key::from_bytes([7; 32])));
    assert_eq!(Key::try_from([7; 31].as_slice()), Err(OpenError::Malformed));
    assert_eq!(Key::try_from([7; 33].as_slice()), Err(OpenError::Malformed));
}
