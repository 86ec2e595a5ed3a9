//! Where a number is cut into groups, and whether people cut such a number there.

/// What stands between two groups of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// This one character.
    Hard(u8),
    /// The end of a line, with the marks of a quotation after it.
    Soft,
}

/// Bytes between two groups of one number at most: a line end, some marks of quotation and blanks.
pub(super) const BETWEEN_BYTES: usize = 12;

impl Cut {
    /// `None` when the groups have nothing to do with each other.
    pub(super) fn of(between: &[u8]) -> Option<Self> {
        match between {
            [c @ (b' ' | b'-' | b'.')] => Some(Self::Hard(*c)),
            between if between.len() > BETWEEN_BYTES => None,
            between => {
                let end = between.iter().position(|c| *c == b'\n')?;
                let (line, next) = (&between[..end], &between[end + 1..]);
                let ends = matches!(line, [] | [b' ' | b'-']);
                (ends && next.iter().all(|c| matches!(c, b' ' | b'\t' | b'>'))).then_some(Self::Soft)
            }
        }
    }
}

/// The cuts of one number: bit `n` is the place before its character `n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cuts {
    pub(super) hard: u64,
    pub(super) soft: u64,
    /// What all hard cuts are; `None` when there are none.
    pub(super) by: Option<u8>,
}

/// Lines over which one number can go, less one. More is a column of numbers.
const LINE_ENDS: u32 = 2;

impl Cuts {
    /// Whether the cut can stand there, and notes it: a number is cut in one way throughout.
    pub(super) fn add(&mut self, at: usize, cut: Cut) -> bool {
        match cut {
            Cut::Hard(by) if self.by.is_some_and(|before| before != by) => return false,
            Cut::Hard(by) => {
                self.by = Some(by);
                self.hard |= 1 << at;
            }
            Cut::Soft => self.soft |= 1 << at,
        }
        true
    }

    /// Whether people write the number in these groups. A line can end between two groups or within one.
    pub(super) fn follow(self, customary: u64) -> bool {
        self.hard & !customary == 0
            && customary & !(self.hard | self.soft) == 0
            && self.soft.count_ones() <= LINE_ENDS
    }
}

/// A cut after every fourth character.
pub(super) fn by_four(characters: usize) -> u64 {
    (4..characters).step_by(4).fold(0, |cuts, at| cuts | 1 << at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G3: a blank, a dash or a line's end keeps a number together; anything else parts two numbers.
    #[test]
    fn what_keeps_a_number_together() {
        for (between, cut) in [
            (" ", Some(Cut::Hard(b' '))),
            ("-", Some(Cut::Hard(b'-'))),
            ("\n", Some(Cut::Soft)),
            (" \n> > ", Some(Cut::Soft)),
            ("-\n", Some(Cut::Soft)),
            ("  ", None),
            (", ", None),
            ("\n\n", None),
            ("\t", None),
            (" a ", None),
            ("\n             ", None),
        ] {
            assert_eq!(Cut::of(between.as_bytes()), cut, "{between:?}");
        }
    }

    /// G3: groups are those that people write, wherever a line ends.
    #[test]
    fn groups_are_customary() {
        let cuts = |all: &[(usize, Cut)]| {
            let mut cuts = Cuts::default();
            assert!(all.iter().all(|(at, cut)| cuts.add(*at, *cut)));
            cuts
        };
        let blank = Cut::Hard(b' ');
        assert!(cuts(&[(4, blank), (8, blank), (12, blank)]).follow(by_four(16)));
        assert!(cuts(&[(4, blank), (8, Cut::Soft), (12, blank)]).follow(by_four(16)));
        assert!(cuts(&[(4, blank), (6, Cut::Soft), (8, blank), (12, blank)]).follow(by_four(16)));
        assert!(!cuts(&[(4, blank), (9, blank), (12, blank)]).follow(by_four(16)));
        assert!(!cuts(&[(4, blank), (8, blank)]).follow(by_four(16)));
        assert!(!cuts(&[(4, Cut::Soft), (8, Cut::Soft), (12, Cut::Soft)]).follow(by_four(16)));
        assert!(!cuts(&[(4, blank)]).add(8, Cut::Hard(b'-')));
    }
}
