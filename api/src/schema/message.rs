//! Messages as their sender and recipients see them.

use super::{
    delivery::{Delivery, deliveries},
    ids::{self, Kind},
    problem::Unavailable,
    scalars::{DateTime, EmailAddress, Url},
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
};
use app::{Capability, MessageView};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::{MessageId, address, message, organisation};

/// A secure message as its sender or one of its recipients sees it; once gone, `node` gives a stub with `unavailable` and no list has it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Message {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    view: MessageView,
    /// The sender.
    from: Correspondent,
    /// Recipients.
    to: Vec<Correspondent>,
    /// Recipients of a copy; there is no Bcc (A27).
    cc: Vec<Correspondent>,
    /// Subject; null when unavailable.
    subject: Option<String>,
    /// When it was sent.
    sent_at: DateTime,
    /// When it ends for everyone (A20, C13).
    expires_at: DateTime,
    /// Size of body and attachments, decoded.
    size_bytes: i32,
    /// When the viewer first opened it; null is unread.
    opened_at: Option<DateTime>,
    /// What is attached (A24).
    attachments: Vec<Attachment>,
    /// Whether the viewer can answer (A29).
    may_reply: bool,
    /// Whether the viewer can forward (A33).
    may_forward: bool,
    /// When its sender recalled it.
    recalled_at: Option<DateTime>,
    /// Why content is missing, if it is.
    unavailable: Option<Unavailable>,
}

#[ComplexObject]
impl Message {
    /// What it answers, while that stands.
    async fn reply_to(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        Self::standing(ctx, self.view.reply_to).await
    }

    /// What it forwards, while that stands and the viewer has it.
    async fn forward_of(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        Self::standing(ctx, self.view.forward_of).await
    }

    /// Name of the content rule that secured it; null when the sender chose (B5, C1).
    async fn secured_by_rule(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(rule) = self.view.secured_by else { return Ok(None) };
        let rules = asker(ctx).rules().await?;
        Ok(rules.rules.get(&rule).map(|known| known.rule.name.clone()))
    }

    /// Where to keep it (A22); null when unavailable.
    async fn downloads(&self, ctx: &Context<'_>) -> Result<Option<MessageDownloads>> {
        if self.unavailable.is_some() {
            return Ok(None);
        }
        let place = format!("/download/message/{}", self.id.as_str());
        let rules = asker(ctx).rules().await?;
        let url = |what| portal_url(&rules, &format!("{place}/{what}"));
        Ok(Some(MessageDownloads {
            text_url: url("text"),
            zip_url: (!self.attachments.is_empty()).then(|| url("zip")),
            eml_url: url("eml"),
            print_url: url("print"),
        }))
    }

    /// What became of it, for each recipient; null for all but its sender (Q5, R15).
    #[graphql(complexity = "10 * child_complexity")]
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Option<Vec<Delivery>>> {
        deliveries(ctx, self.view.message).await
    }

    /// What a recall cannot undo, to be shown before and after; null for all but its sender (R16).
    async fn recall_limits(&self, ctx: &Context<'_>) -> Result<Option<Vec<RecallLimit>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let limits = asker.app.recall_limits(&viewer, self.view.message).await.map_err(failure)?;
        Ok(limits.map(|limits| limits.into_iter().map(RecallLimit::from).collect()))
    }
}

/// A person in an address line.
#[derive(SimpleObject)]
pub(crate) struct Correspondent {
    /// Address as written; null when erased.
    address: Option<EmailAddress>,
    /// Display name as written.
    name: Option<String>,
    /// Whether it is a group address (B34).
    group: bool,
}

/// What only opening shows; each opening is recorded (R2).
#[derive(SimpleObject)]
pub(crate) struct MessageContent {
    /// Body as plain text.
    pub(crate) text: String,
    /// Body as sanitised HTML without remote content, if it came as HTML.
    pub(crate) html: Option<String>,
}

/// What a recall cannot undo (R16).
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::RecallLimit")]
pub(crate) enum RecallLimit {
    /// Someone has read it.
    Opened,
    /// Someone has kept it.
    Downloaded,
    /// Someone has it on paper.
    Printed,
    /// It was passed on; the copy is recalled too, what was read is not.
    Forwarded,
    /// The notification mail stays in their mailbox.
    Notification,
    /// A hold keeps a copy for the organisation.
    Held,
}

/// Where a message can be fetched; needs the session, so the URL gives no access by itself (B19).
#[derive(SimpleObject)]
#[expect(clippy::struct_field_names, reason = "the names of the contract")]
pub(crate) struct MessageDownloads {
    /// Message as a text file (A23).
    text_url: Url,
    /// Message and attachments as a group; null when there are none (A25).
    zip_url: Option<Url>,
    /// Message as EML.
    eml_url: Url,
    /// Printer-friendly page (A42).
    print_url: Url,
}

