//! The register of files: every one that lies in the store of attachments is here from before its first byte until nobody
//! has it any more, so that none is lost sight of.

use crate::{App, Error, Viewer};
use bytes::Bytes;
use domain::{
    AccountId, AttachmentId, DraftId, OrganisationId, Timestamp,
    bytes::BlobKey,
    file_name::{harmless, media_type},
    message::Attachment,
};
use eventstore::{
    blobs::Blobs,
    db::{DbError, Row, Value},
};
use futures_util::stream;
use seal::{Key, blind};
use std::convert::Infallible;

/// A file that came with a mail.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    /// Its name, as the mail says.
    pub name: String,
    /// Its type, as the mail says.
    pub media_type: String,
    /// Its bytes, decoded.
    pub bytes: Bytes,
}

/// What the register knows of a file.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub organisation: OrganisationId,
    pub id: AttachmentId,
    /// Where its parts lie.
    pub place: String,
    /// Onto which draft it is uploaded; `None` when it came with a mail.
    pub draft: Option<DraftId>,
    /// Bytes announced.
    pub length: u64,
    /// Bytes stored.
    pub received: u64,
    /// Bytes of each part.
    pub parts: Vec<u64>,
    /// Name, type and key, for whoever has the draft's key.
    pub sealed: Vec<u8>,
    /// What was announced under its idempotency key.
    pub input: [u8; 32],
    /// Whether its event is in the log.
    pub attached: bool,
}

/// An upload as it enters the register.
pub(crate) struct Announced<'a> {
    pub viewer: &'a Viewer,
    pub draft: DraftId,
    pub file: &'a Attachment,
    pub sealed: Vec<u8>,
    pub input: [u8; 32],
    pub at: Timestamp,
}

const FIND: &str = "SELECT organisation, file, place, draft, length, received, parts, sealed, input_hash, attached \
     FROM files WHERE organisation = $1 AND file = $2 AND account = $3";
const PENDING: &str = "SELECT organisation, file, place, draft, length, received, parts, sealed, input_hash, attached \
     FROM files WHERE organisation = $1 AND draft = $2 AND NOT attached ORDER BY created_at, file";
const ANNOUNCE: &str = "INSERT INTO files (organisation, file, place, account, draft, length, received, parts, \
     parts_begun, sealed, input_hash, created_at, attached) \
     VALUES ($1, $2, $3, $4, $5, $6, 0, '[]', 0, $7, $8, $9, FALSE) ON CONFLICT DO NOTHING";
const KEEP: &str = "INSERT INTO files (organisation, file, place, length, received, parts, parts_begun, created_at, \
     attached) VALUES ($1, $2, $3, $4, $4, '[]', 0, $5, TRUE)";
const BEGIN_PART: &str = "UPDATE files SET parts_begun = parts_begun + 1 \
     WHERE organisation = $1 AND file = $2 AND place = $3 AND received = $4 AND NOT attached RETURNING parts_begun";
const RECORD_PART: &str = "UPDATE files SET received = $5, parts = $6 \
     WHERE organisation = $1 AND file = $2 AND place = $3 AND received = $4 AND NOT attached";
const ATTACHED: &str =
    "UPDATE files SET attached = TRUE WHERE organisation = $1 AND file = $2 AND place = $3";
const FORGET: &str = "DELETE FROM files WHERE organisation = $1 AND file = $2 AND place = $3";
const FORGET_PENDING: &str =
    "DELETE FROM files WHERE organisation = $1 AND file = $2 AND place = $3 AND NOT attached";

impl App {
    /// Stores a file that came with a mail. It is kept from then on as long as a message or a mail that is held has it, and
    /// a day for that to happen.
    pub(crate) async fn keep_file(
        &self,
        organisation: OrganisationId,
        file: NewFile,
    ) -> Result<Attachment, Error> {
        let at = self.log.now();
        let rules = self.rules(organisation).await?;
        let expires_at = at.plus(rules.policy.retention.messages);
        let kept = Attachment {
            id: self.log.clock().new_id(),
            name: harmless(&file.name),
            media_type: media_type(&file.media_type),
            size_bytes: file.bytes.len() as u64,
            blob: self.new_place(organisation, expires_at).await?,
            parts: vec![],
            key: BlobKey(*Key::random().expose()),
        };
        let [organisation, id, place] = name(organisation, kept.id, &kept.blob);
        let values = vec![organisation, id, place, number(kept.size_bytes), at.micros().into()];
        self.log.db().run(KEEP, values).await?;
        let bytes = stream::iter([Ok::<_, Infallible>(file.bytes)]);
        self.blobs.put(&kept.blob, &Key::from_bytes(kept.key.0), bytes, kept.size_bytes).await?;
        Ok(kept)
    }

    /// Where a new file lies: by organisation and by the day on which mail sent now expires. The place is new each time: what a
    /// straggler writes for a file that was given up does not end up in the next one's.
    pub(crate) async fn new_place(
        &self,
        organisation: OrganisationId,
        expires_at: Timestamp,
    ) -> Result<String, Error> {
        let index = self.index_key(organisation).await?;
        let tag = blind::tag(&index, "organisation", &organisation.0.to_be_bytes());
        Ok(Blobs::place(tag, expires_at.day(), self.log.clock().new_id()))
    }

