//! Passwords and challenge answers.

use seal::password::{decoy_hash, hash_password, normalise_answer, verify_password};
use secrecy::SecretString;

const ARGON2ID: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// A password is recognised, another is not, and each hash has its own salt.
#[test]
fn passwords() {
    let password = SecretString::from("correct horse battery staple");
    let hash = hash_password(&password);
    assert!(hash.starts_with(ARGON2ID), "{}", hash.as_str());
    assert!(verify_password(&password, &hash));
    assert!(!verify_password(&SecretString::from("Correct horse battery staple"), &hash));
    assert!(!verify_password(&SecretString::from(""), &hash));
    assert_ne!(hash, hash_password(&password));
}

/// A5: a password is the same however a keyboard composes its letters; case and spaces count.
#[test]
fn compositions() {
    let hash = hash_password(&SecretString::from("zo\u{eb} lik\u{e9}s \u{fb01}sh"));
    for same in ["zoe\u{308} like\u{301}s fish", "\u{ff5a}o\u{eb} lik\u{e9}s\u{a0}fish"] {
        assert!(verify_password(&SecretString::from(same), &hash), "{same}");
    }
    for other in ["Zo\u{eb} lik\u{e9}s fish", "zoe likes fish", "zo\u{eb}lik\u{e9}sfish"] {
        assert!(!verify_password(&SecretString::from(other), &hash), "{other}");
    }
}

/// A damaged hash is nobody's password.
#[test]
fn damaged_hashes() {
    let password = SecretString::from("correct horse battery staple");
    let hash = hash_password(&password);
    let without_output = &hash[..hash.rfind('$').expect("parts")];
    let other_kind = hash.replace("argon2id", "scrypt");
    let weaker = hash.replace("t=2", "t=1");
    for damaged in ["", "correct horse battery staple", without_output, &other_kind, &weaker] {
        assert!(!verify_password(&password, damaged), "{damaged}");
    }
}

/// R4: an unknown account costs the work of a known one: the decoy is a hash of the same kind and cost, one a process.
#[test]
fn decoy() {
    assert!(decoy_hash().starts_with(ARGON2ID));
    let known = hash_password(&SecretString::from("correct horse battery staple"));
    assert_eq!(decoy_hash().len(), known.len());
    assert_eq!(decoy_hash(), decoy_hash());
    assert!(!verify_password(&SecretString::from(""), decoy_hash()));
}

/// Answers are the same whatever their capitals, spaces, punctuation and composition.
#[test]
fn answers() {
    for (written, normal) in [
        ("  St. Mary\u{2019}s  SCHOOL ", "stmarysschool"),
        ("st marys school", "stmarysschool"),
        ("\u{c5}ngstr\u{f6}m", "\u{e5}ngstr\u{f6}m"),
        ("A\u{30a}ngstro\u{308}m", "\u{e5}ngstr\u{f6}m"),
        ("\u{ff21}\u{ff22}\u{ff11}", "ab1"),
        ("J\u{30c}", "\u{1f0}"),
        ("\u{1f0}", "\u{1f0}"),
        ("ΟΔΟΣ", "οδος"),
        ("12 / 03 / 1987", "12031987"),
        ("…!?", ""),
    ] {
        assert_eq!(normalise_answer(written).as_str(), normal, "{written:?}");
    }
}
