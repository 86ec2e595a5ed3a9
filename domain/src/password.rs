//! What a person may choose as a password (NIST SP 800-63B-4 §3.1.1.2): its length and how soon it is guessed count,
//! its composition does not. And what the reminder phrase may not give away (A5).

use crate::{address::EmailAddress, user_name::caseless};
use std::ops::RangeInclusive;
use zxcvbn::{Score, zxcvbn};

/// Characters (Unicode code points) of a password. The standard asks for 8 at least beside a second factor and 15
/// without one, and that 64 be allowed.
pub const CHARACTERS: RangeInclusive<usize> = 8..=256;
/// Shorter parts of addresses and names stand in too many words: a Li may believe.
const TELLING_CHARACTERS: usize = 4;
/// As many characters of the password in a row give it away (A5).
const WINDOW: usize = 4;
/// What is longer and does not repeat itself is on no list of common passwords, and judging it takes long.
const LISTED_CHARACTERS: usize = 40;
/// Rows of keyboards that the estimate does not know: German, French, Russian.
const KEYBOARD_ROWS: [&str; 8] = [
    "qwertzuiopü+",
    "asdfghjklöä#",
    "yxcvbnm,.-",
    "azertyuiop",
    "qsdfghjklmù",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
];

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Complaint {
    /// Fewer or more characters than [`CHARACTERS`].
    #[error("Choose a password of {} to {} characters.", CHARACTERS.start(), CHARACTERS.end())]
    Length,
    /// The address, or its part before the `@`, stands in it.
    #[error("Choose a password that does not hold your address.")]
    HoldsAddress,
    /// A part of a name stands in it.
    #[error("Choose a password that does not hold your name.")]
    HoldsName,
    /// Whoever tries the common passwords, words, keyboard rows and dates first finds it soon.
    #[error(
        "Choose a password that is harder to guess, such as four words that have nothing to do with each other."
    )]
    Common,
}

/// Everything that is wrong with a password; nothing for a good one. Case and composition of letters do not count. One
/// of the wrong length is not called common as well.
///
/// `names` are the person's given name, family name, user name and so on, several words each perhaps. It may take some
/// 50 ms: callers run it where they hash the password.
pub fn complaints<'a>(
    password: &str,
    address: &EmailAddress,
    names: impl IntoIterator<Item = &'a str>,
) -> Vec<Complaint> {
    let fits = CHARACTERS.contains(&password.chars().count());
    let telling = |part: &&str| part.chars().count() >= TELLING_CHARACTERS;
    let folded = caseless(password);
    let address = caseless(address.normalised());
    let local_part = address.rsplit_once('@').map_or(address.as_str(), |(local, _)| local);
    let parts = [address.as_str(), local_part].into_iter().filter(telling);
    // A name within the address is the address's fault alone.
    let without_address = parts.fold(folded.clone(), |text, part| text.replace(part, " "));
    let holds_name = |name: &str| {
        caseless(name).split_whitespace().filter(telling).any(|part| without_address.contains(part))
    };
    [
        (!fits, Complaint::Length),
        (without_address != folded, Complaint::HoldsAddress),
        (names.into_iter().any(holds_name), Complaint::HoldsName),
        (fits && is_common(password), Complaint::Common),
    ]
    .into_iter()
    .filter_map(|(applies, complaint)| applies.then_some(complaint))
    .collect()
}

/// Whether a reminder phrase holds the password or four characters of it in a row (A5), in whatever case. Four blanks
/// give nothing away.
#[must_use]
pub fn reminder_gives_away(password: &str, phrase: &str) -> bool {
    let (password, phrase) = (caseless(password), caseless(phrase));
    let characters: Vec<char> = password.chars().collect();
    characters
        .windows(WINDOW.min(characters.len().max(1)))
        .filter(|window| !window.iter().all(|c| c.is_whitespace()))
        .any(|window| phrase.contains(&window.iter().collect::<String>()))
}

/// Fewer than a million guesses find it. The estimate knows 30 000 common passwords, words and names, also reversed or
/// with digits for letters, keyboard rows, sequences and dates. A common word within a longer password does no harm.
fn is_common(password: &str) -> bool {
    let characters: Vec<char> = password.chars().collect();
    let once: String = without_repetition(&characters).iter().collect();
    is_keyboard_row(&once)
        || (once.chars().count() <= LISTED_CHARACTERS && zxcvbn(&once, &[]).score() < Score::Two)
}

/// The shortest text that makes up the whole when written several times; the whole if none does.
fn without_repetition(characters: &[char]) -> &[char] {
    let makes_up = |length: &usize| {
        characters.len().is_multiple_of(*length)
            && characters.chunks(*length).all(|chunk| chunk == &characters[..*length])
    };
    let length = (1..=characters.len() / 2).find(makes_up);
    length.map_or(characters, |length| &characters[..length])
}

