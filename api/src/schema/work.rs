//! What takes a while.

use super::{
    ids::{self, Kind},
    scalars::{DateTime, Long, Period},
};
use app::DryRunState;
use async_graphql::{Enum, ID, SimpleObject};
use domain::{Timestamp, period};

/// Something that takes a while: export, rebuild, verification, replay, dry run.
#[derive(SimpleObject)]
pub(crate) struct Work {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// Where it stands.
    state: WorkState,
    /// Units done.
    done: Long,
    /// Units in all, once known.
    total: Option<Long>,
    /// When it began.
    started_at: Option<DateTime>,
    /// When it ended.
    finished_at: Option<DateTime>,
    /// Estimate of the time left.
    remaining: Option<Period>,
    /// What went wrong, in words.
    failure: Option<String>,
}

/// Life of a work.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkState {
    /// A second person must agree first (K3).
    AwaitingApproval,
    /// Waits.
    Queued,
    /// Under way; resumes after a crash.
    Running,
    /// Done.
    Done,
    /// Gave up.
    Failed,
    /// Refused or lapsed.
    Cancelled,
}

impl Work {
    /// A dry run, counted in messages.
    pub(super) fn of_dry_run(run: &app::DryRun, now: Timestamp) -> Self {
        let long = |count: u64| Long(i64::try_from(count).unwrap_or(i64::MAX));
        Self {
            id: ids::id(Kind::Work, run.id.uuid()),
            state: run.state.into(),
            done: long(run.done),
            total: run.total.map(long),
            started_at: run.started_at.map(DateTime),
            finished_at: run.finished_at.map(DateTime),
            remaining: remaining(run, now).map(Period),
            failure: run.failure.clone(),
        }
    }
}

/// As long for each unit that is left as those before took.
fn remaining(run: &app::DryRun, now: Timestamp) -> Option<period::Period> {
    let (total, began) = (run.total?, run.started_at?);
    if run.finished_at.is_some() || run.done == 0 {
        return None;
    }
    let so_far = u64::try_from(now.seconds_since(began)).ok()?;
    let left = so_far.saturating_mul(total.saturating_sub(run.done)) / run.done;
    Some(period::Period::seconds(u32::try_from(left).unwrap_or(u32::MAX)))
}

impl From<DryRunState> for WorkState {
    fn from(state: DryRunState) -> Self {
        match state {
            DryRunState::Queued => Self::Queued,
            DryRunState::Running => Self::Running,
            DryRunState::Done => Self::Done,
            DryRunState::Failed => Self::Failed,
        }
    }
}
