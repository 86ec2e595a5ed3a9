//! Where checkpoints are put outside the database: the notary's file, and a web address that is told (N1).

use crate::JobError;
use anyhow::anyhow;
use eventstore::{
    Log,
    notary::Notary,
    tree::{Anchored, Place, SignedCheckpoint},
};
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use std::{fmt, sync::Arc, time::Duration};
use thiserror::Error;

/// How checkpoints are anchored. Cloning shares it.
#[derive(Clone)]
pub struct Anchoring {
    pub(crate) notary: Arc<Notary>,
    webhook: Option<Webhook>,
}

/// A web address that gets each checkpoint as it was signed, by POST. The note proves itself, so nothing else is sent.
#[derive(Clone)]
pub struct Webhook {
    client: Client,
    url: Url,
}

/// The address may be a secret of whoever listens there.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook(redacted)")
    }
}

/// An address is no place for checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a webhook must be an https:// address; http:// is for a loopback address alone")]
pub struct WebhookError;

/// How long the other side may take.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Webhook {
    /// The webhook at an address.
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        let url: Url = url.parse().map_err(|_| WebhookError)?;
        let is_loopback = match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
            Some(host) => host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback()),
            None => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
            return Err(WebhookError);
        }
        let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).build();
        Ok(Self { client: client.map_err(|_| WebhookError)?, url })
    }

    /// Why the other side does not have it, without the address.
    async fn tell(&self, note: String) -> Result<(), String> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "text/plain; charset=utf-8");
        match request.body(note).send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(format!("it answered {}", response.status())),
            Err(problem) => Err(problem.without_url().to_string()),
        }
    }
}

impl Anchoring {
    /// Anchors what this notary signed.
    #[must_use]
    pub fn new(notary: Arc<Notary>, webhook: Option<Webhook>) -> Self {
        Self { notary, webhook }
    }

    /// Puts the newest checkpoint wherever it is not yet. Gives in how many places.
    pub(crate) async fn run(&self, log: &Log) -> Result<u64, JobError> {
        let in_file = self.notary.anchor().await.map_err(app::Error::from)?;
        let told = match (&self.webhook, self.notary.latest().await.map_err(app::Error::from)?) {
            (Some(webhook), Some(latest)) => tell(webhook, log, latest).await?,
            (None, _) | (_, None) => false,
        };
        Ok(u64::from(in_file) + u64::from(told))
    }
}

async fn tell(webhook: &Webhook, log: &Log, latest: SignedCheckpoint) -> Result<bool, JobError> {
    let (tree, tree_size) = (log.tree(), latest.size);
    let last = tree.last_anchored(Place::Webhook).await.map_err(app::Error::from)?;
    if last.is_some_and(|last| last.tree_size >= tree_size) {
        return Ok(false);
    }
    let told = webhook.tell(latest.note).await;
    told.map_err(|problem| JobError::Retry(anyhow!("the webhook did not take the checkpoint: {problem}")))?;
    let anchored = Anchored { place: Place::Webhook, tree_size, at: log.now() };
    tree.note_anchored(anchored).await.map_err(app::Error::from)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// N1: a checkpoint leaves over HTTPS, or stays on this machine.
    #[test]
    fn a_webhook_is_https_or_here() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        for good in ["https://witness.example/log", "http://127.0.0.1:9/x", "http://[::1]:9/"] {
            assert!(Webhook::new(good).is_ok(), "{good}");
        }
        for bad in ["http://witness.example/", "http://localhost/", "ftp://127.0.0.1/", "witness", ""] {
            assert_eq!(Webhook::new(bad).err(), Some(WebhookError), "{bad}");
        }
        let printed = format!("{:?}", Webhook::new("https://witness.example/s3cret").unwrap());
        assert_eq!(printed, "Webhook(redacted)");
    }
}
