//! Pages of positions, and how many there are.

use super::{
    AuditFilter, Outcome, PositionPage, hour,
    walk::{AnyOf, Plan, Postings, Walk, Way},
};
use crate::{ProjectionError, Projections, Slice, Stored, query::Paging, query::Query};
use domain::{OrganisationId, Timestamp};
use eventstore::Position;
use std::ops::RangeInclusive;

/// Where counting ends: beyond it nobody is told how many there are.
const COUNTED: i64 = 10_000;
/// Entries that are looked at to count; beyond it counting is not cheap.
const LOOKED_AT: i64 = 250_000;

const NEWEST: &str = "SELECT MAX(position) AS high FROM rm_audit WHERE organisation = ?";
/// By hours: events are recorded nearly in the order of their times, and nearly is not enough.
const AT_HOURS: &str = "SELECT MIN(first_position) AS low, MAX(last_position) AS high FROM rm_audit_hours \
     WHERE organisation = ? AND kind = ?";

impl Projections {
    /// Positions of the events that a question is answered by, newest first. A page stays what it was while the log grows.
    pub async fn audit(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
        page: &PositionPage,
    ) -> Result<Slice<Position>, ProjectionError> {
        let plan = self.plan(organisation, filter).await?;
        self.page(&plan, page).await
    }

    /// The same for everything from within one noted network.
    pub(super) async fn audit_from(
        &self,
        organisation: OrganisationId,
        network: &[u8],
        page: &PositionPage,
    ) -> Result<Slice<Position>, ProjectionError> {
        let terms = vec![self.tags(organisation).await?.network(network)];
        let any_of = vec![AnyOf { postings: Postings::Networks, terms }];
        let plan = Plan { organisation, kinds: vec![], any_of, without: vec![], from: None, until: None };
        self.page(&plan, page).await
    }

    /// How many events a question is answered by; `None` if they are more than 10 000, or if counting them is not cheap.
    pub async fn audit_count(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
    ) -> Result<Option<u64>, ProjectionError> {
        let plan = self.plan(organisation, filter).await?;
        let Some(within) = self.positions(&plan).await? else { return Ok(Some(0)) };
        let mut walk = Walk::new(self, &plan, Way::Older, &within);
        let (mut counted, mut looked_at) = (0, 0);
        while let Some(stretch) = walk.next().await? {
            if looked_at > LOOKED_AT {
                return Ok(None);
            }
            looked_at += stretch.entries;
            let mut query = Query::new("SELECT COUNT(*) AS found FROM (", []);
            plan.found(&mut query, &stretch);
            query.push(" LIMIT ?) AS found", [(COUNTED + 1 - counted).value()]);
            counted += self.one(query).await?.int("found")?;
            if counted > COUNTED {
                return Ok(None);
            }
        }
        Ok(u64::try_from(counted).ok())
    }

    async fn page(&self, plan: &Plan, page: &PositionPage) -> Result<Slice<Position>, ProjectionError> {
        let paging = Paging::new(page.first, page.last, page.after.is_some(), page.before.is_some());
        let Some(within) = self.positions(plan).await? else { return Ok(paging.slice(vec![])) };
        let low = page.before.map_or(*within.start(), |before| before.saturating_add(1).max(*within.start()));
        let high = page.after.map_or(*within.end(), |after| after.saturating_sub(1).min(*within.end()));
        let (way, order) = if paging.is_backwards() {
            (Way::Newer, " ORDER BY position LIMIT ?")
        } else {
            (Way::Older, " ORDER BY position DESC LIMIT ?")
        };
        let mut walk = Walk::new(self, plan, way, &(low..=high));
        let mut found = vec![];
        while found.len() < paging.wanted()
            && let Some(stretch) = walk.next().await?
        {
            let mut query = Query::new("", []);
            plan.found(&mut query, &stretch);
            let missing = paging.wanted() - found.len();
            query.push(order, [i64::try_from(missing).unwrap_or(i64::MAX).value()]);
            for row in self.all(query).await? {
                found.push(row.int("position")?);
            }
        }
        Ok(paging.slice(found))
    }

    /// What a question comes to.
    pub(super) async fn plan(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
    ) -> Result<Plan, ProjectionError> {
        let tags = self.tags(organisation).await?;
        let networks = self.network_terms(organisation, &filter.networks, &tags).await?;
        let addresses = filter.addresses.iter().map(|address| tags.address(*address));
        let holders = filter.holders.iter().map(|holder| tags.subject(*holder));
        let done = filter.outcomes.contains(&Outcome::Done);
        let outcomes = [Outcome::Refused, Outcome::Failed].into_iter().filter(|outcome| {
            // Where what was done is asked for, what was not asked for is kept out.
            filter.outcomes.contains(outcome) != done
        });
        let outcomes: Vec<_> = outcomes.filter_map(|outcome| tags.outcome(outcome)).collect();
        let (is_outcome, is_none) = if done { (vec![], outcomes) } else { (outcomes, vec![]) };
        let marks = [(filter.privileged, tags.privileged()), (filter.reviewed, tags.reviewed())];
        let marked = |wanted| marks.iter().filter(move |(asked, _)| *asked == Some(wanted)).map(|(_, term)| *term);
        // Each mark is a condition of its own: both must be there.
        let each_marked = marked(true).map(|term| AnyOf { postings: Postings::Terms, terms: vec![term] });
        let terms = [
            filter.actors.iter().map(|actor| tags.actor(*actor)).collect(),
            filter.subjects.iter().map(|subject| tags.subject(*subject)).collect(),
            filter.messages.iter().map(|message| tags.message(*message)).collect(),
            addresses.chain(holders).collect(),
            filter.audiences.iter().map(|audience| tags.audience(audience)).collect(),
            is_outcome,
        ];
        let terms = terms.into_iter().map(|terms: Vec<_>| AnyOf { postings: Postings::Terms, terms });
        let networks = AnyOf { postings: Postings::Networks, terms: networks.into_iter().collect() };
        let given = |condition: &AnyOf| !condition.terms.is_empty();
        Ok(Plan {
            organisation,
            kinds: filter.kinds.iter().map(|kind| tags.kind(*kind)).collect(),
            any_of: terms.chain([networks]).chain(each_marked).filter(given).collect(),
            without: is_none.into_iter().chain(marked(false)).collect(),
            from: filter.from,
            until: filter.until,
        })
    }

    /// Where the events of the question's time lie; beside them others can.
    pub(super) async fn positions(
        &self,
        plan: &Plan,
    ) -> Result<Option<RangeInclusive<Position>>, ProjectionError> {
        if plan.from.is_none() && plan.until.is_none() {
            let newest = self.one(Query::new(NEWEST, [plan.organisation.value()])).await?;
            return Ok(newest.opt_int("high")?.map(|high| 1..=high));
        }
        let any_kind = self.tags(plan.organisation).await?.any_kind();
        let mut query = Query::new(AT_HOURS, [plan.organisation.value(), any_kind.value()]);
        if let Some(from) = plan.from {
            query.push(" AND hour >= ?", [hour(from).value()]);
        }
        if let Some(until) = plan.until {
            query.push(" AND hour <= ?", [hour(just_before(until)).value()]);
        }
        let row = self.one(query).await?;
        Ok(row.opt_int("low")?.zip(row.opt_int("high")?).map(|(low, high)| low..=high))
    }
}

fn just_before(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().saturating_sub(1))
}
