//! Content rules are tried on past mail, where a policy author asked for it (G3).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.try_rules(tools.stop).await?)
}
