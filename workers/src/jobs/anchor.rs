//! The newest checkpoint goes to where nobody changes it who can change the database (N1).

use super::Tools;
use crate::JobError;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    match tools.anchoring {
        Some(anchoring) => anchoring.run(tools.app.log()).await,
        None => Ok(0),
    }
}