fn is_keyboard_row(text: &str) -> bool {
    let forwards = text.to_lowercase();
    let backwards: String = forwards.chars().rev().collect();
    KEYBOARD_ROWS.iter().any(|row| row.contains(&forwards) || row.contains(&backwards))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn complaints_of(password: &str) -> Vec<Complaint> {
        let address = EmailAddress::parse("Augusta.Ada@guest.example").unwrap();
        complaints(password, &address, ["Augusta Ada", "King-Noel", "Li"])
    }

    /// A5: long enough, not common: whatever it is made of.
    #[test]
    fn good_passwords() {
        for password in [
            "nine grey geese over water",
            "seven quiet herons at dawn",
            "four words in a row",
            "correct horse battery staple",
            "correct horse battery",
            "k7#qMz!2",
            "I believe in Adam's dragons",
            "password, dragon and three sheep",
            "пять серых гусей",
            &"geese, herons and one owl; ".repeat(9),
        ] {
            assert_eq!(complaints_of(password), [], "{password}");
        }
    }

    /// A5: fewer than 8 characters or more than 256, counted as characters and not as bytes.
    #[test]
    fn the_length_counts_in_characters() {
        assert_eq!(complaints_of(""), [Complaint::Length]);
        assert_eq!(complaints_of("secret"), [Complaint::Length]);
        assert_eq!(complaints_of("юж#яМж!"), [Complaint::Length]);
        let phrase = |characters: usize| -> String {
            "ünïcödé wörds ärë fïnë, ".chars().cycle().take(characters).collect()
        };
        assert_eq!(complaints_of(&phrase(256)), []);
        assert_eq!(complaints_of(&phrase(257)), [Complaint::Length]);
    }

    /// A5: what everybody knows of a person is no secret.
    #[test]
    fn address_and_names_are_found_in_any_case() {
        for password in ["x augusta.ada@GUEST.example x", "my AUGUSTA.ADA secret 1815"] {
            assert_eq!(complaints_of(password), [Complaint::HoldsAddress], "{password}");
        }
        let both = [Complaint::HoldsAddress, Complaint::HoldsName];
        assert_eq!(complaints_of("augusta.ada and augusta"), both);
        assert_eq!(complaints_of("augustas nine grey geese"), [Complaint::HoldsName]);
        assert_eq!(complaints_of("nine grey KING-NOEL geese"), [Complaint::HoldsName]);
        let short = EmailAddress::parse("a@guest.example").unwrap();
        assert_eq!(complaints("nine grey Marias", &short, ["Maria"]), [Complaint::HoldsName]);
        assert_eq!(complaints("my a@guest.example", &short, ["Guest"]), [Complaint::HoldsAddress]);
    }

    /// A5: the first that a guesser tries: lists, also disguised; one character; rows; sequences; dates; any of it twice.
    #[test]
    fn common_passwords() {
        for password in [
            "password",
            "Passw0rd",
            "P@ssw0rd",
            "drowssap",
            "password123",
            "iloveyou!",
            "university",
            "trustno1",
            "aaaaaaaa",
            "        ",
            "äääääääääääää",
            "abcdefgh",
            "87654321",
            "qwertyuiop",
            "asdfghjkl;'",
            "1qaz2wsx3edc",
            "qwertzuiop",
            "wertzuiop",
            "-.,mnbvcxy",
            "йцукенгш",
            "12.8.1987",
            "19870812",
            "abcabcabcabc",
            "passwordpassword",
            "k7#k7#k7#k7#",
            &"iloveyou".repeat(32),
            &"-".repeat(200),
        ] {
            assert_eq!(complaints_of(password), [Complaint::Common], "{password}");
        }
    }

    /// A5: phrases that remind, and phrases that tell.
    #[test]
    fn four_characters_in_a_row_give_a_password_away() {
        let gives_away = |phrase| reminder_gives_away("nine grey geese over water", phrase);
        for phrase in ["", "what flies there", "nin egr ey", "GEE, birds", "    "] {
            assert!(!gives_away(phrase), "{phrase}");
        }
        for phrase in
            ["geese", "it is: Nine Grey Geese over Water", "THE GREY ONES", "clear way", "ｇｅｅｓｅ"]
        {
            assert!(gives_away(phrase), "{phrase}");
        }
        assert!(!reminder_gives_away("a      b     c", "x     y"), "blanks alone");
        assert!(reminder_gives_away("Straße 7", "STRASSE"));
        assert!(reminder_gives_away("zo\u{EB}zo\u{EB}", "ZOE\u{308}Z"));
        assert!(reminder_gives_away("abc", "xabcx"), "a password too short for four");
        assert!(!reminder_gives_away("", "anything"));
    }

    proptest! {
        /// A5: any four characters of a password in a row, in any case, make a phrase refused.
        #[test]
        fn any_window_is_refused(
            password in "[!-~ßà-ÿа-яα-ω ]{8,40}",
            at in any::<prop::sample::Index>(),
            before in "[a-z ]{0,9}",
            after in "[a-z ]{0,9}",
            upper: bool,
        ) {
            let characters: Vec<char> = password.chars().collect();
            let window: String = characters[at.index(characters.len() - 3)..].iter().take(4).collect();
            prop_assume!(!window.trim().is_empty());
            let window = if upper { window.to_uppercase() } else { window };
            let phrase = format!("{before}{window}{after}");
            prop_assert!(reminder_gives_away(&password, &phrase), "{phrase}");
        }

        /// A5: a phrase that shares no character with the password is allowed.
        #[test]
        fn another_phrase_is_allowed(password in "[a-m0-4]{8,40}", phrase in "[n-z5-9 ]{0,40}") {
            prop_assert!(!reminder_gives_away(&password, &phrase));
        }

        /// A5: repeating a text makes it no harder to guess, and no text stops the judge.
        #[test]
        fn repetition_adds_nothing(text in "\\PC{1,6}", times in 2..6_usize) {
            prop_assert!(is_common(&text.repeat(times)) || !is_common(&text));
        }
    }
}
