//! Lockouts end at the time that the mail named, without anybody doing anything (A18).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.release_lockouts().await?)
}
