//! US social security numbers, by the Social Security Administration's rules on which were ever issued.

use super::numbers::{self, Number};
use regex::Regex;
use std::{collections::BTreeSet, sync::LazyLock};

/// Words that say what nine digits in a row are.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bssns?\b|\bss\s?#|\bsoc(?:ial|\.)?[\s-]+sec(?:urity|\b)")
        .expect("an expression that compiles")
});
/// Bytes between such a word and its number at most: the same sentence.
const NEAR_BYTES: usize = 100;
/// After the third and the fifth digit.
const GROUPS: u64 = 1 << 3 | 1 << 5;
/// Printed on cards in wallets and in advertisements, and so given by thousands; withdrawn by the SSA.
const WITHDRAWN: [u64; 2] = [78_051_120, 219_099_999];

/// Adds the numbers of a folded text.
pub(super) fn find(text: &str, found: &mut BTreeSet<u64>) {
    let named: Vec<(usize, usize)> = NAMED.find_iter(text).map(|word| (word.start(), word.end())).collect();
    numbers::find(text, 9..=9, |number| {
        let is_one = (is_grouped(number) || is_bare(number) && is_near(&named, number)) && is_issued(number);
        if is_one {
            found.insert(number.value());
        }
        is_one
    });
}

/// `123-45-6789`, with dashes or blanks; a line may end in it.
fn is_grouped(number: &Number<'_>) -> bool {
    matches!(number.cuts.by, Some(b'-' | b' ')) && number.cuts.follow(GROUPS)
}

fn is_bare(number: &Number<'_>) -> bool {
    number.cuts.hard == 0 && number.cuts.soft == 0
}

fn is_near(named: &[(usize, usize)], number: &Number<'_>) -> bool {
    let next = named.partition_point(|(start, _)| *start < number.place.start);
    let after = named.get(next).is_some_and(|(start, _)| start - number.place.end <= NEAR_BYTES);
    let before = next.checked_sub(1).is_some_and(|at| number.place.start - named[at].1 <= NEAR_BYTES);
    before || after
}

/// Area 000, 666 and 900 to 999, group 00 and serial 0000 were never issued.
fn is_issued(number: &Number<'_>) -> bool {
    let value = number.value();
    let (area, group, serial) = (value / 1_000_000, value / 10_000 % 100, value % 10_000);
    area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 && !WITHDRAWN.contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::text::{fold, plain};
    use proptest::prelude::*;

    fn numbers(text: &str) -> Vec<u64> {
        let mut found = BTreeSet::new();
        find(&fold(&plain(text)), &mut found);
        found.into_iter().collect()
    }

    /// C1, G3: with dashes or blanks, and without when the text says what it is.
    #[test]
    fn social_security_numbers_are_found() {
        for text in [
            "536-22-1234",
            "536 22 1234",
            "536–22–1234",
            "５３６-２２-１２３４",
            "536-22-\n1234",
            "536\u{200b}-22-12\u{200b}34",
            "SSN: 536221234",
            "my social\r\nsecurity number is 536221234.",
            "536221234 (Soc. Sec.)",
            "SS# 536221234",
        ] {
            assert_eq!(numbers(text), [536_221_234], "{text:?}");
        }
        assert_eq!(numbers("536-22-1234, 536 22 1234, 001-01-0001"), [1_010_001, 536_221_234]);
    }

    /// G3: what was never issued or withdrawn, and what only looks like it.
    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "000-22-1234",
            "666-22-1234",
            "900-22-1234",
            "987-65-4320",
            "536-00-1234",
            "536-22-0000",
            "078-05-1120",
            "219-09-9999",
            "536221234",
            &format!("SSN {} 536221234", "word ".repeat(30)),
            "5362-21-234",
            "12345-6789",
            "1-536-22-1234",
            "536-22-1234-5",
            "A536-22-1234",
            "536-22 1234",
            "536\n22\n1234",
            "Tel. 555-123-4567",
            "classnames 536221234",
        ] {
            assert_eq!(numbers(text), [0; 0], "{text:?}");
        }
    }

    proptest! {
        /// G3: every number that can have been issued is found, with what stands around it.
        #[test]
        fn issued_numbers_are_found(area in 1_u64..900, group in 1_u64..100, serial in 1_u64..10_000) {
            let value = area * 1_000_000 + group * 10_000 + serial;
            prop_assume!(area != 666 && !WITHDRAWN.contains(&value));
            prop_assert_eq!(numbers(&format!("(no. {area:03}-{group:02}-{serial:04})")), [value]);
        }
    }
}
