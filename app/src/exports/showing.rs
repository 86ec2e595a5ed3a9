//! Exports as officers see them. Each look is on record before it is answered (K7).

use crate::{App, Error, Listed, Viewer, Work, WorkKind, WorkState};
use domain::{
    OrganisationId,
    audit::{Right, Topic},
    event::Stored,
    export::{Event, Export, Failure, File},
    id::{ExportId, Id},
};
use eventstore::log::ContentKeys;
use projections::{
    Slice, TimedPage,
    exports::{ExportRow, ExportState},
};

/// What was taken out of the system, or is to be.
#[derive(Debug, Clone)]
pub struct ExportView {
    /// What is known of it.
    pub row: ExportRow,
    /// Why it was asked for; empty once that is erased.
    pub reason: String,
    /// How far it is.
    pub work: Work,
    /// Its files, the manifest last; none before it is made.
    pub files: Vec<File>,
}

impl App {
    /// Exports, newest first (E5); for officers.
    pub async fn exports(
        &self,
        viewer: &Viewer,
        page: &TimedPage<Export>,
        counted: bool,
    ) -> Result<Listed<ExportView>, Error> {
        self.consult(viewer, &[Right::ReadAudit], Topic::Exports, vec![]).await?;
        let organisation = viewer.organisation;
        let Slice { items, has_previous, has_next } = self.models.exports(organisation, page).await?;
        let mut views = Vec::with_capacity(items.len());
        for row in items {
            views.push(self.export_view(row).await?);
        }
        let total = if counted { Some(self.models.export_count(organisation).await?) } else { None };
        Ok(Listed { slice: Slice { items: views, has_previous, has_next }, total })
    }

    /// One export, for officers; to others there is none.
    pub async fn export(&self, viewer: &Viewer, export: ExportId) -> Result<Option<ExportView>, Error> {
        if viewer.role_for(Right::ReadAudit).is_none() {
            return Ok(None);
        }
        self.consult(viewer, &[Right::ReadAudit], Topic::Exports, vec![]).await?;
        self.export_of(viewer.organisation, export).await
    }

    /// How far an export is, for officers.
    pub async fn work_of_export(&self, viewer: &Viewer, export: ExportId) -> Result<Option<Work>, Error> {
        if viewer.role_for(Right::ReadAudit).is_none() {
            return Ok(None);
        }
        Ok(self.export_of(viewer.organisation, export).await?.map(|view| view.work))
    }

    pub(super) async fn export_of(
        &self,
        organisation: OrganisationId,
        export: ExportId,
    ) -> Result<Option<ExportView>, Error> {
        match self.models.export(organisation, export).await? {
            Some(row) => Ok(Some(self.export_view(row).await?)),
            None => Ok(None),
        }
    }

    async fn export_view(&self, row: ExportRow) -> Result<ExportView, Error> {
        let positions: Vec<_> = [Some(row.position), row.ended_in].into_iter().flatten().collect();
        let events = self.log.read_positions(row.organisation, &positions, &ContentKeys::none()).await?;
        let (mut why, mut files, mut failure) = (None, vec![], None);
        for recorded in events {
            match Export::own(recorded.event) {
                Some(Event::Requested { reason, .. }) => why = reason.value().cloned(),
                Some(Event::Finished { files: made, .. }) => files = made,
                Some(Event::Failed { why, .. }) => failure = Some(in_words(why)),
                Some(Event::Approved { .. } | Event::Disclosed { .. } | Event::Downloaded { .. }) | None => {}
            }
        }
        let id = Id::new(row.export.uuid());
        let stored = self.stored_work(row.organisation, WorkKind::Export, id).await?;
        let known = stored.map_or_else(|| not_begun(id), |stored| stored.work);
        let state = match row.state {
            ExportState::AwaitingApproval => WorkState::AwaitingApproval,
            ExportState::Ready => known.state,
            ExportState::Finished => WorkState::Done,
            ExportState::Failed => WorkState::Failed,
        };
        let work = Work { state, finished_at: row.ended_at, failure, ..known };
        Ok(ExportView { row, reason: why.unwrap_or_default(), work, files })
    }
}

fn not_begun(id: Id<Work>) -> Work {
    let state = WorkState::Queued;
    Work { id, state, done: 0, total: None, started_at: None, finished_at: None, failure: None }
}

fn in_words(why: Failure) -> String {
    match why {
        Failure::TooLarge => "This is more than one export holds; narrow it by time.",
        Failure::Unreadable => "The conditions of this export cannot be read any more; ask for it again.",
        Failure::TooLate => "The key of this export is destroyed; ask for it again.",
        Failure::NotWritten => "The file could not be written; export it again.",
    }
    .to_owned()
}
