//! What a person takes with them: recorded before its first byte leaves, and broken off when its time is over (A21–A25, A42).
//!
//! In two steps. An [`Offer`] says what there is and records nothing; so HEAD asks for it (R1). Taking it up records it, and
//! what cannot be recorded is not given (K7).

mod eml;
mod guard;
mod names;
mod text;
mod zip;

pub use guard::{Interrupted, Leaving};

use crate::{App, Error, Problem, ProblemCode, Viewer, error::not_found, grants::Opened};
use bytes::Bytes;
use domain::{
    AccountId, AttachmentId, MessageId, Timestamp,
    address::{EmailAddress, Mailbox},
    file_name::{harmless, media_type},
    message::{Attachment, Body, Command, Headline, Message, Taken},
};
use eml::Mail;
use futures_util::{StreamExt, stream};
use projections::mailbox::{MailboxEntry, MessageRow};
use std::ops::Range;

/// As what a message is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A text file (A23).
    Text,
    /// That text and all attachments (A25).
    Zip,
    /// A mail (RFC 5322), the original one where it came as a mail (G4).
    Eml,
}

/// Something that can be taken.
pub struct Offer {
    /// File name, harmless.
    pub name: String,
    /// Media type; of a file as declared, never guessed (A38).
    pub media_type: String,
    /// Bytes of the whole. Told beforehand, so that what breaks off is never taken for the whole.
    pub size_bytes: u64,
    source: Source,
    /// Of which message; of a file on one's own draft there is nothing to record.
    of: Option<Held>,
}

/// A message without decoration (A42).
#[derive(Debug, Clone)]
pub struct Printout {
    /// Whose message centre it is from.
    pub organisation: String,
    /// The sender.
    pub from: Mailbox,
    /// Recipients.
    pub to: Vec<Mailbox>,
    /// Recipients of a copy.
    pub cc: Vec<Mailbox>,
    /// Subject.
    pub subject: String,
    /// Body.
    pub text: String,
    /// Names of files and their bytes.
    pub attachments: Vec<(String, u64)>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it ends for everyone.
    pub expires_at: Timestamp,
    /// When it was printed.
    pub printed_at: Timestamp,
    /// By whom; `None` once erased.
    pub printed_by: Option<EmailAddress>,
}

enum Source {
    Text(Bytes),
    File(Box<Attachment>),
    Zip(Box<Letter>),
    Eml(Box<Mail>),
}

/// A message that stands, opened.
struct Letter {
    message: MessageId,
    headline: Headline,
    body: Body,
    sent_at: Timestamp,
    expires_at: Timestamp,
}

/// By whom something of a message is taken.
#[derive(Clone)]
struct Held {
    message: MessageId,
    what: Taken,
    /// As the message knows them.
    by: AccountId,
    expires_at: Timestamp,
}

impl App {
    /// A message to be taken, by whoever may open it.
    pub async fn offer_message(
        &self,
        viewer: &Viewer,
        message: MessageId,
        format: Format,
    ) -> Result<Offer, Error> {
        let (entry, letter) = self.letter(viewer, message).await?;
        let subject = letter.headline.subject.clone();
        let offer = |what, extension, media_type: &str, size_bytes, source| Offer {
            name: names::of_message(&subject, extension),
            media_type: media_type.to_owned(),
            size_bytes,
            source,
            of: Some(held(&entry, what)),
        };
        Ok(match format {
            Format::Text => {
                let text = Bytes::from(text::file(&letter));
                offer(Taken::Text, "txt", "text/plain; charset=utf-8", text.len() as u64, Source::Text(text))
            }
            Format::Zip if letter.headline.attachments.is_empty() => return Err(not_found("Zip file").into()),
            Format::Zip => {
                let size_bytes = zip::size_bytes(&letter);
                offer(Taken::Zip, "zip", "application/zip", size_bytes, Source::Zip(Box::new(letter)))
            }
            Format::Eml => {
                let (size_bytes, source) = if let Some(original) = letter.body.original {
                    (original.size_bytes, Source::File(Box::new(original)))
                } else {
                    let mail = Mail::new(self, viewer, &letter);
                    (mail.size_bytes(), Source::Eml(Box::new(mail)))
                };
                offer(Taken::Eml, "eml", "message/rfc822", size_bytes, source)
            }
        })
    }

    /// A file to be taken: of a message, by whoever may open that; of a draft, by its writer.
    pub async fn offer_attachment(&self, viewer: &Viewer, attachment: AttachmentId) -> Result<Offer, Error> {
        let Viewer { organisation, account, .. } = *viewer;
        let messages = self.models.messages_with_attachment(organisation, account, attachment).await?;
        let mut is_gone = false;
        for message in messages {
            match self.letter(viewer, message).await {
                Ok((entry, letter)) => {
                    let file = letter.headline.attachments.into_iter().find(|file| file.id == attachment);
                    if let Some(file) = file {
                        return Ok(file_offer(file, Some(held(&entry, Taken::Attachment(attachment)))));
                    }
                }
                Err(Error::Problems(_)) => is_gone = true,
                Err(other) => return Err(other),
            }
        }
        match self.file_of_draft(viewer, attachment).await? {
            Some(file) => Ok(file_offer(file, None)),
            None if is_gone => Err(gone()),
            None => Err(not_found("file").into()),
        }
    }

