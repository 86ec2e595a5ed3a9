//! What the check of a bundle came to, for people.

use super::{Head, Kind};
use crate::{
    heads::SignedHead,
    sequence::Times,
    verdict::{Findings, Verdict},
};
use std::fmt;

/// What the check of a bundle came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// What the bundle is.
    pub head: Head,
    /// How many signed heads were looked at, checkpoints and anchors.
    pub heads: u64,
    /// The largest signed head that the events fit; all events up to it are proven.
    pub proven: Option<SignedHead>,
    /// When the events were recorded; `None` without events, and where only some of them are there.
    pub times: Option<Times>,
    /// What is worth knowing and no sign of tampering.
    pub notes: Vec<String>,
    /// What is wrong.
    pub findings: Findings,
}

impl Report {
    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings.verdict()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { kind, bodies, events, key } = &self.head;
        let what = match kind {
            Kind::Log => "events, the whole log",
            Kind::Events => "selected events, each with its proof",
        };
        writeln!(f, "log          {}", key.name())?;
        writeln!(f, "key          {key}")?;
        writeln!(f, "bundle       {events} {what}{}", if *bodies { ", with sealed bodies" } else { "" })?;
        if let Some(times) = &self.times {
            writeln!(f, "recorded     {times}")?;
        }
        writeln!(f, "signatures   {} checkpoints and anchors", self.heads)?;
        match &self.proven {
            Some(head) => writeln!(f, "proven       by {head}")?,
            None => writeln!(f, "proven       nothing")?,
        }
        for note in &self.notes {
            writeln!(f, "note         {note}")?;
        }
        write!(f, "{}", self.findings)?;
        writeln!(f, "result       {}", self.verdict())
    }
}
