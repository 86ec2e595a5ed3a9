//! HTML as plain text: for mails that come without any, and for rules that look at text.

use super::{
    decoded, target,
    tokens::{Token, attributes, tokens},
};

/// What a person reads, in paragraphs; links are followed by where they lead.
pub(crate) fn text_of(html: &str) -> String {
    let mut page = Page::default();
    for token in tokens(html) {
        match token {
            Token::Text(text) => page.text(&decoded(text)),
            Token::Open { name, attributes: written } => {
                page.pause(&name);
                match &*name {
                    "li" => page.word("-"),
                    "hr" => page.word("----"),
                    "td" | "th" => page.space = true,
                    "pre" => page.preformatted += 1,
                    "a" => {
                        let href = attributes(written).find(|(name, _)| name == "href");
                        page.link = href.and_then(|(_, value)| target(decoded(value).trim()));
                        page.link_from = page.out.len();
                    }
                    _ => {}
                }
            }
            Token::Close(name) => {
                match &*name {
                    "a" => page.leave_link(),
                    "pre" => page.preformatted = page.preformatted.saturating_sub(1),
                    _ => {}
                }
                page.pause(&name);
            }
        }
    }
    page.out
}

#[derive(Default)]
struct Page {
    out: String,
    /// Line ends and a blank that are due before the next word.
    lines: usize,
    space: bool,
    preformatted: usize,
    link: Option<String>,
    link_from: usize,
}

impl Page {
    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            for (number, line) in text.split('\n').enumerate() {
                self.lines += usize::from(number > 0);
                if !line.is_empty() {
                    self.append(line);
                }
            }
            return;
        }
        self.space |= text.starts_with(is_blank);
        for word in text.split(is_blank).filter(|word| !word.is_empty()) {
            self.append(word);
            self.space = true;
        }
        self.space = text.ends_with(is_blank) || (self.space && text.chars().all(is_blank));
    }

    fn word(&mut self, word: &str) {
        self.append(word);
        self.space = true;
    }

    fn append(&mut self, text: &str) {
        if !self.out.is_empty() {
            for _ in 0..self.lines {
                self.out.push('\n');
            }
            if self.lines == 0 && self.space {
                self.out.push(' ');
            }
        }
        (self.lines, self.space) = (0, false);
        self.out.push_str(text);
    }

    /// Lines that end where an element begins or ends.
    fn pause(&mut self, name: &str) {
        match name {
            "br" => self.lines = (self.lines + 1).min(3),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "table" | "ul" | "ol" | "dl"
            | "pre" => {
                self.lines = self.lines.max(2);
            }
            "div" | "li" | "tr" | "dt" | "dd" | "hr" | "address" | "section" | "article" | "header"
            | "footer" | "caption" | "center" => self.lines = self.lines.max(1),
            _ => {}
        }
    }

    /// A link whose words do not say where it leads is followed by it.
    fn leave_link(&mut self) {
        let Some(target) = self.link.take() else { return };
        let shown = self.out.get(self.link_from..).unwrap_or_default();
        let bare = target.strip_prefix("mailto:").unwrap_or(&target);
        if !shown.contains(bare) {
            self.space = true;
            self.word(&format!("<{bare}>"));
        }
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
}
