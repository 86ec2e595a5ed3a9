//! How the log is signed, and where its checkpoints are kept outside the database (N1).

use anyhow::{Result, ensure};
use domain::period::Period;
use serde::Deserialize;
use std::path::PathBuf;

/// The notary.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notary {
    /// What the log is called in its checkpoints. Chosen once; by default it gets a random name.
    pub origin: Option<String>,
    /// How old the newest checkpoint gets before it is signed anew.
    pub heartbeat: Period,
    /// File of the anchors; by default `anchors.jsonl` in the folder of the keys.
    pub anchor_file: Option<PathBuf>,
}

impl Default for Notary {
    fn default() -> Self {
        Self { origin: None, heartbeat: Period::minutes(10), anchor_file: None }
    }
}

impl Notary {
    pub(super) fn check(&self) -> Result<()> {
        ensure!(!self.heartbeat.is_zero(), "notary.heartbeat must be longer than nothing");
        Ok(())
    }
}
