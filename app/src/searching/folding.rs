//! Texts as they are compared by a search: words in lower case without diacritics, in whatever way they were typed.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// A text, folded: each word with a blank before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Folded(String);

/// What is searched for, folded: single words and, from within quotation marks, words side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms(Vec<Folded>);

impl Folded {
    pub(super) fn of(text: &str) -> Self {
        let mut folded = Self(String::with_capacity(text.len() + 1));
        folded.add(text);
        folded
    }

    /// Adds another text's words.
    pub(super) fn add(&mut self, text: &str) {
        let mut within = false;
        for c in text.chars() {
            if c.is_ascii() {
                self.push(c.to_ascii_lowercase(), &mut within);
                continue;
            }
            // Marks are left out, so that their order says nothing and each character can be taken by itself.
            decompose_compatible(c, |part| {
                if !is_combining_mark(part) {
                    // By way of the capital, so that ß is ss and a final sigma is a sigma.
                    let folded = part.to_uppercase().flat_map(char::to_lowercase);
                    folded.for_each(|c| self.push(c, &mut within));
                }
            });
        }
    }

    fn push(&mut self, c: char, within: &mut bool) {
        if !c.is_alphanumeric() {
            *within = false;
            return;
        }
        if !*within {
            self.0.push(' ');
            *within = true;
        }
        self.0.push(c);
    }

    /// Whether a word begins with the term, or where it is several: whether they stand side by side, the last one begun.
    fn holds(&self, term: &Self) -> bool {
        self.0.contains(&term.0)
    }
}

impl Terms {
    /// Reads what a person typed. A quotation mark without its partner reaches to the end.
    pub(super) fn read(text: &str) -> Self {
        let parts = text.split(['"', '“', '”', '„', '«', '»']).enumerate();
        let terms = parts.flat_map(|(index, part)| {
            let is_quoted = index % 2 == 1;
            let words: Vec<&str> = if is_quoted { vec![part] } else { part.split_whitespace().collect() };
            words.into_iter().map(Folded::of)
        });
        Self(terms.filter(|term| !term.0.is_empty()).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the terms weigh together: for each, how far before the last text the first one is that holds it. `None` unless
    /// every term is held. The last text is folded only when it matters.
    pub(super) fn weigh(&self, texts: [&Folded; 2], last: impl FnOnce() -> Folded) -> Option<u16> {
        let [first, second] = texts;
        let mut weight = 0;
        let mut elsewhere = vec![];
        for term in &self.0 {
            if first.holds(term) {
                weight += 2;
            } else if second.holds(term) {
                weight += 1;
            } else {
                elsewhere.push(term);
            }
        }
        if elsewhere.is_empty() {
            return Some(weight);
        }
        let last = last();
        elsewhere.iter().all(|term| last.holds(term)).then_some(weight)
    }
}
