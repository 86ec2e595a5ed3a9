//! Which parts of a mail are its text, and which are files beside it (RFC 2046 §5.1, RFC 2183).

use super::{
    File, Malformed,
    head::Head,
    html,
    structure::{self, Holds, Part},
};

/// What a mail shows, and its files.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) html: Option<String>,
    pub(super) files: Vec<File>,
    /// Whether there is text at all, and whether it was written as such rather than made of the HTML.
    kind: Kind,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    #[default]
    Nothing,
    FromHtml,
    Plain,
}

/// What a part shows.
pub(super) fn gather(part: &Part<'_>) -> Result<Shown, Malformed> {
    gather_from(part, true)
}

/// `first` says that nothing stands before the part: that one is text even if it has a name.
fn gather_from(part: &Part<'_>, first: bool) -> Result<Shown, Malformed> {
    match &part.holds {
        Holds::Body(body) => leaf(&part.head, body, first),
        Holds::Parts(parts) => {
            let mut shown =
                parts.iter().enumerate().map(|(number, part)| gather_from(part, first && number == 0));
            if part.head.media_type == "multipart/alternative" {
                shown.try_fold(Shown::default(), |best, next| Ok(best.or(next?)))
            } else {
                shown.try_fold(Shown::default(), |all, next| Ok(all.and(next?)))
            }
        }
    }
}

fn leaf(head: &Head, body: &[u8], first: bool) -> Result<Shown, Malformed> {
    let bytes = structure::decoded(head, body)?;
    let is_text = !head.is_attachment && (first || head.file_name.is_none());
    match &*head.media_type {
        "text/plain" if is_text => {
            let text = structure::text(&bytes, head.charset.as_deref());
            Ok(Shown { text: legible(&text), kind: Kind::Plain, ..Shown::default() })
        }
        "text/html" if is_text => {
            let html = structure::text(&bytes, head.charset.as_deref());
            let text = html::text_of(&html);
            Ok(Shown { text, html: Some(html), kind: Kind::FromHtml, ..Shown::default() })
        }
        media_type => {
            let name = head.file_name.clone().unwrap_or_else(|| usual_name(media_type));
            let (media_type, charset) = (media_type.to_owned(), head.charset.clone());
            let file = File { name, media_type, charset, bytes: bytes.into_owned() };
            Ok(Shown { files: vec![file], ..Shown::default() })
        }
    }
}

impl Shown {
    /// Two ways to say the same: the plain text of the one and the HTML of the other; files of both.
    fn or(mut self, next: Self) -> Self {
        if next.kind > self.kind {
            (self.text, self.kind) = (next.text, next.kind);
        }
        // The later is the richer one.
        self.html = next.html.or(self.html);
        self.files.extend(next.files);
        self
    }

    /// One after the other.
    fn and(mut self, next: Self) -> Self {
        self.html = match (self.html, next.html) {
            (None, None) => None,
            (None, Some(html)) => Some(rich(&self.text) + &html),
            (Some(html), None) => Some(html + &rich(&next.text)),
            (Some(html), Some(more)) => Some(html + &more),
        };
        if !self.text.is_empty() && !next.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&next.text);
        self.kind = self.kind.max(next.kind);
        self.files.extend(next.files);
        self
    }
}

fn rich(text: &str) -> String {
    if text.is_empty() { String::new() } else { html::of_text(text) }
}

/// Text without control characters that a page or a text file trips over.
fn legible(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// A name for a file that has none, by what it is.
fn usual_name(media_type: &str) -> String {
    match media_type {
        "message/rfc822" | "message/global" => "message.eml".to_owned(),
        "text/calendar" => "invitation.ics".to_owned(),
        "text/plain" | "text/rfc822-headers" | "message/delivery-status" => "text.txt".to_owned(),
        "application/pgp-signature" => "signature.asc".to_owned(),
        other => {
            let (kind, subtype) = other.split_once('/').unwrap_or(("file", ""));
            let ending =
                subtype.chars().all(|c| c.is_ascii_alphanumeric()) && (1..=5).contains(&subtype.len());
            if ending { format!("{kind}.{subtype}") } else { kind.to_owned() }
        }
    }
}
