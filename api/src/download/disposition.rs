//! What a file is to be called by whoever saves it (RFC 6266).

use std::fmt::Write;

/// A header that saves rather than shows, under this name: in ASCII for old programs, in full for the others (RFC 8187).
pub(super) fn attachment(name: &str) -> String {
    let plain: String =
        name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    let mut header = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if is_attr(byte) {
            header.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(header, "%{byte:02X}");
        }
    }
    header
}

/// Not what ends or escapes a quoted string, nor a percent sign, which some programs decode there.
fn is_plain(character: char) -> bool {
    character == ' ' || (character.is_ascii_graphic() && !matches!(character, '"' | '\\' | '%'))
}

/// `attr-char` of RFC 8187, section 3.2.1.
fn is_attr(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A24, A38: any name gives one header of visible ASCII that names one file and nothing besides.
    #[test]
    fn any_name_makes_one_header() {
        for (name, header) in [
            ("scan (2).pdf", "attachment; filename=\"scan (2).pdf\"; filename*=UTF-8''scan%20%282%29.pdf"),
            ("Übersicht.pdf", "attachment; filename=\"_bersicht.pdf\"; filename*=UTF-8''%C3%9Cbersicht.pdf"),
            (
                "a\"; filename=\"b",
                "attachment; filename=\"a_; filename=_b\"; filename*=UTF-8''a%22%3B%20filename%3D%22b",
            ),
            (
                "a\r\nSet-Cookie: b",
                "attachment; filename=\"a__Set-Cookie: b\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b",
            ),
            ("%41\\'", "attachment; filename=\"_41_'\"; filename*=UTF-8''%2541%5C%27"),
        ] {
            assert_eq!(attachment(name), header);
            assert!(header.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
        }
    }
}
