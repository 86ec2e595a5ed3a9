//! What takes a while.

use super::{
    ids::{self, Kind},
    scalars::{DateTime, Long, Period},
};
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
    /// As it stands at an instant.
    pub(super) fn at(now: Timestamp, work: &app::Work) -> Self {
        let long = |count: u64| Long(i64::try_from(count).unwrap_or(i64::MAX));
        Self {
            id: ids::id(Kind::Work, work.id.uuid()),
            state: work.state.into(),
            done: long(work.done),
            total: work.total.map(long),
            started_at: work.started_at.map(DateTime),
            finished_at: work.finished_at.map(DateTime),
            remaining: remaining(work, now).map(Period),
            failure: work.failure.clone(),
        }
    }
}

/// As long for each unit that is left as those before took.
fn remaining(work: &app::Work, now: Timestamp) -> Option<period::Period> {
    let (total, began) = (work.total?, work.started_at?);
    if work.finished_at.is_some() || work.done == 0 {
        return None;
    }
    let so_far = u64::try_from(now.seconds_since(began)).ok()?;
    let left = so_far.saturating_mul(total.saturating_sub(work.done)) / work.done;
    Some(period::Period::seconds(u32::try_from(left).unwrap_or(u32::MAX)))
}

impl From<app::WorkState> for WorkState {
    fn from(state: app::WorkState) -> Self {
        match state {
            app::WorkState::Queued => Self::Queued,
            app::WorkState::Running => Self::Running,
            app::WorkState::Done => Self::Done,
            app::WorkState::Failed => Self::Failed,
            app::WorkState::AwaitingApproval => Self::AwaitingApproval,
            app::WorkState::Cancelled => Self::Cancelled,
        }
    }
}
