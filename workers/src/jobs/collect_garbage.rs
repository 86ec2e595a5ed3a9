//! Files that nobody has any more are deleted from the store of attachments (A21, A38).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.collect_garbage().await?)
}
