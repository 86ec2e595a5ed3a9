//! Files on their way to a draft: announced, then sent in as many requests as it takes, sealed as they arrive, and attached
//! when they are whole (A38–A40, R7).
//!
//! Each request that brings bytes makes a part of its own, which is stored before it is acknowledged. So a connection that is
//! cut costs nothing that arrived; a node that dies costs what its last request brought.

use crate::{
    App, Done, Error, Problem, ProblemCode, Viewer,
    error::not_found,
    files::{Announced, Registered},
    retrying,
};
use bytes::Bytes;
use domain::{
    AttachmentId, DraftId,
    bytes::BlobKey,
    draft::{AttachmentLimit, Command, Refusal, Writing},
    file_name::{harmless, media_type},
    message::{About, Attachment, Onward},
    organisation,
};
use eventstore::{Commit, LogError, Position, keys::KeyName};
use futures_util::{Stream, StreamExt, stream};
use seal::Key;
use serde::{Deserialize, Serialize};
use std::{pin::pin, time::Duration};
use tokio::time::timeout;

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
    /// What the client said of it, to be repeated to it (tus 1.0, creation).
    pub metadata: String,
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
    /// Bytes that arrived and are stored.
    pub offset: u64,
    /// What the client said of it; empty once its draft is closed.
    pub metadata: String,
}

/// A file of a draft that has not wholly arrived.
#[derive(Debug, Clone)]
pub struct PendingFile {
    /// As it will be.
    pub file: Attachment,
    /// Bytes that arrived and are stored.
    pub received: u64,
}

/// What is said of a file before it arrives, sealed under its draft's key.
#[derive(Serialize, Deserialize)]
struct Said {
    file: Attachment,
    metadata: String,
}

const LABEL: &str = "upload";
/// Requests that can bring bytes of one file. Whoever needs more sends too little at once: 50 MiB are then 51 KiB each.
const PARTS: u32 = 1_000;
/// How long a request may bring nothing before it counts as cut.
const PATIENCE: Duration = Duration::from_mins(1);

impl App {
    /// Announces a file. Refused by its length, before a byte of it is read (A39, A40).
    pub async fn announce_upload(&self, viewer: &Viewer, request: UploadRequest) -> Result<Upload, Error> {
        let organisation = viewer.organisation;
        let input = format!("{:?}", (request.draft, &request.name, request.length));
        let key = self.idempotency(viewer, "upload", &request.idempotency_key, &input).await?;
        let id: AttachmentId = crate::sending::sent_id(&key);
        let (_, writing) = self.own_draft(viewer, request.draft).await?;
        let at = self.log.now();
        let others = self.others(viewer, request.draft, &writing).await?;
        let others = others.into_iter().filter(|(other, _)| *other != id).map(|(_, bytes)| bytes);
        let admitted = limit(&viewer.rules).admit(others.chain([request.length]));
        admitted.map_err(|refusal| beyond(refusal, &viewer.rules))?;
        let file = Attachment {
            id,
            name: harmless(&request.name),
            media_type: media_type(&request.media_type),
            size_bytes: request.length,
            blob: self.new_place(organisation, at.plus(viewer.rules.policy.retention.messages)).await?,
            parts: vec![],
            key: BlobKey(*Key::random().expose()),
        };
        let draft_key = self.log.vault().obtain(&KeyName::draft(organisation, request.draft)).await?.key;
        let said = Said { file, metadata: request.metadata };
        let json = serde_json::to_vec(&said).map_err(Error::internal)?;
        let sealed = seal::seal(&draft_key, LABEL, &id.bytes(), &json);
        let (draft, file) = (request.draft, &said.file);
        self.enter_file(Announced { viewer, draft, file, sealed, input: key.input, at }).await?;
        let registered = self.own_upload(viewer, id).await?;
        // A key that was used for another file is refused, so that no file lands where it was not meant.
        if registered.input != key.input {
            return Err(LogError::KeyReused.into());
        }
        if registered.is_whole() {
            self.attach_whole(viewer, &registered).await?;
        }
        self.shown(registered).await
    }

