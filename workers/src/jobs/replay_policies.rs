//! Proposed policies are run over the history, where somebody asked for it (N3).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.replay_policies(tools.stop).await?)
}
