//! What people write in a record of the organisation: a reason, a comment.

use std::ops::RangeInclusive;

/// Whether words have so many characters, blanks around them apart, and no control characters but line ends.
#[must_use]
pub fn fit(text: &str, characters: RangeInclusive<usize>) -> bool {
    characters.contains(&text.trim().chars().count()) && !text.chars().any(|c| c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K6, Q9: blanks do not make a reason longer, and what no keyboard has is no word.
    #[test]
    fn words_are_counted_without_the_blanks_around_them() {
        assert!(fit("ää", 2..=2) && fit(" ä\nä ", 3..=3) && fit("", 0..=9));
        assert!(!fit("  \n ", 1..=9) && !fit("ä ", 2..=9) && !fit("äää", 1..=2));
        assert!(!fit("a\u{7}b", 1..=9) && !fit("a\r\nb", 1..=9));
    }
}
