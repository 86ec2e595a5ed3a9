//! What happens to a message.

use super::{About, Body, Grant, Headline, Onward, Recipient};
use crate::{
    classified::{Content, Personal},
    id::{AccountId, AttachmentId, ContentKeyId, MessageId, RuleId},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What of a message somebody took with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// The body with recipients, subject and time as a text file (A23).
    Text,
    /// One attachment (A24).
    Attachment(AttachmentId),
    /// Text and attachments as a group (A25).
    Zip,
    /// The whole as a mail.
    Eml,
}

/// A rule that a sender goes against, knowing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOverride {
    /// Which.
    pub rule: RuleId,
    /// How many hits.
    pub hits: u32,
    /// Why.
    pub reason: String,
}

/// What happened to a message.
#[expect(
    clippy::large_enum_variant,
    reason = "an event lives between its row and its projection, one at a time"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// It was sent.
    Sent {
        /// By whom.
        from: AccountId,
        /// To whom.
        recipients: Vec<Recipient>,
        /// What it answers or forwards.
        about: Option<About>,
        /// The key that its content is sealed under.
        content_key: ContentKeyId,
        /// That key, sealed for each who may read.
        grants: Vec<Grant>,
        /// What lists show.
        headline: Content<Headline>,
        /// What opening shows.
        body: Content<Body>,
        /// The files attached, and the mail as it came, so that what nobody has any more is found without opening it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<AttachmentId>,
        /// The rule that secured it (C1).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secured_by: Option<RuleId>,
        /// How many files are attached.
        attachment_count: u32,
        /// Body and files, decoded.
        size_bytes: u64,
        /// When it ends for everyone.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Its content was shown.
    Opened {
        /// To whom.
        by: AccountId,
        /// Whether for the first time.
        first: bool,
        /// When.
        at: Timestamp,
    },
    /// It was answered.
    Replied {
        /// By whom.
        by: AccountId,
        /// With which message.
        with: MessageId,
        /// When.
        at: Timestamp,
    },
    /// It was forwarded.
    Forwarded {
        /// By whom.
        by: AccountId,
        /// As which message.
        with: MessageId,
        /// When.
        at: Timestamp,
    },
    /// A reply or forward was refused for its recipients.
    OnwardRefused {
        /// Who tried.
        by: AccountId,
        /// What.
        what: Onward,
        /// When.
        at: Timestamp,
    },
    /// Its sender went against a rule, with a reason (Q9). In the same commit it was sent.
    RuleOverridden {
        /// Who.
        by: AccountId,
        /// Against which rule.
        rule: RuleId,
        /// How many hits.
        hits: u32,
        /// Why; the sender's own words.
        reason: Personal<String>,
        /// When.
        at: Timestamp,
    },
    /// Content was handed out to be kept.
    Downloaded {
        /// To whom.
        by: AccountId,
        /// What of it.
        what: Taken,
        /// When.
        at: Timestamp,
    },
    /// It was shown to be printed.
    Printed {
        /// To whom.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// It was taken back.
    Recalled {
        /// From these, each once; its sender among them where the message that it passes on was recalled.
        from: Vec<AccountId>,
        /// Whether no recipient has it any more.
        wholly: bool,
        /// When.
        at: Timestamp,
    },
    /// Somebody deleted it from their own mailbox.
    Deleted {
        /// Who.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Its recipients are warned that it ends soon.
    ExpiryWarned {
        /// Those who still have it.
        recipients: Vec<AccountId>,
        /// When.
        at: Timestamp,
    },
    /// Its time was over.
    Expired {
        /// When.
        at: Timestamp,
    },
}
