//! Looking for positions without counting on luck. A question is a conjunction; whichever of its conditions is rarest around
//! the place that was reached is followed through the index, and the others are probed for each of its entries. What is
//! rarest is measured anew for every stretch, so that a condition that was frequent last year alone costs nothing today.

use crate::{ProjectionError, Projections, Stored, query::Query};
use domain::{OrganisationId, Timestamp};
use eventstore::{Position, db::Value};
use std::ops::RangeInclusive;

/// Entries of the first stretch, of the next one each time more by so much, and at most.
const FIRST_ENTRIES: i64 = 256;
const GROWTH: i64 = 4;
const MOST_ENTRIES: i64 = 65_536;
/// Keeps the fractions of a comparison.
const SCALE: i64 = 1_024;

/// Where entries lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Postings {
    Terms,
    Networks,
}

/// A condition: an event has one of these terms.
#[derive(Debug, Clone)]
pub(super) struct AnyOf {
    pub(super) postings: Postings,
    pub(super) terms: Vec<[u8; 16]>,
}

/// A question, as it is looked for.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) organisation: OrganisationId,
    /// Tags of kinds, of which an event has exactly one; none is all.
    pub(super) kinds: Vec<[u8; 16]>,
    pub(super) any_of: Vec<AnyOf>,
    /// Terms that an event must not have.
    pub(super) without: Vec<[u8; 16]>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// Which way is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Older,
    Newer,
}

/// What is followed through a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guide {
    /// Every event.
    Everything,
    /// Those of the kinds.
    Kinds,
    /// Those of a condition, by its place among them.
    Condition(usize),
}

/// A part of the log, to be looked through by one statement.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    guide: Guide,
    low: Position,
    high: Position,
    /// About so many entries are looked at.
    pub(super) entries: i64,
}

/// Where a walk is.
pub(super) struct Walk<'a> {
    models: &'a Projections,
    plan: &'a Plan,
    way: Way,
    low: Position,
    high: Position,
    entries: i64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        models: &'a Projections,
        plan: &'a Plan,
        way: Way,
        within: &RangeInclusive<Position>,
    ) -> Self {
        let (low, high) = (*within.start(), *within.end());
        Self { models, plan, way, low, high, entries: FIRST_ENTRIES }
    }

    /// The next stretch; nothing at the end of the way.
    pub(super) async fn next(&mut self) -> Result<Option<Stretch>, ProjectionError> {
        if self.low > self.high {
            return Ok(None);
        }
        let mut best: Option<(i64, Guide, Position)> = None;
        for guide in self.plan.guides() {
            let far = self.far(guide).await?;
            let span = match self.way {
                Way::Older => self.high - far,
                Way::Newer => far - self.low,
            };
            // The further the same number of entries reaches, and the less each costs, the better.
            let worth = (span + 1).saturating_mul(SCALE) / self.plan.cost(guide);
            if best.is_none_or(|(best, ..)| worth > best) {
                best = Some((worth, guide, far));
            }
        }
        let Some((_, guide, far)) = best else { return Ok(None) };
        let (low, high) = match self.way {
            Way::Older => (far, self.high),
            Way::Newer => (self.low, far),
        };
        match self.way {
            Way::Older => self.high = low - 1,
            Way::Newer => self.low = high + 1,
        }
        let stretch = Stretch { guide, low, high, entries: self.entries };
        self.entries = (self.entries * GROWTH).min(MOST_ENTRIES);
        Ok(Some(stretch))
    }

    /// How far a stretch goes that has no more than the entries of the next step; to the end of the way if there are not
    /// that many.
    async fn far(&self, guide: Guide) -> Result<Position, ProjectionError> {
        let (furthest, order, end) = match self.way {
            Way::Older => ("SELECT MAX((", " ORDER BY d.position DESC LIMIT 1 OFFSET ?)) AS far", self.low),
            Way::Newer => ("SELECT MIN((", " ORDER BY d.position LIMIT 1 OFFSET ?)) AS far", self.high),
        };
        let (entry, terms) = match guide {
            Guide::Everything => (EVERY_ENTRY, &[][..]),
            Guide::Kinds => (Postings::Terms.entry(), &self.plan.kinds[..]),
            Guide::Condition(index) => {
                let AnyOf { postings, terms } = &self.plan.any_of[index];
                (postings.entry(), &terms[..])
            }
        };
        let each = self.entries / count(terms).max(1);
        let mut query = Query::new(furthest, []);
        query.push(entry, [self.plan.organisation.value(), self.low.value(), self.high.value()]);
        query.push(order, [(each - 1).max(0).value()]);
        for (index, term) in terms.iter().enumerate() {
            query.push(if index == 0 { " FROM (VALUES (?)" } else { ", (?)" }, [term.value()]);
        }
        if !terms.is_empty() {
            query.push(") AS asked", []);
        }
        Ok(self.models.one(query).await?.opt_int("far")?.unwrap_or(end))
    }
}

const EVERY_ENTRY: &str =
    "SELECT d.position FROM rm_audit d WHERE d.organisation = ? AND d.position >= ? AND d.position <= ?";
