//! Files on their way to a draft: announced, then sent and sealed as they arrive (A38–A40).

use crate::{App, Done, Error, Problem, ProblemCode, Viewer, error::not_found};
use bytes::Bytes;
use domain::{
    AttachmentId, DraftId, OrganisationId,
    bytes::BlobKey,
    draft::{AttachmentLimit, Command, Refusal},
    message::Attachment,
};
use eventstore::{Commit, LogError, blobs::Blobs, db::Value, keys::KeyName, log::Idempotency};
use futures_util::Stream;
use seal::{Key, blind};

/// A file that is announced.
#[derive(Debug, Clone)]
pub struct UploadRequest {
    /// Onto which draft.
    pub draft: DraftId,
    /// Its name, as the client says.
    pub name: String,
    /// Its type, as the client says.
    pub media_type: String,
    /// Bytes.
    pub length: u64,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// An announced upload.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Which; also the id that the attachment will have.
    pub id: AttachmentId,
    /// Bytes announced.
    pub length: u64,
    /// Bytes that arrived: none or all.
    pub offset: u64,
}

const ANNOUNCE: &str = "INSERT INTO uploads (organisation, upload, account, draft, length, sealed, input_hash, created_at, done) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE) ON CONFLICT DO NOTHING";
const FIND: &str = "SELECT draft, length, sealed, input_hash, done FROM uploads \
     WHERE organisation = $1 AND upload = $2 AND account = $3";
const FINISH: &str = "UPDATE uploads SET done = TRUE WHERE organisation = $1 AND upload = $2";
const LABEL: &str = "upload";
/// Characters of a file's name; what file systems take.
const NAME_CHARACTERS: usize = 200;
const MEDIA_TYPE_CHARACTERS: usize = 100;

impl App {
    /// Announces a file. Refused by its length, before a byte of it is read (A39, A40).
    pub async fn announce_upload(&self, viewer: &Viewer, request: UploadRequest) -> Result<Upload, Error> {
        let organisation = viewer.organisation;
        let input = format!("{:?}", (request.draft, &request.name, request.length));
        let key = self.idempotency(viewer, "upload", &request.idempotency_key, &input).await?;
        let id: AttachmentId = crate::sending::sent_id(&key);
        let (loaded, _) = self.own_draft(viewer, request.draft).await?;
        let at = self.log.now();
        let file = Attachment {
            id,
            name: harmless(&request.name),
            media_type: media_type(&request.media_type),
            size_bytes: request.length,
            blob: self.place(viewer, id).await?,
            parts: vec![],
            key: BlobKey(*Key::random().expose()),
        };
        // The same rule that attaches it later says now whether it will fit.
        let attach = Command::Attach { file: Box::new(file.clone()), limit: limit(viewer), at };
        loaded.decide(attach).map_err(|refusal| beyond(refusal, viewer))?;
        let draft_key = self.log.vault().obtain(&KeyName::draft(organisation, request.draft)).await?.key;
        let json = serde_json::to_vec(&file).map_err(|_| not_found("upload"))?;
        let values = vec![
            i64::from(organisation.0).into(),
            id.uuid().into(),
            viewer.account.uuid().into(),
            request.draft.uuid().into(),
            i64::try_from(request.length).unwrap_or(i64::MAX).into(),
            seal::seal(&draft_key, LABEL, &id.bytes(), &json).into(),
            key.input.into(),
            at.micros().into(),
        ];
        self.log.db().run(ANNOUNCE, values).await?;
        self.same_as_announced(viewer, id, &key).await?;
        Ok(Upload { id, length: request.length, offset: 0 })
    }

    /// How far an upload is.
    pub async fn upload(&self, viewer: &Viewer, id: AttachmentId) -> Result<Upload, Error> {
        Ok(self.announced(viewer, id).await?.0)
    }

