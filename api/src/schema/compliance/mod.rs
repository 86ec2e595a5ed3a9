//! What compliance officers ask. Every question is on record before it is answered; so is who asked without the right.

mod break_glasses;
mod events;
mod message_record;
mod rule_hits;

pub(crate) use message_record::MessageRecord;

use async_graphql::MergedObject;

/// Each question asked here is itself recorded (K7). Shows no content (K2). Role of each field: compliance officer, unless it says otherwise.
#[derive(MergedObject, Default)]
pub(crate) struct Compliance(events::Events, rule_hits::RuleHits, break_glasses::BreakGlasses);
