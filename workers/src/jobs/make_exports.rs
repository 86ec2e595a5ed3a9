//! What officers asked for is taken out of the log (E1–E6).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.make_exports(tools.stop).await?)
}
