//! HTML as mail programs write it, made harmless and made text (G4).
//!
//! It is read as a flat run of tags, and what comes out is written anew from a list of what is allowed: well nested, without
//! script, style, picture, form or anything else that a browser fetches by itself. No tree is built. HTML5 repairs
//! formatting that is not nested by copying it, and 64 KiB of that cost a sanitizer with a tree 14 s and 3 GiB.

use mail_parser::decoders::html::add_html_token;
use std::fmt::Write;

mod plain;
mod tokens;

pub(crate) use plain::text_of;
use tokens::{Token, tokens};

/// Deeper nesting is written flat.
const DEPTH: usize = 100;
/// Bytes of a link's target; what browsers take.
const TARGET_BYTES: usize = 2_000;

const INLINE: [&str; 24] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s",
    "samp", "small", "span", "strong", "sub", "sup", "u", "var",
];
const BLOCK: [&str; 33] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
];
const LISTS: [&str; 1] = ["ul"];
const VOID: [&str; 3] = ["br", "hr", "wbr"];

/// The same text and structure, with nothing in it that acts or is fetched.
pub(crate) fn harmless(html: &str) -> String {
    let mut written = Written { out: String::with_capacity(html.len()), open: vec![] };
    for token in tokens(html) {
        match token {
            Token::Text(text) => escape(&mut written.out, &decoded(text)),
            Token::Open { name, attributes } => written.open(&name, attributes),
            Token::Close(name) => written.close(&name),
        }
    }
    written.close_all(0);
    written.out
}

/// Plain text as HTML.
pub(crate) fn of_text(text: &str) -> String {
    let mut out = String::from("<p>");
    for (number, line) in text.lines().enumerate() {
        out.push_str(if number == 0 { "" } else { "<br>" });
        escape(&mut out, line);
    }
    out + "</p>"
}

struct Written {
    out: String,
    open: Vec<&'static str>,
}

impl Written {
    fn open(&mut self, name: &str, attributes: &str) {
        if let Some(name) = VOID.into_iter().find(|known| *known == name) {
            // Writing to a text does not fail.
            let _ = write!(self.out, "<{name}>");
            return;
        }
        let Some(name) = INLINE.into_iter().chain(BLOCK).chain(LISTS).find(|known| *known == name) else {
            return;
        };
        if let Some(place) = self.ended_by(name) {
            self.close_all(place);
        }
        if self.open.len() >= DEPTH {
            return;
        }
        let _ = write!(self.out, "<{name}");
        for (attribute, value) in tokens::attributes(attributes) {
            if let Some(value) = kept(name, &attribute, &decoded(value)) {
                let _ = write!(self.out, " {attribute}=\"");
                escape(&mut self.out, &value);
                self.out.push('"');
            }
        }
        self.out.push('>');
        self.open.push(name);
    }

    fn close(&mut self, name: &str) {
        // A cell's end tag does not reach out of the cell's table, nor an inline one out of its block.
        let barrier: fn(&str) -> bool =
            if INLINE.contains(&name) { |open| !INLINE.contains(&open) } else { |open| open == "table" };
        let within = self.open.iter().rposition(|open| *open == name || barrier(open));
        if let Some(place) = within.filter(|place| self.open[*place] == name) {
            self.close_all(place);
        }
    }

    /// The element that ends where another begins: HTML lets people leave its end tag out.
    fn ended_by(&self, name: &str) -> Option<usize> {
        let (ends, barriers): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "table"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl", "table"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "tr" => (&["tr"], &["thead", "tbody", "tfoot", "table"]),
            "thead" | "tbody" | "tfoot" => (&["thead", "tbody", "tfoot"], &["table"]),
            "a" => (&["a"], &["td", "th", "table"]),
            _ if INLINE.contains(&name) => return None,
            _ => {
                let block = self.open.iter().rposition(|open| !INLINE.contains(open))?;
                return (self.open[block] == "p").then_some(block);
            }
        };
        let found = self.open.iter().rposition(|open| ends.contains(open) || barriers.contains(open))?;
        ends.contains(&self.open[found]).then_some(found)
    }

    fn close_all(&mut self, down_to: usize) {
        for name in self.open.drain(down_to..).rev() {
            let _ = write!(self.out, "</{name}>");
        }
    }
}

/// The value of an attribute that may stay.
fn kept(element: &str, attribute: &str, value: &str) -> Option<String> {
    let value = value.trim();
    match (element, attribute) {
        ("a", "href") => target(value),
        ("td" | "th", "colspan" | "rowspan") => {
            value.parse::<u16>().ok().filter(|span| *span <= 1_000).map(|span| span.to_string())
        }
        (_, "dir") => ["ltr", "rtl", "auto"].contains(&value).then(|| value.to_owned()),
        _ => None,
    }
}

/// Where a link may lead: to a page or to a mailbox.
pub(crate) fn target(value: &str) -> Option<String> {
    let (scheme, _) = value.split_once(':')?;
    let known = ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (known && value.len() <= TARGET_BYTES && !value.contains(char::is_whitespace)).then(|| value.to_owned())
}

/// Text with its references resolved and its control characters gone.
pub(crate) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let named = |c: char| c.is_ascii_alphanumeric() || c == '#';
        let end = after.find(|c| !named(c)).filter(|end| after[*end..].starts_with(';') && *end > 0);
        if let Some(end) = end {
            add_html_token(&mut out, format!("&{};", &after[..end]).as_bytes(), false);
            rest = &after[end + 1..];
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    out
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
