//! Names and types of files as others say them, made so that no file system, no header and no eye misreads them (A38).

use unicode_normalization::UnicodeNormalization;

/// Characters of a name at most.
pub const NAME_CHARACTERS: usize = 200;
/// Bytes of a name in UTF-8 at most: file systems take 255, and whoever saves it again may add ` (1)`.
pub const NAME_BYTES: usize = 240;
/// Characters of a media type at most (RFC 6838, section 4.2: 127 on each side).
const MEDIA_TYPE_CHARACTERS: usize = 255;
/// Characters of what counts as an extension, which is kept when a name is cut.
const EXTENSION_CHARACTERS: usize = 16;
/// The name of a file that has none.
const NAMELESS: &str = "file";
/// What a file is of which nothing is known (RFC 2046, section 4.5.1).
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// A name that keeps what a person recognises, in NFC, and loses what a program could trip over: paths, control characters,
/// characters that turn the direction of writing or cannot be seen, what headers and Windows use for themselves, and the
/// names of Windows' devices. Never empty; at most [`NAME_CHARACTERS`] and [`NAME_BYTES`], with its extension. A harmless
/// name stays as it is.
#[must_use]
pub fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|character| is_harmless(*character)).nfc().collect();
    let mut kept = cut(trimmed(&kept));
    if is_device(&kept) {
        kept = cut(&format!("_{kept}"));
    }
    if kept.is_empty() { NAMELESS.to_owned() } else { kept }
}

/// A media type of the usual form without its parameters, in lower case; of anything else, the one that promises nothing.
#[must_use]
pub fn media_type(declared: &str) -> String {
    let essence = declared.split(';').next().unwrap_or_default().trim();
    match essence.split_once('/') {
        Some((kind, subtype))
            if is_token(kind) && is_token(subtype) && essence.len() <= MEDIA_TYPE_CHARACTERS =>
        {
            essence.to_ascii_lowercase()
        }
        _ => UNKNOWN_TYPE.to_owned(),
    }
}

fn is_harmless(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '"' | '<' | '>' | ':' | '|' | '?' | '*')
        // Bidirectional marks, embeddings, overrides and isolates (UAX #9): `gpj.exe` must not read `exe.jpg`.
        && !matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        // Line and paragraph separators, spaces without width, marks of annotations, noncharacters.
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
        && !matches!(character, '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

/// Windows drops dots and spaces at the end of a name; at its beginning a dot hides the file elsewhere.
fn trimmed(name: &str) -> &str {
    name.trim_matches(|character: char| character == '.' || character.is_whitespace())
}

/// Whether Windows would open a device instead of a file, whatever the extension.
fn is_device(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let port = |kind| {
        let number = stem.strip_prefix(kind).map(str::chars);
        let mut number = number.into_iter().flatten();
        matches!((number.next(), number.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    };
    DEVICES.contains(&stem.as_str()) || port("COM") || port("LPT")
}

/// The longest beginning that fits, followed by the extension.
fn cut(name: &str) -> String {
    if name.len() <= NAME_BYTES && name.chars().count() <= NAME_CHARACTERS {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
    let extension = if extension.chars().count() <= EXTENSION_CHARACTERS { extension } else { "" };
    let mut bytes = extension.len();
    let beginning: String = name
        .chars()
        .take(NAME_CHARACTERS - extension.chars().count())
        .take_while(|character| {
            bytes += character.len_utf8();
            bytes <= NAME_BYTES
        })
        .collect();
    trimmed(&beginning).to_owned() + extension
}

fn is_token(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A38: a name keeps what a person recognises and loses what a program could trip over.
    #[test]
    fn names_become_harmless() {
        for (said, kept) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\scans\\Übersicht \"1\".pdf", "Übersicht 1.pdf"),
            ("a\r\nb.txt", "ab.txt"),
            ("Re\u{301}sume\u{301} 履歴書.docx", "Résumé 履歴書.docx"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("\u{feff}a\u{200b}b\u{2028}c\0.txt", "abc.txt"),
            ("..", "file"),
            ("", "file"),
            (" . ", "file"),
            ("folder/", "file"),
            (".htaccess", "htaccess"),
            ("end. . ", "end"),
            ("CON", "_CON"),
            ("nul.tar.gz", "_nul.tar.gz"),
            ("Com1 .txt", "_Com1 .txt"),
            ("lpt².txt", "_lpt².txt"),
            ("COM10.txt", "COM10.txt"),
            ("console.txt", "console.txt"),
            (&format!("con{}x.txt", " ".repeat(300)), "_con.txt"),
        ] {
            assert_eq!(harmless(said), kept, "{said:?}");
        }
    }

    /// A38: a name that is too long keeps its extension.
    #[test]
    fn a_long_name_keeps_its_extension() {
        let cut = harmless(&format!("{}.pdf", "x".repeat(300)));
        assert_eq!((cut.len(), cut.ends_with("x.pdf")), (NAME_CHARACTERS, true));
        let wide = harmless(&format!("{}.pdf", "語".repeat(300)));
        assert_eq!((wide.len(), wide.ends_with("語.pdf")), (238, true));
        assert_eq!(harmless(&format!("a.{}", "x".repeat(300))).len(), NAME_CHARACTERS);
    }

    /// A38: a type is one that a header can carry, or promises nothing.
    #[test]
    fn media_types_are_plain() {
        for (said, kept) in [
            ("Image/PNG", "image/png"),
            ("text/plain; charset=utf-8", "text/plain"),
            ("text/html\r\nx: y", UNKNOWN_TYPE),
            ("image", UNKNOWN_TYPE),
            ("", UNKNOWN_TYPE),
            ("a/b/c", UNKNOWN_TYPE),
        ] {
            assert_eq!(media_type(said), kept, "{said:?}");
        }
    }

    fn any_name() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(vec![
            "/", "\\", ".", " ", "\"", "\u{202e}", "\u{2028}", "\r", "\n", "\0", "CON", "nul", "COM1",
            "e\u{301}", "\u{301}", "語", ".pdf", "\u{a0}", "\u{212b}", "<\u{338}",
        ]);
        let part =
            prop_oneof![odd.prop_map(str::to_owned), any::<char>().prop_map(String::from), "[a-z.]{0,60}"];
        prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        /// A38: whatever is said, the name is bounded, in NFC, not empty and harmless, and stays so.
        #[test]
        fn any_name_becomes_harmless(said in any_name()) {
            let name = harmless(&said);
            prop_assert!(!name.is_empty() && name.len() <= NAME_BYTES && name.chars().count() <= NAME_CHARACTERS);
            prop_assert!(name.chars().all(is_harmless) && !name.contains(['/', '\\']), "{name:?}");
            prop_assert!(trimmed(&name) == name && !is_device(&name), "{name:?}");
            prop_assert_eq!(name.nfc().collect::<String>(), name.clone());
            prop_assert_eq!(harmless(&name), name);
        }

        /// A38: whatever is said, a type has two plain parts.
        #[test]
        fn any_media_type_is_plain(said in ".{0,300}|[a-z]{1,200}/[a-z]{1,200}") {
            let kept = media_type(&said);
            let (kind, subtype) = kept.split_once('/').expect("two parts");
            prop_assert!(is_token(kind) && is_token(subtype) && kept.len() <= MEDIA_TYPE_CHARACTERS);
        }
    }
}