/// A file of a message or draft.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Attachment {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// File name, made harmless.
    name: Option<String>,
    /// As declared; never sniffed.
    media_type: String,
    /// Decoded bytes.
    size_bytes: i32,
    /// How much of it has arrived; equals `sizeBytes` when whole (R7).
    uploaded_bytes: i32,
    /// Why it cannot be fetched.
    unavailable: Option<Unavailable>,
}

#[ComplexObject]
impl Attachment {
    /// Where to fetch it (A24); null when unavailable.
    async fn download_url(&self, ctx: &Context<'_>) -> Result<Option<Url>> {
        if self.uploaded_bytes < self.size_bytes {
            return Ok(None);
        }
        let place = format!("/download/attachment/{}", self.id.as_str());
        Ok(Some(portal_url(&*asker(ctx).rules().await?, &place)))
    }
}

/// A place of this organisation's portal.
pub(super) fn portal_url(rules: &organisation::State, place: &str) -> Url {
    let portal = rules.founded.as_ref().map_or("", |identity| identity.portal_url.as_str());
    Url(format!("{portal}{place}"))
}

impl Message {
    /// A message for its viewer.
    pub(crate) fn new(mut view: MessageView, viewer: &app::Viewer, rules: &organisation::State) -> Self {
        let headline = view.headline.take();
        let readable = view.unavailable.is_none();
        let people =
            |people: &[address::Mailbox]| people.iter().map(|one| Correspondent::new(one, rules)).collect();
        Self {
            id: ids::id(Kind::Message, view.message.uuid()),
            from: headline
                .as_ref()
                .map_or_else(Correspondent::unknown, |one| Correspondent::new(&one.from, rules)),
            to: headline.as_ref().map(|one| people(&one.to)).unwrap_or_default(),
            cc: headline.as_ref().map(|one| people(&one.cc)).unwrap_or_default(),
            attachments: headline.iter().flat_map(|one| &one.attachments).map(Attachment::from).collect(),
            subject: headline.map(|one| one.subject),
            sent_at: view.sent_at.into(),
            expires_at: view.expires_at.into(),
            size_bytes: int(view.size_bytes),
            opened_at: view.opened_at.map(DateTime),
            may_reply: readable && !view.is_sender,
            may_forward: readable && viewer.capabilities().contains(&Capability::Forward),
            recalled_at: view.recalled_at.map(DateTime),
            unavailable: view.unavailable.map(Unavailable::from),
            view,
        }
    }

    /// One's own message, or what is left of it; `None` for everyone else's.
    pub(crate) async fn find(ctx: &Context<'_>, message: MessageId) -> Result<Option<Self>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let found = asker.app.message(&viewer, message).await.map_err(failure)?;
        let rules = asker.rules().await?;
        Ok(found.map(|view| Self::new(view, &viewer, &rules)))
    }

    async fn standing(ctx: &Context<'_>, message: Option<MessageId>) -> Result<Option<Self>> {
        let Some(message) = message else { return Ok(None) };
        Ok(Self::find(ctx, message).await?.filter(|message| message.unavailable.is_none()))
    }
}

impl Correspondent {
    fn new(person: &address::Mailbox, rules: &organisation::State) -> Self {
        Self {
            address: Some((&person.address).into()),
            name: person.name.clone(),
            group: rules.policy.accounts.is_group(&person.address),
        }
    }

    /// Somebody whose account is all that is known.
    pub(crate) fn of_address(address: Option<&address::EmailAddress>) -> Self {
        Self { address: address.map(EmailAddress::from), name: None, group: false }
    }

    fn unknown() -> Self {
        Self::of_address(None)
    }
}

impl From<&message::Attachment> for Attachment {
    fn from(file: &message::Attachment) -> Self {
        let size = int(file.size_bytes);
        Self {
            id: ids::id(Kind::Attachment, file.id.uuid()),
            name: Some(file.name.clone()),
            media_type: file.media_type.clone(),
            size_bytes: size,
            uploaded_bytes: size,
            // What is gone is not listed any more: the message says why.
            unavailable: None,
        }
    }
}

impl From<&app::PendingFile> for Attachment {
    fn from(pending: &app::PendingFile) -> Self {
        Self { uploaded_bytes: int(pending.received), ..Self::from(&pending.file) }
    }
}

/// A number as GraphQL's `Int`, which ends at 2³¹ - 1.
pub(crate) fn int(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
