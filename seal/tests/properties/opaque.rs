//! Values that clients carry and cannot read.

use crate::any_key;
use proptest::{collection::vec, prelude::*};
use seal::opaque::{hide, reveal};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A cursor comes back as it was, for its own key and purpose only.
    #[test]
    fn roundtrip(key in any_key(), other in any_key(), value in vec(any::<u8>(), 0..100)) {
        prop_assume!(key != other);
        let hidden = hide(&key, "inbox", &value);
        prop_assert_eq!(reveal(&key, "inbox", &hidden), Some(value));
        prop_assert_eq!(reveal(&key, "audit", &hidden), None);
        prop_assert_eq!(reveal(&other, "inbox", &hidden), None);
    }

    /// Two cursors cannot be seen to be the same place, nor which of two is longer.
    #[test]
    fn tells_nothing(key in any_key(), a in vec(any::<u8>(), 0..28), b in vec(any::<u8>(), 0..28)) {
        prop_assert_ne!(hide(&key, "inbox", &a), hide(&key, "inbox", &a));
        prop_assert_eq!(hide(&key, "inbox", &a).len(), hide(&key, "inbox", &b).len());
    }

    /// A cursor with any one character changed, and any other text, reveals nothing.
    #[test]
    fn forged(key in any_key(), value in vec(any::<u8>(), 0..28), text in ".{0,200}") {
        prop_assert_eq!(reveal(&key, "inbox", &text), None);
        let hidden = hide(&key, "inbox", &value);
        for at in 0..hidden.len() {
            let replacement = if &hidden[at..=at] == "A" { "B" } else { "A" };
            let forged = [&hidden[..at], replacement, &hidden[at + 1..]].concat();
            prop_assert_eq!(reveal(&key, "inbox", &forged), None);
        }
    }
}
