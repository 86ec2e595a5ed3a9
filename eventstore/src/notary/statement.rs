//! Statements about the log as it was at a size: checkpoints with further lines, signed by the log's key. Whoever can check a
//! checkpoint can check what is stated.

use super::NotaryError;
use crate::{
    keys::LogKey,
    tree::{Departure, LogTree},
};
use proof::{Checkpoint, proofs::check_consistency};

impl LogTree {
    /// States something of the log as it was at this size; `None` while no checkpoint reaches that far. The tree is believed as
    /// far as the newest checkpoint vouches for it, so that nothing is signed of a tree that was tampered with.
    pub async fn state(
        &self,
        key: &LogKey,
        size: u64,
        lines: &[String],
    ) -> Result<Option<String>, NotaryError> {
        let Some(latest) = self.checkpoint(None).await? else { return Ok(None) };
        let signer = key.open(self.key().await?.as_ref()).await?;
        let latest = Checkpoint::open(&latest.note, &signer.verifier()).map_err(|_| NotaryError::Forged)?;
        if latest.size < size {
            return Ok(None);
        }
        let (root, path) =
            self.with_tiles(|tiles| Ok((tiles.root(size)?, tiles.consistency(size, latest.size)?))).await?;
        check_consistency((size, &root), (latest.size, &latest.root), &path).map_err(|_| {
            NotaryError::NotContinued { what: "its last checkpoint", departure: Departure::Differs(size) }
        })?;
        let head = Checkpoint { origin: signer.name().to_owned(), size, root, signed_at: None };
        let lines: String = lines.iter().flat_map(|line| [line.as_ref(), "\n"]).collect();
        Ok(Some(signer.sign(&(head.text() + &lines))))
    }
}
