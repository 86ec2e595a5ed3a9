//! What a second person granted is carried out, and what nobody decided on in time ends (K3).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    Ok(tools.app.carry_out_approvals().await?)
}
