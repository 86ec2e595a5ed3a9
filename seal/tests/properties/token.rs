//! Tokens for links and sessions.

use crate::any_key;
use proptest::prelude::*;
use seal::Token;

proptest! {
    /// A token comes back from its text, which has one form only.
    #[test]
    fn text(key in any_key(), id: [u8; 16], text in "[A-Za-z0-9_=+/-]{42,44}") {
        let token = Token::derive(&key, "activation", id);
        let written = token.to_base64url();
        prop_assert_eq!(written.len(), 43);
        prop_assert_eq!(Token::parse(&written), Some(token));
        if let Some(read) = Token::parse(&text) {
            let written = read.to_base64url();
            prop_assert_eq!(written.as_str(), text);
        }
    }

    /// The stored hash is bound to its purpose, and is not the token.
    #[test]
    fn hashes(key in any_key(), id: [u8; 16]) {
        let token = Token::derive(&key, "activation", id);
        prop_assert_eq!(token.hash("activation"), token.hash("activation"));
        prop_assert_ne!(token.hash("activation"), token.hash("session"));
        prop_assert_eq!(Token::parse(&token.to_base64url()).map(|token| token.hash("session")), Some(token.hash("session")));
    }

    /// The same link can be made again, and no other link is the same.
    #[test]
    fn derived_tokens(key in any_key(), other in any_key(), id: [u8; 16], other_id: [u8; 16]) {
        prop_assume!(key != other && id != other_id);
        let token = Token::derive(&key, "activation", id);
        prop_assert_eq!(&token, &Token::derive(&key, "activation", id));
        prop_assert_ne!(&token, &Token::derive(&key, "reset", id));
        prop_assert_ne!(&token, &Token::derive(&key, "activation", other_id));
        prop_assert_ne!(&token, &Token::derive(&other, "activation", id));
    }
}

/// What is no token is none: empty, too short, too long, padded, other alphabets, bits left over.
#[test]
fn not_a_token() {
    let all_zeros = "A".repeat(43);
    assert!(Token::parse(&all_zeros).is_some());
    for text in [
        String::new(),
        "A".repeat(42),
        "A".repeat(44),
        "A".repeat(86),
        format!("{}=", "A".repeat(43)),
        format!("{}+", "A".repeat(42)),
        format!("{}ä", "A".repeat(41)),
        format!("{}B", "A".repeat(42)),
    ] {
        assert_eq!(Token::parse(&text), None, "{text:?}");
    }
}

/// A token shows nothing of itself in debug output, and random ones are all different.
#[test]
fn random_tokens() {
    let token = Token::random();
    assert_eq!(format!("{token:?}"), "Token(redacted)");
    assert_ne!(token, Token::random());
}
