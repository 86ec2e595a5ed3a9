//! Recipients are warned of messages that end soon, so that they can keep them (A22).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.warn_of_expiry().await?)
}
