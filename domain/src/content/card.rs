//! Payment cards: ISO/IEC 7812, 13 to 19 digits with Luhn's check digit, in ranges that issuers use.

use super::{
    cuts::by_four,
    numbers::{self, Number},
};
use std::{collections::BTreeSet, ops::Range};

/// Adds the numbers of a folded text, but those inside the places given: an account number holds digits, too.
pub(super) fn find(text: &str, but: &[Range<usize>], found: &mut BTreeSet<u64>) {
    numbers::find(text, 13..=19, |number| {
        let is_card = is_card(number) && !but.iter().any(|place| place.contains(&number.place.start));
        if is_card {
            found.insert(number.value());
        }
        is_card
    });
}

fn is_card(number: &Number<'_>) -> bool {
    let length = number.length;
    number.is_written(&[by_four(length), printed(length)]) && is_number(&number.digits())
}

fn is_number(digits: &[u8]) -> bool {
    is_issued(digits) && passes_luhn(digits) && !(digits.len() == 13 && is_article(digits))
}

/// As it is printed on cards that are not in fours.
fn printed(length: usize) -> u64 {
    let cuts: &[usize] = match length {
        13 => &[4, 7, 10],
        14 | 15 => &[4, 10],
        19 => &[6],
        _ => return by_four(length),
    };
    cuts.iter().fold(0, |cuts, at| cuts | 1 << at)
}

/// First digits, as a range of six-digit numbers, and the lengths that go with them.
const ISSUED: &[(Range<u32>, Range<usize>)] = &[
    (100_000..200_000, 15..16), // UATP
    (220_000..220_500, 16..20), // Mir
    (222_100..272_100, 16..17), // Mastercard
    (300_000..306_000, 14..20), // Diners Club
    (309_500..309_600, 14..20),
    (340_000..350_000, 15..16), // American Express
    (352_800..359_000, 16..20), // JCB
    (360_000..370_000, 14..20), // Diners Club
    (370_000..380_000, 15..16), // American Express
    (380_000..400_000, 14..20), // Diners Club
    (400_000..500_000, 13..14), // Visa
    (400_000..500_000, 16..17),
    (400_000..500_000, 19..20),
    (500_000..510_000, 13..20), // Maestro, RuPay, Verve, Elo
    (510_000..560_000, 16..17), // Mastercard
    (560_000..700_000, 13..20), // Maestro, UnionPay, Discover, RuPay, Elo, InterPayment
    (810_000..830_000, 16..20), // UnionPay, RuPay
    (979_200..979_300, 16..17), // Troy
];

fn is_issued(digits: &[u8]) -> bool {
    let first = digits[..6].iter().fold(0, |number, digit| number * 10 + u32::from(*digit));
    ISSUED.iter().any(|(range, lengths)| range.contains(&first) && lengths.contains(&digits.len()))
}

/// ISO/IEC 7812-1, annex B.
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().map(|(at, digit)| doubled(at, u32::from(*digit))).sum();
    sum.is_multiple_of(10)
}

fn doubled(at: usize, digit: u32) -> u32 {
    match (at % 2, digit) {
        (0, digit) => digit,
        (_, digit @ ..5) => 2 * digit,
        (_, digit) => 2 * digit - 9,
    }
}

