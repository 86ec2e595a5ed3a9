//! The audit: which events a question is answered by (Q1), how many there are, and which were signed off (Q2). The events
//! themselves are read from the log; the columns that are searched are keyed tags and say nothing to whoever has the database alone.

mod audiences;
mod counting;
mod facts;
mod filter;
mod kind;
mod networks;
mod reviews;
mod searching;
mod terms;
mod walk;

pub use counting::EventCount;
pub use facts::{Facts, actor, facts};
pub use filter::{AuditFilter, PositionPage};
pub use kind::{Kind, Outcome};
pub use networks::network;

use crate::{Cell, ReadModel, Statement, Tags};
use domain::Timestamp;
use eventstore::Recorded;
use thiserror::Error;

pub(crate) const MODEL: ReadModel = ReadModel {
    name: "audit",
    tables: &[
        "rm_audit",
        "rm_audit_terms",
        "rm_audit_networks",
        "rm_audit_hours",
        "rm_audit_audiences",
        "rm_reviews",
    ],
    apply,
};

const NOTE: &str = "INSERT INTO rm_audit (organisation, position, at, kind) VALUES ($1, $2, $3, $4)";
const NOTE_TERM: &str = "INSERT INTO rm_audit_terms (organisation, term, position) VALUES ($1, $2, $3)";
const NOTE_NETWORK: &str = "INSERT INTO rm_audit_networks (organisation, term, position) VALUES ($1, $2, $3)";
/// A batch has one row for each kind and hour, however many events.
const COUNT: &str = "INSERT INTO rm_audit_hours (organisation, kind, hour, events, first_position, last_position) \
     SELECT column1, column2, column3, COUNT(*), MIN(column4), MAX(column4) \
     FROM (VALUES ($1, $2, $3, $4)) AS noted GROUP BY column1, column2, column3 \
     ON CONFLICT (organisation, kind, hour) DO UPDATE SET events = rm_audit_hours.events + excluded.events, \
     last_position = excluded.last_position";

/// More was asked than is answered in one go; all of it can be asked for in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TooMuch {
    /// A part of a /64 of IPv6, and too much came from that one to look through it.
    #[error(
        "More than {} events came from within that /64: ask for all of it, or for single addresses.",
        networks::LOOKED_THROUGH
    )]
    Hosts,
    /// Counts of events that are not counted already.
    #[error(
        "More than {} events fit: ask for a shorter time, or by kinds and times alone, which have no such limit.",
        counting::EVENTS
    )]
    Events,
    /// More buckets than a chart shows.
    #[error("That makes more than {} buckets: choose longer ones, or a shorter time.", counting::BUCKETS)]
    Buckets,
}

const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// The hour that an instant lies in, counted from 1970.
fn hour(at: Timestamp) -> i64 {
    at.micros().div_euclid(MICROS_PER_HOUR)
}

fn apply(recorded: &Recorded, tags: &Tags) -> Vec<Statement> {
    let facts = facts(recorded);
    let row = || -> [Cell; 2] { [recorded.organisation.into(), recorded.position.into()] };
    let ([org, position], kind) = (row(), tags.kind(facts.kind));
    let noted = Statement::row(NOTE, [org, position, recorded.recorded_at.into(), kind.into()]);
    let counted = [kind, tags.any_kind()].map(|kind| {
        let [org, position] = row();
        Statement::row(COUNT, [org, kind.into(), hour(recorded.recorded_at).into(), position])
    });
    let of_term = |sql, term: [u8; 16]| {
        let [org, position] = row();
        Statement::row(sql, [org, term.into(), position])
    };
    let terms = terms::of(recorded, &facts, tags).into_iter().map(|term| of_term(NOTE_TERM, term));
    let networks = network(&recorded.event).into_iter().flat_map(networks::around);
    let networks = networks.map(|network| of_term(NOTE_NETWORK, tags.network(&network)));
    let audiences = audiences::apply(recorded, &facts, tags);
    let reviewed = reviews::apply(recorded, tags);
    let rows = [noted].into_iter().chain(counted).chain(terms).chain(networks);
    rows.chain(audiences).chain(reviewed).collect()
}
