//! Checkpoints: a tree head, signed (C2SP tlog-checkpoint).
//!
//! ```text
//! origin
//! tree size, decimal
//! root hash, base64
//! time <seconds since 1970>        our extension line: when it was signed, so that an old one is known for old
//! ```

use crate::{
    note::{NoteError, Signer, Verifier, text},
    tree::Hash,
};
use base64ct::{Base64, Encoding};

/// The head of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of the key that signs.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
    /// When it was signed, in seconds since 1970-01-01 UTC; `None` in one that is not ours.
    pub signed_at: Option<u64>,
}

const TIME: &str = "time ";

impl Checkpoint {
    /// The note that says so, signed by the log's own key.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        signer.sign(&self.text())
    }

    /// The checkpoint in a note that this key signed, of the log that has the key's name.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        let checkpoint = Self::parse(verifier.open(note)?).ok_or(NoteError::Malformed)?;
        if checkpoint.origin == verifier.name() { Ok(checkpoint) } else { Err(NoteError::NotSigned) }
    }

    /// The checkpoint in a note, whoever signed it. Nothing is proven by it.
    pub fn read(note: &str) -> Result<Self, NoteError> {
        Self::parse(text(note)?).ok_or(NoteError::Malformed)
    }

    /// The lines that are signed.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { origin, size, root, signed_at } = self;
        let time = signed_at.map_or_else(String::new, |seconds| format!("{TIME}{seconds}\n"));
        format!("{origin}\n{size}\n{}\n{time}", Base64::encode_string(root))
    }

    /// Reads the lines that are signed; `None` for anything else. Extension lines that are not known are passed over.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let extensions: Vec<_> = lines.collect();
        if origin.is_empty() || extensions.contains(&"") {
            return None;
        }
        Some(Self {
            origin: origin.to_owned(),
            size: decimal(size)?,
            root: Base64::decode_vec(root).ok()?.try_into().ok()?,
            signed_at: extensions.iter().find_map(|line| decimal(line.strip_prefix(TIME)?)),
        })
    }
}

/// Digits without a sign and without leading zeros, so that each number has one text.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}
