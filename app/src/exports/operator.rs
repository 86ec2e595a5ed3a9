//! The audit into a file of whoever runs the machine: the same bytes as an officer gets, and on record all the same (E2, K7).

use super::{
    ExportContent,
    audit::{Extract, Format},
};
use crate::{App, Error, Problem, organisations::OPERATOR};
use domain::{
    OrganisationId,
    bytes::Sha256,
    export::{self, Command, Export, Failure, File},
    id::ExportId,
    period::Period,
};
use eventstore::Position;
use futures_util::TryStreamExt;
use seal::running::RunningHash;
use std::pin::pin;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// What the command line writes.
#[derive(Debug, Clone)]
pub struct OperatorExport {
    /// Whose audit.
    pub organisation: OrganisationId,
    /// What.
    pub content: ExportContent,
    /// The size of the log that it shall be a picture of; now by default.
    pub tree_size: Option<u64>,
    /// Why.
    pub reason: String,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenExport {
    /// Its bytes and their hash.
    pub file: File,
    /// Events in it.
    pub events: u64,
    /// The size of the log that it is a picture of.
    pub tree_size: u64,
}

impl App {
    /// Writes the audit of an organisation, and records that. By the command line.
    pub async fn export_by_operator(
        &self,
        export: OperatorExport,
        to: impl AsyncWrite + Unpin,
    ) -> Result<WrittenExport, Error> {
        let OperatorExport { organisation, content, tree_size, reason } = export;
        let (id, tree_size): (ExportId, _) = (self.log.clock().new_id(), self.size_of_picture(tree_size)?);
        let request = export::Request {
            by: None,
            kind: content.kind(),
            what: content.question(),
            terms: content.terms(),
            reason,
            tree_size,
            at: self.log.now(),
        };
        self.note_by_operator(organisation, id, || Command::Request(request.clone())).await?;
        // The command line may be the only process: it brings the read model along itself.
        self.models.catch_up().await?;
        let (filter, format) = match &content {
            ExportContent::AuditJsonLines(filter) => (filter, Format::JsonLines),
            ExportContent::AuditCsv(filter) => (filter, Format::Csv),
        };
        let until = Position::try_from(tree_size).unwrap_or(Position::MAX);
        let extract = Extract { organisation, filter, format, after: 0, until, most: u64::MAX };
        let at = self.log.now();
        match self.write_extract(extract, to).await {
            Ok((file, events)) => {
                let files = vec![file.clone()];
                let finish = || Command::Finish { files: files.clone(), kept: Period::ZERO, at };
                self.note_by_operator(organisation, id, finish).await?;
                Ok(WrittenExport { file, events, tree_size })
            }
            Err(problem) => {
                self.note_by_operator(organisation, id, || Command::Fail { why: Failure::NotWritten, at })
                    .await?;
                Err(problem)
            }
        }
    }

    async fn write_extract(
        &self,
        extract: Extract<'_>,
        mut to: impl AsyncWrite + Unpin,
    ) -> Result<(File, u64), Error> {
        let format = extract.format;
        let (mut hash, mut size, mut events) = (RunningHash::default(), 0, 0);
        let mut pages = pin!(self.audit_pages(extract));
        let mut bytes = bytes::Bytes::from(format.head());
        loop {
            hash.update(&bytes);
            size += bytes.len() as u64;
            to.write_all(&bytes).await.map_err(Error::internal)?;
            match pages.try_next().await? {
                Some(page) => (bytes, events) = (page.bytes, events + page.count),
                None => break,
            }
        }
        to.flush().await.map_err(Error::internal)?;
        Ok((File::new(format.file_name(), size, Sha256(hash.finish())), events))
    }

    async fn note_by_operator(
        &self,
        organisation: OrganisationId,
        export: ExportId,
        command: impl Fn() -> Command,
    ) -> Result<(), Error> {
        let noted = self.log.execute::<Export>(organisation, export.uuid(), &OPERATOR, command).await?;
        noted.map_err(Problem::from)?;
        Ok(())
    }
}
