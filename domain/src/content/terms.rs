//! Terms: words and phrases that stand in a text as such, whatever their case, diacritics and hyphens.

use super::text::{fold, plain};
use std::collections::{BTreeSet, HashMap};

/// Terms to look for, by their first word.
pub(super) struct Terms(HashMap<String, Vec<Term>>);

struct Term {
    number: usize,
    /// The words after the first.
    rest: Vec<String>,
}

/// Whether there is anything in a term that could be found.
pub(crate) fn is_term(text: &str) -> bool {
    words(&fold(&plain(text))).next().is_some()
}

impl Terms {
    pub(super) fn new<'a>(terms: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_first: HashMap<_, Vec<_>> = HashMap::new();
        for (number, term) in terms.into_iter().enumerate() {
            let folded = fold(&plain(term));
            let mut words = words(&folded).map(str::to_owned);
            if let Some(first) = words.next() {
                by_first.entry(first).or_default().push(Term { number, rest: words.collect() });
            }
        }
        Self(by_first)
    }

    /// Adds the numbers of the terms that stand in a folded text; tells in how many places.
    pub(super) fn find(&self, folded: &str, found: &mut BTreeSet<usize>) -> usize {
        let mut places = 0;
        let mut words = words(folded);
        while let Some(word) = words.next() {
            for term in self.0.get(word).into_iter().flatten() {
                let mut next = words.clone();
                if term.rest.iter().all(|word| next.next() == Some(word)) {
                    found.insert(term.number);
                    places += 1;
                }
            }
        }
        places
    }
}

/// Words of a folded text, and each sign by itself, so that `[secure]` and `C++` can be looked for. Blanks, hyphens and
/// apostrophes only part words. Where a script has no blanks, each letter is a word.
fn words(folded: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = folded;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(parts_words);
        let first = rest.chars().next()?;
        let length = if is_letter(first) {
            rest.find(|c| !is_letter(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        Some(word)
    })
}

fn parts_words(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '_' | '\'' | '’' | '‘' | '`' | '´')
}

/// Part of a word, in a script that has blanks between them.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric() && !is_unspaced(c))
}

/// Thai, Lao, Tibetan, Burmese, Khmer, Kana and Han: words follow each other without a blank.
fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{e00}'..='\u{eff}' | '\u{f00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: [&str; 6] = ["Diabetes", "multiple Sklerose", "HIV-positiv", "[secure]", "糖尿病", "Größe"];

    fn found(text: &str) -> (Vec<&'static str>, usize) {
        let mut numbers = BTreeSet::new();
        let places = Terms::new(TERMS).find(&fold(&plain(text)), &mut numbers);
        (numbers.into_iter().map(|number| TERMS[number]).collect(), places)
    }

    /// C1, G3: a term is found in any case, with or without diacritics, over a line's end, with any hyphen.
    #[test]
    fn terms_are_found() {
        assert_eq!(found("my DIABETES."), (vec!["Diabetes"], 1));
        assert_eq!(found("dia\u{ad}bétes; Ｄｉａｂｅｔｅｓ"), (vec!["Diabetes"], 2));
        assert_eq!(found("MULTIPLE\r\nsklerose"), (vec!["multiple Sklerose"], 1));
        assert_eq!(found("hiv positiv, HIV\u{2011}Positiv"), (vec!["HIV-positiv"], 2));
        assert_eq!(found("Re: [SECURE] hello"), (vec!["[secure]"], 1));
        assert_eq!(found("我有糖尿病。"), (vec!["糖尿病"], 1));
        assert_eq!(found("GRÖSSE gro\u{308}ße grosse"), (vec!["Größe"], 3));
        assert_eq!(found("Diabetes’s [secure] multiple Sklerose").0.len(), 3);
    }

    /// G3: words are whole words.
    #[test]
    fn parts_of_words_are_not() {
        for text in ["diabetesähnlich", "prediabetes", "multiple, Sklerose", "secure", "HIV", "diabetes2", ""]
        {
            assert_eq!(found(text), (vec![], 0), "{text:?}");
        }
        assert!(is_term("[") && !is_term(" -'") && !is_term("\u{200b}"));
    }
}
