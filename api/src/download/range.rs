//! Which part of a file is asked for (RFC 9110, sections 13 and 14).

use crate::identify::text;
use poem::http::HeaderMap;
use std::ops::Range;

/// What of a file is to be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// Bytes, at least one.
    Some(Range<u64>),
    /// The client has it.
    Unchanged,
    /// It has no such bytes.
    OutOfReach,
}

/// What a request asks for, of a file with this tag and size in bytes. One range is served. Of several the whole is given,
/// which the specification allows, as it is to what cannot be read.
pub(super) fn of(headers: &HeaderMap, etag: &str, size: u64) -> Part {
    let has = |list: &str| {
        list.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    };
    if text(headers, "if-none-match").is_some_and(has) {
        return Part::Unchanged;
    }
    if text(headers, "if-range").is_some_and(|tag| tag.trim() != etag) {
        return Part::Whole;
    }
    text(headers, "range").and_then(|range| part(range, size)).unwrap_or(Part::Whole)
}

fn part(range: &str, size: u64) -> Option<Part> {
    let (unit, range) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        (Some(_) | None, Some(_) | None) => return None,
    };
    Some(if range.is_empty() { Part::OutOfReach } else { Part::Some(range) })
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"a\"";

    fn asked(pairs: &[(&'static str, &str)], size: u64) -> Part {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        of(&headers, TAG, size)
    }

    /// A24: one range is served; what cannot be read, and several, give the whole.
    #[test]
    fn ranges_are_read() {
        for (range, part) in [
            ("bytes=0-0", Part::Some(0..1)),
            ("bytes=2-", Part::Some(2..10)),
            ("bytes=-3", Part::Some(7..10)),
            ("Bytes=5-900", Part::Some(5..10)),
            ("bytes=-900", Part::Some(0..10)),
            ("bytes=10-", Part::OutOfReach),
            ("bytes=-0", Part::OutOfReach),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("lines=1-2", Part::Whole),
            ("bytes=99999999999999999999-", Part::Whole),
        ] {
            assert_eq!(asked(&[("range", range)], 10), part, "{range}");
        }
        assert_eq!(asked(&[], 10), Part::Whole);
        assert_eq!(asked(&[("range", "bytes=0-")], 0), Part::OutOfReach);
    }

    /// A24: who resumes another file gets the whole one; who has it gets nothing.
    #[test]
    fn tags_decide() {
        let range = ("range", "bytes=2-");
        assert_eq!(asked(&[range, ("if-range", TAG)], 10), Part::Some(2..10));
        assert_eq!(asked(&[range, ("if-range", "\"b\"")], 10), Part::Whole);
        assert_eq!(asked(&[range, ("if-range", "Mon, 02 Mar 2026 09:00:00 GMT")], 10), Part::Whole);
        assert_eq!(asked(&[("if-none-match", "\"b\", W/\"a\"")], 10), Part::Unchanged);
        assert_eq!(asked(&[("if-none-match", "\"b\"")], 10), Part::Whole);
    }
}
