//! One event, as the audit shows it.

use domain::{
    AccountId, MessageId, SessionId, Timestamp, account,
    address::EmailAddress,
    event::{Actor, Event},
    reservation,
};
use eventstore::{Position, Recorded};
use projections::audit::{Facts, Kind, Outcome, facts, network};
use std::net::IpAddr;
use uuid::Uuid;

/// One event, as the audit shows it.
#[derive(Debug, Clone)]
pub struct AuditedEvent {
    /// Its own id.
    pub id: Uuid,
    /// Its place in the log.
    pub position: Position,
    /// What happened.
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// In which session, or which one began with it.
    pub session: Option<SessionId>,
    /// Whom it touched, if an account; the first of several.
    pub subject: Option<AccountId>,
    /// The address it touched, if it is no account's; nothing once erased.
    pub subject_address: Option<EmailAddress>,
    /// The message it touched.
    pub message: Option<MessageId>,
    /// From where.
    pub network: Option<IpAddr>,
    /// How it ended.
    pub outcome: Outcome,
    /// Result code.
    pub reason: Option<String>,
    /// The policy it was decided under.
    pub policy: Option<u32>,
}

impl From<Recorded> for AuditedEvent {
    fn from(recorded: Recorded) -> Self {
        let Facts { kind, outcome, subjects, messages, reason, .. } = facts(&recorded);
        Self {
            id: recorded.event_id,
            position: recorded.position,
            kind,
            at: recorded.recorded_at,
            by: recorded.meta.by,
            session: recorded.meta.session.or_else(|| begun(&recorded.event)),
            subject: subjects.first().copied(),
            subject_address: typed(&recorded.event),
            message: messages.first().copied(),
            network: network(&recorded.event),
            outcome,
            reason: reason.map(str::to_owned),
            policy: recorded.meta.policy,
        }
    }
}

fn begun(event: &Event) -> Option<SessionId> {
    let Event::Account(_, account::Event::SessionStarted { session, .. }) = event else {
        return None;
    };
    Some(*session)
}

fn typed(event: &Event) -> Option<EmailAddress> {
    let Event::Reservation(_, reservation::Event::LoginFailed { typed, .. }) = event else {
        return None;
    };
    typed.value().cloned()
}
