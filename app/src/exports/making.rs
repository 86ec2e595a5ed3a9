//! Making exports, step by step: whoever comes after goes on where the last step ended.

use super::{
    ExportContent, KEPT,
    audit::{Extract, Format, STEP, STEPS},
    manifest::MANIFEST,
    progress::Progress,
};
use crate::{App, Error, Problem, WorkKind, error::not_found, scheduled::WORKER, works::Stored};
use domain::{
    OrganisationId,
    event::Stored as _,
    export::{Command, Event, Export, Failure, State},
    id::ExportId,
};
use eventstore::{
    Position,
    keys::{KeyError, KeyName},
    log::ContentKeys,
};
use projections::exports::ExportRow;
use seal::Key;
use tokio_util::sync::CancellationToken;

/// Exports that are made side by side, a step of each in turn, so that a long one holds up no other.
const TOGETHER: u32 = 20;
const READ_MODELS: &[&str] = &["exports", "audit"];

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// So many events or messages were written.
    Wrote(u64),
    /// The export is over, well or not.
    Over,
    /// The log is not signed that far yet.
    Waits,
}

/// An export in the hands of a step.
pub(super) struct InHand<'a> {
    pub(super) row: &'a ExportRow,
    pub(super) stored: Stored,
    pub(super) key: Key,
    pub(super) content: ExportContent,
}

impl App {
    /// Makes the exports that wait, until there are none, or none that can go on, or `stop`. Gives how many events and messages
    /// it wrote. One that fails does not keep the others.
    pub async fn make_exports(&self, stop: &CancellationToken) -> Result<u64, Error> {
        self.forget_works(WorkKind::Export, None).await?;
        self.models.wait_for(self.log.head(), READ_MODELS).await?;
        let mut written = 0;
        loop {
            let (mut moved, mut failed) = (false, None);
            for row in self.models.exports_to_make(TOGETHER).await? {
                if stop.is_cancelled() {
                    return Ok(written);
                }
                // On the heap: a step's future holds those of every kind of export.
                match Box::pin(self.step_of_export(&row)).await {
                    Ok(Step::Wrote(count)) => (written, moved) = (written + count, true),
                    Ok(Step::Over) => moved = true,
                    Ok(Step::Waits) => {}
                    Err(problem) => failed = failed.or(Some(problem)),
                }
            }
            match failed {
                Some(problem) => return Err(problem),
                None if !moved => return Ok(written),
                None => {}
            }
        }
    }

    async fn step_of_export(&self, row: &ExportRow) -> Result<Step, Error> {
        let (organisation, export) = (row.organisation, row.export);
        let stored = self.begun_export(organisation, export).await?;
        let state = self.log.load::<Export>(organisation, export.uuid()).await?.state;
        match state {
            State::Asked(asked) if asked.may_begin() => {}
            State::Absent | State::Asked(_) | State::Finished { .. } | State::Failed => {
                return self.over(&stored, self.log.head()).await;
            }
        }
        let key = match self.log.vault().obtain(&KeyName::export(organisation, export)).await {
            Err(KeyError::Destroyed) => return self.give_up_export(row, &stored, Failure::TooLate).await,
            key => key?.key,
        };
        let content = match self.terms_of(row).await {
            Ok(content) => content,
            Err(Error::Internal(problem)) => {
                tracing::warn!(%problem, "an export cannot be made");
                return self.give_up_export(row, &stored, Failure::Unreadable).await;
            }
            Err(other) => return Err(other),
        };
        let export = InHand { row, stored, key, content };
        let progress = self.progress_of(&export).await?;
        if progress.is_written {
            self.finish_export(&export, progress).await
        } else {
            Box::pin(self.write_step(&export, progress)).await
        }
    }

    async fn progress_of(&self, export: &InHand<'_>) -> Result<Progress, Error> {
        if let Some(sealed) = &export.stored.place {
            return Progress::open(&export.key, export.row.export, sealed);
        }
        let total = match &export.content {
            ExportContent::AuditJsonLines(filter) | ExportContent::AuditCsv(filter) => {
                self.models.audit_count_until(export.row.organisation, filter, until(export.row)).await?
            }
        };
        self.start_work(&export.stored, total).await?;
        Ok(Progress::default())
    }

