//! The letters of the walk: real MIME messages of several kinds, and the mails that arrive in the local mailbox.

use super::client::File;
use anyhow::{Context, Result};
use mail_parser::{MessageParser, MimeHeaders};
use std::path::Path;

/// A message file, read.
pub struct Letter {
    /// Subject, decoded.
    pub subject: String,
    /// Plain text body, decoded.
    pub text: String,
    /// Attachments, decoded.
    pub files: Vec<File>,
}

/// Plain text, UTF-8.
pub const PLAIN: &[u8] = include_bytes!("../../tests/data/plain.eml");
/// Plain text and HTML, a UTF-8 subject.
pub const ALTERNATIVE: &[u8] = include_bytes!("../../tests/data/alternative.eml");
/// ISO-8859-1 in subject and body.
pub const LATIN1: &[u8] = include_bytes!("../../tests/data/latin1.eml");
/// Three attachments.
pub const ATTACHMENTS: &[u8] = include_bytes!("../../tests/data/attachments.eml");

/// Reads a message file.
pub fn read(bytes: &[u8]) -> Result<Letter> {
    let message = MessageParser::default().parse(bytes).context("this is no message file")?;
    let files = message.attachments().map(|part| File {
        name: part.attachment_name().unwrap_or("file").to_owned(),
        media_type: part.content_type().map_or_else(
            || "application/octet-stream".to_owned(),
            |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")),
        ),
        bytes: part.contents().to_vec(),
    });
    Ok(Letter {
        subject: message.subject().context("it has no subject")?.to_owned(),
        text: message.body_text(0).context("it has no text")?.into_owned(),
        files: files.collect(),
    })
}

/// A mail in the local mailbox.
pub struct Arrived {
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
    /// The whole mail as it is stored, headers too.
    pub raw: String,
}

/// Mails to an address in the local mailbox, oldest first.
pub fn arrived(maildir: &Path, address: &str) -> Result<Vec<Arrived>> {
    let mut mails = vec![];
    for entry in std::fs::read_dir(maildir.join("new"))? {
        let bytes = std::fs::read(entry?.path())?;
        let mail =
            MessageParser::default().parse(&bytes).context("a mail in the local mailbox is malformed")?;
        let is_to =
            mail.to().and_then(|to| to.first()).and_then(|to| to.address()).is_some_and(|to| to == address);
        if is_to {
            let at = mail.date().map_or(0, mail_parser::DateTime::to_timestamp);
            mails.push((
                at,
                Arrived {
                    subject: mail.subject().unwrap_or_default().to_owned(),
                    text: mail.body_text(0).unwrap_or_default().into_owned(),
                    raw: String::from_utf8_lossy(&bytes).into_owned(),
                },
            ));
        }
    }
    mails.sort_by_key(|(at, _)| *at);
    Ok(mails.into_iter().map(|(_, mail)| mail).collect())
}

impl Arrived {
    /// The token of the first link in the mail: what it asks for. The last one is the link by which a person leaves.
    pub fn token(&self) -> Result<String> {
        self.tokens().first().cloned().context("the mail has no link")
    }

    /// The token of the link by which a person leaves.
    pub fn leaving_token(&self) -> Result<String> {
        self.tokens().last().cloned().context("the mail has no link to leave by")
    }

    fn tokens(&self) -> Vec<String> {
        let links = self.text.split("/link/").skip(1);
        links.map(|rest| rest.split_whitespace().next().unwrap_or_default().to_owned()).collect()
    }
}
