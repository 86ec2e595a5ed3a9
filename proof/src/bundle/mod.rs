//! The verification bundle: a log without its contents, or a few of its events, in one file that can be checked without the
//! server, its database or its keys.
//!
//! ```text
//! bundle     = "SPVB" | version u8 = 1 | kind u8 | bodies u8 | events u64 | length u16 | key | part … | end
//! kind       = 1: a whole log      2: selected events                          all numbers big endian
//! bodies     = 0: entries alone    1: each entry is followed by its sealed body
//! key        = the log's verifier key in C2SP form, name+hash+key
//!
//! whole log:
//! part       = tile | checkpoint
//! tile       = 1 u8 | 256 × item, the last tile with what is left
//! checkpoint = 2 u8 | length u32 | C2SP note     after the tile that completes its size; by size, then by their bytes
//!
//! selected events:
//! part       = one checkpoint first, then each event in the order of the log
//! event      = 3 u8 | leaf index u64 | item | n u8 | n × hash                  the path of RFC 6962 to the checkpoint
//!
//! item       = entry[90] | with bodies: length u32 | body
//! end        = 0 u8, and nothing after it
//! ```
//!
//! There is one way to write a bundle of the same things; anything else is refused. A bundle is written and checked in one
//! pass and in constant memory. What an entry is, stands in [`entry`](crate::entry).

mod check;
mod read;
mod report;
mod write;

pub use check::{Options, check};
pub use report::Report;
pub use write::{EventsWriter, LogWriter};

use crate::note::{self, Verifier};
use std::io;
use thiserror::Error;

/// What is in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Every event of a log up to its last checkpoint or beyond.
    Log = 1,
    /// Selected events, each with its proof.
    Events = 2,
}

/// How a bundle begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What is in it.
    pub kind: Kind,
    /// Whether the sealed bodies are in it.
    pub bodies: bool,
    /// How many events.
    pub events: u64,
    /// The log's key, as the bundle says. It proves nothing: whoever checks brings the key.
    pub key: Verifier,
}

/// Why a bundle cannot be checked, or written.
#[derive(Debug, Error)]
pub enum BundleError {
    /// It could not be read or written.
    #[error("the bundle cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// It is another file, or a newer program made it.
    #[error("this is no verification bundle that this program knows")]
    NotABundle,
    /// It is of a log with another key.
    #[error("the bundle is of a log with the key {0}; check it with that log's own key")]
    OtherKey(String),
    /// It breaks a rule of the format: it was cut off, or changed.
    #[error("the bundle is damaged after event {after}: {problem}")]
    Damaged {
        /// The last event that was read whole, counted from 1.
        after: u64,
        /// Which rule.
        problem: &'static str,
    },
}

/// Bytes of a sealed body at most; an event has less than 4 MiB.
pub const MOST_BODY_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of a verifier key at most.
const MOST_KEY_BYTES: usize = 1024;
/// Hashes of a path at most: a tree has fewer than 2^63 leaves.
const MOST_HASHES: usize = 63;
/// Bytes of a note at most.
const MOST_NOTE_BYTES: usize = note::MOST_BYTES;

const MAGIC: &[u8; 4] = b"SPVB";
const VERSION: u8 = 1;
const END: u8 = 0;
const TILE: u8 = 1;
const CHECKPOINT: u8 = 2;
const EVENT: u8 = 3;
