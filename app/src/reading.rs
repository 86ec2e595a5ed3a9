//! Reading: lists that show people, subject and times, and opening, which shows the content and is recorded (A21, R2).

use crate::{App, Done, Error, Problem, ProblemCode, Viewer, error::not_found, grants::Opened};
use domain::{
    AccountId, MessageId, Timestamp,
    address::{EmailAddress, Mailbox},
    id::RuleId,
    message::{Attachment, Body, Command, Direction, Message},
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
    /// The rule that secured it; nothing when its sender chose so (B5, C1).
    pub secured_by: Option<RuleId>,
    /// When its sender took it back from everyone (R16).
    pub recalled_at: Option<Timestamp>,
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
    /// Its sender took it back (R16).
    Recalled,
    /// Its viewer deleted it; only the news of that says so.
    Deleted,
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
    /// The same as sanitised HTML, if it came as HTML.
    pub html: Option<String>,
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

    /// The accounts by which messages know the person who has an address; none where nobody has it.
    pub async fn correspondent(&self, viewer: &Viewer, typed: &str) -> Result<Vec<AccountId>, Error> {
        let Ok(address) = EmailAddress::parse(typed) else { return Ok(vec![]) };
        let held = self.holder_of(viewer.organisation, &address).await?;
        Ok(held.map_or_else(Vec::new, |(account, holder)| {
            [account].into_iter().chain(holder.joined.iter().copied()).collect()
        }))
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

    /// One's own message as lists show it; a stub that says why once it is gone; `None` for everyone else's, and for what one
    /// deleted.
    pub async fn message(&self, viewer: &Viewer, message: MessageId) -> Result<Option<MessageView>, Error> {
        let Some(entry) = self.standing_entry(viewer, message).await? else {
            let stub = self.what_is_left(viewer, message).await?;
            return Ok(stub.filter(|stub| !stub.was_deleted()));
        };
        let opened = self.open_entries(viewer, std::slice::from_ref(&entry)).await?;
        Ok(Some(view(viewer, &entry, opened.get(&entry.position), self.log.now())))
    }

    /// What is left of a message that one had: times, and why it is gone.
    pub async fn what_is_left(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Option<MessageView>, Error> {
        let Some(row) = self.models.message(viewer.organisation, message).await? else { return Ok(None) };
        let ids = self.known_as(viewer, message).await?;
        let is_sender = ids.contains(&row.sender);
        let mut deliveries = vec![];
        for id in ids {
            deliveries.extend(self.models.delivery(viewer.organisation, message, id).await?);
        }
        if !is_sender && deliveries.is_empty() {
            return Ok(None);
        }
        let first = |when: fn(&DeliveryRow) -> Option<Timestamp>| deliveries.iter().find_map(when);
        let by_sender = |at: Option<Timestamp>| at.filter(|_| is_sender);
        let causes = [
            (UnavailableReason::Deleted, first(|one| one.deleted_at).or(by_sender(row.sender_deleted_at))),
            (UnavailableReason::Revoked, first(|one| one.revoked_at)),
            // Who passed on what was recalled loses their own copy.
            (UnavailableReason::Recalled, first(|one| one.recalled_at).or(by_sender(row.recalled_at))),
        ];
        let cause = causes.into_iter().find_map(|(reason, since)| Some((reason, since?)));
        let (reason, since) = cause.unwrap_or((UnavailableReason::Expired, row.expires_at));
        Ok(Some(MessageView {
            message,
            is_sender,
            headline: None,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
            size_bytes: row.size_bytes,
            opened_at: first(|one| one.opened_at),
            reply_to: row.reply_to,
            forward_of: row.forward_of,
            secured_by: row.secured_by,
            recalled_at: (reason == UnavailableReason::Recalled).then_some(since),
            unavailable: Some(Unavailable { reason, since }),
        }))
    }

    /// Shows the content, and records it in the same step: without the record there is no content (R2, K7).
    pub async fn open_message(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Done<OpenedMessage>, Error> {
        let entry = self.entry(viewer, message).await?;
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
        let Body { text, html, .. } = content.body;
        Ok(Done { value: OpenedMessage { message, text, html }, position })
    }

    /// Each recipient's side of a message; for its sender alone (Q5, R15).
    pub async fn deliveries(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Option<Vec<DeliveryRow>>, Error> {
        let Some(row) = self.models.message(viewer.organisation, message).await? else { return Ok(None) };
        let is_sender = self.known_as(viewer, message).await?.contains(&row.sender);
        if !is_sender || row.sender_deleted_at.is_some() {
            return Ok(None);
        }
        Ok(Some(self.models.deliveries(viewer.organisation, message).await?))
    }

    /// One's own mailbox entry while the message stands; afterwards a problem that says that it is gone.
    pub(crate) async fn entry(&self, viewer: &Viewer, message: MessageId) -> Result<MailboxEntry, Error> {
        if let Some(entry) = self.standing_entry(viewer, message).await? {
            return Ok(entry);
        }
        match self.what_is_left(viewer, message).await? {
            Some(stub) if !stub.was_deleted() => Err(unavailable()),
            Some(_) | None => Err(not_found("message").into()),
        }
    }

    /// One's own mailbox entry while the message stands. Who received what they sent themselves reads it as received.
    async fn standing_entry(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Option<MailboxEntry>, Error> {
        let now = self.log.now();
        let entries = self.models.mailbox_entry(viewer.organisation, viewer.account, message).await?;
        Ok(entries
            .into_iter()
            .filter(|entry| now < entry.expires_at)
            .min_by_key(|entry| entry.direction == Direction::Out))
    }

    /// The ids by which a message can know this person: their own, and those of accounts that joined theirs (B43).
    pub(crate) async fn known_as(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Vec<AccountId>, Error> {
        let Viewer { organisation, account, .. } = *viewer;
        // Their mail that was left with one's own is known by its rows alone.
        let readers = self.models.mailbox_readers(organisation, account, message).await?;
        Ok([account].into_iter().chain(viewer.holder.joined.iter().copied()).chain(readers).collect())
    }
}

impl MessageView {
    fn was_deleted(&self) -> bool {
        self.unavailable.is_some_and(|gone| gone.reason == UnavailableReason::Deleted)
    }
}

fn unavailable() -> Error {
    Problem::new(ProblemCode::Unavailable, "This message is gone; you cannot open it any more.").into()
}

pub(crate) fn view(
    viewer: &Viewer,
    entry: &MailboxEntry,
    content: Option<&Opened>,
    now: Timestamp,
) -> MessageView {
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
        secured_by: entry.secured_by,
        recalled_at: entry.recalled_at,
    }
}
