//! `rm_exports`: what was taken out of the system, or is to be (E5). Why, and under which conditions, the log says.

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Slice, Statement, Stored, Tags, TimedPage,
    query::{Keyset, Query},
    rows::Columns,
};
use domain::{
    AccountId, Event, OrganisationId, Timestamp,
    export::{self, Export, Kind},
    id::ExportId,
};
use eventstore::{
    Position, Recorded,
    db::{DbError, Row},
    keys::Purpose,
};
use serde::{Deserialize, Serialize};

pub(crate) const MODEL: ReadModel = ReadModel { name: "exports", tables: &["rm_exports"], apply };

const ASK: &str = "INSERT INTO rm_exports (organisation, export, position, at, kind, requested_by, tree_size, state) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const APPROVE: &str =
    "UPDATE rm_exports SET approved_by = $3, state = $4 WHERE organisation = $1 AND export = $2";
const END: &str = "UPDATE rm_exports SET state = $3, ended_at = $4, ended_in = $5, kept_until = $6 \
     WHERE organisation = $1 AND export = $2";
const SELECT: &str = "SELECT organisation, export, position, at, kind, requested_by, approved_by, tree_size, state, ended_at, \
     ended_in, kept_until FROM rm_exports";
const COUNT: &str = "SELECT COUNT(*) AS found FROM rm_exports WHERE organisation = ?";
const OUTLIVED: &str = "SELECT v.owner AS export FROM vault v WHERE v.organisation = $1 AND v.purpose = $2 AND NOT EXISTS \
     (SELECT 1 FROM rm_exports e WHERE e.organisation = v.organisation AND e.export = v.owner \
     AND (e.state IN ('awaiting_approval', 'ready') OR e.kept_until > $3))";
const BY_TIME: Keyset = Keyset {
    after: " AND (at, export) < (?, ?)",
    before: " AND (at, export) > (?, ?)",
    newest: " ORDER BY at DESC, export DESC",
    oldest: " ORDER BY at, export",
};

/// How an export stands, as far as the log knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// A second person must agree first (K3).
    AwaitingApproval,
    /// It waits to be made, or is being made.
    Ready,
    /// It is made.
    Finished,
    /// It gave up.
    Failed,
}

/// What was taken out of the system, or is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRow {
    /// Whose.
    pub organisation: OrganisationId,
    /// Which.
    pub export: ExportId,
    /// Position of the event that asks for it.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// What it holds.
    pub kind: Kind,
    /// Who asked; `None` is the command line.
    pub requested_by: Option<AccountId>,
    /// Who agreed.
    pub approved_by: Option<AccountId>,
    /// The size of the log that it is a picture of.
    pub tree_size: u64,
    /// How it stands.
    pub state: ExportState,
    /// When it ended, well or not.
    pub ended_at: Option<Timestamp>,
    /// Position of the event that says so.
    pub ended_in: Option<Position>,
    /// When its files are deleted.
    pub kept_until: Option<Timestamp>,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    match &recorded.event {
        Event::Export(export, event) => of_export(recorded, *export, event),
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
        | Event::Review(..)
        | Event::BreakGlass(..)
        | Event::Key(..) => vec![],
    }
}

fn of_export(recorded: &Recorded, export: ExportId, event: &export::Event) -> Vec<Statement> {
    let [org, id]: [Cell; 2] = [recorded.organisation.into(), export.into()];
    let position = recorded.position.into();
    vec![match event {
        export::Event::Requested { by, kind, tree_size, at, .. } => {
            let state =
                if kind.needs_two_persons() { ExportState::AwaitingApproval } else { ExportState::Ready };
            let cells = [
                org,
                id,
                position,
                (*at).into(),
                Cell::word(kind),
                (*by).into(),
                (*tree_size).into(),
                Cell::word(state),
            ];
            Statement::new(ASK, cells)
        }
        export::Event::Approved { by, .. } => {
            Statement::new(APPROVE, [org, id, (*by).into(), Cell::word(ExportState::Ready)])
        }
        export::Event::Finished { kept_until, at, .. } => {
            let state = Cell::word(ExportState::Finished);
            Statement::new(END, [org, id, state, (*at).into(), position, Some(*kept_until).into()])
        }
        export::Event::Failed { at, .. } => {
            let state = Cell::word(ExportState::Failed);
            Statement::new(END, [org, id, state, (*at).into(), position, None::<Timestamp>.into()])
        }
        export::Event::Disclosed { .. } | export::Event::Downloaded { .. } => return vec![],
    }]
}

impl Projections {
    /// A page of exports, newest first.
    pub async fn exports(
        &self,
        organisation: OrganisationId,
        page: &TimedPage<Export>,
    ) -> Result<Slice<ExportRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        query.push(" WHERE organisation = ?", [organisation.value()]);
        let paging = page.narrow(&mut query, &BY_TIME);
        Ok(paging.slice(self.export_rows(query).await?))
    }

    /// How many exports there are.
    pub async fn export_count(&self, organisation: OrganisationId) -> Result<u64, ProjectionError> {
        let mut query = Query::new("", []);
        query.push(COUNT, [organisation.value()]);
        Ok(self.one(query).await?.number("found")?)
    }

    /// One export.
    pub async fn export(
        &self,
        organisation: OrganisationId,
        export: ExportId,
    ) -> Result<Option<ExportRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        query.push(" WHERE organisation = ? AND export = ?", [organisation.value(), export.value()]);
        Ok(self.export_rows(query).await?.pop())
    }

    /// Exports that can be made and are not, of every organisation, the oldest first.
    pub async fn exports_to_make(&self, limit: u32) -> Result<Vec<ExportRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        let ready = crate::statement::word(ExportState::Ready);
        query.push(" WHERE state = ? ORDER BY at, export LIMIT ?", [ready, limit.value()]);
        self.export_rows(query).await
    }

    /// Exports of an organisation that are not made yet.
    pub async fn unfinished_exports(&self, organisation: OrganisationId) -> Result<u64, ProjectionError> {
        let mut query = Query::new("", []);
        query.push(COUNT, [organisation.value()]);
        let open = [ExportState::AwaitingApproval, ExportState::Ready].map(crate::statement::word);
        query.push(" AND state IN (?, ?)", open);
        Ok(self.one(query).await?.number("found")?)
    }

    /// Exports that have a key, and whose files are over at this time, as far as is known here. The log tells for certain.
    pub async fn exports_outlived_by_keys(
        &self,
        organisation: OrganisationId,
        now: Timestamp,
    ) -> Result<Vec<ExportId>, ProjectionError> {
        let values = vec![organisation.value(), (Purpose::Export as i64).value(), now.value()];
        let rows = self.log().db().all(OUTLIVED, values).await?;
        rows.iter().map(|row| Ok(row.id("export")?)).collect()
    }

    async fn export_rows(&self, query: Query) -> Result<Vec<ExportRow>, ProjectionError> {
        let rows: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(row).collect();
        Ok(rows?)
    }
}

fn row(row: &Row) -> Result<ExportRow, DbError> {
    Ok(ExportRow {
        organisation: row.organisation()?,
        export: row.id("export")?,
        position: row.int("position")?,
        at: row.time("at")?,
        kind: row.word("kind")?,
        requested_by: row.opt_id("requested_by")?,
        approved_by: row.opt_id("approved_by")?,
        tree_size: row.number("tree_size")?,
        state: row.word("state")?,
        ended_at: row.opt_time("ended_at")?,
        ended_in: row.opt_int("ended_in")?,
        kept_until: row.opt_time("kept_until")?,
    })
}
