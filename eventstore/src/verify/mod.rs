//! Verifying a log as it stands in its database: against what was signed of it, and against the keys outside.
//!
//! | level | holds |
//! |---|---|
//! | signatures | stored checkpoints and anchors were signed by the log's key, and the stored tree has their roots |
//! | entries | the rows, as they stand, give that tree; each is compared with its stored leaf |
//! | bodies | each sealed body is the one whose hash its row has |
//! | meaning | events open under their keys, or the log says why not ([`Examiner`]); read models have the rows that events give |
//!
//! Nothing is written. Rows are read in order, as they come, while other cores hash: memory does not grow with the log.

mod anchors;
mod examiner;
mod keys;
mod rows;
mod signatures;
mod sources;

pub use anchors::Anchors;
pub use examiner::Examiner;

use crate::{db::Db, tree::LogTree};
use domain::verification::Level;
use proof::{
    heads::SignedHead,
    note::Verifier,
    sequence::Times,
    verdict::{Findings, Verdict},
};
use std::fmt;
use thiserror::Error;

/// What a log is verified against.
#[derive(Debug, Clone)]
pub struct Against {
    /// The log's public key, from outside its database.
    pub key: Verifier,
    /// What was anchored outside the database.
    pub anchors: Anchors,
    /// When the freshest checkpoint must have been signed at the earliest, in seconds since 1970.
    pub stale_before: Option<u64>,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Checkpoints are judged.
    Checkpoints,
    /// Events are read and hashed.
    Events,
    /// Events are opened, and read models folded anew from them.
    Meaning,
    /// The vault's keys are looked at.
    Keys,
    /// Rows of read models are compared.
    ReadModels,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checkpoints => "checkpoints",
            Self::Events => "events",
            Self::Meaning => "meaning",
            Self::Keys => "keys",
            Self::ReadModels => "read models",
        })
    }
}

/// Told now and then what is being done, how much of it is done, and how much there is.
pub type Progress<'p> = &'p (dyn Fn(Stage, u64, u64) + Send + Sync);

/// What a verification found.
#[derive(Debug, Clone)]
pub struct Verified {
    /// How deep it went.
    pub level: Level,
    /// How many events there are.
    pub events: u64,
    /// How many signed heads were looked at, checkpoints and anchors.
    pub heads: u64,
    /// The largest signed head that the log fits.
    pub proven: Option<SignedHead>,
    /// When the events were recorded, where that was looked at.
    pub times: Option<Times>,
    /// What is worth knowing and no sign of tampering.
    pub notes: Vec<String>,
    /// What is wrong.
    pub findings: Findings,
}

impl Verified {
    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings.verdict()
    }
}

/// Why a log could not be verified: nothing is known of it then.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The tree could not be read.
    #[error(transparent)]
    Tree(#[from] crate::tree::TreeError),
    /// The log or its keys could not be read.
    #[error(transparent)]
    Log(#[from] crate::log::LogError),
    /// A key could not be had.
    #[error(transparent)]
    Key(#[from] crate::keys::KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] crate::db::DbError),
    /// There is no room for a scratch database.
    #[error("a scratch folder cannot be made: {0}; TMPDIR says where")]
    Scratch(std::io::Error),
    /// A thread that hashes ended before its work was done.
    #[error("the verification was stopped")]
    Stopped,
}

/// Verifies a log down to its sealed bodies; [`Level::Meaning`] begins with that, and takes the keys as well.
pub async fn verify(
    db: &Db,
    against: &Against,
    level: Level,
    progress: Progress<'_>,
) -> Result<Verified, VerifyError> {
    match level {
        Level::Signatures => signatures::verify(&LogTree::new(db.clone()), against, progress).await,
        Level::Entries => rows::verify(db, against, rows::Depth::Entries, progress).await,
        Level::Bodies | Level::Meaning => rows::verify(db, against, rows::Depth::Bodies, progress).await,
    }
}
