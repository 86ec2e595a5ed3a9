//! What a message is made of.

use crate::{
    account::Kind,
    address::Mailbox,
    bytes::{BlobKey, Sealed},
    id::{AccountId, AttachmentId, MessageId},
    notification::Kind as NotificationKind,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Who.
    pub account: AccountId,
    /// Guest or member when it was sent.
    pub kind: Kind,
    /// Addressed directly or by a copy.
    pub field: Field,
    /// The mail that tells of it (A6); `None` where the invitation made in the same step does.
    pub notice: Option<NotificationKind>,
    /// When that mail is due, where it tells of all mail of a time (policy `digest`); `None` is at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_at: Option<Timestamp>,
}

/// An address line. There is no Bcc (A27).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Addressed.
    To,
    /// Copied.
    Cc,
}

/// What a message answers or forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The original.
    pub message: MessageId,
    /// What it is to the original.
    pub what: Onward,
}

/// How one message follows from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Onward {
    /// It answers.
    Reply,
    /// It passes on.
    Forward,
}

/// The content key, sealed for one reader under mailbox key and expiry-day key together: it dies with either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The reader.
    pub account: AccountId,
    /// Which of the reader's mailbox keys.
    pub direction: Direction,
    /// That key's generation (K9).
    pub generation: u32,
    /// The sealed key.
    pub key: Sealed,
}

/// A mailbox that a message stands in: what a [`Grant`] is of, without its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// Whose.
    pub account: AccountId,
    /// Received or sent.
    pub direction: Direction,
    /// Which of theirs.
    pub generation: u32,
}

impl From<&Grant> for Granted {
    fn from(grant: &Grant) -> Self {
        Self { account: grant.account, direction: grant.direction, generation: grant.generation }
    }
}

/// Which way mail goes; leaving destroys the incoming key alone (B38).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
}

/// What lists show without opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// Subject.
    pub subject: String,
    /// Sender, as shown.
    pub from: Mailbox,
    /// Recipients, as written.
    pub to: Vec<Mailbox>,
    /// Recipients of a copy, as written.
    pub cc: Vec<Mailbox>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// What only opening shows (R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Plain text.
    pub text: String,
    /// The same as HTML, sanitised, where it came as HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The mail as the gateway took it, so that its structure and character sets survive (G4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Attachment>,
}

/// A file that was uploaded and sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which.
    pub id: AttachmentId,
    /// File name, made harmless.
    pub name: String,
    /// As declared; never sniffed.
    pub media_type: String,
    /// Decoded bytes.
    pub size_bytes: u64,
    /// Where its sealed parts lie, in the store of attachments.
    pub blob: String,
    /// Bytes of plaintext of each part, in order: a file arrives in as many as its upload was cut into (R7). Empty where it
    /// is one part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<u64>,
    /// What it is sealed under.
    pub key: BlobKey,
}