const FOLLOWED_EVERYTHING: &str = "SELECT d.position FROM rm_audit d WHERE d.organisation = ?";
// A scalar subquery, and not EXISTS: PostgreSQL would make a join of that and read a whole term instead of probing it.
const PROBED_EVENT: &str =
    " AND (SELECT 1 FROM rm_audit e WHERE e.organisation = ? AND e.position = d.position";

impl Postings {
    /// The entries of a term that is asked for.
    fn entry(self) -> &'static str {
        match self {
            Self::Terms => {
                "SELECT d.position FROM rm_audit_terms d WHERE d.organisation = ? \
                 AND d.term = asked.column1 AND d.position >= ? AND d.position <= ?"
            }
            Self::Networks => {
                "SELECT d.position FROM rm_audit_networks d WHERE d.organisation = ? \
                 AND d.term = asked.column1 AND d.position >= ? AND d.position <= ?"
            }
        }
    }

    /// The entries of terms that are listed next.
    fn followed(self) -> &'static str {
        match self {
            Self::Terms => {
                "SELECT DISTINCT d.position FROM rm_audit_terms d WHERE d.organisation = ? AND d.term IN "
            }
            Self::Networks => {
                "SELECT DISTINCT d.position FROM rm_audit_networks d WHERE d.organisation = ? AND d.term IN "
            }
        }
    }

    /// Whether an entry has one of the terms that are listed next.
    fn probed(self) -> &'static str {
        match self {
            Self::Terms => {
                " AND (SELECT 1 FROM rm_audit_terms p WHERE p.organisation = ? AND p.position = d.position \
                 AND p.term IN "
            }
            Self::Networks => {
                " AND (SELECT 1 FROM rm_audit_networks p WHERE p.organisation = ? AND p.position = d.position \
                 AND p.term IN "
            }
        }
    }
}

impl Plan {
    /// What can be followed.
    fn guides(&self) -> Vec<Guide> {
        let kinds = (!self.kinds.is_empty()).then_some(Guide::Kinds);
        let guides: Vec<_> = kinds.into_iter().chain((0..self.any_of.len()).map(Guide::Condition)).collect();
        if guides.is_empty() { vec![Guide::Everything] } else { guides }
    }

    /// How many looks into an index an entry costs: one at itself, and one for each term that is probed.
    fn cost(&self, guide: Guide) -> i64 {
        let others = self.any_of.iter().enumerate().filter(|(index, _)| guide != Guide::Condition(*index));
        let terms: i64 = others.map(|(_, other)| count(&other.terms)).sum();
        1 + terms + count(&self.without) + i64::from(self.probes_event(guide))
    }

    /// Whether kind and time are looked up for each entry.
    fn probes_event(&self, guide: Guide) -> bool {
        let times = self.from.is_some() || self.until.is_some();
        match guide {
            Guide::Everything => false,
            Guide::Kinds => times,
            Guide::Condition(_) => times || !self.kinds.is_empty(),
        }
    }

    /// Adds the query of the positions of a stretch that answer the question, in no order.
    pub(super) fn found(&self, query: &mut Query, stretch: &Stretch) {
        let organisation = || [self.organisation.value()];
        match stretch.guide {
            Guide::Everything => query.push(FOLLOWED_EVERYTHING, organisation()),
            Guide::Kinds => {
                query.push(Postings::Terms.followed(), organisation());
                query.list(values(&self.kinds));
            }
            Guide::Condition(index) => {
                let AnyOf { postings, terms } = &self.any_of[index];
                query.push(postings.followed(), organisation());
                query.list(values(terms));
            }
        }
        query.push(" AND d.position >= ? AND d.position <= ?", [stretch.low.value(), stretch.high.value()]);
        if stretch.guide == Guide::Everything {
            self.at(query, [" AND d.at >= ?", " AND d.at < ?"]);
        } else if self.probes_event(stretch.guide) {
            query.push(PROBED_EVENT, organisation());
            self.at(query, [" AND e.at >= ?", " AND e.at < ?"]);
            if stretch.guide != Guide::Kinds && !self.kinds.is_empty() {
                query.push(" AND e.kind IN ", []);
                query.list(values(&self.kinds));
            }
            query.push(" LIMIT 1) = 1", []);
        }
        for (index, AnyOf { postings, terms }) in self.any_of.iter().enumerate() {
            if stretch.guide != Guide::Condition(index) {
                query.push(postings.probed(), organisation());
                query.list(values(terms));
                query.push(" LIMIT 1) = 1", []);
            }
        }
        if !self.without.is_empty() {
            query.push(Postings::Terms.probed(), organisation());
            query.list(values(&self.without));
            query.push(" LIMIT 1) IS NULL", []);
        }
    }

    fn at(&self, query: &mut Query, [from, until]: [&'static str; 2]) {
        if let Some(at) = self.from {
            query.push(from, [at.value()]);
        }
        if let Some(at) = self.until {
            query.push(until, [at.value()]);
        }
    }
}

fn values(terms: &[[u8; 16]]) -> impl Iterator<Item = Value> {
    terms.iter().map(|term| term.value())
}

fn count(terms: &[[u8; 16]]) -> i64 {
    i64::try_from(terms.len()).unwrap_or(i64::MAX)
}
