//! Messages as their sender and recipients see them.

use super::{
    delivery::{Delivery, deliveries},
    ids::{self, Kind},
    problem::Unavailable,
    scalars::{DateTime, EmailAddress},
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
};
use app::{Capability, MessageView};
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
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

    /// What became of it, for each recipient; null for all but its sender (Q5, R15).
    #[graphql(complexity = "10 * child_complexity")]
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Option<Vec<Delivery>>> {
        deliveries(ctx, self.view.message).await
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

/// A file of a message or draft.
#[derive(SimpleObject)]
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
    /// An attachment is one only when it has wholly arrived.
    fn from(file: &message::Attachment) -> Self {
        let size = int(file.size_bytes);
        Self {
            id: ids::id(Kind::Attachment, file.id.uuid()),
            name: Some(file.name.clone()),
            media_type: file.media_type.clone(),
            size_bytes: size,
            uploaded_bytes: size,
        }
    }
}

/// A number as GraphQL's `Int`, which ends at 2³¹ - 1.
pub(crate) fn int(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
