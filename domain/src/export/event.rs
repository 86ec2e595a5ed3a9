//! What happens to an export.

use super::Kind;
use crate::{
    audit::Question,
    bytes::Sha256,
    classified::Personal,
    id::{AccountId, MessageId},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What happened to an export. Its words are sealed under a key of the export's own, and outlive the officer's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// Somebody asked for it.
    Requested {
        /// Who; nothing is the command line.
        by: Option<AccountId>,
        /// What it shall hold.
        kind: Kind,
        /// Its conditions in codes and ids.
        what: Question,
        /// All its conditions, as JSON.
        terms: Personal<String>,
        /// Why, in their own words.
        reason: Personal<String>,
        /// The size of the log that it is a picture of (E6).
        tree_size: u64,
        /// When.
        at: Timestamp,
    },
    /// A second person agreed (K3).
    Approved {
        /// Who.
        by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Messages were opened for it (N7).
    Disclosed {
        /// The chunk's number, from 0.
        chunk: u32,
        /// Which messages.
        messages: Vec<MessageId>,
        /// When.
        at: Timestamp,
    },
    /// It is made.
    Finished {
        /// Its files, the manifest last.
        files: Vec<File>,
        /// When they are deleted.
        kept_until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// It cannot be made.
    Failed {
        /// Why.
        why: Failure,
        /// When.
        at: Timestamp,
    },
    /// A file was fetched, or a part of it.
    Downloaded {
        /// By whom.
        by: AccountId,
        /// Its place among the files, from 0.
        file: u32,
        /// When.
        at: Timestamp,
    },
}

/// A file of an export. Its name is made of fixed words and numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub size_bytes: u64,
    /// Its hash.
    pub sha256: Sha256,
}

/// Why an export could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// It would have more files than a manifest names.
    TooLarge,
    /// Its conditions cannot be read by this program.
    Unreadable,
    /// It was not made in time, and its key is gone.
    TooLate,
    /// Its file could not be written.
    NotWritten,
}
