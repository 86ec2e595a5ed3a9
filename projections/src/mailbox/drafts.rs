//! Drafts that are being written (A36). What they say is not here: their owner reads it from the log.

use super::attachments;
use crate::{ProjectionError, Projections, Statement, Stored, rows::Columns};
use domain::{AccountId, DraftId, OrganisationId, Timestamp, draft};
use eventstore::keys::Purpose;

const SAVE: &str = "INSERT INTO rm_drafts (organisation, draft, owner, version, saved_at, attachment_count) \
     VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (organisation, draft) DO UPDATE SET \
     version = excluded.version, saved_at = excluded.saved_at";
const ATTACH: &str = "UPDATE rm_drafts SET attachment_count = attachment_count + 1, saved_at = $3 \
     WHERE organisation = $1 AND draft = $2";
const DETACH: &str = "UPDATE rm_drafts SET attachment_count = attachment_count - 1, saved_at = $3 \
     WHERE organisation = $1 AND draft = $2";
const CLOSE: &str = "DELETE FROM rm_drafts WHERE organisation = $1 AND draft = $2";
const OF_OWNER: &str = "SELECT draft, version, saved_at, attachment_count FROM rm_drafts \
     WHERE organisation = $1 AND owner = $2 ORDER BY saved_at DESC, draft DESC LIMIT $3";
const OUTLIVED: &str = "SELECT v.owner AS draft FROM vault v WHERE v.organisation = $1 AND v.purpose = $2 \
     AND NOT EXISTS (SELECT 1 FROM rm_drafts d WHERE d.organisation = v.organisation AND d.draft = v.owner)";

/// A draft that was neither sent nor thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// Which.
    pub draft: DraftId,
    /// Its last save's number.
    pub version: u32,
    /// When it or its files last changed.
    pub saved_at: Timestamp,
    /// How many files are attached.
    pub attachment_count: u32,
}

pub(super) fn apply(organisation: OrganisationId, draft: DraftId, event: &draft::Event) -> Vec<Statement> {
    let [org, id] = [organisation.into(), draft.into()];
    match event {
        draft::Event::Saved { owner, version, at, .. } => {
            vec![Statement::new(SAVE, [org, id, (*owner).into(), (*version).into(), (*at).into()])]
        }
        draft::Event::AttachmentAdded { attachment, at, .. } => vec![
            Statement::new(ATTACH, [org, id, (*at).into()]),
            attachments::of_draft(organisation, draft, *attachment),
        ],
        draft::Event::AttachmentRemoved { attachment, at } => vec![
            Statement::new(DETACH, [org, id, (*at).into()]),
            attachments::detached(organisation, draft, *attachment),
        ],
        draft::Event::Sent { .. } | draft::Event::Discarded { .. } => {
            vec![Statement::new(CLOSE, [org, id]), attachments::gone_with(organisation, draft)]
        }
    }
}

impl Projections {
    /// What a person is writing, the last changed first.
    pub async fn drafts(
        &self,
        organisation: OrganisationId,
        owner: AccountId,
        limit: u32,
    ) -> Result<Vec<DraftRow>, ProjectionError> {
        let rows =
            self.log().db().all(OF_OWNER, vec![organisation.value(), owner.value(), limit.value()]).await?;
        let row = |row: &eventstore::db::Row| {
            Ok(DraftRow {
                draft: row.id("draft")?,
                version: row.number("version")?,
                saved_at: row.time("saved_at")?,
                attachment_count: row.number("attachment_count")?,
            })
        };
        rows.iter().map(row).collect()
    }

    /// Drafts that have a key and are not among those being written: their key was left, or they began so recently that
    /// this read model does not know them. The log tells which. Takes a look at each living draft's key.
    pub async fn drafts_outlived_by_keys(
        &self,
        organisation: OrganisationId,
    ) -> Result<Vec<DraftId>, ProjectionError> {
        let values = vec![organisation.value(), (Purpose::Draft as i64).value()];
        let rows = self.log().db().all(OUTLIVED, values).await?;
        rows.iter().map(|row| Ok(row.id("draft")?)).collect()
    }
}
