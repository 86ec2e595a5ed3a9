//! The file of anchors: checkpoints outside the database, one a line, only ever appended to. Whoever puts an older database
//! in place does not thereby put this file back.
//!
//! ```text
//! {"note":"insurer.example/log\n42\n…"}
//! {"note":"insurer.example/log\n17\n…","replaces":"insurer.example/log\n42\n…"}     after a restore that was declared
//! ```

use proof::{
    Checkpoint,
    note::{NoteError, Verifier},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Where checkpoints are anchored on this machine.
#[derive(Debug, Clone)]
pub struct AnchorFile(PathBuf);

/// A checkpoint that was anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// As it was signed.
    pub note: String,
    /// The last anchor before a restore, with which this one need not agree.
    pub replaces: Option<String>,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    note: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
}

/// Why an anchor could not be read or written.
#[derive(Debug, Error)]
pub enum AnchorError {
    /// The file could not be read or written.
    #[error("the file of anchors {path}: {problem}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        problem: io::Error,
    },
    /// Its last line is none of ours.
    #[error("the last line of the file of anchors {0} is damaged; restore the file from a backup")]
    Damaged(PathBuf),
    /// Its last checkpoint is not of this log.
    #[error("the last line of the file of anchors {path} is not this log's: {problem}")]
    NotOurs {
        /// Which.
        path: PathBuf,
        /// What the check of the note said.
        problem: NoteError,
    },
}

/// The end of the file that the last line is looked for in; a line has some hundred bytes.
const TAIL_BYTES: u64 = 16 * 1024;

impl AnchorFile {
    /// The file at this path; it need not be there yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The last anchor, if this key signed it; `None` when there is none yet. A line that a crash cut short does not count.
    pub fn last(&self, key: &Verifier) -> Result<Option<Anchor>, AnchorError> {
        let lines = match File::open(&self.0).and_then(|mut file| Tail::of(&mut file)) {
            Ok(tail) => tail.lines,
            Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(None),
            Err(problem) => return Err(self.failed(problem)),
        };
        let Some(line) = lines.strip_suffix(b"\n") else { return Ok(None) };
        let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let Line { note, replaces } =
            serde_json::from_slice(line).map_err(|_| AnchorError::Damaged(self.0.clone()))?;
        let checkpoint = Checkpoint::open(&note, key)
            .map_err(|problem| AnchorError::NotOurs { path: self.0.clone(), problem })?;
        Ok(Some(Anchor { checkpoint, note, replaces }))
    }

    /// Appends an anchor, durably.
    pub fn append(&self, anchor: &Anchor) -> Result<(), AnchorError> {
        let line = Line { note: anchor.note.clone(), replaces: anchor.replaces.clone() };
        let mut line = serde_json::to_vec(&line).unwrap_or_default();
        line.push(b'\n');
        self.write(&line).map_err(|problem| self.failed(problem))
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        let folder = self.0.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.0)?;
        let tail = Tail::of(&mut file)?;
        // What a crash cut short was never acknowledged.
        if tail.is_cut {
            file.set_len(tail.end)?;
        }
        file.write_all(line)?;
        file.sync_all()?;
        if tail.end == 0 { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn failed(&self, problem: io::Error) -> AnchorError {
        AnchorError::File { path: self.0.clone(), problem }
    }
}

/// The end of a file of lines.
struct Tail {
    /// Its last lines that are whole; the first of them may lack its beginning.
    lines: Vec<u8>,
    /// Where the last whole line ends.
    end: u64,
    /// Whether half a line follows.
    is_cut: bool,
}

impl Tail {
    fn of(file: &mut File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let from = length.saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(from))?;
        let mut lines = vec![];
        file.take(TAIL_BYTES).read_to_end(&mut lines)?;
        let end = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        if end == 0 && from > 0 {
            return Err(io::Error::new(ErrorKind::InvalidData, "it does not end with a line"));
        }
        let is_cut = end < lines.len();
        lines.truncate(end);
        Ok(Self { lines, end: from + end as u64, is_cut })
    }
}
