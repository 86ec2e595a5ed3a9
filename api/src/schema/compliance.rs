//! What compliance officers ask. Every question is on record before it is answered; so is who asked without the right.

use super::{
    account::Account,
    administration::{counted, place, timed},
    audit::{AuditEvent, AuditFilter},
    content_rule::ContentRule,
    ids::{self, Kind},
    message::int,
    paging::{self, Connection, Paging, connection},
    rule_hit::RuleHit,
    scalars::DateTime,
};
use crate::{
    asker::{asker, unknown_cursor, viewer},
    codes::failure,
};
use app::Listed;
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use domain::{AccountId, MessageId, id::RuleId};
use eventstore::Position;
use projections::{audit::PositionPage, mailbox::MessageRow};

/// The way in to the audit; the right is looked at with each question.
pub(crate) struct Compliance;

/// Each question asked here is itself recorded (K7). Shows no content (K2). Role of each field: compliance officer, unless it says otherwise.
#[Object]
impl Compliance {
    /// The audit, newest first; Q1, Q2, Q9, Q10 are filters of it.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrow it; all conditions must hold.")] filter: Option<AuditFilter>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<AuditEvent>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let page = PositionPage {
            first: paging.first,
            after: position(paging.after.as_deref())?,
            last: paging.last,
            before: position(paging.before.as_deref())?,
        };
        let filter = filter.map(AuditFilter::into_filter).unwrap_or_default();
        let found = asker.app.audit(&viewer, &filter, page).await.map_err(failure)?;
        let entry = |event: &app::AuditedEvent| event.position.to_be_bytes().to_vec();
        connection(asker, found.events, Some(found.total), entry, AuditEvent::from).await.map(Some)
    }

    /// Content rule hits, overrides and mail held for review, newest first (Q9).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn rule_hits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "True: held and not decided.")] waiting: Option<bool>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<RuleHit>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let found = asker.app.rule_hits(&viewer, waiting, &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let entry = |hit: &app::RuleHit| place(hit.row.at, hit.row.intake);
        connection(asker, slice, total, entry, RuleHit::from).await.map(Some)
    }
}

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

fn position(place: Option<&[u8]>) -> Result<Option<Position>> {
    let bytes = place.map(|place| place.try_into().map_err(|_| unknown_cursor())).transpose()?;
    Ok(bytes.map(Position::from_be_bytes))
}
