//! What takes a while: asked for by a person, done by a job in steps, looked at on any node. A node that stops leaves it to the
//! next, which goes on where the last step ended. Bookkeeping, not history: each is forgotten a month after its end.

mod store;

pub(crate) use store::{Stored, count, cut, key, read, word};

use crate::{App, Done, Error, Place, Problem, ProblemCode, Viewer, sending::sent_id};
use domain::{OrganisationId, Timestamp, id::Id, period::Period};
use eventstore::{Position, log::Idempotency};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// How far something is that takes a while.
#[derive(Debug, Clone)]
pub struct Work {
    /// Which.
    pub id: Id<Work>,
    /// How it stands.
    pub state: WorkState,
    /// Units that are done: messages, events.
    pub done: u64,
    /// Units in all, once it has begun.
    pub total: Option<u64>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What went wrong, in words.
    pub failure: Option<String>,
}

/// How a work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// It waits for its job.
    Queued,
    /// It is under way.
    Running,
    /// It has done everything.
    Done,
    /// It gave up.
    Failed,
    /// A second person must agree first (K3). Of what the log knows, and never kept.
    AwaitingApproval,
    /// Nobody agreed. Never kept either.
    Cancelled,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// Content rules are tried on past mail (G3).
    DryRun,
    /// A proposed policy is run over the history (N3).
    Replay,
    /// An export is made (E1–E6).
    Export,
}

/// Works of one kind that are not finished, of one organisation.
const UNFINISHED: u64 = 10;
/// How long a work is kept after it ended.
const KEPT: Period = Period::days(30);

impl App {
    /// Begins a work, or finds the one that this request began before. [`eventstore::LogError::KeyReused`] where its key stands for
    /// another request.
    pub(crate) async fn begin_work(
        &self,
        organisation: OrganisationId,
        kind: WorkKind,
        key: &Idempotency,
        request: &impl Serialize,
        asked: Position,
    ) -> Result<Done<Stored>, Error> {
        let id: Id<Work> = sent_id(key);
        if self.stored_work(organisation, kind, id).await?.is_none() {
            if self.unfinished_works(organisation, kind).await? >= UNFINISHED {
                let message = "As many of these wait as can; try again when one of them is done.";
                return Err(Problem::new(ProblemCode::NotAllowed, message).into());
            }
            let plain = serde_json::to_vec(request).map_err(Error::internal)?;
            let sealed = self.hide(organisation, Place::Work, &plain).await?;
            self.store_work(organisation, kind, id, key.input, sealed).await?;
        }
        let stored = self.stored_work(organisation, kind, id).await?;
        let stored = stored.ok_or_else(|| crate::error::not_found("work"))?;
        if stored.input != key.input {
            return Err(eventstore::LogError::KeyReused.into());
        }
        Ok(Done { value: stored, position: asked })
    }

    /// A work, for those who may see what it does; there is none for others. A new kind says here who that is.
    pub async fn work(&self, viewer: &Viewer, id: Id<Work>) -> Result<Option<Work>, Error> {
        if let Some(run) = self.dry_run(viewer, id).await? {
            return Ok(Some(run.work));
        }
        if let Some(replay) = self.replay(viewer, id).await? {
            return Ok(Some(replay.work));
        }
        self.work_of_export(viewer, Id::new(id.uuid())).await
    }

    /// What a work was asked to do.
    pub(crate) async fn asked_of<T: DeserializeOwned>(&self, work: &Stored) -> Result<T, Error> {
        let plain = self.reveal(work.organisation, Place::Work, &work.request).await?.unwrap_or_default();
        serde_json::from_slice(&plain).map_err(Error::internal)
    }

    /// Forgets what ended long ago, with what was found by it.
    pub(crate) async fn forget_works(
        &self,
        kind: WorkKind,
        found: Option<&'static str>,
    ) -> Result<(), Error> {
        let kept = i64::try_from(KEPT.nominal().whole_microseconds()).unwrap_or_default();
        let before = Timestamp::from_micros(self.log.now().micros() - kept);
        self.forget_stored(kind, found, before).await
    }
}
