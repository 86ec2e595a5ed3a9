//! Which emergency accesses there were, what was done with each and who signed it off. Each look is on record (K7).

use crate::{App, AuditedEvent, Error, Listed, Review, Viewer};
use domain::{
    AccountId, Event, MessageId, Timestamp,
    audit::{Question, Right, Topic},
    break_glass::{self, BreakGlass as Aggregate},
    id::BreakGlassId,
};
use eventstore::{Position, Recorded, log::ContentKeys};
use projections::{
    Slice, TimedPage,
    audit::Kind,
    break_glasses::{BreakGlassFilter, BreakGlassRow},
};
use std::collections::HashMap;

/// An emergency access.
#[derive(Debug, Clone)]
pub struct BreakGlass {
    /// Which.
    pub id: BreakGlassId,
    /// Why; the holder's own words.
    pub reason: String,
    /// Whose it is.
    pub holder: AccountId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its time is over.
    pub ends_at: Timestamp,
    /// When it was closed, or noted as over.
    pub closed_at: Option<Timestamp>,
    /// To what it gives access.
    pub messages: Vec<MessageId>,
}

/// Who looks after emergency accesses, and who has them.
const RIGHTS: [Right; 2] = [Right::ReadAudit, Right::BreakGlass];

impl App {
    /// Emergency accesses, newest first: all for compliance officers, their own for who may open some.
    pub async fn break_glasses(
        &self,
        viewer: &Viewer,
        reviewed: Option<bool>,
        page: &TimedPage<Aggregate>,
        counted: bool,
    ) -> Result<Listed<BreakGlass>, Error> {
        self.ask_for_break_glasses(viewer).await?;
        let organisation = viewer.organisation;
        let filter = BreakGlassFilter { holder: only_own(viewer), reviewed };
        let Slice { items, has_previous, has_next } =
            self.models.break_glasses(organisation, filter, page).await?;
        let items = self.with_openings(viewer, items).await?;
        let total =
            if counted { Some(self.models.break_glass_count(organisation, filter).await?) } else { None };
        Ok(Listed { slice: Slice { items, has_previous, has_next }, total })
    }

    /// One of them; `None` where this person may see none.
    pub async fn break_glass(&self, viewer: &Viewer, id: BreakGlassId) -> Result<Option<BreakGlass>, Error> {
        if RIGHTS.into_iter().all(|right| viewer.role_for(right).is_none()) {
            return Ok(None);
        }
        self.ask_for_break_glasses(viewer).await?;
        let row = self.models.break_glass(viewer.organisation, id).await?;
        let seen = row.filter(|row| only_own(viewer).is_none_or(|own| own == row.holder));
        Ok(self.with_openings(viewer, seen.into_iter().collect()).await?.pop())
    }

    /// What was done with it, newest first, for whoever was shown it.
    pub async fn break_glass_events(
        &self,
        viewer: &Viewer,
        id: BreakGlassId,
    ) -> Result<Vec<AuditedEvent>, Error> {
        self.ask_for_break_glasses(viewer).await?;
        let organisation = viewer.organisation;
        let positions = self.models.break_glass_events(organisation, id).await?;
        let events = self.log.read_positions(organisation, &positions, &ContentKeys::none()).await?;
        // Positions come newest first, the log reads oldest first.
        Ok(events.into_iter().rev().map(AuditedEvent::from).collect())
    }

    /// Sign-offs of any of what was done with it, the oldest first, for whoever was shown it.
    pub async fn break_glass_reviews(&self, viewer: &Viewer, id: BreakGlassId) -> Result<Vec<Review>, Error> {
        let organisation = viewer.organisation;
        let positions = self.models.break_glass_events(organisation, id).await?;
        let by_event = self.reviews_of(organisation, &positions).await?;
        let mut reviews: Vec<_> = by_event.into_values().flatten().collect();
        reviews.sort_by_key(|review| (review.at, review.id));
        reviews.dedup_by_key(|review| review.id);
        Ok(reviews)
    }

    async fn ask_for_break_glasses(&self, viewer: &Viewer) -> Result<(), Error> {
        let meta = self.authorise_any(viewer, &RIGHTS).await?;
        let kinds = vec![Kind::BreakGlassOpened.code().to_owned()];
        let question = Question { topic: Topic::Audit, kinds, ..Question::default() };
        let asked = self.ask(viewer.organisation, &meta, question).await?;
        // The answer holds all that happened before the question.
        Ok(self.models.wait_for(asked, &["audit", "break_glasses"]).await?)
    }

    async fn with_openings(
        &self,
        viewer: &Viewer,
        rows: Vec<BreakGlassRow>,
    ) -> Result<Vec<BreakGlass>, Error> {
        let positions: Vec<Position> = rows.iter().map(|row| row.position).collect();
        let events = self.log.read_positions(viewer.organisation, &positions, &ContentKeys::none()).await?;
        let mut openings: HashMap<_, _> = events.into_iter().filter_map(opening).collect();
        let opened = |row: BreakGlassRow| {
            let (reason, messages) = openings.remove(&row.position)?;
            let BreakGlassRow { break_glass: id, holder, opened_at, ends_at, closed_at, .. } = row;
            Some(BreakGlass { id, reason, holder, opened_at, ends_at, closed_at, messages })
        };
        Ok(rows.into_iter().filter_map(opened).collect())
    }
}

/// Who is no officer sees what they opened themselves, and nobody else's reasons.
fn only_own(viewer: &Viewer) -> Option<AccountId> {
    viewer.role_for(Right::ReadAudit).is_none().then_some(viewer.account)
}

fn opening(recorded: Recorded) -> Option<(Position, (String, Vec<MessageId>))> {
    let Event::BreakGlass(_, break_glass::Event::Opened { reason, messages, .. }) = recorded.event else {
        return None;
    };
    let reason = reason.value().cloned().unwrap_or_default();
    Some((recorded.position, (reason, messages)))
}