    /// The files that go with a draft, with their bytes: those of the message that it forwards, and those that are on their
    /// way, count like those that are there.
    async fn others(
        &self,
        viewer: &Viewer,
        draft: DraftId,
        writing: &Writing,
    ) -> Result<Vec<(AttachmentId, u64)>, Error> {
        let mut others: Vec<_> = writing.attachments.iter().map(|(id, bytes, _)| (*id, *bytes)).collect();
        let pending = self.pending(viewer.organisation, draft).await?;
        others.extend(pending.iter().map(|upload| (upload.id, upload.length)));
        if let Some(About { message, what: Onward::Forward }) = writing.about {
            let (_, opened, _) = self.own_message(viewer, message).await?;
            others.extend(opened.headline.attachments.iter().map(|file| (file.id, file.size_bytes)));
        }
        Ok(others)
    }

    /// How far an upload is.
    pub async fn upload(&self, viewer: &Viewer, id: AttachmentId) -> Result<Upload, Error> {
        self.shown(self.own_upload(viewer, id).await?).await
    }

    /// Takes bytes of an announced file from `offset` on, seals them as they come, and attaches the file to its draft when
    /// all are there. What arrived before `bytes` breaks off is kept, also when whoever waits for this goes away.
    pub async fn receive_upload<E: Send + 'static>(
        &self,
        viewer: &Viewer,
        id: AttachmentId,
        offset: u64,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Result<Done<Upload>, Error> {
        let (app, viewer) = (self.clone(), viewer.clone());
        let receiving = self.later.spawn(async move { app.receive(&viewer, id, offset, bytes).await });
        receiving.await.map_err(Error::internal)?
    }

    async fn receive<E: Send + 'static>(
        &self,
        viewer: &Viewer,
        id: AttachmentId,
        offset: u64,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Result<Done<Upload>, Error> {
        let mut upload = self.own_upload(viewer, id).await?;
        if upload.received != offset {
            return Err(moved_on());
        }
        let mut position = self.log.head();
        if !upload.attached {
            let file = self.said(&upload).await?.ok_or_else(|| not_found("upload"))?.file;
            self.own_draft(viewer, draft_of(&upload)?).await?;
            self.take_part(&mut upload, &file, bytes).await?;
            if upload.is_whole() {
                position = self.attach_whole(viewer, &upload).await?;
            }
        }
        Ok(Done { value: self.shown(upload).await?, position })
    }

    /// Stores what a request brings as a part of its own. One that brings nothing leaves nothing.
    async fn take_part<E: Send + 'static>(
        &self,
        upload: &mut Registered,
        file: &Attachment,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Result<(), Error> {
        let mut bytes = pin!(heard(bytes));
        let Some(Ok(first)) = bytes.next().await else { return Ok(()) };
        let part = self.begin_part(upload).await?.ok_or_else(moved_on)?;
        if part >= PARTS {
            let message = format!("This file came in {PARTS} pieces; begin again and send larger pieces.");
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        }
        let bytes = stream::iter([Ok(first)]).chain(bytes);
        let (key, rest) = (Key::from_bytes(file.key.0), upload.length - upload.received);
        let arrived = self.blobs.put_part(&upload.place, part, &key, bytes, rest).await?;
        if self.record_part(upload, part, arrived).await? {
            return Ok(());
        }
        self.blobs.delete_part(&upload.place, part).await?;
        Err(moved_on())
    }

    /// Attaches a file that arrived whole; quiet when it is attached.
    async fn attach_whole(&self, viewer: &Viewer, upload: &Registered) -> Result<Position, Error> {
        let said = self.said(upload).await?.ok_or_else(|| not_found("upload"))?;
        let file = Attachment { parts: upload.parts.clone(), ..said.file };
        let draft = draft_of(upload)?;
        let position = retrying(|| self.attach_once(viewer, draft, &file)).await?;
        self.note_attached(upload).await?;
        self.wait_for(position).await?;
        Ok(position)
    }

    async fn attach_once(
        &self,
        viewer: &Viewer,
        draft: DraftId,
        file: &Attachment,
    ) -> Result<Position, Error> {
        let (loaded, _) = self.own_draft(viewer, draft).await?;
        let at = self.log.now();
        let attach = Command::Attach { file: Box::new(file.clone()), limit: limit(&viewer.rules), at };
        let change = loaded.decide(attach).map_err(|refusal| beyond(refusal, &viewer.rules))?;
        let done = self.log.append(Commit::new(viewer.organisation, &viewer.meta(), vec![change])).await?;
        Ok(done.position())
    }

    /// Gives an upload up, or takes the file off the draft that has it.
    pub async fn discard_upload(&self, viewer: &Viewer, id: AttachmentId) -> Result<(), Error> {
        self.remove_attachment(viewer, id).await.map(drop)
    }

