//! Asking the audit. The question is on record before there is an answer (K7, Q1).

mod event;
mod question;
mod reader;

pub use event::AuditedEvent;
pub use question::AuditQuestion;
pub use reader::AuditReader;

use crate::{App, Error, Viewer};
use domain::{
    Metadata, OrganisationId,
    audit::{Audit, Command, Question, Right},
    id::InquiryId,
    period::buckets::Buckets,
};
use eventstore::{Position, log::ContentKeys};
use projections::{
    Slice,
    audit::{AuditFilter, EventCount, PositionPage},
};

/// A page of the audit.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// Newest first.
    pub events: Slice<AuditedEvent>,
    /// How many fit the question in all; `None` if nobody wants to know, or if counting them is not cheap.
    pub total: Option<u64>,
}

impl App {
    /// Asks the audit. Who may not is refused, and that is on record too.
    pub async fn audit(
        &self,
        viewer: &Viewer,
        question: &AuditQuestion,
        page: PositionPage,
        counted: bool,
    ) -> Result<AuditPage, Error> {
        let filter = self.ask_as_officer(viewer, question).await?;
        let positions = self.models.audit(viewer.organisation, &filter, &page).await?;
        let whole =
            page.after.is_none() && page.before.is_none() && !positions.has_next && !positions.has_previous;
        let total = match counted {
            true if whole => u64::try_from(positions.items.len()).ok(),
            true => self.models.audit_count(viewer.organisation, &filter).await?,
            false => None,
        };
        Ok(AuditPage { events: self.audited(viewer.organisation, positions).await?, total })
    }

    /// How many events of each kind there are in each piece of time (Q2).
    pub async fn event_counts(
        &self,
        viewer: &Viewer,
        question: &AuditQuestion,
        buckets: Buckets,
    ) -> Result<Vec<EventCount>, Error> {
        let filter = self.ask_as_officer(viewer, question).await?;
        Ok(self.models.event_counts(viewer.organisation, &filter, buckets).await?)
    }

    /// The audit of an organisation for the command line, oldest first; of many events only the newest, if there is a
    /// limit. That it was asked is on record as well (K7).
    pub async fn audit_by_operator(
        &self,
        organisation: OrganisationId,
        question: &AuditQuestion,
        limit: Option<u32>,
    ) -> Result<AuditReader, Error> {
        // The command line may be the only process: it brings the read model along itself.
        self.models.catch_up().await?;
        let filter = self.filter(organisation, question).await?;
        let meta = &crate::organisations::OPERATOR;
        let asked = self.ask(organisation, meta, self.recorded(organisation, &filter).await?).await?;
        self.models.catch_up().await?;
        AuditReader::begin(self, organisation, filter, asked, limit).await
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

    /// Puts an officer's question on record; gives what it comes to.
    async fn ask_as_officer(&self, viewer: &Viewer, question: &AuditQuestion) -> Result<AuditFilter, Error> {
        let meta = self.authorise(viewer, Right::ReadAudit).await?;
        let organisation = viewer.organisation;
        if !question.addresses.is_empty() {
            // Whose an address is must be known as far as it is on record.
            self.models.wait_for(self.log.head(), &["audit"]).await?;
        }
        let filter = self.filter(organisation, question).await?;
        let asked = self.ask(organisation, &meta, self.recorded(organisation, &filter).await?).await?;
        // The answer holds all that happened before the question.
        self.models.wait_for(asked, &["audit"]).await?;
        Ok(filter)
    }

    /// The events at these positions, as the audit shows them.
    pub(crate) async fn audited(
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