/// An article's number (GTIN-13): German ones begin like the oldest cards, and one in ten passes Luhn's test.
fn is_article(digits: &[u8]) -> bool {
    let weighed = |(at, digit): (usize, &u8)| u32::from(*digit) * if at % 2 == 0 { 1 } else { 3 };
    digits.iter().enumerate().map(weighed).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::text::{fold, plain};
    use proptest::prelude::*;

    fn cards(text: &str) -> Vec<u64> {
        let mut found = BTreeSet::new();
        find(&fold(&plain(text)), &[], &mut found);
        found.into_iter().collect()
    }

    /// C1, G3: cards of every issuer, with blanks, dashes or dots, in any script, over a line's end.
    #[test]
    fn cards_are_found() {
        for text in [
            "4111111111111111",
            "Card: 4111 1111 1111 1111.",
            "4111-1111-1111-1111,",
            "(4111.1111.1111.1111)",
            "4111\u{a0}1111\u{2009}1111 1111",
            "4111–1111–1111–1111",
            "４１１１　１１１１　１１１１　１１１１",
            "41\u{200b}11 1111\u{ad} 1111 11\u{feff}11",
            "4111 1111\r\n1111 1111",
            "> 4111 1111\n> 1111 1111",
            "the number is 411111\n1111111111 as you know",
            "4111 1111 11\n11 1111",
            "4111-1111-\n1111-1111",
            "kaart 2024 4111 1111 1111 1111",
            "4111 1111 1111 1111 12 26 123",
            "卡号4111111111111111号",
            "a\t4111 1111 1111 1111\t12",
        ] {
            assert_eq!(cards(text), [4_111_111_111_111_111], "{text:?}");
        }
        for text in [
            "5555 5555 5555 4444",
            "2223 0031 2200 3222",
            "3782 822463 10005",
            "378282246310005",
            "3056 930902 5904",
            "6011 1111 1111 1117",
            "3530 1113 3330 0000",
            "6200 0000 0000 0005",
            "6304 0000 0000 0000",
            "4222222222222",
            "4000 0000 0000 0000 006",
        ] {
            assert_eq!(cards(text).len(), 1, "{text:?}");
        }
    }

    /// G3: each number counts once, however often it is written.
    #[test]
    fn numbers_count_once() {
        let text = "4111 1111 1111 1111, 4111111111111111; 5555555555554444 4111-1111-1111-1111";
        assert_eq!(cards(text), [4_111_111_111_111_111, 5_555_555_555_554_444]);
        assert_eq!(cards("4111 1111 1111 1111 5555 5555 5555 4444 4111 1111 1111 1111").len(), 2);
    }

    /// G3: what looks like a card and is none.
    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "4111 1111 1111 1112",                             // check digit
            "0000 0000 0000 0000",                             // no issuer
            "99 4111111111111111 0".replace(' ', "").as_str(), // inside a longer number
            "2024-4111111111111111",                           // invoice
            "RE4111111111111111",                              // invoice
            "4111111111111111a",                               // hexadecimal
            "+4917012345674",                                  // telephone
            "Tel. 0170 1234567, 0171 7654321",
            "+1 (555) 123-4567 +1 (555) 765-4321",
            "1Z999AA10123456784",          // parcel
            "9400 4111 1111 1111 1111 11", // parcel
            "41 11 11 11 11 11 11 11",     // no groups of a card
            "4111 11111 111 1111",
            "41111111\n11111111", // two numbers in a column
            "4111\n1111\n1111\n1111",
            "4006381333931",          // article
            "3.4111111111111111",     // decimal
            "356938035643809",        // IMEI
            "4111  1111  1111  1111", // table
        ] {
            assert_eq!(cards(text), [0; 0], "{text:?}");
        }
    }

    fn check_digit(digits: &[u8]) -> u8 {
        (0..10).find(|check| passes_luhn(&[digits, &[*check]].concat())).expect("one of ten passes")
    }

    proptest! {
        /// G3: a number made at random with its check digit is found; with any one digit changed it is not.
        #[test]
        fn one_digit_tells(
            start in prop::sample::select(vec!["4", "51", "55", "2300", "65", "62"]),
            rest in prop::collection::vec(0_u8..10, 16),
            at in 1_usize..16,
            other in 1_u8..10,
            by in prop::sample::select(vec!["", " ", "-"]),
        ) {
            let mut digits: Vec<u8> = start.bytes().map(|c| c - b'0').chain(rest).take(15).collect();
            digits.push(check_digit(&digits));
            let written = |digits: &[u8]| {
                let groups = digits.chunks(4).map(|group| group.iter().map(ToString::to_string).collect());
                format!("see {} there", groups.collect::<Vec<String>>().join(by))
            };
            prop_assert_eq!(cards(&written(&digits)).len(), 1);
            digits[at] = (digits[at] + other) % 10;
            prop_assert_eq!(cards(&written(&digits)), [0; 0]);
        }
    }
}