    /// Takes a file off its draft, wherever it is on its way.
    pub(crate) async fn take_off(&self, viewer: &Viewer, id: AttachmentId) -> Result<Done<DraftId>, Error> {
        let upload = self.own_upload(viewer, id).await?;
        let draft = draft_of(&upload)?;
        let (loaded, _) = self.own_draft(viewer, draft).await?;
        if !upload.attached && self.forget_pending(&upload).await? {
            self.blobs.delete_all(&upload.place).await?;
        }
        let at = self.log.now();
        let detached = loaded.decide(Command::Detach { attachment: id, at }).map_err(Problem::from)?;
        let done = self.log.append(Commit::new(viewer.organisation, &viewer.meta(), vec![detached])).await?;
        Ok(Done { value: draft, position: done.position() })
    }

    /// The files of a draft that have not wholly arrived.
    pub(crate) async fn pending_files(
        &self,
        viewer: &Viewer,
        draft: DraftId,
    ) -> Result<Vec<PendingFile>, Error> {
        let mut files = vec![];
        for upload in self.pending(viewer.organisation, draft).await? {
            if let Some(said) = self.said(&upload).await? {
                files.push(PendingFile { file: said.file, received: upload.received });
            }
        }
        Ok(files)
    }

    /// Refuses to send a draft before its files are there (R7). One that arrived and was not attached, because the node died
    /// between the two, is attached now.
    pub(crate) async fn finish_uploads(&self, viewer: &Viewer, draft: DraftId) -> Result<(), Error> {
        for upload in self.pending(viewer.organisation, draft).await? {
            if upload.is_whole() {
                self.attach_whole(viewer, &upload).await?;
                continue;
            }
            let name = self.said(&upload).await?.map_or_else(String::new, |said| said.file.name);
            let message = format!("“{name}” is not wholly uploaded; let it finish, or remove it.");
            return Err(Problem::new(ProblemCode::UploadIncomplete, message).into());
        }
        Ok(())
    }

    async fn own_upload(&self, viewer: &Viewer, id: AttachmentId) -> Result<Registered, Error> {
        let found = self.registered(viewer.organisation, viewer.account, id).await?;
        Ok(found.ok_or_else(|| not_found("upload"))?)
    }

    /// What was said of a file, as long as its draft is open.
    async fn said(&self, upload: &Registered) -> Result<Option<Said>, Error> {
        let name = KeyName::draft(upload.organisation, draft_of(upload)?);
        let Some(key) = self.log.vault().find(&name).await? else { return Ok(None) };
        let opened = seal::open(&key.key, LABEL, &upload.id.bytes(), &upload.sealed).ok();
        Ok(opened.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    async fn shown(&self, upload: Registered) -> Result<Upload, Error> {
        let said = self.said(&upload).await?;
        if said.is_none() && !upload.attached {
            return Err(not_found("upload").into());
        }
        Ok(Upload {
            id: upload.id,
            length: upload.length,
            offset: upload.received,
            metadata: said.map_or_else(String::new, |said| said.metadata),
        })
    }
}

/// Ends where nothing was heard for too long, and passes over pieces without bytes.
fn heard<E>(bytes: impl Stream<Item = Result<Bytes, E>>) -> impl Stream<Item = Result<Bytes, E>> {
    let bytes =
        Box::pin(bytes.filter(|piece| std::future::ready(!matches!(piece, Ok(piece) if piece.is_empty()))));
    stream::unfold(bytes, |mut bytes| async move {
        let piece = timeout(PATIENCE, bytes.next()).await.ok().flatten()?;
        Some((piece, bytes))
    })
}

fn draft_of(upload: &Registered) -> Result<DraftId, Problem> {
    upload.draft.ok_or_else(|| not_found("upload"))
}

/// Somebody else sends the same file: another window, or the request before this one, which was not over yet.
fn moved_on() -> Error {
    Problem::new(ProblemCode::Conflict, "This file moved on meanwhile; ask how far it is, and go on there.")
        .into()
}

/// Why files do not fit, with the limit and whom to ask (A40).
pub(crate) fn beyond(refusal: Refusal, rules: &organisation::State) -> Problem {
    let AttachmentLimit { count, bytes } = limit(rules);
    let name = rules.founded.as_ref().map_or("the organisation", |identity| identity.name.as_str());
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

pub(crate) fn limit(rules: &organisation::State) -> AttachmentLimit {
    let mail = &rules.policy.mail;
    AttachmentLimit { count: mail.attachment_count, bytes: mail.attachment_bytes }
}
