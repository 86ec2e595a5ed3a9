//! The node's one appender: takes what waits, writes it in one transaction, answers each.

use super::{Idempotency, LogError};
use crate::{
    db::{Db, DbError, EventRow, Tx},
    recorded::Position,
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It was written; position of its last event.
    Now(Position),
    /// A request with this idempotency key was written before; position of its last event.
    Before(Position),
}

impl Appended {
    /// Position of the last event.
    #[must_use]
    pub fn position(self) -> Position {
        match self {
            Self::Now(position) | Self::Before(position) => position,
        }
    }
}

/// An append that waits.
pub(super) struct Request {
    /// Sealed rows in order; their positions are not known yet.
    pub(super) rows: Vec<EventRow>,
    pub(super) idempotency: Option<(i64, Idempotency)>,
    pub(super) reply: oneshot::Sender<Result<Appended, LogError>>,
}

/// Events written in one transaction at most: enough to pay for the fsync, few enough for one statement.
const BATCH_EVENTS: usize = 512;
/// Stream heads remembered; beyond it the memory starts afresh.
const REMEMBERED_HEADS: usize = 100_000;
/// PostgreSQL channel that other nodes listen on.
pub(super) const CHANNEL: &str = "sealpost_log";

pub(super) const KEPT_KEY: &str =
    "SELECT input_hash, position FROM idempotency WHERE organisation = $1 AND key = $2";
const KEEP_KEY: &str = "INSERT INTO idempotency (organisation, key, input_hash, position, recorded_at) \
     VALUES ($1, $2, $3, $4, $5)";
const VERSION: &str =
    "SELECT COALESCE(MAX(version), 0) AS version FROM events WHERE organisation = $1 AND stream = $2";

type Stream = (i64, [u8; 16]);
type Answer = Result<Appended, LogError>;
/// What the idempotency keys of a batch stand for: input and position, by organisation and key.
type Keys = HashMap<(i64, [u8; 32]), ([u8; 32], Position)>;

pub(super) struct Appender {
    db: Db,
    head: watch::Sender<Position>,
    /// Told of every batch, so that other nodes hear of it.
    written: Arc<Notify>,
    /// Versions that this node wrote last; another node may have written later ones.
    versions: HashMap<Stream, i64>,
}

impl Appender {
    pub(super) fn new(db: Db, head: watch::Sender<Position>, written: Arc<Notify>) -> Self {
        Self { db, head, written, versions: HashMap::new() }
    }

    /// Runs until every sender is gone, or until it is told to close and has written what waits.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>, closing: CancellationToken) {
        while let Some(first) = next(&mut requests, &closing).await {
            let (batch, events) = gather(first, &mut requests).await;
            metrics::histogram!("sealpost_log_batch_events")
                .record(u32::try_from(events).unwrap_or(u32::MAX));
            self.write(batch).await;
        }
    }

    async fn write(&mut self, batch: Vec<Request>) {
        let mut answers = match self.attempt(&batch, Check::Remembered).await {
            // A stream has moved on elsewhere: look at each one, and let only those fail that are stale.
            Err(DbError::Unique) => self.attempt(&batch, Check::Stored).await,
            other => other,
        };
        if answers.is_err() {
            self.versions.clear();
        }
        for (index, request) in batch.into_iter().enumerate() {
            let answer = match &mut answers {
                Ok(answers) => std::mem::replace(&mut answers[index], Err(LogError::Closed)),
                Err(error) => Err(again(error)),
            };
            // Who does not wait for the answer any more has lost nothing: it is written or it is not.
            let _ = request.reply.send(answer);
        }
    }

    /// Writes the whole batch but those that must fail, in one transaction.
    async fn attempt(&mut self, batch: &[Request], check: Check) -> Result<Vec<Answer>, DbError> {
        let mut tx = self.db.begin_append().await?;
        let mut position = read_head(&mut tx).await?;
        let mut versions = HashMap::new();
        let mut rows = vec![];
        let mut answers = vec![];
        let mut keys = Keys::new();
        for request in batch {
            if let Some(answer) = kept(&mut tx, request, &keys).await? {
                answers.push(answer);
                continue;
            }
            if !self.is_current(&mut tx, request, &versions, check).await? {
                answers.push(Err(LogError::Conflict));
                continue;
            }
            for row in &request.rows {
                position += 1;
                versions.insert((row.organisation, row.stream), row.version);
                rows.push(EventRow { position, ..row.clone() });
            }
            if let Some((organisation, idempotency)) = request.idempotency {
                keys.insert((organisation, idempotency.key), (idempotency.input, position));
            }
            answers.push(Ok(Appended::Now(position)));
        }
        if rows.is_empty() {
            tx.rollback().await?;
            return Ok(answers);
        }
        if let Err(error) = tx.insert_events(&rows).await {
            tx.rollback().await?;
            return Err(error);
        }
        let recorded_at = rows.last().map_or(0, |row| row.recorded_at);
        for ((organisation, key), (input, position)) in keys {
            let values =
                vec![organisation.into(), key.into(), input.into(), position.into(), recorded_at.into()];
            tx.run(KEEP_KEY, values).await?;
        }
        tx.commit().await?;
        if self.versions.len() > REMEMBERED_HEADS {
            self.versions.clear();
        }
        self.versions.extend(versions);
        self.head.send_if_modified(|head| std::mem::replace(head, position.max(*head)) < position);
        self.written.notify_one();
        Ok(answers)
    }

    /// Whether every stream of the request stands where its decision saw it.
    async fn is_current(
        &self,
        tx: &mut Tx,
        request: &Request,
        written: &HashMap<Stream, i64>,
        check: Check,
    ) -> Result<bool, DbError> {
        let mut seen: HashMap<Stream, i64> = HashMap::new();
        for row in &request.rows {
            let stream = (row.organisation, row.stream);
            let known = seen.get(&stream).or_else(|| written.get(&stream)).copied();
            let known = match (known, check) {
                (Some(version), _) => Some(version),
                (None, Check::Remembered) => {
                    self.versions.get(&stream).copied().filter(|head| *head >= row.version)
                }
                (None, Check::Stored) => {
                    let values = vec![row.organisation.into(), row.stream.into()];
                    Some(tx.one(VERSION, values).await?.int("version")?)
                }
            };
            if known.is_some_and(|version| version + 1 != row.version) {
                return Ok(false);
            }
            seen.insert(stream, row.version);
        }
        Ok(true)
    }
}

