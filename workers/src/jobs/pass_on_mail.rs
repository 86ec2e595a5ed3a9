//! Mails that were held and that an officer let pass go to the relay (G2).

use super::Tools;
use crate::JobError;

/// Mails of one run.
const TOGETHER: u32 = 50;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.pass_on_held(tools.relay, TOGETHER).await?)
}
