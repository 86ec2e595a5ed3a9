//! Names of what is taken: harmless, and each once.

use domain::file_name::{NAME_BYTES, NAME_CHARACTERS, harmless};
use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization;

/// The name of a message that has no subject.
const NAMELESS: &str = "message";

/// A message's file name: its subject as far as that can be one.
pub(super) fn of_message(subject: &str, extension: &str) -> String {
    // A slash in a subject separates words, not folders.
    let subject = subject.replace(['/', '\\'], "-");
    let stem = if subject.trim().is_empty() { NAMELESS.to_owned() } else { harmless(&subject) };
    let ending = format!(".{extension}");
    format!("{}{ending}", shortened(&stem, &ending))
}

/// The same names, harmless, so that no two are the same to any file system: neither in another case nor in another
/// normal form. A name that was there before gets a number: `scan (2).pdf`.
pub(super) fn unique<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = HashSet::new();
    let unique = |name: &str| {
        let name = harmless(name);
        let (stem, extension) = parted(&name);
        let numbered = (2..).map(|number| {
            let ending = format!(" ({number}){extension}");
            format!("{}{ending}", shortened(stem, &ending))
        });
        let mut candidates = [name.clone()].into_iter().chain(numbered);
        candidates.find(|candidate| taken.insert(folded(candidate))).unwrap_or_default()
    };
    names.into_iter().map(unique).collect()
}

fn folded(name: &str) -> String {
    name.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// Stem and extension, the dot with the latter.
fn parted(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        Some(_) | None => (name, ""),
    }
}

/// As much of a stem as fits before its ending.
fn shortened<'a>(stem: &'a str, ending: &str) -> &'a str {
    let bytes = NAME_BYTES.saturating_sub(ending.len());
    let characters = NAME_CHARACTERS.saturating_sub(ending.chars().count());
    let fits = |(index, (start, character)): &(usize, (usize, char))| {
        *index < characters && start + character.len_utf8() <= bytes
    };
    let end = stem.char_indices().enumerate().take_while(fits).last();
    end.map_or("", |(_, (start, character))| stem[..start + character.len_utf8()].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A23: a message is named by its subject, whatever stands in it.
    #[test]
    fn a_message_is_named_by_its_subject() {
        for (subject, name) in [
            ("Your claim", "Your claim.txt"),
            ("Re: 3/4 of \"it\"", "Re 3-4 of it.txt"),
            ("..\\..\\etc/passwd\r\n", "-..-etc-passwd.txt"),
            ("", "message.txt"),
            (" ", "message.txt"),
            ("???", "file.txt"),
            ("NUL", "_NUL.txt"),
            ("photo\u{202e}gpj.exe", "photogpj.exe.txt"),
        ] {
            assert_eq!(of_message(subject, "txt"), name, "{subject:?}");
        }
        let long = of_message(&"語".repeat(300), "eml");
        assert!(long.len() <= NAME_BYTES && long.ends_with("語.eml"), "{long}");
    }

    /// A25: names that collide in any file system are told apart, in order, with their extensions.
    #[test]
    fn names_that_collide_are_told_apart() {
        let ten = unique(["scan.pdf"; 10]);
        assert_eq!(
            (ten[0].as_str(), ten[1].as_str(), ten[9].as_str()),
            ("scan.pdf", "scan (2).pdf", "scan (10).pdf")
        );
        assert_eq!(
            unique([
                "Scan.PDF",
                "scan.pdf",
                "R\u{e9}sum\u{e9}",
                "RE\u{301}SUME\u{301}",
                "scan (2).pdf",
                "a",
                "a"
            ]),
            [
                "Scan.PDF",
                "scan (2).pdf",
                "R\u{e9}sum\u{e9}",
                "R\u{c9}SUM\u{c9} (2)",
                "scan (2) (2).pdf",
                "a",
                "a (2)"
            ]
        );
    }

    /// A25: no name leads out of the folder that it is unpacked into.
    #[test]
    fn names_are_no_paths() {
        assert_eq!(unique(["../a", "/etc/a", "C:\\a", "..", "con"]), ["a", "a (2)", "a (3)", "file", "_con"]);
    }

    /// A25: long names stay within what file systems take when they get a number.
    #[test]
    fn long_names_stay_bounded() {
        let name = format!("{}.pdf", "x".repeat(300));
        let names = unique([name.as_str(); 3]);
        assert!(names[2].ends_with("x (3).pdf"), "{}", names[2]);
        assert!(names.iter().all(|name| name.len() <= NAME_BYTES && harmless(name) == *name));
    }
}
