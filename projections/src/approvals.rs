//! `rm_approvals`: what needs a second person, and what became of it (K3). Reasons and comments are read from the log.

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Slice, Statement, Stored, Tags, TimedPage,
    query::{Keyset, Query},
    rows::Columns,
    statement::word,
};
use domain::{
    AccountId, Event, MessageId, OrganisationId, Timestamp,
    approval::{self, Approval, Outcome},
    id::{ApprovalId, ExportId, HoldId},
};
use eventstore::{
    Position, Recorded,
    db::{DbError, Row},
};
use serde::{Deserialize, Serialize};

pub(crate) const MODEL: ReadModel = ReadModel { name: "approvals", tables: &["rm_approvals"], apply };

const REQUEST: &str = "INSERT INTO rm_approvals (organisation, approval, position, action, subject, policy_version, \
     requested_by, requested_at, lapses_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const DECIDE: &str = "UPDATE rm_approvals SET state = $3, decided_by = $4, decided_at = $5, decided_in = $6 \
     WHERE organisation = $1 AND approval = $2";
const LAPSE: &str = "UPDATE rm_approvals SET state = $3 WHERE organisation = $1 AND approval = $2";
const CARRY_OUT: &str = "UPDATE rm_approvals SET outcome = $3 WHERE organisation = $1 AND approval = $2";
const SELECT: &str = "SELECT organisation, approval, position, action, subject, policy_version, requested_by, requested_at, \
     lapses_at, state, decided_by, decided_at, decided_in, outcome FROM rm_approvals";
const COUNT: &str = "SELECT COUNT(*) AS found FROM rm_approvals";
const BY_TIME: Keyset = Keyset {
    after: " AND (requested_at, approval) < (?, ?)",
    before: " AND (requested_at, approval) > (?, ?)",
    newest: " ORDER BY requested_at DESC, approval DESC",
    oldest: " ORDER BY requested_at, approval",
};

/// Where a request stands (contract: `ApprovalState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// It waits.
    Pending,
    /// It was granted.
    Approved,
    /// It was refused.
    Refused,
    /// Nobody decided in time.
    Lapsed,
}

/// What is asked for (contract: `ApprovalAction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalAction {
    /// Export of content.
    ExportContent,
    /// Release of a hold.
    ReleaseHold,
    /// A shorter retention.
    ShortenRetention,
    /// Erasure of a person's data.
    Erase,
    /// Destruction of a key.
    DestroyKey,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalSubject {
    /// A copy that is to be taken out.
    Export(ExportId),
    /// A hold that is to end.
    Hold(HoldId),
    /// The policy that was in force when a change of it was asked for; its number.
    Policy(u32),
    /// A person whose data is to be erased.
    Account(AccountId),
    /// A message whose key is to be destroyed.
    Message(MessageId),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Which.
    pub approval: ApprovalId,
    /// Position of the request, which has its reason.
    pub position: Position,
    /// What is asked for.
    pub action: ApprovalAction,
    /// What it is about.
    pub subject: ApprovalSubject,
    /// Who asked; `None` is whoever ran the command line.
    pub requested_by: Option<AccountId>,
    /// When.
    pub requested_at: Timestamp,
    /// When it lapses undecided.
    pub lapses_at: Timestamp,
    /// Where it stands.
    pub state: ApprovalState,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Position of the decision, which has its comment.
    pub decided_in: Option<Position>,
    /// What came of it, once that was carried out.
    pub outcome: Option<Outcome>,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    match &recorded.event {
        Event::Approval(approval, event) => vec![of_approval(recorded, *approval, event)],
        Event::Organisation(_)
        | Event::Account(..)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Log(_)
        | Event::Export(..)
        | Event::Review(..)
        | Event::Key(..) => vec![],
    }
}

fn of_approval(recorded: &Recorded, approval: ApprovalId, event: &approval::Event) -> Statement {
    let [org, id]: [Cell; 2] = [recorded.organisation.into(), approval.into()];
    match event {
        approval::Event::Requested { action, by, reason: _, lapses_at, at } => {
            let (action, subject, version) = named(action);
            let cells = [
                org,
                id,
                recorded.position.into(),
                Cell::word(action),
                subject,
                version.into(),
                (*by).into(),
                (*at).into(),
                (*lapses_at).into(),
                Cell::word(ApprovalState::Pending),
            ];
            Statement::new(REQUEST, cells)
        }
        approval::Event::Decided { by, granted, comment: _, at } => {
            let state = if *granted { ApprovalState::Approved } else { ApprovalState::Refused };
            let cells = [org, id, Cell::word(state), (*by).into(), (*at).into(), recorded.position.into()];
            Statement::new(DECIDE, cells)
        }
        approval::Event::Lapsed { .. } => Statement::new(LAPSE, [org, id, Cell::word(ApprovalState::Lapsed)]),
        approval::Event::CarriedOut { outcome, .. } => {
            Statement::new(CARRY_OUT, [org, id, Cell::word(outcome)])
        }
    }
}

