//! The log: one total order without gaps, appended to in groups, read by position or by stream.
//!
//! An append is sealed by its caller and written by the node's one appender, so that one transaction, one lock and one
//! fsync pay for many. It returns after the commit.

mod appender;
mod execute;
mod heads;
mod read;
mod seal;

pub use appender::Appended;
pub use execute::{ATTEMPTS, Executed, Loaded};
pub use read::ContentKeys;
pub(crate) use read::header;

use crate::{
    clock::Clock,
    codec::CodecError,
    db::{Db, DbError},
    keys::{KeyError, Vault},
    recorded::Position,
    tree::LogTree,
};
use ::seal::{Key, OpenError};
use appender::Request;
use domain::{Event, Metadata, OrganisationId, Timestamp, event::Class, id::ContentKeyId};
use execute::{StateCache, Turns};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The log of one database, with this node's appender. Cloning shares it.
#[derive(Clone)]
pub struct Log {
    db: Db,
    vault: Vault,
    clock: Clock,
    appender: mpsc::Sender<Request>,
    head: watch::Sender<Position>,
    states: Arc<StateCache>,
    turns: Arc<Turns>,
    /// Tells the appender to accept nothing more.
    closing: CancellationToken,
    /// Ended with the last clone.
    tasks: Arc<Mutex<JoinSet<()>>>,
}

/// Why an append or a read did not work.
#[derive(Debug, Error)]
pub enum LogError {
    /// Somebody else changed a stream meanwhile. Nothing was written; load again and decide again.
    #[error("it was changed meanwhile; try again")]
    Conflict,
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for another request; use a new one")]
    KeyReused,
    /// More is waiting to be written than is allowed to wait. Nothing was written.
    #[error("the log is busy; try again in a moment")]
    Busy,
    /// The log was closed: the program is shutting down. Nothing was written.
    #[error("the log is closed, the program is shutting down")]
    Closed,
    /// A key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A row cannot be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A row does not open.
    #[error("the event at position {position} does not open: {problem}")]
    Open {
        /// Where.
        position: Position,
        /// What the opening said.
        problem: OpenError,
    },
    /// The database failed; whether the append is stored is unknown, and repeating it with its key is safe.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl LogError {
    /// Whether loading and deciding again can help.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

/// The stream of one aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamName {
    /// Category of the aggregate.
    pub category: &'static str,
    /// Which one.
    pub id: Uuid,
}

/// Events to be appended to one stream.
pub struct Change {
    pub(crate) stream: StreamName,
    pub(crate) class: Class,
    /// Version of the last event that the decision knew; 0 for none.
    pub(crate) expected_version: i64,
    pub(crate) events: Vec<Decided>,
}

/// One event, decided and taken apart.
pub(crate) struct Decided {
    pub(crate) event: Event,
    pub(crate) parts: Box<dyn Fn(&Metadata) -> crate::codec::Parts + Send + Sync>,
}

/// Changes that happen together or not at all.
pub struct Commit {
    /// Whose log.
    pub organisation: OrganisationId,
    /// Who causes it.
    pub meta: Metadata,
    /// The changes; those without events are passed over.
    pub changes: Vec<Change>,
    /// The key of a message's content, where an event has one.
    pub content_key: Option<(ContentKeyId, Key)>,
    /// Makes a repeat return what the first one did.
    pub idempotency: Option<Idempotency>,
}

/// Names a request, so that its repeat is noticed. Both are keyed hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency {
    /// Of who asks, what for, and the key they chose.
    pub key: [u8; 32],
    /// Of the request itself.
    pub input: [u8; 32],
}

impl Commit {
    /// A commit without content and without an idempotency key.
    #[must_use]
    pub fn new(organisation: OrganisationId, meta: &Metadata, changes: Vec<Change>) -> Self {
        Self { organisation, meta: meta.clone(), changes, content_key: None, idempotency: None }
    }
}

const LAST_RECORDED: &str = "SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1";
/// Appends that may wait to be written; beyond that callers are told to come back.
const WAITING: usize = 1_024;

impl Log {
    /// Starts this node's appender on a migrated database.
    pub async fn open(db: Db, vault: Vault, clock: Clock) -> Result<Self, LogError> {
        let head = watch::Sender::new(appender::head(&db).await?);
        let (sender, requests) = mpsc::channel(WAITING);
        let closing = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let written = Arc::new(Notify::new());
        let appender = appender::Appender::new(db.clone(), head.clone(), written.clone());
        tasks.spawn(appender.run(requests, closing.clone()));
        tasks.spawn(heads::announce(db.clone(), written));
        tasks.spawn(heads::follow(db.clone(), head.clone()));
        Ok(Self {
            db,
            vault,
            clock,
            appender: sender,
            head,
            states: Arc::default(),
            turns: Arc::default(),
            closing,
            tasks: Arc::new(Mutex::new(tasks)),
        })
    }

    /// Appends changes. Returns after the commit.
    pub async fn append(&self, commit: Commit) -> Result<Appended, LogError> {
        let (rows, idempotency) = self.seal(commit).await?;
        if rows.is_empty() {
            return Ok(Appended::Now(self.head()));
        }
        let (reply, answer) = oneshot::channel();
        self.appender.try_send(Request { rows, idempotency, reply }).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => LogError::Busy,
            mpsc::error::TrySendError::Closed(_) => LogError::Closed,
        })?;
        answer.await.map_err(|_| LogError::Closed)?
    }

    /// What a request with this key did before, if anything; [`LogError::KeyReused`] if it was another request.
    pub async fn repeated(
        &self,
        organisation: OrganisationId,
        idempotency: &Idempotency,
    ) -> Result<Option<Position>, LogError> {
        let values = vec![i64::from(organisation.0).into(), idempotency.key.into()];
        let Some(row) = self.db.optional(appender::KEPT_KEY, values).await? else { return Ok(None) };
        if row.bytes32("input_hash")? != idempotency.input {
            return Err(LogError::KeyReused);
        }
        Ok(Some(row.int("position")?))
    }

    /// Position of the last event that this node knows of.
    #[must_use]
    pub fn head(&self) -> Position {
        *self.head.borrow()
    }

    /// When the last event was recorded; `None` in an empty log.
    pub async fn last_recorded_at(&self) -> Result<Option<Timestamp>, LogError> {
        let row = self.db.optional(LAST_RECORDED, vec![]).await?;
        Ok(row.map(|row| row.int("recorded_at").map(Timestamp::from_micros)).transpose()?)
    }

    /// Wakes whenever the log has grown: by this node at once, by another within a second.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    /// The keys.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The Merkle tree over it.
    #[must_use]
    pub fn tree(&self) -> LogTree {
        LogTree::new(self.db.clone())
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes what was accepted and stops, for every clone. Every later append gets [`LogError::Closed`].
    pub async fn close(self) {
        self.closing.cancel();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        // The appender ends when it has written what waits; the follower of heads never does by itself.
        tasks.join_next().await;
        tasks.abort_all();
    }
}
