//! A mail as it was understood (RFC 5322, RFC 2045): who wrote it, what it says, which files it has, whether a program made it.
//!
//! What cannot be understood without a guess is refused (G4): whoever sent it hears of it, and nothing is stored of which a
//! part is missing.

use super::Reception;
use crate::content_rules::text_of;
use domain::address::Mailbox;
use mail_parser::HeaderName;
use std::fmt;
use thiserror::Error;

mod head;
pub(crate) mod html;
mod report;
mod shown;
mod structure;
#[cfg(test)]
mod tests;

pub(crate) use report::{Action, Report};

/// A mail as it was understood.
pub(crate) struct Incoming {
    /// Without angle brackets.
    pub(crate) message_id: Option<String>,
    /// Who wrote it, or who sent it for several who did; `None` where that is no address that a person has.
    pub(crate) from: Option<Mailbox>,
    /// To, as written.
    pub(crate) to: Vec<Mailbox>,
    /// Cc, as written.
    pub(crate) cc: Vec<Mailbox>,
    /// One line.
    pub(crate) subject: String,
    /// Plain text, made from the HTML where there is nothing else.
    pub(crate) text: String,
    /// As written; whoever shows it asks [`html::harmless`] first.
    pub(crate) html: Option<String>,
    /// Attachments, pictures of the HTML, forwarded mails, invitations.
    pub(crate) files: Vec<File>,
    /// Whether a program sent it, as far as its fields say (RFC 3834).
    pub(crate) automatic: bool,
    /// Names and values of its fields, decoded.
    pub(crate) headers: Vec<(String, String)>,
    /// What it reports, if it is a report on a delivery.
    pub(crate) report: Option<Report>,
}

/// A file in a mail.
pub(crate) struct File {
    /// As its sender named it.
    pub(crate) name: String,
    /// Type and subtype, in lower case.
    pub(crate) media_type: String,
    /// Decoded.
    pub(crate) bytes: Vec<u8>,
    charset: Option<String>,
}

/// Why a mail cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Malformed {
    /// A NUL octet in it.
    #[error("it has a NUL octet")]
    Nul,
    /// The fields of a part are longer than [`structure::HEAD_BYTES`].
    #[error("its header section is longer than 256 KiB")]
    LongHead,
    /// A part that holds parts does not say what stands between them.
    #[error("a multipart has no boundary")]
    NoBoundary,
    /// The boundary stands nowhere.
    #[error("a multipart has no parts")]
    NoParts,
    /// More than 20 levels.
    #[error("its parts are nested deeper than 20")]
    TooDeep,
    /// More than 1 000 parts.
    #[error("it has more than 1000 parts")]
    TooManyParts,
    /// An attachment's encoding is broken.
    #[error("the encoding of a part is broken")]
    BadEncoding,
    /// The From field stands there twice, not at all, or names nobody.
    #[error("it needs one From field that names its author")]
    NoAuthor,
    /// Several authors, and no Sender (RFC 5322 §3.6.2).
    #[error("it has several authors and no Sender field")]
    NoSender,
    /// More than [`MAILBOXES`] in one field.
    #[error("a field names more than 1000 mailboxes")]
    TooManyMailboxes,
}

impl From<Malformed> for Reception {
    fn from(why: Malformed) -> Self {
        Self::refused(554, "5.6.0", format!("the mail cannot be read: {why}"))
    }
}

/// Mailboxes of one field.
const MAILBOXES: usize = 1_000;
/// Authors of one mail.
const AUTHORS: usize = 100;

/// Reads a mail. It takes time with its size: not for a thread that answers others.
pub(crate) fn read(raw: &[u8]) -> Result<Incoming, Malformed> {
    if raw.contains(&0) {
        return Err(Malformed::Nul);
    }
    let mail = structure::parts(raw)?;
    let (head, _) = structure::split_head(raw)?;
    let [from, sender, to, cc] =
        head::named(head, [HeaderName::From, HeaderName::Sender, HeaderName::To, HeaderName::Cc]);
    if to.mailboxes.len().max(cc.mailboxes.len()) > MAILBOXES {
        return Err(Malformed::TooManyMailboxes);
    }
    let author = author(&from, &sender, mail.head.all("From").count())?;
    let shown = shown::gather(&mail)?;
    Ok(Incoming {
        message_id: mail.head.first("Message-ID").map(report::bare_id),
        from: author,
        to: to.mailboxes,
        cc: cc.mailboxes,
        subject: one_line(mail.head.first("Subject").unwrap_or_default()),
        text: shown.text,
        html: shown.html,
        files: shown.files,
        automatic: is_automatic(&mail.head),
        report: report::report(&mail),
        headers: mail.head.fields,
    })
}

/// Who wrote the mail (RFC 5322 §3.6.2).
fn author(from: &head::Named, sender: &head::Named, fields: usize) -> Result<Option<Mailbox>, Malformed> {
    let authors = from.mailboxes.len() + from.unreadable;
    match (fields, authors) {
        (1, 1) => Ok(from.mailboxes.first().cloned()),
        (1, 2..=AUTHORS) if !sender.mailboxes.is_empty() => Ok(sender.mailboxes.first().cloned()),
        (1, 2..=AUTHORS) => Err(Malformed::NoSender),
        _ => Err(Malformed::NoAuthor),
    }
}

/// Whether a program sent it: then nobody is to be answered (RFC 3834 §2, R13).
fn is_automatic(head: &head::Head) -> bool {
    let says = |name: &str| head.first(name).map(|value| value.trim().to_ascii_lowercase());
    says("Auto-Submitted").is_some_and(|value| value.split(';').next().map(str::trim) != Some("no"))
        || says("Precedence").is_some_and(|value| ["bulk", "junk", "list", "auto_reply"].contains(&&*value))
        || says("X-Auto-Response-Suppress").is_some_and(|value| value != "none")
        || ["List-Id", "X-Autoreply", "X-Autorespond"].into_iter().any(|name| says(name).is_some())
}

/// A text without line ends and other control characters.
fn one_line(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    spaced.trim().to_owned()
}

impl File {
    /// What its first bytes say, as text.
    pub(crate) fn text(&self, bytes: usize) -> String {
        let bytes = &self.bytes[..bytes.min(self.bytes.len())];
        let text = match &self.charset {
            Some(charset) => structure::text(bytes, Some(charset)),
            None => text_of(bytes),
        };
        if self.media_type == "text/html" { html::text_of(&text) } else { text }
    }
}

/// Shows nothing of the mail.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("text_bytes", &self.text.len())
            .field("file_count", &self.files.len())
            .field("automatic", &self.automatic)
            .finish_non_exhaustive()
    }
}
