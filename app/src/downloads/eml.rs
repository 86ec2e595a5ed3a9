//! A message that was written here as a mail (RFC 5322), its files part by part in base64 as it leaves.

use super::{Interrupted, Leaving, Letter, text::one_line};
use crate::{App, Viewer};
use base64ct::{Base64, Encoding};
use bytes::Bytes;
use domain::{
    address::Mailbox,
    file_name::{harmless, media_type},
    message::{Attachment, Body, Headline},
};
use eventstore::blobs::Blobs;
use futures_util::{
    StreamExt,
    stream::{self, unfold},
};
use mail_builder::{
    headers::{
        Header, HeaderType, address::Address, content_type::ContentType, date::Date, message_id::MessageId,
        raw::Raw, text::Text,
    },
    mime::MimePart,
};

/// Bytes of a file in a line of 76 characters (RFC 2045, section 6.8).
const LINE_BYTES: usize = 57;

/// A mail, all but the bytes of its files.
pub(super) struct Mail {
    head: Bytes,
    /// Each file with what stands before it.
    parts: Vec<(Bytes, Attachment)>,
    last: Bytes,
}

impl Mail {
    pub(super) fn new(app: &App, viewer: &Viewer, letter: &Letter) -> Self {
        let host = viewer.rules.founded.as_ref().map_or("", |identity| host(&identity.portal_url));
        let mut head = headers(letter, host);
        let (body, files) = (body(&letter.body), &letter.headline.attachments);
        if files.is_empty() {
            body.write_part(&mut head);
            return Self { head: head.into(), parts: vec![], last: Bytes::new() };
        }
        // New for each mail: nobody who writes one can know it and end a part early.
        let boundary = format!("=_{}", app.log.clock().new_id::<Boundary>());
        let mixed = ContentType::new("multipart/mixed").attribute("boundary", boundary.clone());
        write(&mut head, "Content-Type", mixed);
        head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        body.write_part(&mut head);
        let part = |file: &Attachment| (part_head(&boundary, file).into(), file.clone());
        let parts = files.iter().map(part).collect();
        Self { head: head.into(), parts, last: format!("\r\n--{boundary}--\r\n").into() }
    }

    /// Bytes of the whole.
    pub(super) fn size_bytes(&self) -> u64 {
        let part = |(head, file): &(Bytes, Attachment)| head.len() as u64 + size_in_base64(file.size_bytes);
        self.head.len() as u64 + self.parts.iter().map(part).sum::<u64>() + self.last.len() as u64
    }

    pub(super) fn leaving(self, blobs: Blobs) -> Leaving {
        let parts = stream::iter(self.parts).flat_map(move |(head, file)| {
            let bytes = blobs.open(&file, 0..file.size_bytes).map(|piece| piece.map_err(Interrupted::from));
            stream::iter([Ok(head)]).chain(in_base64(bytes.boxed()))
        });
        stream::iter([Ok(self.head)]).chain(parts).chain(stream::iter([Ok(self.last)])).boxed()
    }
}

/// What a boundary's id is of.
struct Boundary;

fn headers(letter: &Letter, host: &str) -> Vec<u8> {
    let Headline { subject, from, to, cc, .. } = &letter.headline;
    let mut head = vec![];
    write(&mut head, "From", address(from));
    write(&mut head, "To", Address::new_list(to.iter().map(address).collect()));
    if !cc.is_empty() {
        write(&mut head, "Cc", Address::new_list(cc.iter().map(address).collect()));
    }
    // What looks encoded was written so: a reader must not decode it (RFC 2047).
    write(&mut head, "Subject", Text::new(one_line(subject).replace("=?", "= ?")));
    write(&mut head, "Date", Date::new(letter.sent_at.to_utc().unix_timestamp()));
    write(&mut head, "Message-ID", MessageId::new(format!("{}@{host}", letter.message)));
    write(&mut head, "MIME-Version", Raw::new("1.0"));
    head
}

fn body(body: &Body) -> MimePart<'_> {
    let text = MimePart::new("text/plain", body.text.as_str());
    match &body.html {
        Some(html) => {
            MimePart::new("multipart/alternative", vec![text, MimePart::new("text/html", html.as_str())])
        }
        None => text,
    }
}

fn part_head(boundary: &str, file: &Attachment) -> Vec<u8> {
    let mut head = format!("\r\n--{boundary}\r\n").into_bytes();
    let kind = media_type(&file.media_type);
    // Mails within a mail must not be in base64 (RFC 2046, sections 5.1 and 5.2.1).
    let composite = kind.starts_with("multipart/") || kind.starts_with("message/");
    write(
        &mut head,
        "Content-Type",
        ContentType::new(if composite { "application/octet-stream" } else { &kind }),
    );
    let disposition = ContentType::new("attachment").attribute("filename", harmless(&file.name));
    write(&mut head, "Content-Disposition", disposition);
    write(&mut head, "Content-Transfer-Encoding", Raw::new("base64"));
    head.extend_from_slice(b"\r\n");
    head
}

/// The same bytes in base64, in lines.
fn in_base64(bytes: Leaving) -> Leaving {
    unfold(Some((bytes, vec![])), |state| async move {
        let (mut bytes, mut waiting) = state?;
        match bytes.next().await {
            Some(Ok(piece)) => {
                waiting.extend_from_slice(&piece);
                let rest = waiting.split_off(waiting.len() / LINE_BYTES * LINE_BYTES);
                Some((Ok(lines(&waiting)), Some((bytes, rest))))
            }
            Some(Err(interrupted)) => Some((Err(interrupted), None)),
            None => Some((Ok(lines(&waiting)), None)),
        }
    })
    .boxed()
}

/// What so many bytes come to as [`lines`].
fn size_in_base64(bytes: u64) -> u64 {
    let line = LINE_BYTES as u64;
    let last = match bytes % line {
        0 => 0,
        rest => rest.div_ceil(3) * 4 + 2,
    };
    bytes / line * 78 + last
}

fn lines(bytes: &[u8]) -> Bytes {
    let lines = bytes.chunks(LINE_BYTES).map(|line| Base64::encode_string(line) + "\r\n");
    Bytes::from(lines.collect::<String>())
}

fn write<'a>(head: &mut Vec<u8>, name: &'static str, value: impl Into<HeaderType<'a>>) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    value.into().write_header(head, name.len() + 2);
}

fn address(mailbox: &Mailbox) -> Address<'static> {
    Address::new_address(mailbox.name.as_deref().map(one_line), mailbox.address.to_string())
}

/// The host in a portal's address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A24: the length of a file in a mail is known before its first byte.
    #[test]
    fn the_length_in_base64_is_known() {
        for size in [0, 1, 2, 3, 56, 57, 58, 59, 60, 113, 114, 115, 1_000] {
            assert_eq!(lines(&vec![7; size]).len() as u64, size_in_base64(size as u64), "{size}");
        }
    }
}
