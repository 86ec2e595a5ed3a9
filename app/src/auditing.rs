//! Asking the audit. The question is on record before there is an answer (K7, Q1).

use crate::{App, Error, Viewer, organisations::OPERATOR};
use domain::{
    AccountId, MessageId, Metadata, OrganisationId, Timestamp, account,
    address::EmailAddress,
    audit::{Audit, Command, Question, Right, Topic},
    event::{Actor, Event},
    id::InquiryId,
    reservation,
};
use eventstore::{Position, Recorded, log::ContentKeys};
use projections::{
    Slice,
    audit::{AuditFilter, Facts, Kind, Outcome, PositionPage, facts},
};
use std::net::IpAddr;
use uuid::Uuid;

/// A page of the audit.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// Newest first.
    pub events: Slice<AuditedEvent>,
    /// How many fit the filter in all.
    pub total: u64,
}

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

/// Events that the command line takes at once.
const PAGE: u32 = 200;

impl App {
    /// Asks the audit. Who may not is refused, and that is on record too.
    pub async fn audit(
        &self,
        viewer: &Viewer,
        filter: &AuditFilter,
        page: PositionPage,
    ) -> Result<AuditPage, Error> {
        let meta = self.authorise(viewer, Right::ReadAudit).await?;
        let asked = self.ask(viewer.organisation, &meta, question(filter)).await?;
        // The answer holds all that happened before the question.
        self.models.wait_for(asked, &["audit"]).await?;
        let positions = self.models.audit(viewer.organisation, filter, &page).await?;
        let total = self.models.audit_count(viewer.organisation, filter).await?;
        Ok(AuditPage { events: self.audited(viewer.organisation, positions).await?, total })
    }

    /// The audit of an organisation for the command line, oldest first. That it was asked is on record as well (K7).
    pub async fn audit_by_operator(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
    ) -> Result<Vec<AuditedEvent>, Error> {
        self.ask(organisation, &OPERATOR, question(filter)).await?;
        // The command line may be the only process: it brings the read model along itself.
        self.models.catch_up().await?;
        let mut events: Vec<AuditedEvent> = vec![];
        loop {
            let after = events.last().map(|event| event.position);
            let page = PositionPage { first: Some(PAGE), after, ..PositionPage::default() };
            let slice = self.models.audit(organisation, filter, &page).await?;
            let more = slice.has_next;
            events.extend(self.audited(organisation, slice).await?.items);
            if !more {
                events.reverse();
                return Ok(events);
            }
        }
    }

    /// Puts a question on record. What cannot be recorded is an error before it is an answer.
    pub(crate) async fn ask(
        &self,
        organisation: OrganisationId,
        meta: &Metadata,
        question: Question,
    ) -> Result<Position, Error> {
        let at = self.log.now();
        let inquiry: InquiryId = self.log.clock().new_id();
        let ask = || Command::Ask { question: question.clone(), at };
        let Ok(asked) = self.log.execute::<Audit>(organisation, inquiry.uuid(), meta, ask).await?;
        Ok(asked.position())
    }

    /// Events of the audit by their places in the log, in its order, for who may read it. The look is on record.
    pub async fn audited_events(
        &self,
        viewer: &Viewer,
        positions: &[Position],
    ) -> Result<Vec<AuditedEvent>, Error> {
        let meta = self.authorise(viewer, Right::ReadAudit).await?;
        self.ask(viewer.organisation, &meta, Question::default()).await?;
        let events = self.log.read_positions(viewer.organisation, positions, &ContentKeys::none()).await?;
        Ok(events.into_iter().map(AuditedEvent::from).collect())
    }

    async fn audited(
        &self,
        organisation: OrganisationId,
        slice: Slice<Position>,
    ) -> Result<Slice<AuditedEvent>, Error> {
        let Slice { items, has_previous, has_next } = slice;
        let events = self.log.read_positions(organisation, &items, &ContentKeys::none()).await?;
        // Positions come newest first, the log reads oldest first.
        let items = events.into_iter().rev().map(AuditedEvent::from).collect();
        Ok(Slice { items, has_previous, has_next })
    }
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

fn typed(event: &Event) -> Option<EmailAddress> {
    match event {
        Event::Reservation(_, reservation::Event::LoginFailed { typed, .. }) => typed.value().cloned(),
        Event::Reservation(
            _,
            reservation::Event::Reserved { .. }
            | reservation::Event::Transferred { .. }
            | reservation::Event::Released { .. }
            | reservation::Event::ChallengeFailed { .. },
        )
        | Event::Organisation(_)
        | Event::Account(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..)
        | Event::Key(..) => None,
    }
}

fn network(event: &Event) -> Option<IpAddr> {
    match event {
        Event::Account(
            _,
            account::Event::LoggedIn { from, .. }
            | account::Event::LoginFailed { from, .. }
            | account::Event::SessionStarted { from, .. }
            | account::Event::NetworkChanged { from, .. }
            | account::Event::Recovery(account::recovery::Event::ChallengeFailed { from, .. }),
        )
        | Event::Reservation(
            _,
            reservation::Event::LoginFailed { from, .. } | reservation::Event::ChallengeFailed { from, .. },
        ) => from.value().copied(),
        Event::Account(..)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Organisation(_)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..)
        | Event::Key(..) => None,
    }
}

/// What was asked, as it is recorded: codes and ids, never an address.
fn question(filter: &AuditFilter) -> Question {
    Question {
        topic: Topic::Audit,
        from: filter.from,
        until: filter.until,
        kinds: filter.kinds.iter().map(|kind| kind.code().to_owned()).collect(),
        actors: filter.actors.clone(),
        subjects: filter.subjects.clone(),
        messages: filter.messages.clone(),
    }
}
