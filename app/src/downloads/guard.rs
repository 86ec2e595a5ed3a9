//! Bytes leave as long as whoever takes them may have them, and not one piece longer (A21).

use super::Held;
use crate::{App, Viewer};
use bytes::Bytes;
use eventstore::blobs::BlobError;
use futures_util::{
    StreamExt,
    stream::{BoxStream, unfold},
};
use thiserror::Error;

/// Bytes on their way out. An error breaks them off; it is never an end.
pub type Leaving = BoxStream<'static, Result<Bytes, Interrupted>>;

/// Why a download broke off.
#[derive(Debug, Error)]
pub enum Interrupted {
    /// Its time was over, or it was taken back, while it was on its way.
    #[error("the message is gone; what came of it is not whole")]
    Gone,
    /// A file could not be read.
    #[error("a file cannot be read: {0}")]
    File(#[from] BlobError),
    /// A Zip file could not be made.
    #[error("a Zip file cannot be made: {0}")]
    Zip(#[from] async_zip::error::ZipError),
}

/// How many bytes leave between two looks at the folder they are from. The clock is looked at for each piece.
const LOOK_BYTES: usize = 1 << 20;

pub(super) fn guarded(app: App, viewer: Viewer, held: Held, bytes: Leaving) -> Leaving {
    let leaving = Guarded { app, viewer, held, bytes, unlooked_bytes: 0 };
    unfold(Some(leaving), |leaving| async move {
        let mut leaving = leaving?;
        match leaving.next().await? {
            Ok(piece) => Some((Ok(piece), Some(leaving))),
            Err(interrupted) => {
                // Only what is broken here is for the program's log; that a message ends is not.
                if !matches!(interrupted, Interrupted::Gone) {
                    tracing::error!(error = &interrupted as &dyn std::error::Error, "a download broke off");
                }
                Some((Err(interrupted), None))
            }
        }
    })
    .boxed()
}

struct Guarded {
    app: App,
    viewer: Viewer,
    held: Held,
    bytes: Leaving,
    /// What left since the last look.
    unlooked_bytes: usize,
}

impl Guarded {
    async fn next(&mut self) -> Option<Result<Bytes, Interrupted>> {
        let piece = match self.bytes.next().await? {
            Ok(piece) => piece,
            Err(interrupted) => return Some(Err(interrupted)),
        };
        self.unlooked_bytes += piece.len();
        if self.unlooked_bytes >= LOOK_BYTES {
            self.unlooked_bytes = 0;
            if self.app.entry(&self.viewer, self.held.message).await.is_err() {
                return Some(Err(Interrupted::Gone));
            }
        }
        let is_over = self.held.expires_at <= self.app.log.now();
        Some(if is_over { Err(Interrupted::Gone) } else { Ok(piece) })
    }
}
