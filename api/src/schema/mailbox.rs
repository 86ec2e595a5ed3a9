//! Folders of a person.

use super::{
    draft::Draft,
    ids::{self, Kind},
    message::Message,
    paging::{self, Connection, Paging, connection},
    scalars::{DateTime, EmailAddress},
};
use crate::{
    asker::{Asker, asker, unknown_cursor, viewer},
    codes::failure,
};
use app::FoundPage;
use async_graphql::{ComplexObject, Context, ID, InputObject, Result, SimpleObject};
use domain::{AccountId, MessageId, Timestamp, message::Direction};
use projections::mailbox;

/// All secure mail of one account, whichever of its addresses it came to (B6, B48).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Mailbox {
    /// Opaque and stable.
    pub(crate) id: ID,
}

/// Conditions on messages.
#[derive(InputObject)]
pub(crate) struct MailboxFilter {
    /// Opened or not.
    unread: Option<bool>,
    /// With or without.
    has_attachments: Option<bool>,
    /// From or to this address.
    correspondent: Option<EmailAddress>,
    /// At this instant or later.
    sent_from: Option<DateTime>,
    /// Before this instant.
    sent_until: Option<DateTime>,
}

#[ComplexObject]
impl Mailbox {
    /// Messages not opened yet.
    async fn unread_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = asker(ctx).app.unread_count(&*viewer(ctx)?).await.map_err(failure)?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// Received, newest first.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn inbox(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrow it; all conditions must hold.")] filter: Option<MailboxFilter>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<Message>> {
        let paging = Paging::read(asker(ctx), first, after, last, before).await?;
        folder(ctx, Direction::In, filter, &paging).await
    }

    /// Sent, newest first, until they expire for the sender too (A20).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn sent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrow it; all conditions must hold.")] filter: Option<MailboxFilter>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<Message>> {
        let paging = Paging::read(asker(ctx), first, after, last, before).await?;
        folder(ctx, Direction::Out, filter, &paging).await
    }

    /// Drafts, last saved first (A36).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn drafts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<Draft>> {
        let asker = asker(ctx);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let all = asker.app.drafts(&*viewer(ctx)?).await.map_err(failure)?;
        let total = u64::try_from(all.len()).ok();
        let place = |draft: &app::DraftView| draft.draft.bytes().to_vec();
        let slice = paging.cut(all, place)?;
        connection(asker, slice, total, place, Draft::from).await
    }

    /// Messages whose subject, people, body or attachment names hold all the words; best first (N8).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, at most 200 characters.")] text: String,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<Message>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let page = FoundPage {
            first: paging.first,
            after: standing(paging.after.as_deref())?,
            last: paging.last,
            before: standing(paging.before.as_deref())?,
        };
        let found = asker.app.search(&viewer, &text, page).await.map_err(failure)?;
        let rules = asker.rules().await?;
        let place = |(at, _): &(app::Standing, app::MessageView)| {
            [&at.weight.to_be_bytes()[..], &folder_place(at.sent_at, at.message)].concat()
        };
        let total = Some(found.total);
        connection(asker, found.page, total, place, |(_, view)| Message::new(view, &viewer, &rules)).await
    }
}

impl Mailbox {
    /// The mailbox of the viewer.
    pub(crate) fn new(account: AccountId) -> Self {
        Self { id: ids::id(Kind::Mailbox, account.uuid()) }
    }
}

async fn folder(
    ctx: &Context<'_>,
    direction: Direction,
    filter: Option<MailboxFilter>,
    paging: &Paging,
) -> Result<Connection<Message>> {
    let (asker, viewer) = (asker(ctx), viewer(ctx)?);
    let filter = match filter {
        Some(filter) => filter.read(asker, &viewer).await?,
        None => mailbox::MailboxFilter::default(),
    };
    let page = mailbox::Page {
        first: paging.first,
        after: entry(paging.after.as_deref())?,
        last: paging.last,
        before: entry(paging.before.as_deref())?,
    };
    let slice = asker.app.mailbox(&viewer, direction, &filter, page).await.map_err(failure)?;
    let total = if ctx.look_ahead().field("totalCount").exists() {
        Some(asker.app.mailbox_count(&viewer, direction, &filter).await.map_err(failure)?)
    } else {
        None
    };
    let rules = asker.rules().await?;
    let place = |view: &app::MessageView| folder_place(view.sent_at, view.message);
    connection(asker, slice, total, place, |view| Message::new(view, &viewer, &rules)).await
}

fn folder_place(sent_at: Timestamp, message: MessageId) -> Vec<u8> {
    [&sent_at.micros().to_be_bytes()[..], &message.bytes()[..]].concat()
}

/// The time and id at which a page of a folder ends.
fn entry(place: Option<&[u8]>) -> Result<Option<(Timestamp, MessageId)>> {
    let Some(place) = place else { return Ok(None) };
    let (at, message) = place.split_first_chunk::<8>().ok_or_else(unknown_cursor)?;
    let message = message.try_into().map_err(|_| unknown_cursor())?;
    Ok(Some((Timestamp::from_micros(i64::from_be_bytes(*at)), MessageId::from_bytes(message))))
}

/// The weight, time and id at which a page of what was found ends.
fn standing(place: Option<&[u8]>) -> Result<Option<app::Standing>> {
    let Some(place) = place else { return Ok(None) };
    let (weight, place) = place.split_first_chunk::<2>().ok_or_else(unknown_cursor)?;
    let found = entry(Some(place))?;
    Ok(found.map(|(sent_at, message)| app::Standing {
        weight: u16::from_be_bytes(*weight),
        sent_at,
        message,
    }))
}

impl MailboxFilter {
    async fn read(self, asker: &Asker, viewer: &app::Viewer) -> Result<mailbox::MailboxFilter> {
        let Self { unread, has_attachments, correspondent, sent_from, sent_until } = self;
        let correspondent = match correspondent {
            Some(typed) => Some(asker.app.correspondent(viewer, &typed.0).await.map_err(failure)?),
            None => None,
        };
        let [sent_from, sent_until] = [sent_from, sent_until].map(|at| at.map(|at| at.0));
        Ok(mailbox::MailboxFilter { unread, has_attachments, correspondent, sent_from, sent_until })
    }
}
