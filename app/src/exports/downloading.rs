//! Fetching what was exported: by officers, each time on record before the first byte leaves (E5).

use super::progress::{Making, Progress};
use crate::{App, Error, Leaving, Offer, Problem, Viewer, WorkKind, error::not_found};
use domain::{
    Metadata,
    audit::Right,
    event::Stored,
    export::{Command, Event, Export, File, Refusal},
    id::{ExportId, Id},
};
use eventstore::{keys::KeyName, log::ContentKeys};
use projections::exports::ExportRow;
use seal::Key;
use std::ops::Range;

/// A file of an export, to be taken.
pub(crate) struct Exported {
    export: ExportId,
    /// Its place among the files, from 0.
    file: u32,
    making: Making,
    key: Key,
    /// By which right it is taken.
    meta: Metadata,
}

impl App {
    /// A file of an export, for officers, by its number from 1. To others there is none; that they asked is on record.
    pub async fn offer_export_file(
        &self,
        viewer: &Viewer,
        export: ExportId,
        number: u32,
    ) -> Result<Offer, Error> {
        let meta = match self.authorise(viewer, Right::ReadAudit).await {
            Err(Error::Forbidden) => return Err(not_found("file").into()),
            meta => meta?,
        };
        let row = self.models.export(viewer.organisation, export).await?;
        let row = row.ok_or_else(|| not_found("file"))?;
        let Some(place) = number.checked_sub(1) else { return Err(not_found("file").into()) };
        let file = self.finished_file(&row, place).await?;
        let (making, key) = self.kept_file(&row, place).await?;
        let media_type = media_type(&file.name);
        let exported = Exported { export, file: place, making, key, meta };
        Ok(Offer::of_export(file.name, media_type, file.size_bytes, exported))
    }

    /// Records that a file is taken, then gives its bytes, or a part of them.
    pub(crate) async fn take_exported(
        &self,
        viewer: &Viewer,
        exported: Exported,
        range: Option<Range<u64>>,
    ) -> Result<Leaving, Error> {
        let Exported { export, file, making, key, meta } = exported;
        let (by, at) = (viewer.account, self.log.now());
        let download = || Command::Download { by, file, at };
        let done = self.log.execute::<Export>(viewer.organisation, export.uuid(), &meta, download).await?;
        done.map_err(Problem::from)?;
        let range = range.unwrap_or(0..making.size_bytes());
        Ok(self.leaving_file(&key, &making, &range))
    }

    /// What the log says of a file of an export that is made.
    async fn finished_file(&self, row: &ExportRow, place: u32) -> Result<File, Error> {
        let position = row.ended_in.ok_or_else(|| Problem::from(Refusal::NotFinished))?;
        let events = self.log.read_positions(row.organisation, &[position], &ContentKeys::none()).await?;
        let ended = events.into_iter().next().and_then(|recorded| Export::own(recorded.event));
        let Some(Event::Finished { files, .. }) = ended else {
            return Err(Problem::from(Refusal::NotFinished).into());
        };
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        files.into_iter().nth(place).ok_or_else(|| not_found("file").into())
    }

    /// Where it lies, and its key, while it is kept.
    async fn kept_file(&self, row: &ExportRow, place: u32) -> Result<(Making, Key), Error> {
        let deleted = || Error::from(Problem::from(Refusal::Deleted));
        if row.kept_until.is_none_or(|until| until <= self.log.now()) {
            return Err(deleted());
        }
        let id = Id::new(row.export.uuid());
        let stored = self.stored_work(row.organisation, WorkKind::Export, id).await?;
        let sealed = stored.and_then(|stored| stored.place).ok_or_else(deleted)?;
        let name = KeyName::export(row.organisation, row.export);
        let key = self.log.vault().find(&name).await?.ok_or_else(deleted)?.key;
        let progress = Progress::open(&key, row.export, &sealed)?;
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let making = progress.files.into_iter().nth(place).ok_or_else(deleted)?;
        Ok((making, key))
    }
}

/// By the names that we give.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("jsonl") => "application/jsonl",
        Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8; header=present",
        Some("html") => "text/html; charset=utf-8",
        Some("zip") => "application/zip",
        Some("txt" | "sha256") => "text/plain; charset=utf-8",
        Some(_) | None => "application/octet-stream",
    }
}
