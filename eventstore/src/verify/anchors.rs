//! Everything that was anchored outside the database, believed as far as the log's key signed it.

use proof::{
    heads::{Kept, SignedHead},
    note::{self, Verifier},
    verdict::{Findings, Verdict},
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// Signed notes from a file of anchors.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    notes: Vec<String>,
    remarks: Vec<String>,
}

/// A line of the file that a notary writes.
#[derive(Deserialize)]
struct Line {
    note: String,
    replaces: Option<String>,
}

/// Bytes of a line at most; a line has some hundred.
const MOST_LINE_BYTES: u64 = 256 * 1024;

impl Anchors {
    /// Reads a file of anchors: the lines that a notary writes, or signed notes one after another as they come by mail.
    pub fn read(path: &Path) -> io::Result<Self> {
        Self::from(BufReader::new(File::open(path)?))
    }

    fn from(mut file: impl BufRead) -> io::Result<Self> {
        let mut anchors = Self::default();
        if file.fill_buf()?.first() != Some(&b'{') {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            anchors.notes = note::each(&text).map(str::to_owned).collect();
            return Ok(anchors);
        }
        loop {
            let mut line = String::new();
            if (&mut file).take(MOST_LINE_BYTES).read_line(&mut line)? == 0 {
                return Ok(anchors);
            }
            // A crash can cut the last line short; it was never counted on.
            match serde_json::from_str(&line) {
                Ok(line) => anchors.add(line),
                Err(_) if line.ends_with('\n') => anchors.notes.push(line),
                Err(_) => {
                    anchors.remarks.push("the last line of the file of anchors was cut short".to_owned());
                }
            }
        }
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.notes.extend(others.notes);
        self.remarks.extend(others.remarks);
        self
    }

    /// A declared restore begins anew: what was anchored before it need not be continued.
    fn add(&mut self, Line { note, replaces }: Line) {
        if replaces.is_some() {
            let before = self.notes.len();
            self.remarks.push(format!("a restore was declared: {before} anchors before it are not compared"));
            self.notes.clear();
        }
        self.notes.push(note);
    }

    /// The heads that were anchored, each size and root once. A note that the key did not sign is a finding.
    pub(super) fn heads(&self, key: &Verifier, findings: &mut Findings) -> (Vec<SignedHead>, Vec<String>) {
        let mut heads = BTreeMap::new();
        for note in &self.notes {
            match SignedHead::open(note, key, Kept::Anchor) {
                Ok(head) => drop(heads.insert((head.size(), head.checkpoint.root), head)),
                Err(problem) => {
                    findings.add(Verdict::Tampered, format!("an anchor does not count: {problem}"));
                }
            }
        }
        (heads.into_values().collect(), self.remarks.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::{Checkpoint, note::Signer};

    fn note(size: u64) -> String {
        let checkpoint = Checkpoint { origin: "a/log".into(), size, root: [0; 32], signed_at: None };
        checkpoint.sign(&signer())
    }

    fn signer() -> Signer {
        Signer::new("a/log", &[1; 32]).unwrap()
    }

    fn sizes(file: &str) -> (Vec<u64>, usize, u64) {
        let mut findings = Findings::default();
        let anchors = Anchors::from(file.as_bytes()).unwrap();
        let (heads, remarks) = anchors.heads(&signer().verifier(), &mut findings);
        (heads.iter().map(SignedHead::size).collect(), remarks.len(), findings.count())
    }

    /// N1: anchors are read as a notary writes them and as they come by mail; what a restore replaced does not count, and what
    /// is not the key's is found.
    #[test]
    fn anchors_are_read_in_either_form() {
        let line = |size: u64, replaces: Option<u64>| {
            let line = serde_json::json!({"note": note(size), "replaces": replaces.map(note)});
            format!("{line}\n")
        };
        assert_eq!(sizes(""), (vec![], 0, 0));
        assert_eq!(sizes(&(note(3) + "\n" + &note(5))), (vec![3, 5], 0, 0));
        assert_eq!(sizes(&(line(3, None) + &line(5, None) + &line(5, None))), (vec![3, 5], 0, 0));
        assert_eq!(sizes(&(line(3, None) + &line(9, None) + &line(5, Some(9)))), (vec![5], 1, 0));
        let cut = line(3, None) + &line(5, None)[..40];
        assert_eq!(sizes(&cut), (vec![3], 1, 0));
        assert_eq!(sizes(&(line(3, None) + "{}\n" + &line(5, None))), (vec![3, 5], 0, 1));
        assert_eq!(sizes("Dear auditor,\n"), (vec![], 0, 1));
    }
}
