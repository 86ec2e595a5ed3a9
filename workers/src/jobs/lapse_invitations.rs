//! Invitations that nobody took up end, so that an old mail opens nothing (R11).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.lapse_invitations().await?)
}
