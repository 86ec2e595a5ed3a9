//! Keeps the read models up with the log.

use crate::{
    ProjectionError, READ_MODELS, ReadModel, Stored,
    advance::{Step, Target},
};
use domain::{Timestamp, period::Period};
use eventstore::{Log, Position, db::DbError, leases::Leases};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Events applied in one transaction at most.
const BATCH_EVENTS: i64 = 256;
/// How long a node keeps a read model without prolonging; then another may take it.
const LEASE: Period = Period::seconds(10);
/// When a lease is prolonged, or tried for again: half its time.
const LEASE_HALF: Period = Period::seconds(5);
/// How often the leases of other nodes are tried for when nothing happens, whatever the log's clock says.
const LOOK: Duration = Duration::from_secs(5);
/// How often a parked read model is tried again.
const RETRY_PARKED: Duration = Duration::from_mins(1);
/// After a failure of the surroundings.
const RETRY: Duration = Duration::from_secs(1);

const CHECKPOINTS: &str = "SELECT projection, position, parked_reason FROM checkpoints";
const BEGIN: &str = "INSERT INTO checkpoints (projection, position) VALUES ($1, 0) ON CONFLICT DO NOTHING";
const PARK: &str = "UPDATE checkpoints SET parked_reason = $3 WHERE projection = $1 AND position = $2";

/// The read models of one database. Cloning shares them.
#[derive(Clone)]
pub struct Projections {
    log: Log,
    leases: Leases,
    /// How far each read model is known to be.
    progress: watch::Sender<BTreeMap<&'static str, Position>>,
}

/// How a read model stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Which.
    pub name: &'static str,
    /// The last position that it applied.
    pub position: Position,
    /// How many events it has yet to apply.
    pub behind: i64,
    /// Why it stands still, if it does.
    pub parked: Option<String>,
}

/// A lease that this node has, or tried to get.
struct Tried {
    held: bool,
    /// When to take it again.
    due: Timestamp,
}

impl Projections {
    /// The read models of a log. Nothing runs until [`Self::run`] or [`Self::catch_up`].
    #[must_use]
    pub fn new(log: Log) -> Self {
        let leases = Leases::new(log.db().clone(), log.clock().clone());
        Self { log, leases, progress: watch::Sender::new(BTreeMap::new()) }
    }

    /// The same for a node that keeps its id over a restart: after a crash it need not wait for the end of its own leases.
    /// Should two processes have one id, the compare-and-set on the checkpoint still lets each event count once.
    #[must_use]
    pub fn of_node(log: Log, node: Uuid) -> Self {
        let leases = Leases::of_node(log.db().clone(), log.clock().clone(), node);
        Self { log, leases, progress: watch::Sender::new(BTreeMap::new()) }
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Keeps up those read models that no other node does, until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let mut head = self.log.subscribe();
        let mut leases = BTreeMap::new();
        let mut parked = BTreeSet::new();
        let mut retry_parked = time::interval(RETRY_PARKED);
        while !stop.is_cancelled() {
            let until = *head.borrow_and_update();
            let models = self.held(&mut leases).await;
            let mut pause = LOOK;
            if let Err(problem) = self.drain(&models, &mut parked, until, &stop).await {
                tracing::warn!(%problem, "the read models cannot be brought up to date; trying again");
                pause = RETRY;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                _ = head.changed(), if pause == LOOK => {}
                _ = retry_parked.tick() => parked.clear(),
                () = time::sleep(pause) => leases.retain(|_, lease| lease.held),
            }
        }
        for (name, lease) in leases {
            if lease.held
                && let Err(problem) = self.leases.give_back(&lease_name(name)).await
            {
                tracing::warn!(%problem, name, "the lease was not given back; it ends by itself");
            }
        }
    }

