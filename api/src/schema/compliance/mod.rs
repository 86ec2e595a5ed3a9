//! What compliance officers ask. Every question is on record before it is answered; so is who asked without the right.

mod approvals;
mod dossier;
mod events;
mod exports;
mod message_record;
mod persons;
mod policies;
mod records;
mod rule_hits;

pub(crate) use dossier::{Disclosure, PersonDossier};
pub(crate) use message_record::MessageRecord;

use async_graphql::MergedObject;

/// Each question asked here is itself recorded (K7). Shows no content (K2). Role of each field: compliance officer, unless it says otherwise.
#[derive(MergedObject, Default)]
pub(crate) struct Compliance(
    events::Events,
    records::Records,
    persons::Persons,
    policies::Policies,
    rule_hits::RuleHits,
    approvals::Approvals,
    exports::Exports,
);
