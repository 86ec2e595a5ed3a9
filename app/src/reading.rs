//! Reading: lists that show people, subject and times, and opening, which shows the content and is recorded (A21, R2).

use crate::{App, Done, Error, Problem, ProblemCode, Viewer, error::not_found, grants::Opened};
use domain::{
    AccountId, MessageId, Timestamp,
    address::Mailbox,
    message::{Attachment, Command, Direction, Message},
};
use projections::{
    Slice,
    mailbox::{DeliveryRow, MailboxEntry, MailboxFilter, Page},
};

/// A message as its sender or a recipient sees it in a list.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// Which.
    pub message: MessageId,
    /// Whether the viewer sent it.
    pub is_sender: bool,
    /// What only those can say who can still open it.
    pub headline: Option<HeadlineView>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it ends for everyone.
    pub expires_at: Timestamp,
    /// Body and files, decoded.
    pub size_bytes: u64,
    /// When the viewer first opened it.
    pub opened_at: Option<Timestamp>,
    /// What it answers.
    pub reply_to: Option<MessageId>,
    /// What it forwards.
    pub forward_of: Option<MessageId>,
    /// Why content is missing, if it is.
    pub unavailable: Option<Unavailable>,
}

/// People, subject and names of files; no body (R2).
#[derive(Debug, Clone)]
pub struct HeadlineView {
    /// The sender.
    pub from: Mailbox,
    /// Recipients.
    pub to: Vec<Mailbox>,
    /// Recipients of a copy.
    pub cc: Vec<Mailbox>,
    /// Subject.
    pub subject: String,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// Why content that was there is not to be had any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable {
    /// What happened to it.
    pub reason: UnavailableReason,
    /// Since when.
    pub since: Timestamp,
}

/// Ways in which content is lost to a viewer (contract: `UnavailableReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnavailableReason {
    /// Its time was over (A20, A21).
    Expired,
    /// The recipient left (B38).
    Revoked,
    /// Its keys are gone (K5).
    Erased,
}

/// A message that was just opened.
#[derive(Debug, Clone)]
pub struct OpenedMessage {
    /// The message.
    pub message: MessageView,
    /// Its body.
    pub text: String,
}

impl App {
    /// A page of received or sent mail, newest first.
    pub async fn mailbox(
        &self,
        viewer: &Viewer,
        direction: Direction,
        filter: &MailboxFilter,
        page: Page,
    ) -> Result<Slice<MessageView>, Error> {
        let now = self.log.now();
        let Slice { items, has_previous, has_next } =
            self.models.mailbox(viewer.organisation, viewer.account, direction, now, filter, &page).await?;
        let mut opened = self.open_entries(viewer, &items).await?;
        let items = items
            .into_iter()
            .map(|entry| {
                let content = opened.remove(&entry.position);
                view(viewer, &entry, content.as_ref(), now)
            })
            .collect();
        Ok(Slice { items, has_previous, has_next })
    }

    /// How many messages such a list has in all.
    pub async fn mailbox_count(
        &self,
        viewer: &Viewer,
        direction: Direction,
        filter: &MailboxFilter,
    ) -> Result<u64, Error> {
        let now = self.log.now();
        Ok(self.models.mailbox_count(viewer.organisation, viewer.account, direction, now, filter).await?)
    }

    /// Received messages that were not opened yet.
    pub async fn unread_count(&self, viewer: &Viewer) -> Result<u64, Error> {
        Ok(self.models.unread_count(viewer.organisation, viewer.account, self.log.now()).await?)
    }

    /// One's own message as lists show it; a stub that says why once it is gone; `None` for everyone else's.
    pub async fn message(&self, viewer: &Viewer, message: MessageId) -> Result<Option<MessageView>, Error> {
        let now = self.log.now();
        if let Ok(entry) = self.entry(viewer, message).await {
            let opened = self.open_entries(viewer, std::slice::from_ref(&entry)).await?;
            return Ok(Some(view(viewer, &entry, opened.get(&entry.position), now)));
        }
        self.stub(viewer, message).await
    }

