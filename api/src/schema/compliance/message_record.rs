//! A message as the audit knows it.

use super::events;
use crate::{
    asker::{asker, viewer},
    codes::failure,
    loaders::{BackupLives, Rows},
    schema::{
        account::Account,
        audit::AuditEvent,
        content_rule::ContentRule,
        delivery::{Delivery, record_deliveries},
        ids::{self, Kind},
        message::int,
        paging::{self, Connection, Paging},
        scalars::DateTime,
    },
};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject, dataloader::DataLoader};
use domain::{AccountId, MessageId, reach};
use projections::mailbox::{self, MessageRow};

/// A message as the audit knows it: no subject, no content. Seen by: administrators, officers.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct MessageRecord {
    /// The same as the message's.
    pub(crate) id: ID,
    #[graphql(skip)]
    row: MessageRow,
    /// When.
    sent_at: DateTime,
    /// When it ends.
    expires_at: DateTime,
    /// When it did.
    expired_at: Option<DateTime>,
    /// When its keys were destroyed (Q6).
    shredded_at: Option<DateTime>,
    /// Size.
    size_bytes: i32,
    /// Number of attachments.
    attachment_count: i32,
    /// Policy it was sent under.
    policy_version: i32,
}

#[ComplexObject]
impl MessageRecord {
    /// Who sent it.
    async fn sender(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        Account::find(ctx, self.row.sender).await
    }

    /// Where it stands.
    async fn state(&self, ctx: &Context<'_>) -> MessageState {
        self.row.state(asker(ctx).app.log().now()).into()
    }

    /// Why it still exists in any form (Q6).
    async fn stands(&self, ctx: &Context<'_>) -> Result<Vec<StandingReason>> {
        let lives = ctx.data_unchecked::<DataLoader<Rows>>().load_one(BackupLives).await.map_err(failure)?;
        let stands = asker(ctx).app.stands(&self.row, &lives.unwrap_or_default());
        Ok(stands.into_iter().map(StandingReason::from).collect())
    }

    /// The rule that secured it.
    async fn secured_by(&self, ctx: &Context<'_>) -> Result<Option<ContentRule>> {
        match self.row.secured_by {
            Some(rule) => ContentRule::find(ctx, rule).await,
            None => Ok(None),
        }
    }

    /// Each recipient: notified, opened, downloaded, printed, forwarded, recalled (Q5).
    #[graphql(complexity = "10 * child_complexity")]
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Vec<Delivery>> {
        record_deliveries(ctx, self.row.message).await
    }

    /// Who could read it at an instant, and by which right (Q3, N2).
    #[graphql(complexity = "10 * child_complexity")]
    async fn readers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That instant; now by default.")] as_of: Option<DateTime>,
    ) -> Result<Vec<Reader>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let found = asker.app.message_readers(&viewer, self.row.message, as_of.map(|at| at.0)).await;
        Ok(found.map_err(failure)?.into_iter().map(Reader::from).collect())
    }

    /// Everything that happened to it, oldest first (Q1).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = events::page(&Paging::read(asker, first, after, last, before).await?)?;
        let found = asker.app.message_events(&viewer, self.row.message, page).await.map_err(failure)?;
        events::listed(asker, found).await
    }
}

/// Where a message stands.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "mailbox::MessageState")]
pub(crate) enum MessageState {
    /// Readable.
    Live,
    /// Recalled from everyone.
    Recalled,
    /// Over; a hold may keep a copy.
    Expired,
    /// Its keys are gone.
    Shredded,
}

/// Why a message still exists.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::StandingReason")]
pub(crate) enum StandingReason {
    /// Its time is not over.
    Retention,
    /// A legal hold keeps it.
    Hold,
    /// A key backup has not run out yet.
    KeyBackup,
}

/// Someone who could read a message.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Reader {
    #[graphql(skip)]
    who: AccountId,
    /// By which right.
    right: ReadingRight,
    /// Under which policy.
    policy_version: i32,
    /// Since when.
    since: DateTime,
    /// Until when.
    until: DateTime,
}

#[ComplexObject]
impl Reader {
    /// Who.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account> {
        let found = Account::find(ctx, self.who).await?;
        found.ok_or_else(|| failure(app::Error::NotCaughtUp))
    }
}

/// Ways to be able to read a message.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "reach::Right")]
pub(crate) enum ReadingRight {
    /// Sent it.
    Sender,
    /// Received it.
    Recipient,
    /// It was forwarded to them.
    Forward,
}

impl From<reach::Reading> for Reader {
    fn from(reading: reach::Reading) -> Self {
        let reach::Reading { access, since, until } = reading;
        Self {
            who: access.person,
            right: access.right.into(),
            policy_version: int(access.policy.into()),
            since: since.into(),
            until: until.into(),
        }
    }
}

impl MessageRecord {
    /// A message of this organisation, expired or not, for who sees records; that they looked is on record.
    pub(crate) async fn asked(ctx: &Context<'_>, message: MessageId) -> Result<Option<Self>> {
        let found = asker(ctx).app.message_record(&*viewer(ctx)?, message).await.map_err(failure)?;
        Ok(found.map(Self::from))
    }

    /// A message of this organisation, expired or not, for who was asked already.
    pub(crate) async fn find(ctx: &Context<'_>, message: MessageId) -> Result<Option<Self>> {
        let asker = asker(ctx);
        let row = asker.app.models().message(asker.caller.organisation, message).await;
        Ok(row.map_err(|error| failure(app::Error::from(error)))?.map(Self::from))
    }
}

impl From<MessageRow> for MessageRecord {
    fn from(row: MessageRow) -> Self {
        Self {
            id: ids::id(Kind::Message, row.message.uuid()),
            sent_at: row.sent_at.into(),
            expires_at: row.expires_at.into(),
            expired_at: row.expired_at.map(DateTime),
            size_bytes: int(row.size_bytes),
            shredded_at: row.shredded_at.map(DateTime),
            attachment_count: int(row.attachment_count.into()),
            policy_version: int(row.policy_version.into()),
            row,
        }
    }
}
