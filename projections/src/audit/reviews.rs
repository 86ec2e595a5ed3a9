//! `rm_reviews`: which sign-off covers which event (Q2, Q10). What the reviewer found stands in the sign-off itself.

use crate::{Cell, ProjectionError, Projections, Statement, Stored, Tags, query::Query};
use domain::{Event, OrganisationId, review};
use eventstore::{
    Position, Recorded,
    db::{DbError, Row},
};

const COVER: &str = "INSERT INTO rm_reviews (organisation, position, signed_in) VALUES ($1, $2, $3)";
const NOTE_REVIEWED: &str = "INSERT INTO rm_audit_terms (organisation, term, position) VALUES ($1, $2, $3) \
     ON CONFLICT (organisation, term, position) DO NOTHING";
const COVERED: &str = "SELECT position, signed_in FROM rm_reviews";

/// What a sign-off changes about the events that it covers.
pub(super) fn apply(recorded: &Recorded, tags: &Tags) -> Vec<Statement> {
    let Event::Review(_, review::Event::Reviewed { positions, .. }) = &recorded.event else { return vec![] };
    let organisation = recorded.organisation;
    let covered = |position: &Position| {
        let cover: [Cell; 3] = [organisation.into(), (*position).into(), recorded.position.into()];
        let term: [Cell; 3] = [organisation.into(), tags.reviewed().into(), (*position).into()];
        [Statement::new(COVER, cover), Statement::new(NOTE_REVIEWED, term)]
    };
    positions.iter().flat_map(covered).collect()
}

impl Tags {
    /// By which an event is found that somebody signed off.
    pub(super) fn reviewed(&self) -> [u8; 16] {
        self.term("reviewed", &[])
    }
}

impl Projections {
    /// The sign-offs that cover these events: the event's position, then the sign-off's; the oldest sign-off first.
    pub async fn reviews(
        &self,
        organisation: OrganisationId,
        positions: &[Position],
    ) -> Result<Vec<(Position, Position)>, ProjectionError> {
        if positions.is_empty() {
            return Ok(vec![]);
        }
        let mut query = Query::new(COVERED, []);
        query.push(" WHERE organisation = ? AND position IN ", [organisation.value()]);
        query.list(positions.iter().map(|position| position.value()));
        query.push(" ORDER BY signed_in, position", []);
        let pair = |row: &Row| Ok((row.int("position")?, row.int("signed_in")?));
        let pairs: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(pair).collect();
        Ok(pairs?)
    }
}
