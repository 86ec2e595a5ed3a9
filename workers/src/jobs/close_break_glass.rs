//! Emergency accesses are closed when their time is over (K6).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.close_break_glasses().await?)
}
