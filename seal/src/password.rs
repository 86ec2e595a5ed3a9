//! Passwords and challenge answers: Argon2id with m = 19 MiB, t = 2, p = 1 (OWASP Password Storage; RFC 9106).
//!
//! One hash takes 20–30 ms and 19 MiB: callers run it off the async threads, behind a semaphore of as many permits as
//! cores.

use crate::{key::random_bytes, token::Token};
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash to store, sealed, as a PHC string (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`) with a fresh 128-bit salt.
#[must_use]
pub fn hash_password(password: &SecretString) -> Zeroizing<String> {
    let hash: PasswordHash = argon2id()
        .hash_password_with_salt(composed(password).as_bytes(), &random_bytes::<16>())
        .expect("the parameters are valid and a password is shorter than 4 GiB");
    Zeroizing::new(hash.to_string())
}

/// Whether the password is the one that was hashed, compared in constant time and at the cost that the hash names.
/// A string that is no PHC string of Argon2 is nobody's password.
#[must_use]
pub fn verify_password(password: &SecretString, phc: &str) -> bool {
    PasswordHash::new(phc)
        .is_ok_and(|hash| argon2id().verify_password(composed(password).as_bytes(), &hash).is_ok())
}

/// The hash of a password that nobody has, to be verified against when there is no such account, so that an unknown
/// address costs the same work as a known one (R4). Made once a process, at the first call: a server calls it at start.
#[must_use]
pub fn decoy_hash() -> &'static str {
    static DECOY: LazyLock<Zeroizing<String>> =
        LazyLock::new(|| hash_password(&SecretString::from(Token::random().to_base64url().as_str())));
    &DECOY
}

/// A challenge answer as it is hashed: NFKC (UAX #15), lower case, letters and digits only, so that spelling it with
/// other capitals, spaces or accents composed otherwise does not matter. An answer without letters or digits becomes
/// empty, and callers refuse to set that.
#[must_use]
pub fn normalise_answer(answer: &str) -> Zeroizing<String> {
    let composed = Zeroizing::new(answer.nfkc().collect::<String>());
    let lower = Zeroizing::new(composed.to_lowercase());
    // Composed once more: J with a caron has no precomposed capital, its small letter has.
    Zeroizing::new(lower.nfkc().filter(|letter| letter.is_alphanumeric()).collect())
}

/// A password as every keyboard gives it: NFKC (UAX #15; NIST SP 800-63B-4 §3.1.1.2).
fn composed(password: &SecretString) -> Zeroizing<String> {
    Zeroizing::new(password.expose_secret().nfkc().collect())
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("within RFC 9106");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}
