//! Which keys each node that runs knows, so that nothing is sealed under a key that one of them lacks.

use super::{KeyError, Vault};
use crate::db::Row;
use domain::{Timestamp, period::Period};
use uuid::Uuid;

/// A node that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyNode {
    /// Which.
    pub node: Uuid,
    /// The newest epoch whose key it has loaded.
    pub epoch: i64,
    /// The newest version of the root that it knows; `None` where a program guards the root.
    pub root_version: Option<u32>,
    /// When it last said so.
    pub seen_at: Timestamp,
}

/// A node that was silent for so long does not run. It looks at the folder again before it fails on a key.
const SILENT: Period = Period::minutes(5);
/// A node that was silent for so long is forgotten.
const FORGOTTEN: Period = Period::days(1);

const SAY: &str = "INSERT INTO key_nodes (node, epoch, root_version, seen_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (node) DO UPDATE SET epoch = excluded.epoch, root_version = excluded.root_version, \
     seen_at = excluded.seen_at";
const FORGET: &str = "DELETE FROM key_nodes WHERE seen_at < $1";
const LEAVE: &str = "DELETE FROM key_nodes WHERE node = $1";
const RUNNING: &str = "SELECT node, epoch, root_version, seen_at FROM key_nodes WHERE seen_at > $1 ORDER BY node";

impl Vault {
    /// Learns the epoch keys that came, forgets those that went, and tells the other nodes what this one knows. Called every
    /// few seconds by a node that runs. A node that cannot open a new key says so all the same, and the others wait for it.
    pub async fn keep_up(&self, node: Uuid) -> Result<(), KeyError> {
        let loaded = self.epochs.load().await;
        let root_version = self.files().root_version_here();
        let now = self.clock.now();
        let values = vec![
            node.into(),
            self.epochs.newest_loaded().unwrap_or_default().into(),
            root_version.as_ref().ok().copied().flatten().map(i64::from).into(),
            now.micros().into(),
        ];
        self.db.run(SAY, values).await?;
        self.db.run(FORGET, vec![before(now, FORGOTTEN).micros().into()]).await?;
        loaded.and(root_version.map(drop))
    }

    /// Says that a node stops, so that nobody waits for it.
    pub async fn leave(&self, node: Uuid) -> Result<(), KeyError> {
        self.db.run(LEAVE, vec![node.into()]).await?;
        Ok(())
    }

    /// The nodes that run.
    pub async fn nodes(&self) -> Result<Vec<KeyNode>, KeyError> {
        let since = before(self.clock.now(), SILENT);
        let rows = self.db.all(RUNNING, vec![since.micros().into()]).await?;
        let node = |row: &Row| {
            Ok(KeyNode {
                node: row.uuid("node")?,
                epoch: row.int("epoch")?,
                root_version: row.opt_int("root_version")?.and_then(|version| version.try_into().ok()),
                seen_at: Timestamp::from_micros(row.int("seen_at")?),
            })
        };
        rows.iter().map(node).collect()
    }
}

fn before(now: Timestamp, period: Period) -> Timestamp {
    (now.to_utc() - period.nominal()).into()
}
