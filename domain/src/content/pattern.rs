//! Expressions that a policy author writes: compiled within bounds, refused in words.

use regex::{Regex, RegexBuilder};
use std::collections::BTreeSet;

/// Characters of an expression, a term or a header's condition.
pub(super) const PATTERN_CHARACTERS: usize = 500;
/// Bytes that a compiled expression may take, so that 200 rules fit in memory.
const COMPILED_BYTES: usize = 1 << 20;
/// Matches of one expression that are looked at. Each costs a search, so that only their number bounds the cost; whoever
/// writes more of them than this is counted as if all were different.
const MATCHES: usize = 1000;

/// The expression without regard to case, `^` and `$` at each line; else one sentence on what is wrong with it.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    if is_class_of_letters(pattern) {
        return Err(format!(
            "`{pattern}` finds any one of these letters; write `\\{}\\]` to find the whole tag.",
            &pattern[..pattern.len() - 1]
        ));
    }
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .multi_line(true)
        .size_limit(COMPILED_BYTES)
        .dfa_size_limit(COMPILED_BYTES)
        .build()
        .map_err(|error| in_words(&error))
}

/// `[secure]`, where a tag was meant.
fn is_class_of_letters(pattern: &str) -> bool {
    let inside = pattern.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.is_some_and(|tag| tag.chars().count() > 1 && tag.chars().all(|c| c.is_alphanumeric() || c == ' '))
}

fn in_words(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            "The expression is too large; use fewer or smaller repetitions.".into()
        }
        error => {
            let text = error.to_string();
            let why = text.lines().rev().find_map(|line| line.trim().strip_prefix("error: "));
            format!("The expression cannot be read: {}.", why.unwrap_or("its syntax is wrong"))
        }
    }
}

/// A member number's expression: it stands for a whole word.
pub(super) fn compile_member_id(pattern: &str) -> Result<Regex, String> {
    // By itself first: what is wrong is then said of what was written, and a parenthesis cannot close the group.
    let alone = compile(pattern)?;
    if alone.is_match("") {
        return Err("The expression must not match the empty text.".into());
    }
    compile(&format!(r"\b{{start-half}}(?:{pattern})\b{{end-half}}"))
}

/// What keeps an expression from standing for member numbers; `None` when nothing does.
pub(crate) fn member_id_problem(pattern: &str) -> Option<String> {
    if pattern.chars().count() > PATTERN_CHARACTERS {
        return Some(format!("Use at most {PATTERN_CHARACTERS} characters."));
    }
    compile_member_id(pattern).err()
}

/// Adds what the expression finds in a text, in lower case; tells how often it was found.
pub(super) fn find(pattern: &Regex, text: &str, found: &mut BTreeSet<String>) -> usize {
    let matches = pattern.find_iter(text).filter(|found| !found.is_empty()).take(MATCHES);
    matches.map(|place| found.insert(place.as_str().to_lowercase())).count()
}

/// How many different ones there were, given how often they were found.
pub(super) fn counted(found: &BTreeSet<String>, times: usize) -> usize {
    if times >= MATCHES { times } else { found.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pattern: &str, text: &str) -> usize {
        let mut found = BTreeSet::new();
        let times = find(&compile(pattern).unwrap(), text, &mut found);
        counted(&found, times)
    }

    /// B5, G3: expressions find in any case, line by line, and count what is different.
    #[test]
    fn expressions_find() {
        assert_eq!(count(r"\[secure\]", "Re: [SECURE] hello"), 1);
        assert_eq!(count(r"^ref \d+$", "Ref 1\nref 2\nREF 1\nref 3 no"), 2);
        assert_eq!(count("x*", "abc"), 0);
        assert_eq!(count("größe", "GRÖSSE Größe"), 1);
    }

    /// G3: many matches cost no more than their bound, and count.
    #[test]
    fn many_matches_count() {
        assert_eq!(count("[ab].*c|[ab]", &"a".repeat(100_000)), MATCHES);
    }

    /// G3: what cannot be read is refused with what is wrong.
    #[test]
    fn problems_are_said() {
        for (pattern, word) in [
            ("(", "unclosed group"),
            ("a{2,1}", "repetition"),
            (r"(?=a)", "look-around"),
            (r"(a)\1", "backreferences"),
            (r"\w{9999}", "too large"),
            ("((((a{100}){100}){100}){100}", "unclosed"),
            ("[secure]", r"\[secure\]"),
        ] {
            let why = compile(pattern).unwrap_err();
            assert!(why.contains(word) && why.ends_with('.') && !why.contains('\n'), "{pattern}: {why}");
        }
        assert!(compile("[a-z]").is_ok() && compile("[äöü]+").is_ok());
    }

    /// G3: a member number is a whole word, and an expression cannot break out of that.
    #[test]
    fn member_numbers_are_words() {
        let pattern = compile_member_id(r"M\d{4}|Z-\d{3}").unwrap();
        let found = |text: &str| {
            let mut all = BTreeSet::new();
            find(&pattern, text, &mut all);
            all.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(found("m1234, (Z-123) XM1234 M12345 M1234"), ["m1234", "z-123"]);
        assert!(member_id_problem("a)|(b").is_some_and(|why| why.contains("unopened group")));
        assert!(member_id_problem("x?").is_some());
        assert!(member_id_problem(&"a".repeat(501)).is_some());
        assert_eq!(member_id_problem(r"\d{3}-\d{3}"), None);
    }
}
