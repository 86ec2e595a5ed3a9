//! How the log is signed, and where its checkpoints are kept outside the database (N1).

use anyhow::{Context, Result, ensure};
use domain::period::Period;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::PathBuf;
use workers::Webhook;

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
    /// Web address that gets each checkpoint. It may hold a secret, so it is never printed.
    pub webhook: Option<SecretString>,
}

impl Default for Notary {
    fn default() -> Self {
        Self { origin: None, heartbeat: Period::minutes(10), anchor_file: None, webhook: None }
    }
}

impl Notary {
    pub(super) fn check(&self) -> Result<()> {
        ensure!(!self.heartbeat.is_zero(), "notary.heartbeat must be longer than nothing");
        self.webhook().map(drop)
    }

    /// Who is told of checkpoints.
    pub(crate) fn webhook(&self) -> Result<Option<Webhook>> {
        let url = self.webhook.as_ref().map(ExposeSecret::expose_secret);
        url.map(Webhook::new).transpose().context("notary.webhook")
    }
}
