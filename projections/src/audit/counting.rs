//! How many events of each kind there are in each piece of time, for charts. By kind and time alone the whole hours are
//! counted already; anything else is looked for and counted, up to a bound.

use super::{
    AuditFilter, Kind, MICROS_PER_HOUR, TooMuch,
    walk::{Plan, Walk, Way},
};
use crate::{ProjectionError, Projections, Stored, query::Query, rows::Columns};
use domain::{OrganisationId, Timestamp, period::buckets::Buckets};
use std::collections::{BTreeMap, HashMap};

/// Buckets at most (contract).
pub(super) const BUCKETS: usize = 400;
/// Events that are looked for and counted at most.
pub(super) const EVENTS: u64 = 200_000;
/// What months are put together from.
const HOURS_PER_DAY: i64 = 24;

const FIRST_AND_LAST: &str = "SELECT MIN(hour) AS first, MAX(hour) AS last FROM rm_audit_hours \
     WHERE organisation = ? AND kind = ?";
const WHOLE_HOURS: &str = "SELECT kind, (hour - ?) / ? AS piece, CAST(SUM(events) AS BIGINT) AS events \
     FROM rm_audit_hours WHERE organisation = ? AND hour >= ? AND hour < ? AND kind IN ";
const FOUND: &str = "SELECT e.kind, (e.at - ?) / ? AS piece, COUNT(*) AS events FROM (";
const OF_FOUND: &str =
    ") AS found JOIN rm_audit e ON e.organisation = ? AND e.position = found.position GROUP BY 1, 2";

/// How many events of a kind a bucket has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventCount {
    /// When the bucket begins.
    pub from: Timestamp,
    /// Which kind.
    pub kind: Kind,
    /// How many; one at least.
    pub count: u64,
}

/// Pieces that buckets are put together from, which a database can tell by a division.
struct Pieces {
    buckets: Buckets,
    /// Of one piece, in microseconds.
    length: i64,
    origin: i64,
}

impl Pieces {
    fn of(buckets: Buckets) -> Self {
        match buckets {
            Buckets::Months(_) => Self { buckets, length: HOURS_PER_DAY * MICROS_PER_HOUR, origin: 0 },
            Buckets::Micros(length) => Self { buckets, length, origin: Buckets::ORIGIN.micros() },
        }
    }

    fn are_whole_hours(&self) -> bool {
        self.length % MICROS_PER_HOUR == 0
    }

    /// When the bucket begins that a piece belongs to.
    fn bucket(&self, piece: i64) -> Timestamp {
        self.buckets
            .start(Timestamp::from_micros(self.origin.saturating_add(piece.saturating_mul(self.length))))
    }
}

/// What was counted so far.
struct Counts {
    kinds: HashMap<[u8; 16], Kind>,
    events: BTreeMap<(Timestamp, Kind), u64>,
}

impl Projections {
    /// How many events a question is answered by, for each kind and bucket that has any, in the order of time.
    /// [`TooMuch`] where they have no bounds.
    pub async fn event_counts(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
        buckets: Buckets,
    ) -> Result<Vec<EventCount>, ProjectionError> {
        let plan = self.plan(organisation, filter).await?;
        let Some((from, until)) = self.bounds(&plan).await? else { return Ok(vec![]) };
        if buckets.between(from, until, BUCKETS).len() > BUCKETS {
            return Err(TooMuch::Buckets.into());
        }
        let tags = self.tags(organisation).await?;
        let kinds = Kind::ALL.into_iter().map(|kind| (tags.kind(kind), kind)).collect();
        let mut counts = Counts { kinds, events: BTreeMap::new() };
        let pieces = Pieces::of(buckets);
        if plan.any_of.is_empty() && plan.without.is_empty() && pieces.are_whole_hours() {
            self.count_hours(&plan, (from, until), &pieces, &mut counts).await?;
        } else {
            self.count_found(&plan, (from, until), &pieces, &mut counts).await?;
        }
        let count = |((from, kind), count)| EventCount { from, kind, count };
        Ok(counts.events.into_iter().map(count).collect())
    }

