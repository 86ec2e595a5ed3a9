//! User names: what a person logs in with who would rather not type an address (C5).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::RangeInclusive,
    str::FromStr,
};
use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, MixedScript, general_security_profile::IdentifierType};

/// Characters of a user name.
pub const CHARACTERS: RangeInclusive<usize> = 3..=64;

/// A name of 3 to 64 characters in NFKC (UAX #15), with no `@`, so that it is never taken for an address, with nothing
/// that cannot be seen, and in one script.
///
/// It keeps how it was written and is compared by [`normalised`](Self::normalised).
#[derive(Debug, Clone)]
pub struct UserName {
    written: String,
    normalised: String,
}

/// Why a text is not a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserNameError {
    /// Fewer or more characters than [`CHARACTERS`].
    #[error("Choose a user name of {} to {} characters.", CHARACTERS.start(), CHARACTERS.end())]
    Length,
    /// An `@`.
    #[error("Choose a user name without an @; to log in with your address, leave it out.")]
    At,
    /// A blank, a control character, or one that cannot be seen.
    #[error("Choose a user name without blanks or characters that cannot be seen.")]
    Blank,
    /// Letters of several scripts, such as a Cyrillic а among Latin letters: it looks like another's name.
    #[error("Choose a user name in letters of one script, such as Latin alone or Greek alone.")]
    MixedScripts,
}

impl UserName {
    /// Reads a user name; blanks around it do not matter.
    pub fn parse(text: &str) -> Result<Self, UserNameError> {
        // Checked after normalising, which makes an @ of a full-width one, and a blank of a no-break space.
        let written: String = text.trim().nfkc().collect();
        let normalised = caseless(&written);
        // Folding lengthens some texts.
        if ![&written, &normalised].iter().all(|text| CHARACTERS.contains(&text.chars().count())) {
            return Err(UserNameError::Length);
        }
        if written.contains('@') {
            return Err(UserNameError::At);
        }
        if written.chars().any(is_blank) {
            return Err(UserNameError::Blank);
        }
        // UTS #39 §5.1. It does not see a whole name of Cyrillic letters that looks Latin; such a name is a fair one.
        if !written.is_single_script() {
            return Err(UserNameError::MixedScripts);
        }
        Ok(Self { written, normalised })
    }

    /// As it was written, in NFKC.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The form that is unique in an organisation: NFKC without case.
    #[must_use]
    pub fn normalised(&self) -> &str {
        &self.normalised
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c.identifier_type() == Some(IdentifierType::Default_Ignorable)
}

/// Texts that differ by case or by how a letter is composed become the same: NFKC, every letter by way of its capital
/// to lower case, so that ß meets ss and ς meets σ, and NFKC again, because a lower-case letter can compose where the
/// capital did not.
pub(crate) fn caseless(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

impl PartialEq for UserName {
    fn eq(&self, other: &Self) -> bool {
        self.normalised == other.normalised
    }
}
impl Eq for UserName {}
impl Hash for UserName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalised.hash(state);
    }
}

impl FromStr for UserName {
    type Err = UserNameError;
    fn from_str(text: &str) -> Result<Self, UserNameError> {
        Self::parse(text)
    }
}
impl AsRef<str> for UserName {
    fn as_ref(&self) -> &str {
        &self.written
    }
}
impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}
impl Serialize for UserName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}
/// What is on record is read as it was written: it was taken once, if by laxer rules (K1). What is typed is parsed.
impl<'de> Deserialize<'de> for UserName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let normalised = caseless(&written);
        Ok(Self { written, normalised })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    /// C5: a name is the same in any case, composed either way, with blanks around it; how it was written is kept.
    #[test]
    fn one_name_in_many_spellings() {
        assert_eq!(name("  Ada.Lovelace ").as_str(), "Ada.Lovelace");
        assert_eq!(name("Ada.Lovelace"), name("ada.lovelace"));
        assert_eq!(name("ＡＤＡ"), name("ada"));
        assert_eq!(name("zo\u{EB}"), name("ZOE\u{308}"));
        assert_eq!(name("Straße"), name("STRASSE"));
        assert_eq!(name("ΟΔΥΣΣΕΥΣ"), name("οδυσσευς"));
        assert_ne!(name("ada"), name("áda"));
    }

    /// C5: names of every script are names.
    #[test]
    fn one_script_is_enough() {
        for text in ["ada", "ada-1815_b", "Müller", "Анна", "Οδυσσέας", "山田たろう", "김유나", "שרה", "4711"]
        {
            assert_eq!(name(text).as_str(), text);
        }
    }

    /// C5: each rule refuses what it is for.
    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(65);
        for (text, error) in [
            ("", UserNameError::Length),
            (" ab ", UserNameError::Length),
            (&long, UserNameError::Length),
            ("\u{FDFA}\u{FDFA}\u{FDFA}\u{FDFA}", UserNameError::Length),
            ("ada@guest.example", UserNameError::At),
            ("ada＠guest", UserNameError::At),
            ("ada lovelace", UserNameError::Blank),
            ("ada\u{A0}lovelace", UserNameError::Blank),
            ("ada\u{7}", UserNameError::Blank),
            ("ada\u{200B}b", UserNameError::Blank),
            ("ada\u{AD}b", UserNameError::Blank),
            ("ada\u{2060}b", UserNameError::Blank),
            ("ad\u{430}", UserNameError::MixedScripts),
            ("p\u{3BF}rt", UserNameError::MixedScripts),
            ("\u{391}да", UserNameError::MixedScripts),
        ] {
            assert_eq!(UserName::parse(text).err(), Some(error), "{text:?}");
        }
    }

    /// C5, K1: a name that was stored is read again, and so is one that today's rules would not take.
    #[test]
    fn what_was_stored_is_read() {
        let json = serde_json::to_string(&name("Ada")).unwrap();
        assert_eq!(json, "\"Ada\"");
        assert_eq!(serde_json::from_str::<UserName>(&json).unwrap().as_str(), "Ada");
        assert_eq!(serde_json::from_str::<UserName>("\"a b c\"").unwrap().as_str(), "a b c");
    }

    proptest! {
        /// C5: a Cyrillic or Greek letter among Latin ones is refused wherever it stands.
        #[test]
        fn look_alikes_are_refused(before in "[a-zA-Z]{1,20}", odd in "[а-яА-Яα-ωΑ-Ρ]", after in "[a-z0-9]{1,20}") {
            let mixed = UserName::parse(&format!("{before}{odd}{after}"));
            prop_assert_eq!(mixed.err(), Some(UserNameError::MixedScripts));
        }

        /// C5: a name is read again from how it was written and from its normal form, and is the same name.
        #[test]
        fn reading_is_stable(text in "\\PC{3,12}|[A-Za-zÀ-ž0-9._-]{3,64}|[α-ωΑ-Ρ]{3,9}") {
            if let Ok(name) = UserName::parse(&text) {
                let again = UserName::parse(name.as_str()).unwrap();
                prop_assert_eq!(again.as_str(), name.as_str());
                prop_assert_eq!(&again, &name);
                prop_assert_eq!(caseless(name.normalised()), name.normalised());
            }
        }
    }
}
