//! Verifying the log: how deep, and what can come out (N1, Q12).

use serde::{Deserialize, Serialize};
use std::fmt;

/// How deep a verification goes; each level includes those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Checkpoints and anchors.
    Signatures,
    /// The tree over all entries.
    Entries,
    /// Hashes of sealed bodies.
    Bodies,
    /// Bodies opened and read models compared.
    Meaning,
}

impl Level {
    /// All of them, the first one first.
    pub const ALL: [Self; 4] = [Self::Signatures, Self::Entries, Self::Bodies, Self::Meaning];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signatures => "signatures",
            Self::Entries => "entries",
            Self::Bodies => "bodies",
            Self::Meaning => "meaning",
        })
    }
}

/// What a verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All holds.
    Sound,
    /// Something was changed.
    Tampered,
    /// Older than something that was signed.
    RolledBack,
    /// Two histories were signed.
    Forked,
    /// No fresh checkpoint.
    Stale,
    /// A key is gone without its event.
    KeyLost,
}
