//! The notary: extends the Merkle tree by what was appended, and signs its heads (N1).
//!
//! One node at a time does this, by a lease. Whatever it writes is conditional on the lease's fencing token and on the size
//! that it saw, so a notary that stalled cannot write after another took over. It signs only what continues all that was
//! signed before, in the database and outside of it: it stops rather than to sign two histories.

mod anchor_file;
mod anchoring;
mod edge;
mod extend;
mod sign;
mod statement;

pub use anchor_file::{Anchor, AnchorError, AnchorFile};
pub use anchoring::GivenUp;

use crate::{
    db::DbError,
    keys::{LogKey, LogKeyError},
    leases::{Lease, Leases},
    log::Log,
    recorded::Position,
    tree::{Departure, LogTree, SignedCheckpoint, TreeError},
};
use domain::{Timestamp, period::Period};
use proof::{Checkpoint, note::Signer};
use std::time::Duration;
use thiserror::Error;
use tokio::{sync::Mutex, time};
use tokio_util::sync::CancellationToken;

/// What a notary must know.
#[derive(Debug, Clone)]
pub struct NotarySettings {
    /// Where the signing key is.
    pub key: LogKey,
    /// Where the checkpoints are that were anchored on this machine.
    pub anchors: AnchorFile,
    /// How old the newest checkpoint gets before it is signed anew, with nothing appended.
    pub heartbeat: Period,
}

/// Extends and signs the tree of one log.
pub struct Notary {
    log: Log,
    tree: LogTree,
    leases: Leases,
    settings: NotarySettings,
    memory: Mutex<Memory>,
}

/// What this process remembers between two steps.
#[derive(Default)]
struct Memory {
    lease: Option<Lease>,
    /// Opened when it first signs: other nodes hold no signing key.
    signer: Option<Signer>,
    /// What it signed last. A database that was put back under its feet is behind this.
    signed: Option<Checkpoint>,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Another node is the notary.
    Elsewhere,
    /// The tree has everything, and its head needed no new signature.
    Quiet,
    /// A checkpoint was signed.
    Signed(SignedCheckpoint),
}

/// Why a notary did not go on.
#[derive(Debug, Error)]
pub enum NotaryError {
    /// Rows are missing.
    #[error("the log has no event at position {0}, and later ones; it was changed. Restore a backup")]
    Gap(Position),
    /// The event that the tree covers last is gone, or it is another one now.
    #[error(
        "the event at position {0}, which the tree covers, was removed or changed; find out with `sealpost verify`"
    )]
    Rewritten(Position),
    /// A checkpoint in the database has no signature of the log's key.
    #[error("a checkpoint in the database was not signed by this log's key; find out with `sealpost verify`")]
    Forged,
    /// The tree does not continue what was signed.
    #[error(
        "the log does not continue {what}: {departure}. If a backup was restored, say so with \
         `sealpost log declare-restore`; if not, find out with `sealpost verify`"
    )]
    NotContinued {
        /// What it should continue.
        what: &'static str,
        /// How it departs from that.
        departure: Departure,
    },
    /// Another node is the notary.
    #[error("another node is the notary; stop all nodes first")]
    Elsewhere,
    /// Another notary took over meanwhile. Nothing was written.
    #[error("another notary took over")]
    Superseded,
    /// The signing key could not be had.
    #[error(transparent)]
    Key(#[from] LogKeyError),
    /// The file of anchors could not be read.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// The tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl NotaryError {
    /// Whether somebody must look: trying again soon changes nothing.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Gap(_)
            | Self::Rewritten(_)
            | Self::Forged
            | Self::NotContinued { .. }
            | Self::Key(_)
            | Self::Anchor(_)
            | Self::Tree(
                TreeError::Damaged(_) | TreeError::Checkpoint(_) | TreeError::Key(_) | TreeError::Row(_),
            ) => true,
            Self::Elsewhere | Self::Superseded | Self::Tree(TreeError::Db(_)) | Self::Db(_) => false,
        }
    }
}

