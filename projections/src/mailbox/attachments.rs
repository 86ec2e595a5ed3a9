//! Who has which file: drafts and messages. A file that none has any more can go (A21).

use crate::{Cell, ProjectionError, Projections, Statement, Stored, rows::Columns};
use domain::{AccountId, AttachmentId, DraftId, MessageId, OrganisationId, Timestamp};

const KEEP: &str = "INSERT INTO rm_attachments (organisation, attachment, owner, is_draft, expires_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
const DROP: &str = "DELETE FROM rm_attachments WHERE organisation = $1 AND owner = $2 AND attachment = $3";
const DROP_ALL: &str = "DELETE FROM rm_attachments WHERE organisation = $1 AND owner = $2";
const KEPT: &str = "SELECT COUNT(*) AS found FROM rm_attachments WHERE organisation = $1 AND attachment = $2 \
     AND (expires_at IS NULL OR expires_at > $3)";
const MESSAGES: &str = "SELECT a.owner AS message FROM rm_attachments a JOIN rm_mailbox b \
     ON b.organisation = a.organisation AND b.message = a.owner \
     WHERE a.organisation = $1 AND a.attachment = $2 AND b.account = $3 AND NOT a.is_draft \
     AND b.revoked_at IS NULL AND b.recalled_at IS NULL ORDER BY b.expires_at DESC, a.owner";

pub(super) fn of_message(
    organisation: OrganisationId,
    message: MessageId,
    files: &[AttachmentId],
    expires_at: Timestamp,
) -> Vec<Statement> {
    let keep = |file: &AttachmentId| {
        let cells = [organisation.into(), (*file).into(), message.into(), false.into(), expires_at.into()];
        Statement::new(KEEP, cells)
    };
    files.iter().map(keep).collect()
}

pub(super) fn of_draft(organisation: OrganisationId, draft: DraftId, file: AttachmentId) -> Statement {
    let never: Option<Timestamp> = None;
    let cells: [Cell; 5] = [organisation.into(), file.into(), draft.into(), true.into(), never.into()];
    Statement::new(KEEP, cells)
}

pub(super) fn detached(organisation: OrganisationId, draft: DraftId, file: AttachmentId) -> Statement {
    Statement::new(DROP, [organisation.into(), draft.into(), file.into()])
}

/// What a message that expired, or a draft that ended, had.
pub(super) fn gone_with(organisation: OrganisationId, owner: impl Into<Cell>) -> Statement {
    Statement::new(DROP_ALL, [organisation.into(), owner.into()])
}

impl Projections {
    /// Whether any draft or unexpired message has a file.
    pub async fn attachment_is_kept(
        &self,
        organisation: OrganisationId,
        attachment: AttachmentId,
        now: Timestamp,
    ) -> Result<bool, ProjectionError> {
        let values = vec![organisation.value(), attachment.value(), now.value()];
        Ok(self.log().db().one(KEPT, values).await?.number::<u64>("found")? > 0)
    }

    /// The messages in somebody's folders that have a file: the one that lives longest first. Whether they are over is for the
    /// caller to look at.
    pub async fn messages_with_attachment(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        attachment: AttachmentId,
    ) -> Result<Vec<MessageId>, ProjectionError> {
        let values = vec![organisation.value(), attachment.value(), account.value()];
        let rows = self.log().db().all(MESSAGES, values).await?;
        rows.iter().map(|row| Ok(row.id("message")?)).collect()
    }
}
