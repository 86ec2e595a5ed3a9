//! Exports: what is taken out of the system, on record with its reason, its conditions and its hashes (E1–E6). Asked for here,
//! made by the job *make exports* in steps, fetched from any node.

mod audit;
mod csv;
mod downloading;
mod files;
mod json_lines;
mod making;
mod manifest;
mod operator;
mod progress;
mod showing;
mod terms;

pub(crate) use downloading::Exported;
pub use operator::{OperatorExport, WrittenExport};
pub use showing::ExportView;
pub use terms::ExportContent;

use crate::{App, Done, Error, Problem, ProblemCode, Viewer, error::not_found, retrying, sending::sent_id};
use domain::{
    OrganisationId,
    audit::Right,
    export::{self, Command, Export, REASON_CHARACTERS, Refusal},
    id::ExportId,
    period::Period,
};
use eventstore::Commit;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// What it shall hold.
    pub content: ExportContent,
    /// The size of the log that it shall be a picture of; now by default (E6).
    pub tree_size: Option<u64>,
    /// Why (E5).
    pub reason: String,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// Exports of one organisation that are not made yet.
const UNFINISHED: u64 = 20;
/// How long the files of an export can be fetched. Then their key is destroyed: a copy must not outlive its purpose here.
const KEPT: Period = Period::days(7);

impl App {
    /// Asks for an export (E5); an officer's right. What holds content waits for a second person (K3).
    pub async fn request_export(
        &self,
        viewer: &Viewer,
        request: ExportRequest,
    ) -> Result<Done<ExportView>, Error> {
        let meta = self.authorise(viewer, Right::ReadAudit).await?;
        let organisation = viewer.organisation;
        let ExportRequest { content, tree_size, reason, idempotency_key } = request;
        let terms = content.terms();
        let inputs = format!("{:?}", (content.kind(), &terms, tree_size, &reason));
        let key = self.idempotency(viewer, "export", &idempotency_key, &inputs).await?;
        let export: ExportId = sent_id(&key);
        if let Some(position) = self.log.repeated(organisation, &key).await? {
            return self.requested_export(organisation, export, position).await;
        }
        let tree_size = self.size_of_picture(tree_size)?;
        if self.models.unfinished_exports(organisation).await? >= UNFINISHED {
            let message = "As many exports wait as can; try again when one of them is made.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        }
        let request = export::Request {
            by: Some(viewer.account),
            kind: content.kind(),
            what: content.question(),
            terms,
            reason,
            tree_size,
            at: self.log.now(),
        };
        let (request, meta) = (&request, &meta);
        let position = retrying(move || async move {
            let loaded = self.log.load::<Export>(organisation, export.uuid()).await?;
            let change = loaded.decide(Command::Request(request.clone())).map_err(Problem::from)?;
            let commit = Commit { idempotency: Some(key), ..Commit::new(organisation, meta, vec![change]) };
            Ok(self.log.append(commit).await?.position())
        })
        .await?;
        self.requested_export(organisation, export, position).await
    }

    async fn requested_export(
        &self,
        organisation: OrganisationId,
        export: ExportId,
        position: eventstore::Position,
    ) -> Result<Done<ExportView>, Error> {
        self.models.wait_for(position, &["exports"]).await?;
        let view = self.export_of(organisation, export).await?.ok_or_else(|| not_found("export"))?;
        Ok(Done { value: view, position })
    }

    /// The size of the log that an export is a picture of.
    fn size_of_picture(&self, asked: Option<u64>) -> Result<u64, Error> {
        let size = u64::try_from(self.log.head()).unwrap_or_default();
        match asked {
            None => Ok(size),
            Some(asked) if (1..=size).contains(&asked) => Ok(asked),
            Some(_) => {
                let message = format!("Name a size of the log from 1 to {size}, which it has now.");
                Err(Problem::new(ProblemCode::Invalid, message).at(["treeSize"]).into())
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let not_yet = "This export is not made yet; look at its work, and come back when that is done.";
        match refusal {
            Refusal::NotFound => not_found("export"),
            Refusal::BadReason => {
                let message = format!("Give a reason of 1 to {REASON_CHARACTERS} characters.");
                Self::new(ProblemCode::Invalid, message).at(["reason"])
            }
            Refusal::OwnRequest => {
                Self::new(ProblemCode::NotAllowed, "You asked for this yourself; another person must agree.")
            }
            Refusal::NotApproved | Refusal::NotFinished => Self::new(ProblemCode::NotAllowed, not_yet),
            Refusal::Over => Self::new(ProblemCode::Conflict, "This export is made already."),
            Refusal::NoSuchFile => not_found("file"),
            Refusal::Deleted => Self::new(
                ProblemCode::Unavailable,
                "The files of this export are deleted; ask for it again, with the same size of the log.",
            ),
        }
    }
}
