//! A message as the audit knows it.

use crate::{
    asker::asker,
    codes::failure,
    schema::{
        account::Account,
        content_rule::ContentRule,
        ids::{self, Kind},
        message::int,
        scalars::DateTime,
    },
};
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use domain::{AccountId, MessageId, id::RuleId};
use projections::mailbox::MessageRow;

/// A message as the audit knows it: no subject, no content. Seen by: administrators, officers.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct MessageRecord {
    /// The same as the message's.
    pub(crate) id: ID,
    #[graphql(skip)]
    from: AccountId,
    #[graphql(skip)]
    rule: Option<RuleId>,
    /// When.
    sent_at: DateTime,
    /// When it ends.
    expires_at: DateTime,
    /// When it did.
    expired_at: Option<DateTime>,
    /// Size.
    size_bytes: i32,
    /// Number of attachments.
    attachment_count: i32,
}

#[ComplexObject]
impl MessageRecord {
    /// Who sent it.
    async fn sender(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        Account::find(ctx, self.from).await
    }

    /// The rule that secured it.
    async fn secured_by(&self, ctx: &Context<'_>) -> Result<Option<ContentRule>> {
        match self.rule {
            Some(rule) => ContentRule::find(ctx, rule).await,
            None => Ok(None),
        }
    }
}

impl MessageRecord {
    /// A message of this organisation, expired or not.
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
            from: row.sender,
            rule: row.secured_by,
            sent_at: row.sent_at.into(),
            expires_at: row.expires_at.into(),
            expired_at: row.expired_at.map(DateTime),
            size_bytes: int(row.size_bytes),
            attachment_count: int(row.attachment_count.into()),
        }
    }
}
