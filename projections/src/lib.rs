//! Read models: what the log means, in the shape in which it is asked for.
//!
//! A read model is a pure function from an event to statements ([`ReadModel::apply`]): no clock, no randomness, no
//! reading. The runner writes rows and checkpoint in one transaction, so that every event counts exactly once, and
//! rebuilds a model beside the old one. Columns that are shown are sealed, columns that are searched are keyed tags.
//!
//! Nothing is decided here, and nothing here can open what a message says.

pub mod accounts;
pub mod addresses;
mod advance;
pub mod audit;
mod destructions;
mod error;
pub mod exports;
pub mod links;
pub mod lockouts;
pub mod mailbox;
pub mod notifications;
pub mod organisations;
pub mod people;
mod query;
mod rebuild;
mod rows;
pub mod rule_hits;
mod runner;
pub mod sessions;
mod statement;
#[cfg(test)]
mod testing;
mod wait;

pub use error::{NotCaughtUp, ProjectionError};
pub use query::{Slice, TimedPage};
pub use runner::{Projections, Status};
pub use statement::{Cell, Statement, Stored, Tags};

use eventstore::Recorded;

/// One read model.
#[derive(Debug)]
pub struct ReadModel {
    /// What its checkpoint and its lease are called.
    pub name: &'static str,
    /// Its tables, all named `rm_…`.
    pub tables: &'static [&'static str],
    /// What an event does to them; nothing for most.
    pub apply: fn(&Recorded, &Tags) -> Vec<Statement>,
}

/// All of them. A new one is a migration, a file and a line here.
pub const READ_MODELS: &[ReadModel] = &[
    organisations::MODEL,
    accounts::MODEL,
    addresses::MODEL,
    links::MODEL,
    sessions::MODEL,
    lockouts::MODEL,
    mailbox::MODEL,
    notifications::MODEL,
    rule_hits::MODEL,
    exports::MODEL,
    destructions::MODEL,
    audit::MODEL,
];
