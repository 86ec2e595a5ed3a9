//! New passwords that were not confirmed in time are dropped (A14).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.lapse_password_changes().await?)
}
