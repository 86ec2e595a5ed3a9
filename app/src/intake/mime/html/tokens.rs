//! Tags and text, in the order in which they stand.

/// A piece of HTML.
pub(super) enum Token<'a> {
    /// Text, its references not resolved.
    Text(&'a str),
    /// An element begins; its name in lower case.
    Open {
        name: String,
        /// What stands between its name and the closing bracket.
        attributes: &'a str,
    },
    /// An element ends.
    Close(String),
}

/// Elements whose content is no text of the mail, and may look like tags.
const SKIPPED: [&str; 14] = [
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "template",
    "svg", "math", "object", "select",
];

/// Reads HTML to its end, in time that grows as its length does.
pub(super) fn tokens(html: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let bracket = rest.find('<');
            match bracket {
                None if rest.is_empty() => return None,
                None => return Some(Token::Text(std::mem::take(&mut rest))),
                Some(0) => {}
                Some(at) => {
                    let (text, after) = rest.split_at(at);
                    rest = after;
                    return Some(Token::Text(text));
                }
            }
            let inner = &rest[1..];
            if let Some(comment) = inner.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
            } else if inner.starts_with(['!', '?']) {
                rest = inner.split_once('>').map_or("", |(_, after)| after);
            } else if let Some(end) = inner.strip_prefix('/').filter(|end| end.starts_with(is_letter)) {
                let (name, after) = end.split_at(name_length(end));
                rest = after.split_once('>').map_or("", |(_, after)| after);
                return Some(Token::Close(name.to_ascii_lowercase()));
            } else if inner.starts_with(is_letter) {
                let (name, after) = inner.split_at(name_length(inner));
                let (attributes, after) = tag_end(after);
                let name = name.to_ascii_lowercase();
                rest = if SKIPPED.contains(&&*name) { past(after, &name) } else { after };
                return Some(Token::Open { name, attributes });
            } else {
                // A bracket that begins no tag is text.
                rest = inner;
                return Some(Token::Text("<"));
            }
        }
    })
}

/// The attributes of a tag: names in lower case, values without their quotation marks.
pub(super) fn attributes(text: &str) -> impl Iterator<Item = (String, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/' || c == '=');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(value) = after.trim_start().strip_prefix('=') else {
            rest = after;
            return Some((name.to_ascii_lowercase(), ""));
        };
        let value = value.trim_start();
        let quoted = value.strip_prefix('"').map(|value| (value, '"'));
        let quoted = quoted.or_else(|| value.strip_prefix('\'').map(|value| (value, '\'')));
        let (value, after) = match quoted {
            Some((value, mark)) => value.split_once(mark).unwrap_or((value, "")),
            None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        rest = after;
        Some((name.to_ascii_lowercase(), value))
    })
}

/// What stands before and after the bracket that closes a tag; one within quotation marks does not.
fn tag_end(text: &str) -> (&str, &str) {
    let mut mark = None;
    for (at, c) in text.char_indices() {
        match (mark, c) {
            (None, '>') => return (&text[..at], &text[at + 1..]),
            (None, '"' | '\'') => mark = Some(c),
            (Some(open), c) if open == c => mark = None,
            (None | Some(_), _) => {}
        }
    }
    (text, "")
}

/// What stands after an element's end tag; nothing where it has none.
fn past<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        if after.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name)) {
            return after.split_once('>').map_or("", |(_, after)| after);
        }
        rest = after;
    }
    ""
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(text.len())
}
