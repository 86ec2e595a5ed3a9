//! What is taken out of the system (E1–E6).

use super::{
    account::Account,
    audit::AuditFilter,
    ids::{self, Kind},
    message::portal_url,
    scalars::{Hash, Long, Url},
    work::Work,
};
use crate::{asker::asker, codes::failure};
use app::{ExportContent, ExportView};
use async_graphql::{ComplexObject, Context, Enum, ID, OneofObject, Result, SimpleObject};
use domain::{export, id::ExportId};

/// A copy taken out of the system (E1-E6).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Export {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    view: ExportView,
    /// What it holds.
    kind: ExportKind,
    /// Why (E5).
    reason: String,
    /// Log size it is a picture of; the same export at the same size has the same hash (E6).
    tree_size: Option<Long>,
}

#[ComplexObject]
impl Export {
    /// Who (E5).
    async fn requested_by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.view.row.requested_by {
            Some(account) => Account::find(ctx, account).await,
            None => Ok(None),
        }
    }

    /// How far it is.
    async fn work(&self, ctx: &Context<'_>) -> Work {
        Work::at(asker(ctx).app.log().now(), &self.view.work)
    }

    /// What can be fetched when it is done: parts, manifest, signature.
    async fn files(&self, ctx: &Context<'_>) -> Result<Vec<ExportFile>> {
        let rules = asker(ctx).rules().await?;
        let place = format!("/download/export/{}", self.id.as_str());
        let file = |(number, file): (u32, &export::File)| ExportFile {
            name: file.name.clone(),
            size_bytes: file.size_bytes.into(),
            sha256: Hash(file.sha256.to_string()),
            download_url: portal_url(&rules, &format!("{place}/{number}")),
        };
        Ok((1..).zip(&self.view.files).map(file).collect())
    }
}

/// Kinds of export.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "export::Kind")]
pub(crate) enum ExportKind {
    /// EML with metadata and a signed manifest (E1).
    Messages,
    /// Audit, one JSON object a line (E2).
    AuditJsonLines,
    /// Audit, CSV (E2).
    AuditCsv,
    /// A person's own package, for people and machines (E3).
    Person,
    /// What the offline verifier needs (N1).
    VerificationBundle,
}

/// One file of an export.
#[derive(SimpleObject)]
pub(crate) struct ExportFile {
    /// File name.
    name: String,
    /// Size.
    size_bytes: Long,
    /// Its hash, also in the signed manifest (E5).
    sha256: Hash,
    /// Where to fetch it; streamed, ranges.
    download_url: Url,
}

/// What to export; exactly one.
#[derive(OneofObject)]
pub(crate) enum ExportContentInput {
    /// Audit as JSON Lines (E2).
    AuditJsonLines(AuditFilter),
    /// Audit as CSV (E2).
    AuditCsv(AuditFilter),
}

impl ExportContentInput {
    pub(crate) fn into_content(self) -> ExportContent {
        match self {
            Self::AuditJsonLines(filter) => ExportContent::AuditJsonLines(filter.into_filter()),
            Self::AuditCsv(filter) => ExportContent::AuditCsv(filter.into_filter()),
        }
    }
}

impl Export {
    /// An export, for officers.
    pub(crate) async fn find(
        ctx: &Context<'_>,
        viewer: &app::Viewer,
        export: ExportId,
    ) -> Result<Option<Self>> {
        let found = asker(ctx).app.export(viewer, export).await.map_err(failure)?;
        Ok(found.map(Self::from))
    }
}

impl From<ExportView> for Export {
    fn from(view: ExportView) -> Self {
        Self {
            id: ids::id(Kind::Export, view.row.export.uuid()),
            kind: view.row.kind.into(),
            reason: view.reason.clone(),
            tree_size: Some(view.row.tree_size.into()),
            view,
        }
    }
}
