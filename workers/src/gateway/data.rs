//! The end of a mail, and its dots (RFC 5321 §4.5.2).
//!
//! A mail ends with CRLF, dot, CRLF and nothing else. Servers that disagree on that can be played off against each other:
//! what one takes for text is a second mail to the next, with any sender ("SMTP smuggling"). Here a bare CR or LF ends
//! nothing, and a mail that has one is refused, so that none is passed on either.

/// The longest line of text. RFC 5321 §4.5.3.1.6 has 1000 octets; many programs write more, none this much.
const LINE_BYTES: usize = 64 * 1024;

/// Follows a mail as it comes in.
#[derive(Debug)]
pub(super) struct Decoder {
    at: At,
    line_bytes: usize,
    flaw: Option<Flaw>,
}

/// What a mail must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A CR without its LF, or the other way round.
    BareLineBreak,
    /// A NUL octet (RFC 5321 §4.1.1.4 has 1 to 127, RFC 6152 up to 255).
    Nul,
    /// A line beyond all measure.
    LongLine,
}

/// How far it is. CR and a dot that begins a line are held back until what follows says what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Text,
    Cr,
    Dot,
    DotCr,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { at: At::LineStart, line_bytes: 0, flaw: None }
    }

    /// The first flaw so far.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// Reads on, and hands out what belongs to the mail. `Some` is the end of the mail: the number of octets of `input`
    /// up to it. Without it, all of `input` was read.
    pub(super) fn read(&mut self, input: &[u8], mut out: impl FnMut(&[u8])) -> Option<usize> {
        let mut next = 0;
        while let Some(&octet) = input.get(next) {
            next += 1;
            match (self.at, octet) {
                (At::DotCr, b'\n') => return Some(next),
                (At::Cr, b'\n') => {
                    out(b"\r\n");
                    self.at = At::LineStart;
                    self.line_bytes = 0;
                }
                (At::LineStart, b'.') => self.at = At::Dot,
                (At::Dot, b'\r') => self.at = At::DotCr,
                (At::LineStart | At::Text, b'\r') => self.at = At::Cr,
                (At::Cr | At::DotCr, b'\r') => {
                    self.note(Flaw::BareLineBreak);
                    self.at = At::Cr;
                }
                (At::Cr | At::DotCr, _) | (_, b'\n') => {
                    self.note(Flaw::BareLineBreak);
                    self.at = At::Text;
                }
                (At::LineStart | At::Text | At::Dot, _) => {
                    let start = next - 1;
                    let run = input[start..].iter().position(|octet| matches!(octet, b'\r' | b'\n'));
                    let text = &input[start..run.map_or(input.len(), |length| start + length)];
                    next = start + text.len();
                    self.text(text, &mut out);
                }
            }
        }
        None
    }

    fn text(&mut self, text: &[u8], out: &mut impl FnMut(&[u8])) {
        self.at = At::Text;
        self.line_bytes += text.len();
        if self.line_bytes > LINE_BYTES {
            self.note(Flaw::LongLine);
        }
        if text.contains(&0) {
            self.note(Flaw::Nul);
        }
        out(text);
    }

    fn note(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mail, what follows it, and its flaw; the same however the octets come in.
    fn read(input: &[u8]) -> Option<(Vec<u8>, &[u8], Option<Flaw>)> {
        let mut whole = None;
        for size in [1, 2, 3, input.len()] {
            let (mut decoder, mut mail, mut seen, mut end) = (Decoder::new(), vec![], 0, None);
            for part in input.chunks(size) {
                if let Some(length) = decoder.read(part, |text| mail.extend_from_slice(text)) {
                    end = Some(seen + length);
                    break;
                }
                seen += part.len();
            }
            let this = end.map(|end| (mail, &input[end..], decoder.flaw()));
            if size > 1 {
                assert_eq!(whole, this, "in parts of {size}");
            }
            whole = this;
        }
        whole
    }

    /// G4: dots are unstuffed at the beginning of lines alone, and a mail ends at its end.
    #[test]
    fn a_mail_is_what_was_meant() {
        for (sent, meant) in [
            ("\r\n.\r\n", "\r\n"),
            (".\r\n", ""),
            ("a\r\n.\r\n", "a\r\n"),
            ("..\r\n..a\r\n.b\r\na.\r\n.\r\n", ".\r\n.a\r\nb\r\na.\r\n"),
            ("ü.\r\n\r\n..\r\n.\r\n", "ü.\r\n\r\n.\r\n"),
        ] {
            let sent = format!("{sent}NOOP\r\n");
            let expected = (meant.as_bytes().to_vec(), &b"NOOP\r\n"[..], None);
            assert_eq!(read(sent.as_bytes()), Some(expected), "{sent:?}");
        }
    }

    /// G4: nothing but CRLF, dot, CRLF ends a mail, and what another server could take for an end is a flaw.
    #[test]
    fn nothing_is_smuggled_past_the_end() {
        for end in
            ["\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\r\n.\n", "\r\n\r.\r\n", "\r\n.\r\r\n", "\n"]
        {
            let sent = format!("text{end}MAIL FROM:<eve@evil.example>\r\n.\r\nNOOP\r\n");
            let (_, rest, flaw) = read(sent.as_bytes()).unwrap();
            assert_eq!((rest, flaw), (&b"NOOP\r\n"[..], Some(Flaw::BareLineBreak)), "{sent:?}");
        }
        assert_eq!(read(b"text\n.\nmore"), None);
    }

    /// G4: NUL and lines without end are flaws.
    #[test]
    fn what_no_mail_has_is_a_flaw() {
        assert_eq!(read(b"a\0b\r\n.\r\n").unwrap().2, Some(Flaw::Nul));
        let long = |length| format!("{}\r\n.\r\n", "x".repeat(length));
        assert_eq!(read(long(LINE_BYTES).as_bytes()).unwrap().2, None);
        assert_eq!(read(long(LINE_BYTES + 1).as_bytes()).unwrap().2, Some(Flaw::LongLine));
    }
}
