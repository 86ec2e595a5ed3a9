//! Waiting for a read model, so that whoever just did something sees it done in the next read (R17).

use crate::{NotCaughtUp, Projections};
use eventstore::Position;
use std::time::Duration;
use tokio::time;

/// How long a read waits for what it must see (contract: `Sealpost-At-Least`).
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks whether another node got there.
const POLL: Duration = Duration::from_millis(50);

impl Projections {
    /// Waits until these read models have applied a position, for at most 5 seconds (R17).
    pub async fn wait_for(&self, position: Position, models: &[&str]) -> Result<(), NotCaughtUp> {
        self.wait_within(PATIENCE, position, models).await
    }

    async fn wait_within(
        &self,
        patience: Duration,
        position: Position,
        models: &[&str],
    ) -> Result<(), NotCaughtUp> {
        let waited = time::timeout(patience, self.reach(position, models)).await;
        waited.map_err(|_| NotCaughtUp { position })
    }

    async fn reach(&self, position: Position, models: &[&str]) {
        let mut progress = self.progress();
        let is_here = |applied: Option<&Position>| applied.is_some_and(|applied| *applied >= position);
        loop {
            let on_this_node = models.iter().all(|name| is_here(progress.borrow_and_update().get(name)));
            if on_this_node || self.is_recorded(position, models).await {
                return;
            }
            tokio::select! {
                _ = progress.changed() => {}
                () = time::sleep(POLL) => {}
            }
        }
    }

    /// Whether the database has them so far: another node may keep them up.
    async fn is_recorded(&self, position: Position, models: &[&str]) -> bool {
        match self.status().await {
            Ok(all) => models
                .iter()
                .all(|name| all.iter().any(|status| status.name == *name && status.position >= position)),
            Err(problem) => {
                tracing::warn!(%problem, "cannot see how far the read models are");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::of_nothing;
    use eventstore::testing::TestDb;

    /// R17: waiting ends with an answer when nobody gets there.
    #[tokio::test]
    async fn waiting_is_bounded() {
        let test = TestDb::sqlite().await;
        let models = of_nothing(&test).await;
        let waited = models.wait_within(Duration::from_millis(1), 1, &["mailbox"]).await;
        assert_eq!(waited, Err(NotCaughtUp { position: 1 }));
        assert_eq!(models.wait_for(0, &["mailbox"]).await, Ok(()));
    }
}