/// What is asked for, the id of what it is about, and the number of a policy.
fn named(action: &approval::Action) -> (ApprovalAction, Cell, Option<u32>) {
    match action {
        approval::Action::ExportContent { export } => (ApprovalAction::ExportContent, (*export).into(), None),
        approval::Action::ReleaseHold { hold } => (ApprovalAction::ReleaseHold, (*hold).into(), None),
        approval::Action::ShortenRetention { policy: _, version } => {
            (ApprovalAction::ShortenRetention, None::<AccountId>.into(), Some(*version))
        }
        approval::Action::Erase { account } => (ApprovalAction::Erase, (*account).into(), None),
        approval::Action::DestroyKey { message } => (ApprovalAction::DestroyKey, (*message).into(), None),
    }
}

impl Projections {
    /// A page of requests, newest first; only those in one of these states.
    pub async fn approvals(
        &self,
        organisation: OrganisationId,
        states: Option<&[ApprovalState]>,
        page: &TimedPage<Approval>,
    ) -> Result<Slice<ApprovalRow>, ProjectionError> {
        let mut query = narrowed(SELECT, organisation, states);
        let paging = page.narrow(&mut query, &BY_TIME);
        Ok(paging.slice(self.approval_rows(query).await?))
    }

    /// How many requests there are.
    pub async fn approval_count(
        &self,
        organisation: OrganisationId,
        states: Option<&[ApprovalState]>,
    ) -> Result<u64, ProjectionError> {
        Ok(self.one(narrowed(COUNT, organisation, states)).await?.number("found")?)
    }

    /// One request.
    pub async fn approval(
        &self,
        organisation: OrganisationId,
        approval: ApprovalId,
    ) -> Result<Option<ApprovalRow>, ProjectionError> {
        let mut query = narrowed(SELECT, organisation, None);
        query.push(" AND approval = ?", [approval.value()]);
        Ok(self.approval_rows(query).await?.pop())
    }

    /// Requests for the same thing that wait for their decision, the oldest first.
    pub async fn approvals_pending(
        &self,
        organisation: OrganisationId,
        action: ApprovalAction,
    ) -> Result<Vec<ApprovalRow>, ProjectionError> {
        let mut query = narrowed(SELECT, organisation, Some(&[ApprovalState::Pending]));
        query.push(" AND action = ? ORDER BY requested_at, approval", [word(action)]);
        self.approval_rows(query).await
    }

    /// Requests that something is to be done about by itself: they lapse, or were approved and are not carried out.
    pub async fn approvals_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, ApprovalRow)>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        query.push(" WHERE (state = ? AND lapses_at <= ?)", [word(ApprovalState::Pending), now.value()]);
        query.push(" OR (state = ? AND outcome IS NULL)", [word(ApprovalState::Approved)]);
        query.push(" ORDER BY requested_at, approval LIMIT ?", [limit.value()]);
        let rows = self.all(query).await?;
        rows.iter().map(|found| Ok((found.organisation()?, row(found)?))).collect()
    }

    async fn approval_rows(&self, query: Query) -> Result<Vec<ApprovalRow>, ProjectionError> {
        let rows: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(row).collect();
        Ok(rows?)
    }
}

fn narrowed(what: &'static str, organisation: OrganisationId, states: Option<&[ApprovalState]>) -> Query {
    let mut query = Query::new(what, []);
    query.push(" WHERE organisation = ?", [organisation.value()]);
    match states {
        Some([]) => query.push(" AND 1 = 0", []),
        Some(states) => {
            query.push(" AND state IN ", []);
            query.list(states.iter().map(word));
        }
        None => {}
    }
    query
}

fn row(row: &Row) -> Result<ApprovalRow, DbError> {
    let action: ApprovalAction = row.word("action")?;
    let subject = match action {
        ApprovalAction::ExportContent => ApprovalSubject::Export(row.id("subject")?),
        ApprovalAction::ReleaseHold => ApprovalSubject::Hold(row.id("subject")?),
        ApprovalAction::ShortenRetention => ApprovalSubject::Policy(row.number("policy_version")?),
        ApprovalAction::Erase => ApprovalSubject::Account(row.id("subject")?),
        ApprovalAction::DestroyKey => ApprovalSubject::Message(row.id("subject")?),
    };
    Ok(ApprovalRow {
        approval: row.id("approval")?,
        position: row.int("position")?,
        action,
        subject,
        requested_by: row.opt_id("requested_by")?,
        requested_at: row.time("requested_at")?,
        lapses_at: row.time("lapses_at")?,
        state: row.word("state")?,
        decided_by: row.opt_id("decided_by")?,
        decided_at: row.opt_time("decided_at")?,
        decided_in: row.opt_int("decided_in")?,
        outcome: row.opt_word("outcome")?,
    })
}
