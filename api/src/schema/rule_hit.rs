//! Mails that met a content rule (Q9).

use super::{
    account::{self, Account},
    compliance::MessageRecord,
    content_rule::{ContentAction, ContentRule},
    ids::{self, Kind},
    message::{Correspondent, int},
    scalars::DateTime,
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
};
use app::TriedHit;
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use domain::{
    AccountId, MessageId,
    id::{Id, IntakeId, RuleId},
};
use projections::rule_hits::RuleHitRow;

/// One mail that met a rule (Q9).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct RuleHit {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    rule: Met,
    #[graphql(skip)]
    sender: Option<AccountId>,
    #[graphql(skip)]
    message: Option<MessageId>,
    #[graphql(skip)]
    decided_by: Option<AccountId>,
    /// When.
    at: DateTime,
    /// How many hits.
    hit_count: i32,
    /// What was done, or in a dry run would have been.
    action: ContentAction,
    /// What a reviewer decided for a held mail; null while it waits.
    decision: Option<ContentAction>,
    /// Why, of an override or decision.
    reason: Option<String>,
}

/// The rule that was met.
enum Met {
    Standing(RuleId),
    /// One that stands in a dry run alone.
    Tried(app::ContentRule),
}

#[ComplexObject]
impl RuleHit {
    /// The rule.
    async fn rule(&self, ctx: &Context<'_>) -> Result<Option<ContentRule>> {
        match &self.rule {
            Met::Standing(rule) => ContentRule::find(ctx, *rule).await,
            Met::Tried(rule) => Ok(Some(rule.clone().into())),
        }
    }

    /// Whose mail.
    async fn sender(&self, ctx: &Context<'_>) -> Result<Correspondent> {
        let row = match self.sender {
            Some(sender) => account::row(ctx, sender).await?,
            None => None,
        };
        Ok(Correspondent::of_address(row.as_ref().and_then(|row| row.address.as_ref())))
    }

    /// The secure message it became.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<MessageRecord>> {
        match self.message {
            Some(message) => MessageRecord::find(ctx, message).await,
            None => Ok(None),
        }
    }

    /// Who decided.
    async fn decided_by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.decided_by {
            Some(account) => Account::find(ctx, account).await,
            None => Ok(None),
        }
    }
}

impl RuleHit {
    /// One of them, for an officer.
    pub(crate) async fn find(ctx: &Context<'_>, hit: IntakeId) -> Result<Option<Self>> {
        let found = asker(ctx).app.rule_hit(&*viewer(ctx)?, hit).await.map_err(failure)?;
        Ok(found.map(Self::from))
    }

    /// A hit of a dry run. The message is the officers' to see.
    pub(super) fn tried(run: Id<app::Work>, hit: TriedHit) -> Self {
        let TriedHit { message, at, rule, action, hits, sender } = hit;
        Self {
            id: ids::tried_hit(run.uuid(), message.uuid()),
            rule: Met::Tried(rule),
            sender: Some(sender),
            message: None,
            decided_by: None,
            at: at.into(),
            hit_count: int(hits.into()),
            action: action.into(),
            decision: None,
            reason: None,
        }
    }
}

impl From<app::RuleHit> for RuleHit {
    fn from(hit: app::RuleHit) -> Self {
        let app::RuleHit { row, reason } = hit;
        let RuleHitRow { intake, at, rule, action, hits, sender, message, decision, decided_by, .. } = row;
        Self {
            id: ids::id(Kind::RuleHit, intake.uuid()),
            rule: Met::Standing(rule),
            sender,
            message,
            decided_by,
            at: at.into(),
            hit_count: int(hits.into()),
            action: action.into(),
            decision: decision.map(ContentAction::from),
            reason,
        }
    }
}
