//! Messages end at their time; then the keys of days that are wholly past are destroyed, and with them every copy (A21).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    let (expired, shredded) = tools.app.expire_messages().await?;
    if shredded > 0 {
        tracing::info!(shredded_days_count = shredded, "keys of past days are destroyed");
    }
    Ok(expired)
}
