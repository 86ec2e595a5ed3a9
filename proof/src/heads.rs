//! Signed tree heads, held against the tree that the entries give.
//!
//! A head that fits proves everything before it. One that does not is either a sign that entries were changed, or, when a
//! later head fits the entries, that two histories were signed: a fork. One that is further than the tree shows that the
//! log was taken back.

use crate::{
    Checkpoint, Hash,
    note::{NoteError, Verifier},
    time::Utc,
    verdict::{Findings, Verdict},
};
use std::fmt;

/// Where a signed head was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// With the log.
    Checkpoint,
    /// Away from the log, where whoever changes the log cannot change it.
    Anchor,
}

/// A head that the log's key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Where it was kept.
    pub kept: Kept,
}

impl SignedHead {
    /// The head in a note that this key signed.
    pub fn open(note: &str, verifier: &Verifier, kept: Kept) -> Result<Self, NoteError> {
        Ok(Self { checkpoint: Checkpoint::open(note, verifier)?, kept })
    }

    /// How many events it speaks of.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.checkpoint.size
    }
}

impl fmt::Display for SignedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = match self.kept {
            Kept::Checkpoint => "checkpoint",
            Kept::Anchor => "anchor",
        };
        write!(f, "the {kept} of {} events", self.size())?;
        match self.checkpoint.signed_at {
            Some(seconds) => write!(f, " signed at {}", Utc::of_seconds(seconds)),
            None => Ok(()),
        }
    }
}

/// Heads so far, in the order of their sizes.
#[derive(Debug, Default)]
pub struct Heads {
    seen: u64,
    last: Option<SignedHead>,
    /// The largest that fits the entries.
    fits: Option<SignedHead>,
    /// When the freshest of those that fit was signed.
    freshest: Option<u64>,
    /// The first that does not fit since the last that does.
    misfit: Option<SignedHead>,
    misfits: u64,
}

impl Heads {
    /// Holds the next head against the root that the entries give at its size; `None` if there are not as many.
    pub fn judge(&mut self, head: SignedHead, root: Option<Hash>, findings: &mut Findings) {
        self.seen += 1;
        let claim = head.checkpoint.root;
        let other = self.last.as_ref().filter(|last| last.size() == head.size());
        if let Some(other) = other.filter(|other| other.checkpoint.root != claim) {
            findings.add(Verdict::Forked, format!("{head} and {other} name different histories"));
        }
        match root {
            None => findings.add(Verdict::RolledBack, format!("{head} speaks of more events than there are")),
            Some(root) if root == claim => self.fit(&head, findings),
            Some(_) if self.fits.as_ref().is_some_and(|fits| fits.size() == head.size()) => {}
            Some(_) => {
                self.misfits += 1;
                self.misfit.get_or_insert_with(|| head.clone());
            }
        }
        self.last = Some(head);
    }

    fn fit(&mut self, head: &SignedHead, findings: &mut Findings) {
        self.freshest = self.freshest.max(head.checkpoint.signed_at);
        if let Some(misfit) = self.misfit.take() {
            let more = others(std::mem::take(&mut self.misfits));
            // A contradiction at one size was said when it was seen.
            if misfit.size() < head.size() {
                let problem =
                    format!("{misfit}{more} names another history than {head}, which the events fit");
                findings.add(Verdict::Forked, problem);
            }
        }
        self.fits = Some(head.clone());
    }

    /// Says what is left over when all heads were judged. `stale_before` is when the freshest must have been signed at the
    /// earliest, in seconds since 1970.
    pub fn finish(mut self, stale_before: Option<u64>, findings: &mut Findings) -> Proven {
        let proven = self.fits.as_ref().map_or(0, SignedHead::size);
        if let Some(misfit) = self.misfit.take() {
            let more = others(self.misfits);
            let problem = format!(
                "the tree does not have the root of {misfit}{more}: something in events {} to {} was changed",
                proven + 1,
                misfit.size()
            );
            findings.add(Verdict::Tampered, problem);
        }
        if self.seen == 0 {
            findings.add(Verdict::Stale, "there is no checkpoint: nothing here is signed");
        } else if let Some(before) = stale_before {
            match self.freshest {
                Some(freshest) if freshest >= before => {}
                Some(freshest) => {
                    let at = Utc::of_seconds(freshest);
                    findings.add(Verdict::Stale, format!("the last checkpoint that fits was signed at {at}"));
                }
                None => findings.add(Verdict::Stale, "no checkpoint that fits says when it was signed"),
            }
        }
        Proven { heads: self.seen, last: self.fits }
    }
}

/// What signed heads prove of the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// How many heads there were.
    pub heads: u64,
    /// The largest that fits.
    pub last: Option<SignedHead>,
}

fn others(misfits: u64) -> String {
    match misfits.saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64, root: u8) -> SignedHead {
        let checkpoint = Checkpoint { origin: "log".into(), size, root: [root; 32], signed_at: Some(size) };
        SignedHead { checkpoint, kept: Kept::Anchor }
    }

    /// Judges heads against the tree whose root at size n is n, with ten leaves.
    fn judge(heads: &[SignedHead], stale_before: Option<u64>) -> (Verdict, u64) {
        let (mut state, mut findings) = (Heads::default(), Findings::default());
        for head in heads {
            let root = (head.size() <= 10).then(|| [u8::try_from(head.size()).unwrap(); 32]);
            state.judge(head.clone(), root, &mut findings);
        }
        let proven = state.finish(stale_before, &mut findings);
        (findings.verdict(), proven.last.map_or(0, |head| head.size()))
    }

    /// N1: heads tell what became of a log: sound, changed, taken back, forked, or not looked after.
    #[test]
    fn heads_tell_what_became_of_a_log() {
        let (fit, misfit) = (|size: u8| head(u64::from(size), size), |size| head(size, 99));
        let cases = [
            (vec![fit(3), fit(10)], None, Verdict::Sound, 10),
            (vec![fit(3), fit(3)], None, Verdict::Sound, 3),
            (vec![fit(3), misfit(5), misfit(8)], None, Verdict::Tampered, 3),
            (vec![misfit(3), fit(5)], None, Verdict::Forked, 5),
            (vec![misfit(5), fit(5)], None, Verdict::Forked, 5),
            (vec![fit(5), misfit(5)], None, Verdict::Forked, 5),
            (vec![head(5, 98), head(5, 97)], None, Verdict::Forked, 0),
            (vec![fit(10), fit(11)], None, Verdict::RolledBack, 10),
            (vec![fit(3), fit(10)], Some(10), Verdict::Sound, 10),
            (vec![fit(3), fit(9)], Some(10), Verdict::Stale, 9),
            (vec![], None, Verdict::Stale, 0),
        ];
        for (heads, stale_before, verdict, proven) in cases {
            assert_eq!(judge(&heads, stale_before), (verdict, proven), "{heads:?}");
        }
    }
}