    /// What is left of a message that one had: times, and why it is gone.
    async fn stub(&self, viewer: &Viewer, message: MessageId) -> Result<Option<MessageView>, Error> {
        let Some(row) = self.models.message(viewer.organisation, message).await? else { return Ok(None) };
        let ids = self.known_as(viewer, message).await?;
        let is_sender = ids.contains(&row.sender);
        let mut delivery = None;
        for id in ids {
            delivery = delivery.or(self.models.delivery(viewer.organisation, message, id).await?);
        }
        if !is_sender && delivery.is_none() {
            return Ok(None);
        }
        let revoked = delivery.as_ref().and_then(|delivery| delivery.revoked_at);
        let unavailable = match revoked {
            Some(since) => Unavailable { reason: UnavailableReason::Revoked, since },
            None => Unavailable { reason: UnavailableReason::Expired, since: row.expires_at },
        };
        Ok(Some(MessageView {
            message,
            is_sender,
            headline: None,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
            size_bytes: row.size_bytes,
            opened_at: delivery.and_then(|delivery| delivery.opened_at),
            reply_to: row.reply_to,
            forward_of: row.forward_of,
            unavailable: Some(unavailable),
        }))
    }

    /// Shows the content, and records it in the same step: without the record there is no content (R2, K7).
    pub async fn open_message(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Done<OpenedMessage>, Error> {
        let entry = match self.entry(viewer, message).await {
            Ok(entry) => entry,
            Err(error) => return Err(self.unavailable(viewer, message).await?.unwrap_or(error)),
        };
        let mut opened = self.open_entries(viewer, std::slice::from_ref(&entry)).await?;
        let content = opened.remove(&entry.position).ok_or_else(unavailable)?;
        let (by, at) = (entry.granted_to, self.log.now());
        let open = || Command::Open { by, at };
        let done =
            self.log.execute::<Message>(viewer.organisation, message.uuid(), &viewer.meta(), open).await?;
        let position = done.map_err(Problem::from)?.position();
        self.wait_for(position).await?;
        let entry = MailboxEntry { opened_at: entry.opened_at.or(Some(at)), ..entry };
        let message = view(viewer, &entry, Some(&content), at);
        Ok(Done { value: OpenedMessage { message, text: content.body.text }, position })
    }

    /// Each recipient's side of a message; for its sender alone (Q5, R15).
    pub async fn deliveries(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Option<Vec<DeliveryRow>>, Error> {
        let Some(row) = self.models.message(viewer.organisation, message).await? else { return Ok(None) };
        if !self.known_as(viewer, message).await?.contains(&row.sender) {
            return Ok(None);
        }
        Ok(Some(self.models.deliveries(viewer.organisation, message).await?))
    }

    /// One's own mailbox entry while the message stands. Who received what they sent themselves reads it as received.
    pub(crate) async fn entry(&self, viewer: &Viewer, message: MessageId) -> Result<MailboxEntry, Error> {
        let now = self.log.now();
        let entries = self.models.mailbox_entry(viewer.organisation, viewer.account, message).await?;
        let mut standing: Vec<_> = entries.into_iter().filter(|entry| now < entry.expires_at).collect();
        standing.sort_by_key(|entry| entry.direction == Direction::Out);
        standing.into_iter().next().ok_or_else(|| not_found("message").into())
    }

    /// The ids by which a message can know this person: their own, and those of accounts that joined theirs (B43).
    async fn known_as(&self, viewer: &Viewer, message: MessageId) -> Result<Vec<AccountId>, Error> {
        let Viewer { organisation, account, .. } = *viewer;
        // Their mail that was left with one's own is known by its rows alone.
        let readers = self.models.mailbox_readers(organisation, account, message).await?;
        Ok([account].into_iter().chain(viewer.holder.joined.iter().copied()).chain(readers).collect())
    }

    async fn unavailable(&self, viewer: &Viewer, message: MessageId) -> Result<Option<Error>, Error> {
        Ok(self.stub(viewer, message).await?.map(|_| unavailable()))
    }
}

fn unavailable() -> Error {
    Problem::new(ProblemCode::Unavailable, "This message is gone; nobody can open it any more.").into()
}

fn view(viewer: &Viewer, entry: &MailboxEntry, content: Option<&Opened>, now: Timestamp) -> MessageView {
    let headline = content.map(|content| HeadlineView {
        from: content.headline.from.clone(),
        to: content.headline.to.clone(),
        cc: content.headline.cc.clone(),
        subject: content.headline.subject.clone(),
        attachments: content.headline.attachments.clone(),
    });
    MessageView {
        message: entry.message,
        is_sender: entry.direction == Direction::Out || viewer.is(entry.sender),
        unavailable: headline
            .is_none()
            .then_some(Unavailable { reason: UnavailableReason::Erased, since: now }),
        headline,
        sent_at: entry.sent_at,
        expires_at: entry.expires_at,
        size_bytes: entry.size_bytes,
        opened_at: entry.opened_at,
        reply_to: entry.reply_to,
        forward_of: entry.forward_of,
    }
}
