//! An answer of any length, oldest first, a piece at a time.

use super::AuditedEvent;
use crate::{App, Error};
use domain::OrganisationId;
use eventstore::Position;
use projections::audit::{AuditFilter, PositionPage};

/// Events of a piece.
const PIECE: u32 = 200;

/// Reads the answer to a question, as it was when that was asked.
pub struct AuditReader {
    app: App,
    organisation: OrganisationId,
    filter: AuditFilter,
    /// The first event that does not belong to the answer any more.
    end: Position,
    /// The last event that was read, or that comes before the first.
    read: Position,
    is_over: bool,
}

impl AuditReader {
    /// Of events up to `last`; only so many of the newest, if there is a limit.
    pub(crate) async fn begin(
        app: &App,
        organisation: OrganisationId,
        filter: AuditFilter,
        last: Position,
        limit: Option<u32>,
    ) -> Result<Self, Error> {
        let end = last.saturating_add(1);
        let mut reader = Self { app: app.clone(), organisation, filter, end, read: 0, is_over: false };
        if let Some(limit) = limit {
            reader.pass_over(limit).await?;
        }
        Ok(reader)
    }

    /// Begins so late that so many events follow.
    async fn pass_over(&mut self, mut limit: u32) -> Result<(), Error> {
        self.is_over = limit == 0;
        let mut after = self.end;
        while limit > 0 {
            let first = limit.min(PIECE);
            let page = PositionPage { first: Some(first), after: Some(after), ..PositionPage::default() };
            let found = self.app.models.audit(self.organisation, &self.filter, &page).await?;
            after = found.items.last().copied().unwrap_or(after);
            limit -= first;
            if !found.has_next {
                return Ok(());
            }
        }
        self.read = after.saturating_sub(1);
        Ok(())
    }

    /// The next events; nothing after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<AuditedEvent>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let page = PositionPage {
            last: Some(PIECE),
            before: Some(self.read),
            after: Some(self.end),
            ..PositionPage::default()
        };
        let found = self.app.models.audit(self.organisation, &self.filter, &page).await?;
        self.is_over = !found.has_previous;
        self.read = found.items.first().copied().unwrap_or(self.read);
        let mut events = self.app.audited(self.organisation, found).await?.items;
        events.reverse();
        Ok(if events.is_empty() { None } else { Some(events) })
    }
}
