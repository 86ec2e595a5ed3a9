//! The parts of a mail (RFC 2046), found from the outside inwards, so that depth and number are bounded before anything is
//! read. Fields and encodings are the library's; it sees one part at a time.

use super::{Malformed, head::Head};
use mail_parser::decoders::{
    base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode,
};
use std::borrow::Cow;

/// Bytes of the fields before a part's body.
pub(super) const HEAD_BYTES: usize = 256 * 1024;
/// Parts within parts. Mail that people write has four levels.
const DEPTH: usize = 20;
/// Parts of a mail, those that hold parts among them.
const PARTS: usize = 1_000;

/// A part: its fields, and what it holds.
pub(super) struct Part<'a> {
    pub(super) head: Head,
    pub(super) holds: Holds<'a>,
}

pub(super) enum Holds<'a> {
    /// Something in itself, as it was encoded.
    Body(&'a [u8]),
    /// Parts.
    Parts(Vec<Part<'a>>),
}

/// Takes a mail apart.
pub(super) fn parts(raw: &[u8]) -> Result<Part<'_>, Malformed> {
    part(raw, "text/plain", 0, &mut 0)
}

fn part<'a>(
    raw: &'a [u8],
    default_type: &'static str,
    depth: usize,
    count: &mut usize,
) -> Result<Part<'a>, Malformed> {
    *count += 1;
    if *count > PARTS {
        return Err(Malformed::TooManyParts);
    }
    let (head, body) = split_head(raw)?;
    let head = Head::read(head, default_type);
    if !head.media_type.starts_with("multipart/") {
        return Ok(Part { head, holds: Holds::Body(body) });
    }
    if depth >= DEPTH {
        return Err(Malformed::TooDeep);
    }
    let boundary = head.boundary.as_deref().filter(|boundary| !boundary.is_empty());
    let pieces = split_body(body, boundary.ok_or(Malformed::NoBoundary)?);
    if pieces.is_empty() {
        return Err(Malformed::NoParts);
    }
    let inner = if head.media_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
    let pieces =
        pieces.into_iter().map(|piece| part(piece, inner, depth + 1, count)).collect::<Result<_, _>>()?;
    Ok(Part { head, holds: Holds::Parts(pieces) })
}

/// Fields, with the empty line that ends them, and what comes after.
pub(super) fn split_head(raw: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if at > HEAD_BYTES {
            return Err(Malformed::LongHead);
        }
        if matches!(line, b"\n" | b"\r\n") {
            return Ok(raw.split_at(at));
        }
    }
    Ok((raw, &[]))
}

/// What stands between the lines that are the boundary (RFC 2046 §5.1.1). A last one that is missing loses nothing: the
/// last part goes on to the end.
fn split_body<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (mut pieces, mut begin, mut at) = (vec![], None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary.as_bytes()));
        let last = rest.and_then(|rest| rest.strip_prefix(b"--"));
        if last.or(rest).is_some_and(|rest| rest.iter().all(u8::is_ascii_whitespace)) {
            pieces.extend(begin.map(|begin| without_line_end(&body[begin..at])));
            if last.is_some() {
                return pieces;
            }
            begin = Some(at + line.len());
        }
        at += line.len();
    }
    pieces.extend(begin.map(|begin| &body[begin..]));
    pieces
}

/// The line end before a boundary belongs to it.
fn without_line_end(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

/// The bytes that a body stands for.
pub(super) fn decoded<'a>(head: &Head, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Malformed> {
    match &*head.encoding {
        // The decoder takes a byte that is no ASCII for the end.
        "base64" if body.is_ascii() => base64_decode(body).map(Cow::Owned).ok_or(Malformed::BadEncoding),
        "base64" => Err(Malformed::BadEncoding),
        "quoted-printable" => match quoted_printable_decode(body) {
            Some(bytes) => Ok(Cow::Owned(bytes)),
            // A text is better read with its marks than not at all (RFC 2045 §6.7); a file would be another file.
            None if head.media_type.starts_with("text/") => Ok(Cow::Borrowed(body)),
            None => Err(Malformed::BadEncoding),
        },
        _ => Ok(Cow::Borrowed(body)),
    }
}

/// Bytes as text in a character set. What has no meaning there becomes a replacement character.
pub(super) fn text(bytes: &[u8], charset: Option<&str>) -> String {
    let decoder = charset.and_then(|charset| charset_decoder(charset.as_bytes()));
    let text = decoder.map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes));
    let text = text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text);
    text.replace("\r\n", "\n").replace('\r', "\n")
}
