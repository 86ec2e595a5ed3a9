//! Where the sealed attachments lie: a folder, or a bucket of something that speaks S3.

use super::{BlobError, Blobs};
use domain::Timestamp;
use object_store::{
    ObjectStore, RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, prefix::PrefixStore,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

/// What S3 takes at least in each piece of a file but the last.
const S3_PIECE_BYTES: usize = 5 * 1024 * 1024;
/// A folder takes pieces of any length; larger ones bring no speed.
const FOLDER_PIECE_BYTES: usize = 512 * 1024;

/// How often a request to a bucket is repeated, and for how long: somebody waits for the answer.
const RETRIES: usize = 5;
const PATIENCE: Duration = Duration::from_secs(20);

/// A bucket of Amazon S3 or of what speaks like it.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its region, such as `eu-central-1`.
    pub region: String,
    /// URL of the server, where it is not Amazon's. `http://` sends the access key's signatures over plain HTTP.
    pub endpoint: Option<String>,
    /// What all paths begin with, where the bucket is shared.
    pub prefix: Option<String>,
    /// Name of the access key.
    pub access_key_id: String,
    /// The access key itself.
    pub secret_access_key: SecretString,
}

impl Blobs {
    /// In this store.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, folder: None, piece_bytes: S3_PIECE_BYTES }
    }

    /// In a folder, which is made if it is not there. A blob that was stored outlives a power cut.
    pub fn directory(path: &Path) -> Result<Self, BlobError> {
        fs::create_dir_all(path).map_err(|problem| folder_failed(path, problem))?;
        let store = LocalFileSystem::new_with_prefix(path)?.with_fsync(true).with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), folder: Some(path.to_owned()), piece_bytes: FOLDER_PIECE_BYTES })
    }

    /// In a bucket. Nothing is asked of it yet.
    pub fn bucket(bucket: &Bucket) -> Result<Self, BlobError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.access_key_id)
            .with_secret_access_key(bucket.secret_access_key.expose_secret())
            .with_retry(RetryConfig {
                max_retries: RETRIES,
                retry_timeout: PATIENCE,
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        let store = builder.build()?;
        Ok(match &bucket.prefix {
            Some(prefix) => Self::new(Arc::new(PrefixStore::new(store, prefix.as_str()))),
            None => Self::new(Arc::new(store)),
        })
    }

    /// Deletes what interrupted writes left in a folder before that time; gives how many files it was. A bucket clears
    /// unfinished uploads by a rule of its own.
    pub async fn clear_interrupted(&self, before: Timestamp) -> Result<u64, BlobError> {
        let Some(folder) = self.folder.clone() else { return Ok(0) };
        let before = UNIX_EPOCH + Duration::from_micros(u64::try_from(before.micros()).unwrap_or_default());
        let cleared = tokio::task::spawn_blocking(move || {
            let mut cleared = 0;
            clear(&folder, &mut |file| {
                let left = is_interrupted(file) && file.metadata()?.modified()? < before;
                if left {
                    fs::remove_file(file)?;
                    cleared += 1;
                    // Its folder goes with it, if there is nothing else.
                    let _ = file.parent().map(fs::remove_dir);
                }
                Ok(())
            })
            .map_err(|problem| folder_failed(&folder, problem))?;
            Ok(cleared)
        });
        cleared.await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
    }
}

/// Looks at every file below a folder. What vanishes meanwhile was somebody else's to delete.
fn clear(folder: &Path, look: &mut impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    let gone = |problem: io::Error| match problem.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(problem),
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(problem) => return gone(problem),
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { clear(&path, look)? } else { look(&path).or_else(gone)? }
    }
    Ok(())
}

/// A local write goes to `name#number` and is renamed when it is whole.
fn is_interrupted(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.rsplit_once('#')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn folder_failed(path: &Path, problem: io::Error) -> BlobError {
    BlobError::Folder { path: PathBuf::from(path), problem }
}
