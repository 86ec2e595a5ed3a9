//! Messages as the audit knows them: where they stand and why, what became of them at each recipient, and who could read them
//! when (Q3, Q5, Q6). Nothing of what they say (K2). Each question is on record before it is answered (K7).

use crate::{App, AuditPage, Error, Listed, Viewer};
use domain::{
    MessageId, OrganisationId, Timestamp,
    audit::{Question, Right, Topic},
    message::Message,
    period::Period,
    policy::backups_end,
    reach::{Reading, readings},
};
use projections::{
    Slice, TimedPage,
    audit::{AuditFilter, PositionPage},
    mailbox::{DeliveryRow, MessageRow, MessageState, RecordFilter},
};

/// Who sees records of messages.
const READERS: &[Right] = &[Right::SeeRecords];

/// Why a message still exists in any form (contract: `StandingReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandingReason {
    /// Its time is not over.
    Retention,
    /// A legal hold keeps it.
    Hold,
    /// A key to it, or a backup of one, is not gone yet.
    KeyBackup,
}

impl App {
    /// A message, also one that is gone; `None` where there never was one.
    pub async fn message_record(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Option<MessageRow>, Error> {
        self.ask_about_message(viewer, message, None).await?;
        Ok(self.models.message(viewer.organisation, message).await?)
    }

    /// Messages, newest first (Q6).
    pub async fn message_records(
        &self,
        viewer: &Viewer,
        filter: &RecordFilter,
        page: &TimedPage<Message>,
        counted: bool,
    ) -> Result<Listed<MessageRow>, Error> {
        let question = Question {
            topic: Topic::Messages,
            from: filter.sent_from,
            until: filter.sent_until,
            actors: filter.senders.clone().unwrap_or_default(),
            subjects: filter.recipients.clone().unwrap_or_default(),
            ..Question::default()
        };
        let asked = self.inquire(viewer, READERS, question).await?;
        self.models.wait_for(asked, &["mailbox"]).await?;
        let (organisation, now) = (viewer.organisation, self.log.now());
        let slice = self.models.message_records(organisation, now, filter, page).await?;
        let total = if counted {
            Some(self.models.message_record_count(organisation, now, filter).await?)
        } else {
            None
        };
        Ok(Listed { slice, total })
    }

    /// What became of a message at each recipient (Q5). That nobody opened it is an answer.
    pub async fn record_deliveries(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Vec<DeliveryRow>, Error> {
        self.ask_about_message(viewer, message, None).await?;
        Ok(self.models.deliveries(viewer.organisation, message).await?)
    }

    /// Everything that happened to a message, oldest first (Q1). `first` counts from the oldest.
    pub async fn message_events(
        &self,
        viewer: &Viewer,
        message: MessageId,
        page: PositionPage,
    ) -> Result<AuditPage, Error> {
        self.ask_about_message(viewer, message, None).await?;
        // The audit lists the newest first: its end is this list's beginning.
        let PositionPage { first, after, last, before } = page;
        let turned = PositionPage { first: last, after: before, last: first, before: after };
        let filter = AuditFilter { messages: vec![message], ..AuditFilter::default() };
        let AuditPage { events, total } = self.audit_page(viewer.organisation, &filter, &turned).await?;
        let Slice { mut items, has_previous, has_next } = events;
        items.reverse();
        let events = Slice { items, has_previous: has_next, has_next: has_previous };
        Ok(AuditPage { events, total })
    }

    /// Who could read a message at an instant, now if none is named: by which right, since when and until when (Q3, N2). What
    /// ended it since then is known; what did not ends it with its time.
    pub async fn message_readers(
        &self,
        viewer: &Viewer,
        message: MessageId,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Reading>, Error> {
        self.ask_about_message(viewer, message, as_of).await?;
        let at = self.instant(viewer.organisation, as_of, "asOf").await?;
        self.readers(viewer.organisation, message, at).await
    }

    /// Who could read a message at an instant.
    pub(crate) async fn readers(
        &self,
        organisation: OrganisationId,
        message: MessageId,
        at: Timestamp,
    ) -> Result<Vec<Reading>, Error> {
        let past = self.past_of_message(organisation, message).await?;
        let mut readers = readings(message, past.happened());
        readers.retain(|reading| reading.covers(at));
        readers.sort_by_key(|reading| (reading.since, reading.access));
        Ok(readers)
    }

    /// Why a message still exists in any form (Q6). `lives` are those of [`App::backup_lives`].
    #[must_use]
    pub fn stands(&self, row: &MessageRow, lives: &[(Timestamp, Period)]) -> Vec<StandingReason> {
        let now = self.log.now();
        match (row.state(now), row.shredded_at) {
            (MessageState::Live | MessageState::Recalled, _) => vec![StandingReason::Retention],
            // Its day is not wholly past: the key is there, and so is whatever backup was made of it.
            (MessageState::Expired, _) | (MessageState::Shredded, None) => vec![StandingReason::KeyBackup],
            (MessageState::Shredded, Some(gone)) if now < backups_end(gone, lives) => {
                vec![StandingReason::KeyBackup]
            }
            (MessageState::Shredded, Some(_)) => vec![],
        }
    }

    async fn ask_about_message(
        &self,
        viewer: &Viewer,
        message: MessageId,
        until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let messages = vec![message];
        let question = Question { topic: Topic::Messages, messages, until, ..Question::default() };
        let asked = self.inquire(viewer, READERS, question).await?;
        Ok(self.models.wait_for(asked, &["audit", "mailbox"]).await?)
    }
}