    /// Applies what is in the log now, whoever else does too. Every read model is tried; the first that stands still is
    /// the error.
    pub async fn catch_up(&self) -> Result<(), ProjectionError> {
        let models: Vec<_> = READ_MODELS.iter().collect();
        let mut parked = BTreeSet::new();
        self.drain(&models, &mut parked, self.log.head(), &CancellationToken::new()).await?;
        let stuck = self.status().await?.into_iter().find(|status| parked.contains(status.name));
        match stuck {
            Some(Status { name, position, parked: Some(reason), .. }) => {
                Err(ProjectionError::Parked { name, position, reason })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// How every read model stands.
    pub async fn status(&self) -> Result<Vec<Status>, ProjectionError> {
        let head = self.log.head();
        let mut found = BTreeMap::new();
        for row in self.log.db().all(CHECKPOINTS, vec![]).await? {
            found.insert(row.text("projection")?, (row.int("position")?, row.opt_text("parked_reason")?));
        }
        let status = |model: &ReadModel| {
            let (position, parked) = found.remove(model.name).unwrap_or_default();
            Status { name: model.name, position, behind: (head - position).max(0), parked }
        };
        Ok(READ_MODELS.iter().map(status).collect())
    }

    /// How far each read model is known to be on this node.
    pub(crate) fn progress(&self) -> watch::Receiver<BTreeMap<&'static str, Position>> {
        self.progress.subscribe()
    }

    pub(crate) fn note_progress(&self, name: &'static str, position: Position) {
        self.progress.send_modify(|progress| {
            progress.insert(name, position);
        });
    }

    /// The read models whose lease this node holds, taken or prolonged where that is due.
    async fn held(&self, leases: &mut BTreeMap<&'static str, Tried>) -> Vec<&'static ReadModel> {
        let now = self.log.now();
        let mut held = vec![];
        for model in READ_MODELS {
            if leases.get(model.name).is_none_or(|lease| lease.due <= now) {
                let taken = self.leases.take(&lease_name(model.name), LEASE).await;
                let taken =
                    taken.inspect_err(|problem| tracing::warn!(%problem, name = model.name, "no lease"));
                let due = now.plus(LEASE_HALF);
                leases.insert(model.name, Tried { held: matches!(taken, Ok(Some(_))), due });
            }
            if leases.get(model.name).is_some_and(|lease| lease.held) {
                held.push(model);
            }
        }
        held
    }

    /// Applies batch after batch until all of `models` are at `until`, but those that are parked.
    async fn drain(
        &self,
        models: &[&'static ReadModel],
        parked: &mut BTreeSet<&'static str>,
        until: Position,
        stop: &CancellationToken,
    ) -> Result<(), ProjectionError> {
        while !stop.is_cancelled() {
            let standing = self.standing(models, parked).await?;
            let Some(from) =
                standing.iter().map(|(_, position)| *position).min().filter(|from| *from < until)
            else {
                return Ok(());
            };
            // Those that are behind catch up with the others first; from there they go on together.
            let others =
                standing.iter().map(|(_, position)| *position).filter(|position| *position > from).min();
            let limit = others.map_or(BATCH_EVENTS, |next| (next - from).min(BATCH_EVENTS));
            let together: Vec<_> = standing
                .iter()
                .filter(|(_, position)| *position == from)
                .map(|(model, _)| Target::live(model))
                .collect();
            match self.advance(&together, from, limit).await {
                Ok(Step::To(to)) => {
                    for target in &together {
                        self.note_progress(target.model.name, to);
                    }
                }
                Ok(Step::Moved) => {}
                Ok(Step::Nothing) => return Ok(()),
                Err(problem) if problem.is_permanent() => {
                    for target in together {
                        self.advance_alone(target, from, from + limit, parked).await?;
                    }
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// Goes event by event after a batch failed, and parks the read model at the event that it cannot apply.
    async fn advance_alone(
        &self,
        target: Target,
        from: Position,
        until: Position,
        parked: &mut BTreeSet<&'static str>,
    ) -> Result<(), ProjectionError> {
        let name = target.model.name;
        let mut position = from;
        while position < until {
            match self.advance(&[target], position, 1).await {
                Ok(Step::To(to)) => {
                    position = to;
                    self.note_progress(name, to);
                }
                Ok(Step::Nothing | Step::Moved) => return Ok(()),
                Err(problem) if problem.is_permanent() => {
                    let reason = problem.to_string();
                    tracing::error!(name, position, %problem, "a read model stands still after this position");
                    let values = vec![name.value(), position.value(), reason.as_str().value()];
                    self.log.db().run(PARK, values).await?;
                    parked.insert(name);
                    return Ok(());
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// Where these read models stand, without those that are parked. One that has no checkpoint gets one.
    async fn standing(
        &self,
        models: &[&'static ReadModel],
        parked: &BTreeSet<&'static str>,
    ) -> Result<Vec<(&'static ReadModel, Position)>, DbError> {
        let mut found = BTreeMap::new();
        for row in self.log.db().all(CHECKPOINTS, vec![]).await? {
            found.insert(row.text("projection")?, row.int("position")?);
        }
        let head = self.log.head();
        let mut standing = vec![];
        for model in models {
            if !found.contains_key(model.name) {
                self.log.db().run(BEGIN, vec![model.name.value()]).await?;
            }
            let position = found.get(model.name).copied().unwrap_or_default();
            let behind = u32::try_from(head - position).unwrap_or_default();
            metrics::gauge!("sealpost_projection_behind_events", "projection" => model.name).set(behind);
            if !parked.contains(model.name) {
                standing.push((*model, position));
            }
        }
        Ok(standing)
    }
}

fn lease_name(model: &str) -> String {
    format!("projection:{model}")
}
