//! The manifest of an export: a checkpoint of the log that the export is a picture of, whose further lines name the files. So
//! whoever has the log's public key checks both as they check a checkpoint (E1, E6, N1).
//!
//! ```text
//! origin
//! tree size, decimal
//! root hash, base64
//! export <kind>
//! file <SHA-256> <bytes> <name>           for each file, in order
//! ```
//!
//! Nothing in it changes from one making to the next: no time, no id of the export. So the same export has the same manifest.

use super::terms::code;
use crate::{App, Error};
use domain::export::File;
use projections::exports::ExportRow;

pub(super) const MANIFEST: &str = "manifest.txt";

impl App {
    /// Signs the manifest of these files; `None` while the log is not signed that far.
    pub(super) async fn manifest(&self, row: &ExportRow, files: &[File]) -> Result<Option<String>, Error> {
        let key = self.log_key.as_ref().ok_or_else(|| Error::internal(NoKey))?;
        let kind = [format!("export {}", code(row.kind))];
        let files = files.iter().map(|File { name, size_bytes, sha256 }| {
            // Names are made of fixed words and numbers: no space, no line end.
            format!("file {sha256} {size_bytes} {name}")
        });
        let lines: Vec<_> = kind.into_iter().chain(files).collect();
        self.log.tree().state(key, row.tree_size, &lines).await.map_err(Error::internal)
    }
}

/// This node was not told where the log's key is.
#[derive(Debug, thiserror::Error)]
#[error("this node does not know where the log's signing key is")]
struct NoKey;
