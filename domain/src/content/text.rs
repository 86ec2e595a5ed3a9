//! A text in the forms that detectors read, so that neither spelling nor typography hides anything.

use std::{borrow::Cow, cell::OnceCell};
use unicode_normalization::{UnicodeNormalization, char::decompose_canonical, char::is_combining_mark};

/// One text of a mail. Each form is made once, when it is first asked for.
pub(super) struct Reading<'a> {
    raw: &'a str,
    plain: OnceCell<Cow<'a, str>>,
    folded: OnceCell<String>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(raw: &'a str) -> Self {
        Self { raw, plain: OnceCell::new(), folded: OnceCell::new() }
    }

    /// For expressions: NFKC, nothing invisible, every digit and dash in ASCII, every line end `\n`.
    pub(super) fn plain(&self) -> &str {
        self.plain.get_or_init(|| plain(self.raw))
    }

    /// For numbers and words: the plain form in lower case and without diacritics.
    pub(super) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(self.plain()))
    }
}

pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut before = '\0';
    let visible = text.chars().filter(|c| !is_invisible(*c));
    for c in visible.nfkc() {
        if !(c == '\n' && before == '\r') {
            out.push(in_ascii(c));
        }
        before = c;
    }
    Cow::Owned(out)
}

/// Lower case, without diacritics, letters with a stroke and ligatures taken apart: as people write who lack the key.
pub(super) fn fold(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else {
            decompose_canonical(c, |part| push_folded(&mut out, part));
        }
    }
    out
}

fn push_folded(out: &mut String, c: char) {
    if is_combining_mark(c) {
        return;
    }
    for c in c.to_lowercase() {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            'ø' => out.push('o'),
            'đ' | 'ð' => out.push('d'),
            'ł' => out.push('l'),
            'ħ' => out.push('h'),
            'ı' => out.push('i'),
            'ς' => out.push('σ'),
            mark if is_combining_mark(mark) => {}
            letter => out.push(letter),
        }
    }
}

/// What nobody sees: the code points of Unicode's property `Default_Ignorable_Code_Point`.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Digits, dashes, blanks and line ends as ASCII has them; NFKC did most of it before.
fn in_ascii(c: char) -> char {
    match c {
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        c if c.is_ascii() => c,
        '\u{58a}'
        | '\u{5be}'
        | '\u{1806}'
        | '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{2e3a}'
        | '\u{2e3b}' => '-',
        c if c.is_whitespace() => ' ',
        c => digit(c).unwrap_or(c),
    }
}

/// Zeros of the scripts whose digits stand in a row of ten (general category Nd) and that NFKC leaves as they are.
const ZEROS: &[u32] = &[
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6,
    0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0,
    0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
];

fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let at = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?;
    char::from_digit(code - ZEROS[at], 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(&plain(text))
    }

    /// G3: digits of any script, dashes of any length, blanks of any width and every line end read as ASCII.
    #[test]
    fn typography_hides_nothing() {
        assert_eq!(plain("４１１１ ٤١١١ ४१११ 𝟒𝟏𝟏𝟏"), "4111 4111 4111 4111");
        assert_eq!(plain("078\u{2011}05–1120 − 3"), "078-05-1120 - 3");
        assert_eq!(plain("a\u{a0}b\u{2009}c\u{3000}d\te"), "a b c d\te");
        assert_eq!(plain("a\r\nb\rc\u{2028}d\n\n"), "a\nb\nc\nd\n\n");
        assert_eq!(plain("41\u{200b}11\u{ad}11\u{feff}11\u{2060}"), "41111111");
    }

    /// G3: case, diacritics, ligatures and the two ways to write one letter make no difference.
    #[test]
    fn letters_are_folded() {
        assert_eq!(folded("DIABÈTE"), folded("diabe\u{300}te"));
        assert_eq!(folded("Straße ﬁnden, Größe, Øre, Łódź, ΟΔΟΣ"), "strasse finden, grosse, ore, lodz, οδοσ");
        assert_eq!(folded("4\u{fe0f}\u{20e3}2"), "42");
    }

    /// G3: plain ASCII is read where it stands.
    #[test]
    fn ascii_is_not_copied() {
        assert!(matches!(plain("4111 1111\n"), Cow::Borrowed(_)));
        assert!(matches!(plain("4111\r\n"), Cow::Owned(_)));
    }
}
