//! Codes that a person copies by hand: recovery codes for when the authenticator app is lost, and the code that joins a
//! device to a session elsewhere (RFC 8628).

use crate::key::random_bytes;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::{array, iter};
use zeroize::{Zeroize, Zeroizing};

/// Recovery codes that are given out at once; each is good once.
pub const RECOVERY_CODES: usize = 10;
/// 80 bits: 16 characters of base32.
const RECOVERY_CODE_BYTES: usize = 10;
/// Crockford's base32 in lower case: without i, l, o, which look like digits, and without u.
const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// RFC 8628 §6.1: no vowels, so that no word comes about, and no digits.
const USER_CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// 20⁸ codes, 34.5 bits (RFC 8628 §6.1): enough as long as guesses are limited and the code lives for minutes.
const USER_CODE_LENGTH: usize = 8;
const GROUP: usize = 4;

/// Fresh recovery codes, such as `3f0k-9qzt-x2vd-8mhe`, with 80 random bits each. Shown once; the database keeps
/// [`hash_recovery_code`].
#[must_use]
pub fn recovery_codes() -> [SecretString; RECOVERY_CODES] {
    array::from_fn(|_| {
        let mut bytes = random_bytes::<RECOVERY_CODE_BYTES>();
        let code = Zeroizing::new(grouped(base32(&bytes, CROCKFORD)));
        bytes.zeroize();
        SecretString::from(code.as_str())
    })
}

/// What is stored and compared: `SHA-256("sealpost/recovery-code/1" | code)`, the code in lower case without dashes and
/// blanks, letters that look like digits read as those (Crockford). A text that is no code has the hash of no code.
///
/// Nobody can try 2⁸⁰ codes, so a fast hash is enough; a password needs a slow one because people choose it.
#[must_use]
pub fn hash_recovery_code(code: &str) -> [u8; 32] {
    let read_alike = |letter: char| match letter.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    let normalised = Zeroizing::new(significant(code).map(read_alike).collect::<String>());
    Sha256::new()
        .chain_update(b"sealpost/recovery-code/1")
        .chain_update(normalised.as_bytes())
        .finalize()
        .into()
}

/// A fresh code such as `WDJB-MJHT` that a person types on another device (RFC 8628 §6.1).
#[must_use]
pub fn user_code() -> String {
    // 256 is no multiple of 20: bytes from 240 on would favour the first letters.
    let letters = iter::repeat_with(random_bytes::<16>)
        .flatten()
        .filter(|byte| *byte < 240)
        .map(|byte| char::from(USER_CODE_LETTERS[usize::from(byte % 20)]));
    grouped(letters.take(USER_CODE_LENGTH))
}

/// The code that was meant, as [`user_code`] writes it: case, dashes and blanks do not count. `None` for a text that
/// cannot be a code.
#[must_use]
pub fn normalise_user_code(typed: &str) -> Option<String> {
    let letters: Vec<char> =
        significant(typed).take(USER_CODE_LENGTH + 1).map(|c| c.to_ascii_uppercase()).collect();
    let known = |c: &char| USER_CODE_LETTERS.iter().any(|letter| char::from(*letter) == *c);
    (letters.len() == USER_CODE_LENGTH && letters.iter().all(known)).then(|| grouped(letters.into_iter()))
}

/// `bytes`, whose number is a multiple of 5, as base32: each 5 bytes are 8 characters, highest bits first.
pub(crate) fn base32<'a>(bytes: &'a [u8], alphabet: &'a [u8; 32]) -> impl Iterator<Item = char> + 'a {
    bytes.chunks_exact(5).flat_map(move |chunk| {
        let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8).rev().map(move |place| char::from(alphabet[(bits >> (5 * place) & 31) as usize]))
    })
}

/// Fours, with a dash between.
fn grouped(letters: impl Iterator<Item = char>) -> String {
    let mut text = String::with_capacity(2 * RECOVERY_CODE_BYTES);
    for (index, letter) in letters.enumerate() {
        if index > 0 && index % GROUP == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// What a person may add or leave out when typing does not count: dashes, also those that a program typeset, and blanks.
fn significant(typed: &str) -> impl Iterator<Item = char> {
    typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;
    use std::collections::HashSet;

    /// RFC 4648 §10, the vector that fills its groups, and the same bits in Crockford's letters.
    #[test]
    fn base32_of_the_rfc() {
        assert_eq!(base32(b"fooba", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").collect::<String>(), "MZXW6YTB");
        assert_eq!(base32(b"fooba", CROCKFORD).collect::<String>(), "csqpyrk1");
    }

    /// Ten codes, none twice, each of 16 characters in fours.
    #[test]
    fn recovery_codes_differ() {
        let codes = recovery_codes();
        let distinct: HashSet<&str> = codes.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(distinct.len(), RECOVERY_CODES);
        for code in distinct {
            let groups: Vec<&str> = code.split('-').collect();
            assert_eq!(groups.len(), 4, "{code}");
            for group in groups {
                assert!(group.len() == 4 && group.bytes().all(|byte| CROCKFORD.contains(&byte)), "{code}");
            }
        }
    }

    /// A stored code is found again for as long as the log is kept.
    #[test]
    fn the_hash_stays_the_same() {
        let hash = hash_recovery_code("3f0k-9qzt-x2vd-8mhe");
        assert_eq!(hash, <[u8; 32]>::from(Sha256::digest(b"sealpost/recovery-code/13f0k9qztx2vd8mhe")));
        for typed in ["3F0K9QZTX2VD8MHE", " 3fok 9qzt x2vd 8mhe\n", "3f0k–9qzt–x2vd–8mhe"] {
            assert_eq!(hash_recovery_code(typed), hash, "{typed}");
        }
        assert_ne!(hash_recovery_code("3f0k-9qzt-x2vd-8mhf"), hash);
    }

    /// A code that was given out is one; what was typed carelessly is the same one.
    #[test]
    fn user_codes_are_read_again() {
        let code = user_code();
        assert_eq!(normalise_user_code(&code), Some(code.clone()));
        assert_eq!(normalise_user_code(&format!(" {} ", code.to_lowercase().replace('-', " "))), Some(code));
        assert_eq!(normalise_user_code("wdjbmjht"), Some("WDJB-MJHT".to_owned()));
    }

    /// A vowel, a digit, a letter too few or too many: no code.
    #[test]
    fn other_texts_are_no_user_codes() {
        for text in
            ["", "WDJB-MJH", "WDJB-MJHTT", "WDJA-MJHT", "WDJ8-MJHT", "WDJB_MJHT", "ＷDJB-MJHT", "ẞDJBMJHT"]
        {
            assert_eq!(normalise_user_code(text), None, "{text}");
        }
    }

    /// Every letter comes up, the last of the alphabet as well as the first.
    #[test]
    fn all_letters_are_used() {
        let seen: HashSet<char> = iter::repeat_with(user_code)
            .take(400)
            .flat_map(|code| code.chars().collect::<Vec<_>>())
            .collect();
        assert_eq!(seen.len(), USER_CODE_LETTERS.len() + 1, "and the dash");
    }

    proptest! {
        /// Whatever is typed, what comes out is a code, and is its own normal form.
        #[test]
        fn normal_form_is_stable(typed in "[ -~]{0,12}|[bcdfgBCDFG -]{8,10}|\\PC{0,9}") {
            if let Some(code) = normalise_user_code(&typed) {
                prop_assert_eq!(code.len(), USER_CODE_LENGTH + 1);
                prop_assert_eq!(normalise_user_code(&code), Some(code.clone()));
            }
        }
    }
}