async fn next(requests: &mut mpsc::Receiver<Request>, closing: &CancellationToken) -> Option<Request> {
    tokio::select! {
        next = requests.recv() => next,
        () = closing.cancelled() => {
            requests.close();
            requests.recv().await
        }
    }
}

/// Takes what waits. Whoever was just answered brings the next append at once: they get their turn to do so, for as long as
/// the batch grows, or every other batch would be half empty.
async fn gather(first: Request, requests: &mut mpsc::Receiver<Request>) -> (Vec<Request>, usize) {
    let mut events = first.rows.len();
    let mut batch = vec![first];
    loop {
        let before = batch.len();
        while events < BATCH_EVENTS
            && let Ok(next) = requests.try_recv()
        {
            events += next.rows.len();
            batch.push(next);
        }
        if batch.len() == before || events >= BATCH_EVENTS {
            return (batch, events);
        }
        tokio::task::yield_now().await;
    }
}

/// How a stream's version is checked.
#[derive(Clone, Copy)]
enum Check {
    /// By what this node wrote itself; the unique key catches the rest.
    Remembered,
    /// By the database, one query a stream.
    Stored,
}

/// The answer to a request whose key was used before, in the database or in this batch.
async fn kept(tx: &mut Tx, request: &Request, batch: &Keys) -> Result<Option<Answer>, DbError> {
    let Some((organisation, idempotency)) = request.idempotency else { return Ok(None) };
    let found = match batch.get(&(organisation, idempotency.key)) {
        Some(found) => Some(*found),
        None => match tx.optional(KEPT_KEY, vec![organisation.into(), idempotency.key.into()]).await? {
            Some(row) => Some((row.bytes32("input_hash")?, row.int("position")?)),
            None => None,
        },
    };
    Ok(found.map(|(input, position)| {
        if input == idempotency.input { Ok(Appended::Before(position)) } else { Err(LogError::KeyReused) }
    }))
}

/// One failure, told to each request of the batch.
fn again(error: &DbError) -> LogError {
    match error {
        DbError::Unique => LogError::Conflict,
        DbError::Busy(_) => LogError::Busy,
        other => LogError::Db(DbError::Unreachable(other.to_string())),
    }
}

const HEAD: &str = "SELECT COALESCE(MAX(position), 0) AS head FROM events";

async fn read_head(tx: &mut Tx) -> Result<Position, DbError> {
    tx.one(HEAD, vec![]).await?.int("head")
}

pub(super) async fn head(db: &Db) -> Result<Position, DbError> {
    db.one(HEAD, vec![]).await?.int("head")
}
