//! One-time codes of an authenticator app: TOTP (RFC 6238) with SHA-1, 6 digits and steps of 30 seconds, which is what
//! the apps agree on; many ignore any other choice. HMAC does not need SHA-1 to be free of collisions (RFC 6194 §3.3).

use crate::{codes::base32, key::random_bytes};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use totp_rs::{Builder, Totp};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes in a secret: 160 bits, the output of the hash (RFC 4226 §4 R6).
pub const SECRET_BYTES: usize = 20;
/// RFC 6238 §5.2.
const STEP_SECONDS: u64 = 30;
/// RFC 4648 §6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// All but the unreserved characters of RFC 3986 §2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an authenticator app and the server share. Wiped when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// A fresh secret from the system's random source.
    #[must_use]
    pub fn random() -> Self {
        Self(random_bytes())
    }

    /// The secret that was kept as these bytes; the caller wipes its own copy.
    #[must_use]
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// The secret itself, for sealing it. Never for a log or a message.
    #[must_use]
    pub fn expose(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The secret as a person types it into an app that cannot read the URL: 32 characters of base32.
    #[must_use]
    pub fn to_base32(&self) -> SecretString {
        let text = Zeroizing::new(base32(&self.0, BASE32).collect::<String>());
        SecretString::from(text.as_str())
    }

    /// What an app reads from a QR code: `otpauth://totp/issuer:account?secret=…` (Key URI format). The issuer says
    /// which organisation the code is for, the label which account there. A colon parts the two, so one within either
    /// becomes a blank.
    #[must_use]
    pub fn otpauth_url(&self, issuer: &str, account_label: &str) -> SecretString {
        let [issuer, account] = [issuer, account_label]
            .map(|text| utf8_percent_encode(&text.replace(':', " "), ENCODED).to_string());
        let secret = self.to_base32();
        let url = Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            secret.expose_secret()
        ));
        SecretString::from(url.as_str())
    }

    /// The time step that the code is right for: `at_seconds` / 30 or one beside it, for a clock that is off or a slow
    /// typist. `at_seconds` is Unix time. Blanks in the code do not count; it is compared in constant time.
    ///
    /// A code counts once (RFC 6238 §5.2): the caller keeps the step that was matched and gives it as `last_used` the
    /// next time; no step at or before that matches. Of two steps with the same code the later one is taken, so that
    /// it is not good for another time.
    #[must_use]
    pub fn matching_step(&self, code: &str, at_seconds: u64, last_used: Option<u64>) -> Option<u64> {
        let code = Zeroizing::new(code.split_whitespace().collect::<String>());
        let totp = self.totp();
        let now = at_seconds / STEP_SECONDS;
        let unused = |step: &u64| last_used.is_none_or(|last| *step > last);
        let matches = |step: &u64| totp.check(&code, step.saturating_mul(STEP_SECONDS)).is_some();
        (now.saturating_sub(1)..=now + 1).rev().filter(unused).find(matches)
    }

    /// Without the skew of the library, which takes the earliest step and knows of no step before.
    fn totp(&self) -> Totp {
        Builder::new()
            .with_secret(self.0)
            .with_step_duration(STEP_SECONDS)
            .with_skew(0)
            .build()
            .expect("160 bits are enough for RFC 4226")
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 6238 appendix B, in seconds; of its 8 digits the last 6 are the code of 6 digits.
    const VECTORS: [(u64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(*b"12345678901234567890")
    }

    /// The codes are those of RFC 6238, with or without blanks.
    #[test]
    fn the_vectors_of_the_rfc() {
        for (at, code) in VECTORS {
            assert_eq!(secret().matching_step(code, at, None), Some(at / 30), "{at}");
            let spaced = format!(" {} {}\t", &code[..3], &code[3..]);
            assert_eq!(secret().matching_step(&spaced, at, None), Some(at / 30), "{at}");
        }
    }

    /// What is no code of six digits matches nothing.
    #[test]
    fn other_texts_match_nothing() {
        for code in ["", "28708", "2870822", "94287082", "+87082", "28708x", "287083", "２８７０８２"] {
            assert_eq!(secret().matching_step(code, 59, None), None, "{code}");
        }
    }

    /// The app reads the organisation, the account and the secret, whatever characters are in them.
    #[test]
    fn the_url_is_encoded() {
        let url = secret().otpauth_url("Praxis: Müller & Co", "ada+x@guest.example");
        assert_eq!(
            url.expose_secret(),
            "otpauth://totp/Praxis%20%20M%C3%BCller%20%26%20Co:ada%2Bx%40guest.example\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Praxis%20%20M%C3%BCller%20%26%20Co\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    /// A44: a log line cannot hold the secret.
    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", secret()), "TotpSecret(redacted)");
        assert_ne!(TotpSecret::random().expose(), TotpSecret::random().expose());
    }

    /// The ends of the count of seconds.
    #[test]
    fn the_first_and_last_second() {
        for at in [0, u64::MAX] {
            let code = secret().totp().generate(at).to_string();
            assert!(secret().matching_step(&code, at, None).is_some());
            assert_eq!(secret().matching_step(&code, at, Some(u64::MAX)), None);
        }
    }

    proptest! {
        /// A code is good in its step and the two beside it, once.
        #[test]
        fn a_code_counts_once(bytes: [u8; SECRET_BYTES], at in 300..u64::from(u32::MAX), late in -4..=4_i64) {
            let secret = TotpSecret::from_bytes(bytes);
            let code = secret.totp().generate(at).to_string();
            let step = at / STEP_SECONDS;
            let asked_at = at.checked_add_signed(30 * late).unwrap();
            match secret.matching_step(&code, asked_at, None) {
                Some(matched) => {
                    prop_assert!(matched.abs_diff(asked_at / STEP_SECONDS) <= 1);
                    prop_assert_eq!(secret.totp().generate(matched * STEP_SECONDS).to_string(), code.clone());
                    prop_assert_eq!(secret.matching_step(&code, asked_at, Some(matched)), None);
                }
                None => prop_assert!(step.abs_diff(asked_at / STEP_SECONDS) > 1),
            }
        }
    }
}