const LEASE_NAME: &str = "notary";
/// How long a notary is one without prolonging it.
const LEASE: Period = Period::seconds(20);
/// What is left of a lease when it is prolonged.
const LEASE_LEFT_S: i64 = 10;
/// Between two checkpoints: a busy log would otherwise get one for each batch.
const BETWEEN: Duration = Duration::from_secs(1);
/// How often an idle notary looks whether a heartbeat is due, and others whether there is none.
const LOOK: Duration = Duration::from_secs(5);
/// After a refusal.
const AFTER_REFUSAL: Duration = Duration::from_mins(1);

impl Notary {
    /// A notary of this log. Nothing runs until [`Self::run`] or [`Self::step`].
    #[must_use]
    pub fn new(log: Log, leases: Leases, settings: NotarySettings) -> Self {
        Self { tree: log.tree(), log, leases, settings, memory: Mutex::default() }
    }

    /// Extends and signs until `stop`, whenever the log has grown or a heartbeat is due.
    pub async fn run(&self, stop: CancellationToken) {
        let mut head = self.log.subscribe();
        while !stop.is_cancelled() {
            head.mark_unchanged();
            let (pause, listens) = match self.step().await {
                Ok(Step::Quiet | Step::Signed(_)) => (BETWEEN, true),
                Ok(Step::Elsewhere) => (LOOK, false),
                Err(problem) if problem.is_refusal() => {
                    tracing::error!(%problem, "the notary refuses to sign");
                    (AFTER_REFUSAL, false)
                }
                Err(problem) => {
                    tracing::warn!(%problem, "the log was not signed; trying again");
                    (BETWEEN, false)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = time::sleep(pause) => {}
            }
            if listens {
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = head.changed() => {}
                    () = time::sleep(LOOK) => {}
                }
            }
        }
        self.retire().await;
    }

    /// Gives the lease back, if this is the notary, so that another node need not wait for its end.
    pub async fn retire(&self) {
        if self.memory.lock().await.lease.take().is_some()
            && let Err(problem) = self.leases.give_back(LEASE_NAME).await
        {
            tracing::warn!(%problem, "the notary's lease was not given back; it ends by itself");
        }
    }

    /// Brings the tree up to the log and signs it, if that is due and no other node is the notary.
    pub async fn step(&self) -> Result<Step, NotaryError> {
        let mut memory = self.memory.lock().await;
        let step = self.try_step(&mut memory).await;
        let refuses = step.as_ref().is_err_and(NotaryError::is_refusal);
        metrics::gauge!("sealpost_notary_refuses").set(if refuses { 1.0 } else { 0.0 });
        if matches!(step, Err(NotaryError::Superseded)) {
            memory.lease = None;
        }
        step
    }

    async fn try_step(&self, memory: &mut Memory) -> Result<Step, NotaryError> {
        let Some(lease) = self.lease(memory).await? else { return Ok(Step::Elsewhere) };
        let size = self.extend(lease.fencing_token).await?;
        Ok(self.sign_if_due(memory, lease.fencing_token, size).await?.map_or(Step::Quiet, Step::Signed))
    }

    /// The lease, taken or prolonged where that is due; `None` while another node has it.
    async fn lease(&self, memory: &mut Memory) -> Result<Option<Lease>, DbError> {
        let now = self.log.now();
        if memory.lease.is_none_or(|lease| lease.expires_at.seconds_since(now) < LEASE_LEFT_S) {
            memory.lease = self.leases.take(LEASE_NAME, LEASE).await?;
        }
        Ok(memory.lease)
    }
}

/// Whether a checkpoint that was signed then is too old now, or of a time that has not come.
fn is_stale(signed_at: Timestamp, heartbeat: Period, now: Timestamp) -> bool {
    now < signed_at || signed_at.plus(heartbeat) <= now
}
