//! `rm_audit`, `rm_audit_terms`, `rm_reviews`: which events a question is answered by (Q1), and which were signed off (Q2). The events themselves are read from the
//! log; the columns that are searched are keyed tags and say nothing to whoever has the database alone.

mod facts;
mod kind;
mod reviews;

pub use facts::{Facts, actor, facts};
pub use kind::{Kind, Outcome};

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Slice, Statement, Stored, Tags,
    query::{Paging, Query},
};
use domain::{AccountId, MessageId, OrganisationId, Timestamp, id::AddressTag};
use eventstore::{
    Position, Recorded,
    db::{DbError, Value},
};
use std::collections::BTreeSet;

pub(crate) const MODEL: ReadModel =
    ReadModel { name: "audit", tables: &["rm_audit", "rm_audit_terms", "rm_reviews"], apply };

const NOTE: &str = "INSERT INTO rm_audit (organisation, position, at) VALUES ($1, $2, $3)";
const NOTE_TERM: &str = "INSERT INTO rm_audit_terms (organisation, term, position) VALUES ($1, $2, $3)";

/// What is asked. Every condition must hold, within a list any; nothing set is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// At this instant or later.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// One of these kinds.
    pub kinds: Vec<Kind>,
    /// Done by one of these.
    pub actors: Vec<AccountId>,
    /// Touching one of these, as recipient or sender of a message too.
    pub subjects: Vec<AccountId>,
    /// Touching one of these messages.
    pub messages: Vec<MessageId>,
    /// Touching one of these addresses that are no account's.
    pub addresses: Vec<AddressTag>,
    /// Ended so.
    pub outcomes: Vec<Outcome>,
    /// Done by right of a role, or not (Q10).
    pub privileged: Option<bool>,
    /// Signed off by somebody, or by nobody (Q2, Q10).
    pub reviewed: Option<bool>,
}

/// Which part of the answer, newest first. `first` beats `last`; with neither it is 50.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PositionPage {
    /// So many from the newest, or from `after`.
    pub first: Option<u32>,
    /// Older than this.
    pub after: Option<Position>,
    /// So many from the oldest, or from `before`.
    pub last: Option<u32>,
    /// Newer than this.
    pub before: Option<Position>,
}

fn apply(recorded: &Recorded, tags: &Tags) -> Vec<Statement> {
    let row = || -> [Cell; 2] { [recorded.organisation.into(), recorded.position.into()] };
    let [org, position] = row();
    let noted = Statement::new(NOTE, [org, position, recorded.recorded_at.into()]);
    let terms = terms(recorded, tags).into_iter().map(|term| {
        let [org, position] = row();
        Statement::new(NOTE_TERM, [org, term.into(), position])
    });
    [noted].into_iter().chain(terms).chain(reviews::apply(recorded, tags)).collect()
}

/// What an event is found by; each once.
fn terms(recorded: &Recorded, tags: &Tags) -> BTreeSet<[u8; 16]> {
    let Facts { kind, outcome, subjects, address, messages, reason: _, privileged } = facts(recorded);
    let mut terms = BTreeSet::from([tags.kind(kind), tags.outcome(outcome)]);
    terms.extend(actor(&recorded.meta).map(|actor| tags.actor(actor)));
    terms.extend(subjects.into_iter().map(|subject| tags.subject(subject)));
    terms.extend(messages.into_iter().map(|message| tags.message(message)));
    terms.extend(address.map(|address| tags.address(address)));
    terms.extend(privileged.then(|| tags.privileged()));
    terms
}

impl Tags {
    fn kind(&self, kind: Kind) -> [u8; 16] {
        self.term("kind", kind.code().as_bytes())
    }
    fn outcome(&self, outcome: Outcome) -> [u8; 16] {
        self.term("outcome", outcome.code().as_bytes())
    }
    pub(crate) fn actor(&self, actor: AccountId) -> [u8; 16] {
        self.term("actor", &actor.bytes())
    }
    pub(crate) fn subject(&self, subject: AccountId) -> [u8; 16] {
        self.term("subject", &subject.bytes())
    }
    fn message(&self, message: MessageId) -> [u8; 16] {
        self.term("message", &message.bytes())
    }
    fn address(&self, address: AddressTag) -> [u8; 16] {
        self.term("address", &address.bytes())
    }
    fn privileged(&self) -> [u8; 16] {
        self.term("privileged", &[])
    }
}