    /// The times between which events can be: those that were asked for, as far as there are any events.
    async fn bounds(&self, plan: &Plan) -> Result<Option<(Timestamp, Timestamp)>, ProjectionError> {
        let any_kind = self.tags(plan.organisation).await?.any_kind();
        let row = self.one(Query::new(FIRST_AND_LAST, [plan.organisation.value(), any_kind.value()])).await?;
        let Some((first, last)) = row.opt_int("first")?.zip(row.opt_int("last")?) else { return Ok(None) };
        let (first, end) = (at_hour(first), at_hour(last.saturating_add(1)));
        let from = plan.from.map_or(first, |from| from.max(first));
        let until = plan.until.map_or(end, |until| until.min(end));
        Ok((from < until).then_some((from, until)))
    }

    /// Whole hours as they were counted, and what lies before the first and after the last by looking.
    async fn count_hours(
        &self,
        plan: &Plan,
        (from, until): (Timestamp, Timestamp),
        pieces: &Pieces,
        counts: &mut Counts,
    ) -> Result<(), ProjectionError> {
        let first = from.micros().div_euclid(MICROS_PER_HOUR)
            + i64::from(from.micros().rem_euclid(MICROS_PER_HOUR) > 0);
        let end = until.micros().div_euclid(MICROS_PER_HOUR);
        if first >= end {
            return self.count_found(plan, (from, until), pieces, counts).await;
        }
        let (origin, length) = (pieces.origin / MICROS_PER_HOUR, pieces.length / MICROS_PER_HOUR);
        let mut query = Query::new(
            WHOLE_HOURS,
            [origin.value(), length.value(), plan.organisation.value(), first.value(), end.value()],
        );
        let asked =
            if plan.kinds.is_empty() { counts.kinds.keys().copied().collect() } else { plan.kinds.clone() };
        query.list(asked.iter().map(|kind| kind.value()));
        query.push(" GROUP BY 1, 2", []);
        self.add(query, pieces, counts).await?;
        self.count_found(plan, (from, at_hour(first)), pieces, counts).await?;
        self.count_found(plan, (at_hour(end), until), pieces, counts).await
    }

    /// Looks for the events of a time and counts them.
    async fn count_found(
        &self,
        plan: &Plan,
        (from, until): (Timestamp, Timestamp),
        pieces: &Pieces,
        counts: &mut Counts,
    ) -> Result<(), ProjectionError> {
        if from >= until {
            return Ok(());
        }
        let plan = Plan { from: Some(from), until: Some(until), ..plan.clone() };
        let Some(within) = self.positions(&plan).await? else { return Ok(()) };
        let mut walk = Walk::new(self, &plan, Way::Older, &within);
        let mut counted = 0;
        while let Some(stretch) = walk.next().await? {
            let mut query = Query::new(FOUND, [pieces.origin.value(), pieces.length.value()]);
            plan.found(&mut query, &stretch);
            query.push(OF_FOUND, [plan.organisation.value()]);
            counted += self.add(query, pieces, counts).await?;
            if counted > EVENTS {
                return Err(TooMuch::Events.into());
            }
        }
        Ok(())
    }

    /// Adds what a query counted; answers how many that were.
    async fn add(&self, query: Query, pieces: &Pieces, counts: &mut Counts) -> Result<u64, ProjectionError> {
        let mut added = 0;
        for row in self.all(query).await? {
            let events: u64 = row.number("events")?;
            added += events;
            // A kind that only a newer program knows has no name here.
            if let Some(kind) = counts.kinds.get(&row.bytes16("kind")?) {
                *counts.events.entry((pieces.bucket(row.int("piece")?), *kind)).or_default() += events;
            }
        }
        Ok(added)
    }
}

fn at_hour(hour: i64) -> Timestamp {
    Timestamp::from_micros(hour.saturating_mul(MICROS_PER_HOUR))
}
