//! Sessions end that nobody used for too long, also those whose person never comes back (A37, B14).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.end_idle_sessions().await?)
}
