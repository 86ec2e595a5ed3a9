//! `rm_break_glasses`, `rm_break_glass_events`: emergency accesses, what was done with each, and whether all of that was
//! signed off (K6, Q10). Why one was opened and for which messages stands in its event.

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Slice, Statement, Stored, Tags, TimedPage,
    query::{Keyset, Query},
    rows::Columns,
};
use domain::{
    AccountId, Event, OrganisationId, Timestamp,
    break_glass::{self, BreakGlass},
    id::BreakGlassId,
    review,
};
use eventstore::{
    Position, Recorded,
    db::{DbError, Row},
};

pub(crate) const MODEL: ReadModel =
    ReadModel { name: "break_glasses", tables: &["rm_break_glasses", "rm_break_glass_events"], apply };

const OPEN: &str = "INSERT INTO rm_break_glasses (organisation, break_glass, position, holder, opened_at, ends_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const CLOSE: &str = "UPDATE rm_break_glasses SET closed_at = $3 WHERE organisation = $1 AND break_glass = $2";
const NOTE: &str = "INSERT INTO rm_break_glass_events (organisation, break_glass, position, reviewed) \
     VALUES ($1, $2, $3, FALSE)";
const REVIEW: &str =
    "UPDATE rm_break_glass_events SET reviewed = TRUE WHERE organisation = $1 AND position = $2";
const SELECT: &str = "SELECT organisation, break_glass, position, holder, opened_at, ends_at, closed_at FROM rm_break_glasses b";
const COUNT: &str = "SELECT COUNT(*) AS found FROM rm_break_glasses b";
/// What goes on, and what nobody signed off, is not reviewed.
const UNREVIEWED: &str = "(b.closed_at IS NULL OR EXISTS (SELECT 1 FROM rm_break_glass_events e \
     WHERE e.organisation = b.organisation AND e.break_glass = b.break_glass AND e.reviewed = FALSE))";
const EVENTS: &str = "SELECT position FROM rm_break_glass_events WHERE organisation = $1 AND break_glass = $2 \
     ORDER BY position DESC";
const BY_TIME: Keyset = Keyset {
    after: " AND (b.opened_at, b.break_glass) < (?, ?)",
    before: " AND (b.opened_at, b.break_glass) > (?, ?)",
    newest: " ORDER BY b.opened_at DESC, b.break_glass DESC",
    oldest: " ORDER BY b.opened_at, b.break_glass",
};

/// Which emergency accesses are asked for; all conditions must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct BreakGlassFilter {
    /// This person's alone.
    pub holder: Option<AccountId>,
    /// Ended and wholly signed off, or not.
    pub reviewed: Option<bool>,
}

/// An emergency access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassRow {
    /// Which.
    pub break_glass: BreakGlassId,
    /// Position of the event that opened it.
    pub position: Position,
    /// Whose it is.
    pub holder: AccountId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its time is over.
    pub ends_at: Timestamp,
    /// When it was closed, or noted as over.
    pub closed_at: Option<Timestamp>,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let organisation = recorded.organisation;
    match &recorded.event {
        Event::BreakGlass(id, event) => {
            let key = || -> [Cell; 2] { [organisation.into(), (*id).into()] };
            let [org, which] = key();
            let position: Cell = recorded.position.into();
            let change = match event {
                break_glass::Event::Opened { by, ends_at, at, .. } => {
                    let cells = [org, which, position, (*by).into(), (*at).into(), (*ends_at).into()];
                    Some(Statement::new(OPEN, cells))
                }
                break_glass::Event::Read { .. } => None,
                break_glass::Event::Closed { at, .. } => {
                    Some(Statement::new(CLOSE, [org, which, (*at).into()]))
                }
            };
            let [org, which] = key();
            let noted = Statement::new(NOTE, [org, which, recorded.position.into()]);
            [noted].into_iter().chain(change).collect()
        }
        Event::Review(_, review::Event::Reviewed { positions, .. }) => {
            let reviewed =
                |position: &Position| Statement::new(REVIEW, [organisation.into(), (*position).into()]);
            positions.iter().map(reviewed).collect()
        }
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
        | Event::Export(..)
        | Event::Key(..) => vec![],
    }
}

impl Projections {
    /// A page of emergency accesses, newest first.
    pub async fn break_glasses(
        &self,
        organisation: OrganisationId,
        filter: BreakGlassFilter,
        page: &TimedPage<BreakGlass>,
    ) -> Result<Slice<BreakGlassRow>, ProjectionError> {
        let mut query = narrowed(SELECT, organisation, filter);
        let paging = page.narrow(&mut query, &BY_TIME);
        let rows: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(row).collect();
        Ok(paging.slice(rows?))
    }

    /// How many there are.
    pub async fn break_glass_count(
        &self,
        organisation: OrganisationId,
        filter: BreakGlassFilter,
    ) -> Result<u64, ProjectionError> {
        Ok(self.one(narrowed(COUNT, organisation, filter)).await?.number("found")?)
    }

    /// One of them.
    pub async fn break_glass(
        &self,
        organisation: OrganisationId,
        id: BreakGlassId,
    ) -> Result<Option<BreakGlassRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        query.push(" WHERE b.organisation = ? AND b.break_glass = ?", [organisation.value(), id.value()]);
        Ok(self.all(query).await?.first().map(row).transpose()?)
    }

    /// Where everything stands in the log that was done with it, newest first.
    pub async fn break_glass_events(
        &self,
        organisation: OrganisationId,
        id: BreakGlassId,
    ) -> Result<Vec<Position>, ProjectionError> {
        let rows = self.log().db().all(EVENTS, vec![organisation.value(), id.value()]).await?;
        rows.iter().map(|row| Ok(row.int("position")?)).collect()
    }

    /// Those whose time is over and that are not noted as closed, the longest over first.
    pub async fn break_glasses_over(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, BreakGlassId)>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        let values = [now.value(), limit.value()];
        query.push(" WHERE b.closed_at IS NULL AND b.ends_at <= ? ORDER BY b.ends_at LIMIT ?", values);
        let rows = self.all(query).await?;
        rows.iter().map(|row| Ok((row.organisation()?, row.id("break_glass")?))).collect()
    }
}

fn narrowed(what: &'static str, organisation: OrganisationId, filter: BreakGlassFilter) -> Query {
    let mut query = Query::new(what, []);
    query.push(" WHERE b.organisation = ?", [organisation.value()]);
    if let Some(holder) = filter.holder {
        query.push(" AND b.holder = ?", [holder.value()]);
    }
    match filter.reviewed {
        Some(true) => {
            query.push(" AND NOT ", []);
            query.push(UNREVIEWED, []);
        }
        Some(false) => {
            query.push(" AND ", []);
            query.push(UNREVIEWED, []);
        }
        None => {}
    }
    query
}

fn row(row: &Row) -> Result<BreakGlassRow, DbError> {
    Ok(BreakGlassRow {
        break_glass: row.id("break_glass")?,
        position: row.int("position")?,
        holder: row.id("holder")?,
        opened_at: row.time("opened_at")?,
        ends_at: row.time("ends_at")?,
        closed_at: row.opt_time("closed_at")?,
    })
}
