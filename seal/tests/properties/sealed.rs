//! Sealed values and padding.

use crate::{any_key, bit_flips};
use proptest::{collection::vec, prelude::*};
use seal::{
    OpenError, open,
    padding::{pad, padded_len, unpad},
    seal,
    sealed::OVERHEAD_BYTES,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A44: what was sealed opens with the same key, label and place, and does not hold the plaintext.
    #[test]
    fn roundtrip(key in any_key(), label in "[a-z]{1,20}", aad in vec(any::<u8>(), 0..80), text in vec(any::<u8>(), 8..500)) {
        let sealed = seal(&key, &label, &aad, &text);
        prop_assert_eq!(sealed.len(), text.len() + OVERHEAD_BYTES);
        prop_assert!(!sealed.windows(text.len()).any(|window| window == text));
        let opened = open(&key, &label, &aad, &sealed);
        prop_assert_eq!(opened.as_deref(), Ok(&text));
    }

    /// A43, A44: another key, label or place does not open it.
    #[test]
    fn another_key_label_or_place(key in any_key(), other in any_key(), text in vec(any::<u8>(), 0..64)) {
        prop_assume!(key != other);
        let sealed = seal(&key, "wrap", b"row 1", &text);
        prop_assert_eq!(open(&other, "wrap", b"row 1", &sealed), Err(OpenError::WrongKey));
        prop_assert_eq!(open(&key, "event", b"row 1", &sealed), Err(OpenError::WrongKey));
        prop_assert_eq!(open(&key, "wrap", b"row 2", &sealed), Err(OpenError::WrongKey));
    }

    /// A44: a sealed value with any one bit flipped is refused.
    #[test]
    fn every_bit_flip(key in any_key(), text in vec(any::<u8>(), 0..48)) {
        let sealed = seal(&key, "wrap", b"row", &text);
        for flipped in bit_flips(&sealed) {
            prop_assert!(open(&key, "wrap", b"row", &flipped).is_err());
        }
    }

    /// A44: a sealed value that was cut or lengthened is refused.
    #[test]
    fn every_length(key in any_key(), text in vec(any::<u8>(), 0..48), more in vec(any::<u8>(), 1..48)) {
        let sealed = seal(&key, "wrap", b"row", &text);
        for length in 0..sealed.len() {
            prop_assert!(open(&key, "wrap", b"row", &sealed[..length]).is_err());
        }
        prop_assert!(open(&key, "wrap", b"row", &[sealed, more].concat()).is_err());
    }

    /// A44: a ciphertext sealed under one key never opens under a second, whatever is done to it: to move it, its
    /// commitment would have to be the second key's, and then it is not the first key's.
    #[test]
    fn one_ciphertext_has_one_key(first in any_key(), second in any_key(), text in vec(any::<u8>(), 1..64)) {
        prop_assume!(first != second);
        let of_first = seal(&first, "wrap", b"row", &text);
        let of_second = seal(&second, "wrap", b"row", &text);
        prop_assert_eq!(open(&second, "wrap", b"row", &of_first), Err(OpenError::WrongKey));
        // The second key's nonce and commitment before the first key's ciphertext: opens under neither.
        let grafted = [&of_second[..56], &of_first[56..]].concat();
        prop_assert_eq!(open(&first, "wrap", b"row", &grafted), Err(OpenError::WrongKey));
        prop_assert_eq!(open(&second, "wrap", b"row", &grafted), Err(OpenError::Tampered));
    }

    /// A44: padding comes off again, hides lengths under the floor, and costs at most an eighth above it.
    #[test]
    fn padding(text in vec(any::<u8>(), 0..5000), floor in prop_oneof![Just(128_usize), Just(1024)]) {
        let padded = pad(&text, floor);
        prop_assert_eq!(unpad(&padded), Ok(text.as_slice()));
        let needed = text.len() + 4;
        prop_assert_eq!(padded.len(), padded_len(needed, floor));
        prop_assert!(padded.len() >= needed);
        prop_assert!(padded.len() == floor || padded.len() <= needed + needed / 8);
        prop_assert!(needed > floor || padded.len() == floor);
    }

    /// A44: padding that is not zeros, or a length that is too long, is refused.
    #[test]
    fn bad_padding(text in vec(any::<u8>(), 0..100), at in 0_usize..1000, byte in 1_u8..) {
        let mut padded = pad(&text, 128).to_vec();
        let zeros = padded.len() - 4 - text.len();
        let at = 4 + text.len() + at % zeros;
        padded[at] = byte;
        prop_assert_eq!(unpad(&padded), Err(OpenError::Malformed));
        prop_assert_eq!(unpad(&padded[..3]), Err(OpenError::Malformed));
        prop_assert_eq!(unpad(&[0, 0, 0, 2, 7]), Err(OpenError::Malformed));
    }
}
