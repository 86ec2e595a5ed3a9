//! Bank accounts: ISO 13616, with the length of each country and the check digits of ISO 7064 mod 97-10.

use super::cuts::{BETWEEN_BYTES, Cut, Cuts, by_four};
use std::{collections::BTreeSet, ops::Range};

/// Countries of the IBAN registry, each with the length of its numbers.
const LENGTHS: &str = "ad24 ae23 al28 at20 az28 ba20 be16 bg22 bh22 bi27 br29 by28 ch21 cr22 cy28 cz24 de22 dj27 \
    dk18 do28 ee20 eg29 es24 fi18 fk18 fo18 fr27 gb22 ge22 gi23 gl18 gr27 gt28 hn28 hr21 hu28 \
    ie22 il23 iq23 is26 it27 jo30 kw30 kz20 lb28 lc32 li21 lt20 lu20 lv21 ly25 mc27 md24 me22 \
    mk19 mn20 mr27 mt31 mu30 ni28 nl18 no15 om23 pk24 pl28 ps29 pt25 qa29 ro24 rs22 ru33 sa24 \
    sc31 sd18 se24 si19 sk24 sm27 so23 st25 sv28 tl23 tn24 tr26 ua29 va22 vg24 xk20 ye30";

/// Adds the numbers of a folded text, without blanks, and says where they stand.
pub(super) fn find(text: &str, found: &mut BTreeSet<Vec<u8>>) -> Vec<Range<usize>> {
    let text = text.as_bytes();
    let mut places = vec![];
    let mut at = 0;
    while at + 4 < text.len() {
        let starts = text[at].is_ascii_lowercase() && (at == 0 || !text[at - 1].is_ascii_alphanumeric());
        match starts.then(|| number(text, at)).flatten() {
            Some((iban, end)) => {
                found.insert(iban);
                places.push(at..end);
                at = end;
            }
            None => at += 1,
        }
    }
    places
}

/// The number that begins there, and where it ends.
fn number(text: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let [a, b, c, d] = *text[start..].first_chunk()?;
    if !(c.is_ascii_digit() && d.is_ascii_digit()) {
        return None;
    }
    let length = length([a, b])?;
    let mut iban = Vec::with_capacity(length);
    let mut cuts = Cuts::default();
    let mut at = start;
    loop {
        iban.push(*text.get(at)?);
        at += 1;
        if iban.len() == length {
            break;
        }
        let rest = &text[at..];
        let between = rest.iter().take(BETWEEN_BYTES).position(u8::is_ascii_alphanumeric)?;
        if between > 0 && !cuts.add(iban.len(), Cut::of(&rest[..between])?) {
            return None;
        }
        at += between;
    }
    let is_alone = !text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_written = cuts.follow(0) || cuts.follow(by_four(length));
    (is_alone && is_written && is_checked(&iban)).then_some((iban, at))
}

fn length(country: [u8; 2]) -> Option<usize> {
    let entry = LENGTHS.split(' ').find(|entry| entry.as_bytes().starts_with(&country))?;
    entry[2..].parse().ok()
}

/// ISO 7064 mod 97-10; its check digits are 02 to 98.
fn is_checked(iban: &[u8]) -> bool {
    let check = u32::from(iban[2] - b'0') * 10 + u32::from(iban[3] - b'0');
    let remainder = iban[4..].iter().chain(&iban[..4]).fold(0, |remainder, c| match c {
        b'0'..=b'9' => (remainder * 10 + u32::from(c - b'0')) % 97,
        letter => (remainder * 100 + u32::from(letter - b'a') + 10) % 97,
    });
    (2..=98).contains(&check) && remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::text::{fold, plain};
    use proptest::prelude::*;

    fn ibans(text: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        find(&fold(&plain(text)), &mut found);
        found.into_iter().map(|iban| String::from_utf8(iban).expect("ASCII")).collect()
    }

    /// C1, G3: numbers of any country, in fours or not, in any case, over a line's end.
    #[test]
    fn accounts_are_found() {
        for text in [
            "DE89370400440532013000",
            "IBAN: DE89 3704 0044 0532 0130 00.",
            "de89-3704-0044-0532-0130-00",
            "ＤＥ８９ ３７０４ ００４４ ０５３２ ０１３０ ００",
            "DE89 3704 0044\r\n> 0532 0130 00",
            "DE89\u{a0}3704\u{a0}00\u{200b}44 0532 0130 00 is mine",
            "DE8937040044\n0532013000",
        ] {
            assert_eq!(ibans(text), ["de89370400440532013000"], "{text:?}");
        }
        for text in [
            "GB82 WEST 1234 5698 7654 32",
            "FR14 2004 1010 0505 0001 3M02 606",
            "CH93 0076 2011 6238 5295 7",
            "NO93 8601 1117 947",
            "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            "LC55 HEMM 0001 0001 0012 0012 0002 3015",
            "BR18 0036 0305 0000 1000 9795 493C 1",
        ] {
            assert_eq!(ibans(text).len(), 1, "{text:?}");
        }
        assert_eq!(ibans("DE89370400440532013000 DE89 3704 0044 0532 0130 00 NO9386011117947").len(), 2);
    }

    /// G3: a wrong check digit, length or country, and what only begins like one.
    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            "DE88370400440532013000",
            "DE8937040044053201300",
            "DE893704004405320130001",
            "ZZ89370400440532013000",
            "XDE89370400440532013000",
            "DE8 9370 4004 4053 2013 000",
            "DE89 37 0400 4405 3201 3000",
            "DE 89 years old",
            "at12 o'clock there is something to eat for all of us",
            "DE89",
        ] {
            assert_eq!(ibans(text), [""; 0], "{text:?}");
        }
    }

    /// G3: every entry of the list is a country and a length of ISO 13616, none of them twice.
    #[test]
    fn the_list_is_well_formed() {
        let entries: Vec<_> = LENGTHS.split(' ').map(|entry| entry.split_at(2)).collect();
        assert!(entries.is_sorted_by(|a, b| a.0 < b.0));
        assert!(entries.iter().all(|(_, length)| (15..=34).contains(&length.parse().unwrap())));
    }

    proptest! {
        /// G3: an account made at random with its check digits is found; with one character changed it is not.
        #[test]
        fn one_character_tells(account in "[0-9]{18}", at in 4_usize..22, other in 1_u8..10) {
            let check = (2..=98).find(|check| is_checked(format!("de{check:02}{account}").as_bytes()));
            let iban = format!("DE{:02}{account}", check.expect("one of 97 passes"));
            prop_assert_eq!(ibans(&iban).len(), 1);
            let mut changed = iban.into_bytes();
            changed[at] = (changed[at] - b'0' + other) % 10 + b'0';
            prop_assert_eq!(ibans(std::str::from_utf8(&changed).unwrap()), [""; 0]);
        }
    }
}