    /// Enters an upload, unless it is there already.
    pub(crate) async fn enter_file(&self, upload: Announced<'_>) -> Result<(), Error> {
        let Announced { viewer, draft, file, sealed, input, at } = upload;
        let [organisation, id, place] = name(viewer.organisation, file.id, &file.blob);
        let values = vec![
            organisation,
            id,
            place,
            viewer.account.uuid().into(),
            draft.uuid().into(),
            number(file.size_bytes),
            sealed.into(),
            input.into(),
            at.micros().into(),
        ];
        self.log.db().run(ANNOUNCE, values).await?;
        Ok(())
    }

    /// An upload of this account.
    pub(crate) async fn registered(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        id: AttachmentId,
    ) -> Result<Option<Registered>, Error> {
        let values = vec![i64::from(organisation.0).into(), id.uuid().into(), account.uuid().into()];
        let row = self.log.db().optional(FIND, values).await?;
        Ok(row.as_ref().map(registered).transpose()?)
    }

    /// The files on their way to a draft, in the order in which they were announced.
    pub(crate) async fn pending(
        &self,
        organisation: OrganisationId,
        draft: DraftId,
    ) -> Result<Vec<Registered>, Error> {
        let values = vec![i64::from(organisation.0).into(), draft.uuid().into()];
        let rows = self.log.db().all(PENDING, values).await?;
        Ok(rows.iter().map(registered).collect::<Result<_, _>>()?)
    }

    /// Gives out the number of a file's next part, counted from 0; `None` if the file moved on meanwhile.
    pub(crate) async fn begin_part(&self, file: &Registered) -> Result<Option<u32>, Error> {
        let [organisation, id, place] = file.name();
        let mut tx = self.log.db().begin().await?;
        let begun = tx.optional(BEGIN_PART, vec![organisation, id, place, number(file.received)]).await?;
        tx.commit().await?;
        let begun = begun.map(|row| row.int("parts_begun")).transpose()?;
        Ok(begun.and_then(|begun| u32::try_from(begun - 1).ok()))
    }

    /// Acknowledges what arrived. Of several who went on from the same byte the first one wins; says whether this one did.
    pub(crate) async fn record_part(
        &self,
        file: &mut Registered,
        part: u32,
        bytes: u64,
    ) -> Result<bool, Error> {
        let mut parts = file.parts.clone();
        parts.resize(usize::try_from(part).unwrap_or_default(), 0);
        parts.push(bytes);
        let received = file.received.saturating_add(bytes);
        let json = serde_json::to_string(&parts).map_err(Error::internal)?;
        let [organisation, id, place] = file.name();
        let values = vec![organisation, id, place, number(file.received), number(received), json.into()];
        let won = self.log.db().run(RECORD_PART, values).await? > 0;
        if won {
            file.received = received;
            file.parts = parts;
        }
        Ok(won)
    }

    /// Notes that the log has a file's event.
    pub(crate) async fn note_attached(&self, file: &Registered) -> Result<(), Error> {
        self.log.db().run(ATTACHED, file.name().into()).await?;
        Ok(())
    }

    /// Strikes an upload that is not attached; says whether it was.
    pub(crate) async fn forget_pending(&self, file: &Registered) -> Result<bool, Error> {
        Ok(self.log.db().run(FORGET_PENDING, file.name().into()).await? > 0)
    }

    /// Strikes a file.
    pub(crate) async fn forget(&self, file: &Registered) -> Result<(), Error> {
        self.log.db().run(FORGET, file.name().into()).await?;
        Ok(())
    }
}

impl Registered {
    /// Its row; another file that takes its id has another place.
    fn name(&self) -> [Value; 3] {
        name(self.organisation, self.id, &self.place)
    }

    /// Whether all bytes arrived.
    pub(crate) fn is_whole(&self) -> bool {
        self.received == self.length
    }
}

fn name(organisation: OrganisationId, id: AttachmentId, place: &str) -> [Value; 3] {
    [i64::from(organisation.0).into(), id.uuid().into(), place.into()]
}

fn number(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

pub(crate) fn registered(row: &Row) -> Result<Registered, DbError> {
    let count = |column| Ok::<_, DbError>(u64::try_from(row.int(column)?).unwrap_or_default());
    Ok(Registered {
        organisation: OrganisationId(u32::try_from(row.int("organisation")?).unwrap_or_default()),
        id: AttachmentId::new(row.uuid("file")?),
        place: row.text("place")?,
        draft: row.opt_uuid("draft")?.map(DraftId::new),
        length: count("length")?,
        received: count("received")?,
        parts: serde_json::from_str(&row.text("parts")?).unwrap_or_default(),
        sealed: row.opt_bytes("sealed")?.unwrap_or_default(),
        input: match row.opt_bytes("input_hash")? {
            Some(_) => row.bytes32("input_hash")?,
            None => [0; 32],
        },
        attached: row.bool("attached")?,
    })
}
