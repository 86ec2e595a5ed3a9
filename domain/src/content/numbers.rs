//! Numbers as people write them: digits in groups, with a blank or a dash between, over the end of a line.

use super::cuts::{BETWEEN_BYTES, Cut, Cuts};
use std::ops::{Range, RangeInclusive};

/// A candidate: some groups of digits that can be one number.
pub(super) struct Number<'t> {
    text: &'t [u8],
    /// From the first digit to behind the last.
    pub(super) place: Range<usize>,
    /// How many digits it has.
    pub(super) length: usize,
    pub(super) cuts: Cuts,
}

/// Digits that stand together.
struct Group {
    place: Range<usize>,
    /// What parts it from the group before; `None` when they have nothing to do with each other.
    cut: Option<Cut>,
}

/// Groups of one number at most: five of four digits or less, and two line ends within them.
const GROUPS: usize = 7;

/// Calls `is_one` for each candidate of so many digits in a folded text, from left to right and the longest first, and goes
/// on behind those that it takes. Groups are never cut: a number does not stand inside a longer one.
pub(super) fn find(text: &str, lengths: RangeInclusive<usize>, mut is_one: impl FnMut(&Number<'_>) -> bool) {
    let text = text.as_bytes();
    let groups = groups(text);
    let mut first = 0;
    let mut taken = 0;
    while first < groups.len() {
        let found = candidates(text, &groups[first..], &lengths)
            .into_iter()
            .rev()
            .find(|(count, number)| is_alone(text, &groups, first, *count, number, taken) && is_one(number));
        match found {
            Some((count, number)) => {
                first += count;
                taken = number.place.end;
            }
            None => first += 1,
        }
    }
}

fn groups(text: &[u8]) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    let mut at = 0;
    while at < text.len() {
        let Some(start) = text[at..].iter().position(u8::is_ascii_digit).map(|after| at + after) else {
            break;
        };
        let length = text[start..].iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len() - start);
        let cut = groups.last().and_then(|before| {
            let between = &text[before.place.end..start];
            if between.len() > BETWEEN_BYTES { None } else { Cut::of(between) }
        });
        at = start + length;
        groups.push(Group { place: start..at, cut });
    }
    groups
}

/// The numbers that begin with the first group, with the count of their groups, shortest first.
fn candidates<'t>(
    text: &'t [u8],
    groups: &[Group],
    lengths: &RangeInclusive<usize>,
) -> Vec<(usize, Number<'t>)> {
    let mut found = vec![];
    let mut cuts = Cuts::default();
    let mut digits = 0;
    for (index, group) in groups.iter().enumerate().take(GROUPS) {
        if index > 0 && !group.cut.is_some_and(|cut| cuts.add(digits, cut)) {
            break;
        }
        digits += group.place.len();
        if digits > *lengths.end() {
            break;
        }
        if lengths.contains(&digits) {
            let place = groups[0].place.start..group.place.end;
            found.push((index + 1, Number { text, place, length: digits, cuts }));
        }
    }
    found
}

/// Whether the candidate is a number of its own: not part of a word, of an international telephone number, of a longer
/// number with dashes or dots, nor from the middle of a row of groups with blanks.
fn is_alone(
    text: &[u8],
    groups: &[Group],
    first: usize,
    count: usize,
    number: &Number<'_>,
    taken: usize,
) -> bool {
    let before = number.place.start.checked_sub(1).map(|at| text[at]);
    let after = text.get(number.place.end);
    let in_a_word = before.is_some_and(|c| c.is_ascii_alphabetic() || c == b'+')
        || after.is_some_and(u8::is_ascii_alphabetic);
    let hard = |group: Option<&Group>| match group.and_then(|group| group.cut) {
        Some(Cut::Hard(by)) => Some(by),
        Some(Cut::Soft) | None => None,
    };
    let (left, right) = (hard(groups.get(first)), hard(groups.get(first + count)));
    let goes_on = [left, right].into_iter().flatten().any(|by| by != b' ');
    let free = first == 0 || groups[first - 1].place.end == taken;
    let in_a_row = number.cuts.by == Some(b' ') && left == Some(b' ') && right == Some(b' ') && !free;
    !(in_a_word || goes_on || in_a_row)
}

impl Number<'_> {
    /// Whether it stands in one of these ways.
    pub(super) fn is_written(&self, customary: &[u64]) -> bool {
        customary.iter().any(|groups| self.cuts.follow(*groups)) || self.is_whole()
    }

    /// Without groups; a line may end within it, unless it is two numbers, one below the other.
    fn is_whole(&self) -> bool {
        self.cuts.hard == 0
            && (self.cuts.soft == 0 || self.cuts.soft.is_power_of_two() && !self.fills_its_lines())
    }

    fn fills_its_lines(&self) -> bool {
        let blank = |c: &&u8| matches!(**c, b' ' | b'\t' | b'>');
        let (before, after) = (&self.text[..self.place.start], &self.text[self.place.end..]);
        let begins = before.iter().rev().take(BETWEEN_BYTES).find(|c| !blank(c)).is_none_or(|c| *c == b'\n');
        let ends = after.iter().take(BETWEEN_BYTES).find(|c| !blank(c)).is_none_or(|c| *c == b'\n');
        begins && ends
    }

    /// Its digits, each 0 to 9.
    pub(super) fn digits(&self) -> Vec<u8> {
        let digits = self.text[self.place.clone()].iter().filter(|c| c.is_ascii_digit());
        digits.map(|digit| digit - b'0').collect()
    }

    /// Its digits as one number; at most 19 of them.
    pub(super) fn value(&self) -> u64 {
        self.digits().iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
    }
}
