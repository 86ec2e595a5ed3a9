//! What a verification can come to, and what it found: which event, and what is wrong with it.

use crate::{entry::Header, time::Utc};
use std::fmt;

/// What a verification came to, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// All holds.
    Sound,
    /// No checkpoint is fresh enough.
    Stale,
    /// A key is gone without its event.
    KeyLost,
    /// Something was changed.
    Tampered,
    /// The log is older than something that was signed.
    RolledBack,
    /// Two histories were signed.
    Forked,
}

impl Verdict {
    /// What a program that verifies exits with.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Sound => 0,
            Self::Tampered => 2,
            Self::RolledBack => 3,
            Self::Forked => 4,
            Self::Stale => 5,
            Self::KeyLost => 6,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sound => "sound",
            Self::Stale => "stale",
            Self::KeyLost => "key lost",
            Self::Tampered => "tampered",
            Self::RolledBack => "rolled back",
            Self::Forked => "forked",
        })
    }
}

/// An event that something is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its place in the log, from 1; its leaf in the tree is one less.
    pub position: u64,
    /// Its header, where one can be read.
    pub header: Option<Header>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} (leaf {}", self.position, self.position.saturating_sub(1))?;
        if let Some(header) = &self.header {
            let Header { organisation, stream, version, recorded_at, .. } = header;
            let stream = u128::from_be_bytes(*stream);
            write!(
                f,
                ", {}, organisation {organisation}, stream {stream:032x}, version {version}",
                Utc(*recorded_at)
            )?;
        }
        f.write_str(")")
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it makes of the log.
    pub verdict: Verdict,
    /// Which event, if it is about one.
    pub place: Option<Place>,
    /// What is wrong, in words without content.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.verdict)?;
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.problem)
    }
}

/// Findings that are kept in full; the others are counted.
pub const SHOWN: usize = 20;

/// Everything that is wrong: the first findings, and the number of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    first: Vec<Finding>,
    count: u64,
    verdict: Verdict,
}

impl Default for Findings {
    fn default() -> Self {
        Self { first: vec![], count: 0, verdict: Verdict::Sound }
    }
}

impl Findings {
    /// Adds what is wrong with one event.
    pub fn at(&mut self, verdict: Verdict, place: Place, problem: impl Into<String>) {
        self.push(Finding { verdict, place: Some(place), problem: problem.into() });
    }

    /// Adds what is wrong with the log.
    pub fn add(&mut self, verdict: Verdict, problem: impl Into<String>) {
        self.push(Finding { verdict, place: None, problem: problem.into() });
    }

    /// Adds what another check found.
    pub fn extend(&mut self, other: Self) {
        self.count += other.count;
        self.verdict = self.verdict.max(other.verdict);
        self.first.extend(other.first);
        self.first.truncate(SHOWN);
    }

    /// The first of them, in the order in which they were found.
    #[must_use]
    pub fn first(&self) -> &[Finding] {
        &self.first
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The worst of what they make of the log.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.count += 1;
        self.verdict = self.verdict.max(finding.verdict);
        if self.first.len() < SHOWN {
            self.first.push(finding);
        }
    }
}

/// One a line, and how many more there are.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.first {
            writeln!(f, "finding      {finding}")?;
        }
        match self.count - self.first.len() as u64 {
            0 => Ok(()),
            more => writeln!(f, "finding      … and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// N1: many findings are counted, the first are kept, and the worst decides.
    #[test]
    fn findings_are_counted_and_the_worst_decides() {
        let mut findings = Findings::default();
        assert_eq!(findings.verdict(), Verdict::Sound);
        for position in 1..=30 {
            findings.at(Verdict::Tampered, Place { position, header: None }, "x");
        }
        findings.add(Verdict::Forked, "y");
        findings.add(Verdict::Stale, "z");
        assert_eq!((findings.count(), findings.first().len()), (32, SHOWN));
        assert_eq!(findings.verdict(), Verdict::Forked);
        assert_eq!(findings.first()[0].to_string(), "tampered: event 1 (leaf 0): x");
    }

    /// N1: each outcome has an exit code of its own, and none is that of a program that failed.
    #[test]
    fn exit_codes_tell_outcomes_apart() {
        use Verdict::{Forked, KeyLost, RolledBack, Sound, Stale, Tampered};
        let codes = [Sound, Tampered, RolledBack, Forked, Stale, KeyLost].map(Verdict::exit_code);
        assert_eq!(codes, [0, 2, 3, 4, 5, 6]);
    }
}