impl Projections {
    /// Positions of the events that a question is answered by, newest first.
    pub async fn audit(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
        page: &PositionPage,
    ) -> Result<Slice<Position>, ProjectionError> {
        let tags = self.tags(organisation).await?;
        let mut query = search("SELECT position FROM rm_audit", organisation, filter, &tags);
        if let Some(after) = page.after {
            query.push(" AND position < ?", [after.value()]);
        }
        if let Some(before) = page.before {
            query.push(" AND position > ?", [before.value()]);
        }
        let paging = Paging::new(page.first, page.last, page.after.is_some(), page.before.is_some());
        paging.end(&mut query, " ORDER BY position DESC", " ORDER BY position");
        let positions: Result<Vec<_>, DbError> =
            self.all(query).await?.iter().map(|row| row.int("position")).collect();
        Ok(paging.slice(positions?))
    }

    /// Positions of such events behind one position and up to another, oldest first.
    pub async fn audit_between(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
        (after, until): (Position, Position),
        limit: u32,
    ) -> Result<Vec<Position>, ProjectionError> {
        let tags = self.tags(organisation).await?;
        let mut query = search_until("SELECT position FROM rm_audit", organisation, filter, &tags, until);
        query.push(" AND position > ?", [after.value()]);
        query.push(" ORDER BY position LIMIT ?", [limit.value()]);
        let positions: Result<Vec<_>, DbError> =
            self.all(query).await?.iter().map(|row| row.int("position")).collect();
        Ok(positions?)
    }

    /// How many events up to a position a question is answered by.
    pub async fn audit_count_until(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
        until: Position,
    ) -> Result<u64, ProjectionError> {
        let tags = self.tags(organisation).await?;
        let query =
            search_until("SELECT COUNT(*) AS found FROM rm_audit", organisation, filter, &tags, until);
        Ok(crate::rows::Columns::number(&self.one(query).await?, "found")?)
    }

    /// How many events a question is answered by.
    pub async fn audit_count(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
    ) -> Result<u64, ProjectionError> {
        let tags = self.tags(organisation).await?;
        let query = search("SELECT COUNT(*) AS found FROM rm_audit", organisation, filter, &tags);
        Ok(crate::rows::Columns::number(&self.one(query).await?, "found")?)
    }
}

fn search(what: &'static str, organisation: OrganisationId, filter: &AuditFilter, tags: &Tags) -> Query {
    let mut query = Query::new(what, []);
    query.push(" WHERE organisation = ?", [organisation.value()]);
    if let Some(from) = filter.from {
        query.push(" AND at >= ?", [from.value()]);
    }
    if let Some(until) = filter.until {
        query.push(" AND at < ?", [until.value()]);
    }
    let any_of = [
        filter.kinds.iter().map(|kind| tags.kind(*kind)).collect::<Vec<_>>(),
        filter.actors.iter().map(|actor| tags.actor(*actor)).collect(),
        filter.subjects.iter().map(|subject| tags.subject(*subject)).collect(),
        filter.messages.iter().map(|message| tags.message(*message)).collect(),
        filter.addresses.iter().map(|address| tags.address(*address)).collect(),
        filter.outcomes.iter().map(|outcome| tags.outcome(*outcome)).collect(),
    ];
    for terms in any_of.into_iter().filter(|terms| !terms.is_empty()) {
        having(&mut query, " AND position IN ", organisation, terms);
    }
    for (wanted, term) in [(filter.privileged, tags.privileged()), (filter.reviewed, tags.reviewed())] {
        match wanted {
            Some(true) => having(&mut query, " AND position IN ", organisation, [term]),
            Some(false) => having(&mut query, " AND position NOT IN ", organisation, [term]),
            None => {}
        }
    }
    query
}

/// A question as it was answered when the log was so long: also what was signed off by then, and what was not yet (E6).
fn search_until(
    what: &'static str,
    organisation: OrganisationId,
    filter: &AuditFilter,
    tags: &Tags,
    until: Position,
) -> Query {
    let lasting = AuditFilter { reviewed: None, ..filter.clone() };
    let mut query = search(what, organisation, &lasting, tags);
    query.push(" AND position <= ?", [until.value()]);
    let is_or_not = match filter.reviewed {
        Some(true) => " AND position IN ",
        Some(false) => " AND position NOT IN ",
        None => return query,
    };
    query.push(is_or_not, []);
    query.push(
        "(SELECT position FROM rm_reviews WHERE organisation = ? AND signed_in <= ?)",
        [organisation.value(), until.value()],
    );
    query
}

fn having(
    query: &mut Query,
    is_or_not: &'static str,
    organisation: OrganisationId,
    terms: impl IntoIterator<Item = [u8; 16]>,
) {
    query.push(is_or_not, []);
    query.push(
        "(SELECT position FROM rm_audit_terms WHERE organisation = ? AND term IN ",
        [organisation.value()],
    );
    query.list(terms.into_iter().map(Value::from));
    query.push(")", []);
}
