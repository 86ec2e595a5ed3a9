//! Questions by which a person who lost the password is known (A5, A11).

/// Questions with answers that an account has, where it has any (A5).
pub const QUESTIONS: usize = 2;

/// What a registration form suggests; a person may ask their own. Also what an address that has none of its own is asked
/// (R4), so that the list is to stay long, and a question that was taken from it makes no account conspicuous.
pub const SUGGESTED_QUESTIONS: [&str; 16] = [
    "In which town were you born?",
    "What was the name of your first school?",
    "In which street did you live as a child?",
    "What was the name of your first pet?",
    "What was your first job?",
    "What was the make of your first car?",
    "What did you want to become when you were ten?",
    "Where did you spend your first holiday without your parents?",
    "What is the second given name of your oldest cousin?",
    "Who was your favourite teacher?",
    "Which dish could your grandmother cook best?",
    "What was the first film that you saw in a cinema?",
    "What was the first concert that you went to?",
    "Which book did you read more than once as a child?",
    "What was the name of your best friend at school?",
    "Which game did you play most as a child?",
];

/// The questions that somebody without any is asked: the same for the same seed, and two different ones (R4). The seed is a
/// keyed hash of what was typed, so that nobody can work them out from the address.
#[must_use]
pub fn decoys(seed: [u8; 32]) -> [&'static str; QUESTIONS] {
    let number = |at: usize| seed[at..at + 8].iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    let below = |at: usize, end: usize| usize::try_from(number(at) % end as u64).unwrap_or_default();
    let first = below(0, SUGGESTED_QUESTIONS.len());
    let step = 1 + below(8, SUGGESTED_QUESTIONS.len() - 1);
    [SUGGESTED_QUESTIONS[first], SUGGESTED_QUESTIONS[(first + step) % SUGGESTED_QUESTIONS.len()]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A5: no question is suggested twice.
    #[test]
    fn each_suggestion_stands_once() {
        assert_eq!(BTreeSet::from(SUGGESTED_QUESTIONS).len(), SUGGESTED_QUESTIONS.len());
    }

    /// R4: every pair of two questions in any order is asked of somebody.
    #[test]
    fn every_pair_is_some_decoy() {
        let seed = |first: u8, second: u8| {
            let mut seed = [0; 32];
            (seed[7], seed[15]) = (first, second);
            seed
        };
        let pairs: BTreeSet<_> =
            (0..16).flat_map(|first| (0..15).map(move |second| decoys(seed(first, second)))).collect();
        assert_eq!(pairs.len(), 16 * 15);
    }

    proptest! {
        /// R4: decoys are two different questions of the list, the same each time.
        #[test]
        fn decoys_are_stable(seed: [u8; 32]) {
            let [first, second] = decoys(seed);
            prop_assert_ne!(first, second);
            prop_assert_eq!(decoys(seed), [first, second]);
        }
    }
}
