//! The audit in a file, page by page in the order of the log: every event that fits, up to the size of the log that the export
//! is a picture of (E2, E6).

use super::{csv, files::Shelf, json_lines, progress::Progress};
use crate::{App, Error};
use bytes::Bytes;
use domain::OrganisationId;
use eventstore::{Position, log::ContentKeys};
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, try_unfold},
};
use projections::audit::AuditFilter;

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    JsonLines,
    Csv,
}

/// Which part of the audit.
pub(super) struct Extract<'a> {
    pub(super) organisation: OrganisationId,
    pub(super) filter: &'a AuditFilter,
    pub(super) format: Format,
    /// Events behind this position…
    pub(super) after: Position,
    /// …up to this one.
    pub(super) until: Position,
    /// So many at most.
    pub(super) most: u64,
}

/// A page of events, written.
pub(super) struct Page {
    pub(super) bytes: Bytes,
    /// Position of the last of them.
    pub(super) last: Position,
    pub(super) count: u64,
}

/// Events read at once: a few hundred kilobytes.
const PAGE: u32 = 500;
/// Events of one step: a second, which a stop waits for.
pub(super) const STEP: u64 = 5_000;
/// Steps of one export, so that its bookkeeping stays short however long it is.
pub(super) const STEPS: u64 = 1_000;

impl Format {
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Self::JsonLines => "audit.jsonl",
            Self::Csv => "audit.csv",
        }
    }

    /// What stands before the first event.
    pub(super) fn head(self) -> String {
        match self {
            Self::JsonLines => String::new(),
            Self::Csv => csv::head(),
        }
    }

    fn write(self, to: &mut Vec<u8>, event: &eventstore::Recorded) -> Result<(), Error> {
        match self {
            Self::JsonLines => json_lines::write(to, event),
            Self::Csv => {
                csv::write(to, event);
                Ok(())
            }
        }
    }
}

impl App {
    /// The next step of a file with the audit. Gives how many events it wrote; fewer than a step's are the last.
    pub(super) async fn write_audit(
        &self,
        files: &Shelf<'_>,
        progress: &mut Progress,
        extract: Extract<'_>,
    ) -> Result<u64, Error> {
        let format = extract.format;
        let head = (progress.last == 0).then(|| Ok(Bytes::from(format.head())));
        let (mut last, mut count, most) = (extract.after, 0, extract.most);
        let pages = self.audit_pages(extract);
        let pages = pages.map_ok(|page| {
            (last, count) = (page.last, count + page.count);
            page.bytes
        });
        let bytes = stream::iter(head).chain(pages);
        // Sealing a part holds a buffer.
        Box::pin(files.append(progress.file(format.file_name()), bytes)).await?;
        progress.last = last;
        progress.is_written = count < most;
        Ok(count)
    }

    /// Events in pages, the oldest first. Never more than one page is in memory.
    pub(super) fn audit_pages<'a>(
        &'a self,
        extract: Extract<'a>,
    ) -> impl Stream<Item = Result<Page, Error>> + 'a {
        try_unfold(extract, async |extract| {
            let limit = u32::try_from(extract.most).unwrap_or(u32::MAX).min(PAGE);
            let bounds = (extract.after, extract.until);
            let found =
                self.models.audit_between(extract.organisation, extract.filter, bounds, limit).await?;
            let Some(last) = found.last().copied() else { return Ok(None) };
            let events = self.log.read_positions(extract.organisation, &found, &ContentKeys::none()).await?;
            let mut bytes = vec![];
            for event in &events {
                extract.format.write(&mut bytes, event)?;
            }
            let count = found.len() as u64;
            let page = Page { bytes: bytes.into(), last, count };
            Ok(Some((page, Extract { after: last, most: extract.most - count, ..extract })))
        })
    }
}
