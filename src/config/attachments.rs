//! Where the sealed attachments lie.

use anyhow::{Context, Result, bail, ensure};
use eventstore::blobs::{Blobs, Bucket};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

/// The store of attachments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attachments {
    /// What kind of store it is.
    pub store: Store,
    /// The folder, of a directory.
    pub folder: PathBuf,
    /// The bucket, of S3.
    pub bucket: Option<String>,
    /// The bucket's region.
    pub region: String,
    /// URL of the server, where it is not Amazon's.
    pub endpoint: Option<String>,
    /// What all paths begin with, in a bucket that is shared.
    pub prefix: Option<String>,
    /// Name of the access key.
    pub access_key_id: Option<String>,
    /// The access key itself.
    pub secret_access_key: Option<SecretString>,
    /// File of the access key, instead of `secret_access_key`.
    pub secret_access_key_file: Option<PathBuf>,
    /// Whether `endpoint` may be `http://`; on a loopback address only.
    pub allow_http: bool,
}

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// A folder of this machine, or one that all nodes share.
    Directory,
    /// A bucket of Amazon S3, or of what speaks like it.
    S3,
}

impl Default for Attachments {
    fn default() -> Self {
        Self {
            store: Store::Directory,
            folder: "attachments".into(),
            bucket: None,
            region: "us-east-1".into(),
            endpoint: None,
            prefix: None,
            access_key_id: None,
            secret_access_key: None,
            secret_access_key_file: None,
            allow_http: false,
        }
    }
}

impl Attachments {
    /// A folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..Self::default() }
    }

    /// Refuses what does not go together.
    pub(super) fn check(&self) -> Result<()> {
        match self.store {
            Store::Directory => {
                ensure!(
                    self.bucket.is_none() && self.endpoint.is_none(),
                    "attachments.bucket and attachments.endpoint are for a bucket; say so: attachments.store = \"s3\""
                );
                Ok(())
            }
            Store::S3 => {
                ensure!(self.bucket.is_some(), "attachments.store = \"s3\" needs attachments.bucket");
                ensure!(
                    self.access_key_id.is_some()
                        && self.secret_access_key.is_some() != self.secret_access_key_file.is_some(),
                    "attachments.store = \"s3\" needs attachments.access_key_id, and attachments.secret_access_key or \
                     attachments.secret_access_key_file"
                );
                self.endpoint.as_deref().map_or(Ok(()), |endpoint| self.check_endpoint(endpoint))
            }
        }
    }

    fn check_endpoint(&self, endpoint: &str) -> Result<()> {
        let url = Url::parse(endpoint).context("attachments.endpoint is no URL")?;
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.allow_http && is_loopback(&url) => Ok(()),
            "http" => bail!(
                "attachments.endpoint is {endpoint}, over plain HTTP. Use https://, or on a loopback address \
                 attachments.allow_http = true"
            ),
            _ => bail!("attachments.endpoint is {endpoint}; write an https:// URL"),
        }
    }

    /// Opens the store; of a bucket, nothing is asked yet.
    pub(crate) fn open(&self) -> Result<Blobs> {
        match self.store {
            Store::Directory => {
                Blobs::directory(&self.folder).context("the folder of attachments cannot be used")
            }
            Store::S3 => {
                let bucket = Bucket {
                    name: self.bucket.clone().unwrap_or_default(),
                    region: self.region.clone(),
                    endpoint: self.endpoint.clone(),
                    prefix: self.prefix.clone(),
                    access_key_id: self.access_key_id.clone().unwrap_or_default(),
                    secret_access_key: self.access_key()?,
                };
                Blobs::bucket(&bucket).context("the bucket of attachments cannot be used")
            }
        }
    }

    fn access_key(&self) -> Result<SecretString> {
        match (&self.secret_access_key, &self.secret_access_key_file) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).map(SecretString::from);
                let text = text.with_context(|| format!("cannot read the access key {}", file.display()))?;
                Ok(text.expose_secret().trim().into())
            }
            (None, None) => bail!("the bucket of attachments needs an access key"),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