    async fn write_step(&self, export: &InHand<'_>, mut progress: Progress) -> Result<Step, Error> {
        let InHand { row, key, content, .. } = export;
        let files = self.shelf(row.organisation, row.export, key).await?;
        if progress.files.is_empty() {
            files.append_text(progress.file("filter.json"), content.terms()).await?;
        }
        let extract = |filter, format| Extract {
            organisation: row.organisation,
            filter,
            format,
            after: progress.last,
            until: until(row),
            most: STEP.max(export.stored.work.total.unwrap_or_default() / STEPS),
        };
        let count = match content {
            ExportContent::AuditJsonLines(filter) => {
                let extract = extract(filter, Format::JsonLines);
                self.write_audit(&files, &mut progress, extract).await?
            }
            ExportContent::AuditCsv(filter) => {
                let extract = extract(filter, Format::Csv);
                self.write_audit(&files, &mut progress, extract).await?
            }
        };
        self.note_progress(export, count, &progress).await?;
        Ok(Step::Wrote(count))
    }

    /// Keeps what a step came to. Where another node was faster, its step counts.
    async fn note_progress(
        &self,
        export: &InHand<'_>,
        count: u64,
        progress: &Progress,
    ) -> Result<bool, Error> {
        let sealed = progress.seal(&export.key, export.row.export)?;
        let mut tx = self.log.db().begin().await?;
        let moved = export.stored.advance(&mut tx, count, sealed).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// Signs what is written, and records it.
    async fn finish_export(&self, export: &InHand<'_>, mut progress: Progress) -> Result<Step, Error> {
        let InHand { row, stored, key, .. } = export;
        if progress.files.iter().all(|file| file.name != MANIFEST) {
            let Some(note) = self.manifest(row, &progress.finished_files()).await? else {
                return Ok(Step::Waits);
            };
            let files = self.shelf(row.organisation, row.export, key).await?;
            files.append_text(progress.file(MANIFEST), note).await?;
            if !self.note_progress(export, 0, &progress).await? {
                return Ok(Step::Wrote(0));
            }
        }
        let files = progress.finished_files();
        let at = self.log.now();
        let finish = || Command::Finish { files: files.clone(), kept: KEPT, at };
        let position = self.tell_export(row.organisation, row.export, finish).await?;
        self.over(stored, position).await
    }

    async fn give_up_export(&self, row: &ExportRow, stored: &Stored, why: Failure) -> Result<Step, Error> {
        let at = self.log.now();
        let fail = || Command::Fail { why, at };
        let position = self.tell_export(row.organisation, row.export, fail).await?;
        self.over(stored, position).await
    }

    /// Ends the work of an export, once everybody can see that it is over.
    async fn over(&self, stored: &Stored, position: Position) -> Result<Step, Error> {
        self.end_work(stored, None).await?;
        self.models.wait_for(position, &["exports"]).await?;
        Ok(Step::Over)
    }

    pub(super) async fn tell_export(
        &self,
        organisation: OrganisationId,
        export: ExportId,
        command: impl Fn() -> Command,
    ) -> Result<Position, Error> {
        let done = self.log.execute::<Export>(organisation, export.uuid(), &WORKER, command).await?;
        Ok(done.map_err(Problem::from)?.position())
    }

    /// What an export was asked for.
    async fn terms_of(&self, row: &ExportRow) -> Result<ExportContent, Error> {
        let events = self.log.read_positions(row.organisation, &[row.position], &ContentKeys::none()).await?;
        let asked = events.into_iter().next().and_then(|recorded| Export::own(recorded.event));
        let Some(Event::Requested { kind, terms, .. }) = asked else {
            return Err(not_found("export").into());
        };
        ExportContent::parse(kind, terms.value().map_or("", String::as_str))
    }
}

/// The position of the last event that an export is a picture of.
pub(super) fn until(row: &ExportRow) -> Position {
    Position::try_from(row.tree_size).unwrap_or(Position::MAX)
}