    /// Takes the bytes of an announced file, seals them as they come, and attaches it to its draft.
    pub async fn receive_upload<E: std::error::Error + Send + Sync + 'static>(
        &self,
        viewer: &Viewer,
        id: AttachmentId,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
    ) -> Result<Done<Upload>, Error> {
        let (upload, draft, file) = self.announced(viewer, id).await?;
        if upload.offset == upload.length && upload.length > 0 {
            return Ok(Done { value: upload, position: self.log.head() });
        }
        let file = file.ok_or_else(|| not_found("upload"))?;
        self.blobs.put(&file.blob, &Key::from_bytes(file.key.0), bytes, file.size_bytes).await?;
        let (loaded, _) = self.own_draft(viewer, draft).await?;
        let at = self.log.now();
        let attach = Command::Attach { file: Box::new(file), limit: limit(viewer), at };
        let change = loaded.decide(attach).map_err(|refusal| beyond(refusal, viewer))?;
        let done = self.log.append(Commit::new(viewer.organisation, &viewer.meta(), vec![change])).await?;
        let values = vec![i64::from(viewer.organisation.0).into(), id.uuid().into()];
        self.log.db().run(FINISH, values).await?;
        self.wait_for(done.position()).await?;
        Ok(Done { value: Upload { offset: upload.length, ..upload }, position: done.position() })
    }

    /// A key that was used for another file is refused, so that no file lands where it was not meant.
    async fn same_as_announced(
        &self,
        viewer: &Viewer,
        id: AttachmentId,
        request: &Idempotency,
    ) -> Result<(), Error> {
        let row = self.log.db().optional(FIND, own(viewer, id)).await?.ok_or_else(|| not_found("upload"))?;
        if row.bytes32("input_hash")? == request.input { Ok(()) } else { Err(LogError::KeyReused.into()) }
    }

    pub(crate) async fn draft_of_upload(&self, viewer: &Viewer, id: AttachmentId) -> Result<DraftId, Error> {
        Ok(self.announced(viewer, id).await?.1)
    }

    async fn announced(
        &self,
        viewer: &Viewer,
        id: AttachmentId,
    ) -> Result<(Upload, DraftId, Option<Attachment>), Error> {
        let organisation = viewer.organisation;
        let row = self.log.db().optional(FIND, own(viewer, id)).await?.ok_or_else(|| not_found("upload"))?;
        let draft = DraftId::new(row.uuid("draft")?);
        let length = u64::try_from(row.int("length")?).unwrap_or_default();
        let offset = if row.bool("done")? { length } else { 0 };
        let key = self.log.vault().find(&KeyName::draft(organisation, draft)).await?;
        let sealed = row.bytes("sealed")?;
        let opened = key.and_then(|key| seal::open(&key.key, LABEL, &id.bytes(), &sealed).ok());
        let file = opened.and_then(|json| serde_json::from_slice(&json).ok());
        Ok((Upload { id, length, offset }, draft, file))
    }

    /// Where a blob lies: by organisation and by the day on which mail sent now expires.
    async fn place(&self, viewer: &Viewer, id: AttachmentId) -> Result<String, Error> {
        let index = self.index_key(viewer.organisation).await?;
        let day = self.log.now().plus(viewer.rules.policy.retention.messages).day();
        Ok(Blobs::place(organisation_tag(&index, viewer.organisation), day, id))
    }
}

fn organisation_tag(index: &Key, organisation: OrganisationId) -> [u8; 16] {
    blind::tag(index, "organisation", &organisation.0.to_be_bytes())
}

/// An upload is found by who announced it.
fn own(viewer: &Viewer, id: AttachmentId) -> Vec<Value> {
    vec![i64::from(viewer.organisation.0).into(), id.uuid().into(), viewer.account.uuid().into()]
}

/// Why files do not fit, with the limit and whom to ask (A40).
pub(crate) fn beyond(refusal: Refusal, viewer: &Viewer) -> Problem {
    let AttachmentLimit { count, bytes } = limit(viewer);
    let name = viewer.rules.founded.as_ref().map_or("the organisation", |identity| identity.name.as_str());
    match refusal {
        Refusal::TooManyAttachments => {
            let message =
                format!("A message has at most {count} files; send several messages, or ask {name}.");
            Problem::new(ProblemCode::TooManyAttachments, message)
        }
        Refusal::AttachmentsTooLarge => {
            let mebibytes = bytes / (1024 * 1024);
            let message = format!(
                "The files of a message have at most {mebibytes} MiB together; ask {name} for another way."
            );
            Problem::new(ProblemCode::AttachmentsTooLarge, message)
        }
        Refusal::NotFound | Refusal::Stale => refusal.into(),
    }
}

pub(crate) fn limit(viewer: &Viewer) -> AttachmentLimit {
    let mail = &viewer.rules.policy.mail;
    AttachmentLimit { count: mail.attachment_count, bytes: mail.attachment_bytes }
}

/// A name that no file system and no header misreads: no path, no control character, not empty, not too long.
fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| {
            !c.is_control() && !matches!(c, '"' | '<' | '>' | ':' | '|' | '?' | '*' | '\u{202a}'..='\u{202e}')
        })
        .take(NAME_CHARACTERS)
        .collect();
    let trimmed = kept.trim_matches(['.', ' ']);
    if trimmed.is_empty() { "file".to_owned() } else { trimmed.to_owned() }
}

/// A media type of the usual form, or the one that promises nothing.
fn media_type(declared: &str) -> String {
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    match declared.split_once('/') {
        Some((kind, subtype)) if token(kind) && token(subtype) && declared.len() <= MEDIA_TYPE_CHARACTERS => {
            declared.to_ascii_lowercase()
        }
        _ => "application/octet-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A38: a name keeps what a person recognises and loses what a program could trip over.
    #[test]
    fn names_become_harmless() {
        assert_eq!(harmless("../../etc/passwd"), "passwd");
        assert_eq!(harmless("C:\\scans\\Übersicht \"1\".pdf"), "Übersicht 1.pdf");
        assert_eq!(harmless("a\r\nb.txt"), "ab.txt");
        assert_eq!(harmless(".."), "file");
        assert_eq!(media_type("Image/PNG"), "image/png");
        assert_eq!(media_type("text/html; x=\r\n"), "application/octet-stream");
    }
}
