//! An event of the audit as a line of JSON (E2). Names and order of the fields are documented in `docs/exports.md`.

use super::Error;
use crate::auditing::AuditedEvent;
use domain::{AccountId, MessageId, event::Actor, policy::Role};
use eventstore::Recorded;
use projections::audit::{Facts, facts};
use serde::Serialize;
use std::net::IpAddr;
use uuid::Uuid;

/// An event as both formats write it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    /// Leaf index in the log.
    pub(super) index: i64,
    pub(super) id: Uuid,
    pub(super) at: String,
    pub(super) kind: &'static str,
    pub(super) outcome: &'static str,
    pub(super) reason: Option<String>,
    pub(super) actor: Who,
    pub(super) subjects: Vec<AccountId>,
    pub(super) subject_address: Option<String>,
    pub(super) messages: Vec<MessageId>,
    pub(super) network: Option<IpAddr>,
    pub(super) policy_version: Option<u32>,
}

/// Who did it.
#[derive(Serialize)]
pub(super) struct Who {
    pub(super) kind: &'static str,
    pub(super) account: Option<AccountId>,
    pub(super) role: Option<&'static str>,
}

pub(super) fn write(to: &mut Vec<u8>, event: &Recorded) -> Result<(), Error> {
    serde_json::to_writer(&mut *to, &Line::of(event)).map_err(Error::internal)?;
    to.push(b'\n');
    Ok(())
}

impl Line {
    pub(super) fn of(event: &Recorded) -> Self {
        let Facts { subjects, messages, .. } = facts(event);
        let shown = AuditedEvent::from(event);
        Self {
            index: shown.position - 1,
            id: shown.id,
            at: shown.at.to_string(),
            kind: shown.kind.code(),
            outcome: shown.outcome.code(),
            reason: shown.reason,
            actor: shown.by.into(),
            subjects,
            subject_address: shown.subject_address.map(|address| address.to_string()),
            messages,
            network: shown.network,
            policy_version: shown.policy,
        }
    }
}

impl From<Actor> for Who {
    fn from(actor: Actor) -> Self {
        let (kind, account, role) = match actor {
            Actor::Person { account, role } => ("PERSON", Some(account), role),
            Actor::LinkHolder { account } => ("LINK_HOLDER", Some(account), None),
            Actor::Anonymous => ("ANONYMOUS", None, None),
            Actor::Worker => ("WORKER", None, None),
            Actor::Operator => ("OPERATOR", None, None),
        };
        Self { kind, account, role: role.map(code) }
    }
}

/// The API's name of a role.
fn code(role: Role) -> &'static str {
    match role {
        Role::Administrator => "ADMINISTRATOR",
        Role::PolicyAuthor => "POLICY_AUTHOR",
        Role::ComplianceOfficer => "COMPLIANCE_OFFICER",
        Role::Approver => "APPROVER",
        Role::BreakGlass => "BREAK_GLASS",
        Role::Operator => "OPERATOR",
    }
}