    /// Records that an offer is taken up, then gives its bytes; of a file a part of them, if a range is named. The range is
    /// passed over where the whole is made as it leaves.
    pub async fn take(
        &self,
        viewer: &Viewer,
        offer: Offer,
        range: Option<Range<u64>>,
    ) -> Result<Leaving, Error> {
        if let Some(Held { message, what, by, .. }) = offer.of {
            self.record(viewer, message, || Command::Download { by, what, at: self.log.now() }).await?;
        }
        let bytes = match offer.source {
            Source::Text(text) => stream::iter([Ok(text)]).boxed(),
            Source::File(file) => {
                let range = range.unwrap_or(0..file.size_bytes);
                self.blobs.open(&file, range).map(|piece| piece.map_err(Interrupted::from)).boxed()
            }
            Source::Zip(letter) => zip::archive(self.blobs.clone(), *letter),
            Source::Eml(mail) => mail.leaving(self.blobs.clone()),
        };
        Ok(match offer.of {
            Some(held) => guard::guarded(self.clone(), viewer.clone(), held, bytes),
            None => bytes,
        })
    }

    /// Shows a message without decoration, and records that (A42).
    pub async fn print_message(&self, viewer: &Viewer, message: MessageId) -> Result<Printout, Error> {
        let (entry, letter) = self.letter(viewer, message).await?;
        let (by, at) = (entry.granted_to, self.log.now());
        self.record(viewer, message, || Command::Print { by, at }).await?;
        let Headline { subject, from, to, cc, attachments } = letter.headline;
        let organisation = viewer.rules.founded.as_ref().map(|identity| identity.name.clone());
        Ok(Printout {
            organisation: organisation.unwrap_or_default(),
            from,
            to,
            cc,
            subject,
            text: letter.body.text,
            attachments: attachments
                .into_iter()
                .map(|file| (harmless(&file.name), file.size_bytes))
                .collect(),
            sent_at: letter.sent_at,
            expires_at: letter.expires_at,
            printed_at: at,
            printed_by: viewer.holder.address.value().cloned(),
        })
    }

    async fn record(
        &self,
        viewer: &Viewer,
        message: MessageId,
        command: impl Fn() -> Command,
    ) -> Result<(), Error> {
        let meta = viewer.meta();
        let done = self.log.execute::<Message>(viewer.organisation, message.uuid(), &meta, command).await?;
        self.wait_for(done.map_err(Problem::from)?.position()).await
    }

    async fn letter(&self, viewer: &Viewer, message: MessageId) -> Result<(MailboxEntry, Letter), Error> {
        let entry = self.entry(viewer, message).await?;
        let mut opened = self.open_entries(viewer, std::slice::from_ref(&entry)).await?;
        let opened = opened.remove(&entry.position).ok_or_else(gone)?;
        let letter = Letter {
            message,
            headline: opened.headline,
            body: opened.body,
            sent_at: entry.sent_at,
            expires_at: entry.expires_at,
        };
        Ok((entry, letter))
    }

    async fn file_of_draft(
        &self,
        viewer: &Viewer,
        attachment: AttachmentId,
    ) -> Result<Option<Attachment>, Error> {
        let registered = self.registered(viewer.organisation, viewer.account, attachment).await?;
        let Some(draft) = registered.and_then(|file| file.draft) else { return Ok(None) };
        match self.own_draft(viewer, draft).await {
            Ok((_, writing)) => {
                let mut files = writing.attachments.into_iter();
                let file = files.find(|(id, _, _)| *id == attachment);
                Ok(file.and_then(|(_, _, file)| file.value().cloned()))
            }
            Err(Error::Problems(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// A message as its text file has it.
pub(crate) fn as_text(row: &MessageRow, opened: Opened) -> String {
    let MessageRow { message, sent_at, expires_at, .. } = *row;
    let Opened { headline, body } = opened;
    text::file(&Letter { message, headline, body, sent_at, expires_at })
}

fn held(entry: &MailboxEntry, what: Taken) -> Held {
    Held { message: entry.message, what, by: entry.granted_to, expires_at: entry.expires_at }
}

/// Names and types of files are made harmless once more: what stands in the log may be older than that rule.
fn file_offer(file: Attachment, of: Option<Held>) -> Offer {
    Offer {
        name: harmless(&file.name),
        media_type: media_type(&file.media_type),
        size_bytes: file.size_bytes,
        source: Source::File(Box::new(file)),
        of,
    }
}

fn gone() -> Error {
    Problem::new(ProblemCode::Unavailable, "This message is gone; nobody can take anything of it any more.")
        .into()
}
