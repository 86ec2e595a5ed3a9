//! Content rules, and the mail that they held (G2, G3, Q9).

use super::{find, settle};
use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        content_rule::{ContentAction, ContentRule, ContentRuleInput, no_such_rule},
        dry_run::DryRun,
        ids::{self, Kind},
        problem::Problem,
        rule_hit::RuleHit,
        scalars::{DateTime, IdempotencyKey, Position},
    },
};
use app::DryRunRequest;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::id::{IntakeId, RuleId};

#[derive(Default)]
pub(crate) struct ContentRules;

#[Object]
impl ContentRules {
    /// Adds a content rule (G3). Role: policy author.
    async fn create_content_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: CreateContentRuleInput,
    ) -> Result<CreateContentRulePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let CreateContentRuleInput { idempotency_key, rule } = input;
        let created = asker.app.create_content_rule(&viewer, rule.into_rule(), &idempotency_key.0).await;
        let done = settle(asker, created).await?;
        let content_rule = done.value.map(ContentRule::from);
        Ok(CreateContentRulePayload { content_rule, problems: done.problems, position: done.position })
    }

    /// Replaces a content rule. Role: policy author.
    async fn update_content_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: UpdateContentRuleInput,
    ) -> Result<UpdateContentRulePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let updated = match ids::parse(Kind::ContentRule, &input.rule_id).map(RuleId::new) {
            Some(rule) => asker.app.update_content_rule(&viewer, rule, input.rule.into_rule()).await,
            None => Err(no_such_rule()),
        };
        let done = settle(asker, updated).await?;
        let content_rule = done.value.map(ContentRule::from);
        Ok(UpdateContentRulePayload { content_rule, problems: done.problems, position: done.position })
    }

    /// Removes a content rule; its hits stay in the audit. Role: policy author.
    async fn delete_content_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: DeleteContentRuleInput,
    ) -> Result<DeleteContentRulePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let deleted = match ids::parse(Kind::ContentRule, &input.rule_id).map(RuleId::new) {
            Some(rule) => asker.app.delete_content_rule(&viewer, rule).await,
            None => Err(no_such_rule()),
        };
        let done = settle(asker, deleted).await?;
        let deleted_rule_id = done.value.map(|_| input.rule_id);
        Ok(DeleteContentRulePayload { deleted_rule_id, problems: done.problems, position: done.position })
    }

    /// Tries rules on past mail; sends nothing, shows no content (G3). Role: policy author.
    async fn dry_run_content_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: DryRunContentRulesInput,
    ) -> Result<DryRunContentRulesPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let request = DryRunRequest {
            rules: input.rules.into_iter().map(ContentRuleInput::into_rule).collect(),
            from: input.from.0,
            until: input.until.map(|until| until.0),
            idempotency_key: input.idempotency_key.0,
        };
        let done = settle(asker, asker.app.dry_run_rules(&viewer, request).await).await?;
        let dry_run = done.value.map(DryRun::from);
        Ok(DryRunContentRulesPayload { dry_run, problems: done.problems, position: done.position })
    }

    /// Decides on a mail that a rule held (G2, Q9). Role: compliance officer.
    async fn decide_held_mail(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: DecideHeldMailInput,
    ) -> Result<DecideHeldMailPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let decided = match find(Kind::RuleHit, &input.rule_hit_id, "held mail", "ruleHitId") {
            Ok(hit) => {
                let (hit, decision) = (IntakeId::new(hit), input.decision.into());
                asker.app.decide_held_mail(&viewer, hit, decision, &input.reason).await
            }
            Err(problem) => Err(problem),
        };
        let done = settle(asker, decided).await?;
        let rule_hit = match done.value {
            Some(hit) => asker.app.rule_hit(&viewer, hit).await.map_err(failure)?.map(RuleHit::from),
            None => None,
        };
        Ok(DecideHeldMailPayload { rule_hit, problems: done.problems, position: done.position })
    }
}

/// Input of `createContentRule`.
#[derive(InputObject)]
pub(crate) struct CreateContentRuleInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// The rule.
    rule: ContentRuleInput,
}

/// Answer of `createContentRule`.
#[derive(SimpleObject)]
pub(crate) struct CreateContentRulePayload {
    /// The rule.
    content_rule: Option<ContentRule>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `updateContentRule`.
#[derive(InputObject)]
pub(crate) struct UpdateContentRuleInput {
    /// Which.
    rule_id: ID,
    /// The rule as it shall be.
    rule: ContentRuleInput,
}

/// Answer of `updateContentRule`.
#[derive(SimpleObject)]
pub(crate) struct UpdateContentRulePayload {
    /// The rule, changed.
    content_rule: Option<ContentRule>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `deleteContentRule`.
#[derive(InputObject)]
pub(crate) struct DeleteContentRuleInput {
    /// Which.
    rule_id: ID,
}

/// Answer of `deleteContentRule`.
#[derive(SimpleObject)]
pub(crate) struct DeleteContentRulePayload {
    /// The rule that is gone.
    deleted_rule_id: Option<ID>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `dryRunContentRules`.
#[derive(InputObject)]
pub(crate) struct DryRunContentRulesInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// The rules to try, 1 to 50.
    rules: Vec<ContentRuleInput>,
    /// Mail sent at this instant or later.
    from: DateTime,
    /// Mail sent before this instant; now by default.
    until: Option<DateTime>,
}

/// Answer of `dryRunContentRules`.
#[derive(SimpleObject)]
pub(crate) struct DryRunContentRulesPayload {
    /// The dry run, running.
    dry_run: Option<DryRun>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `decideHeldMail`.
#[derive(InputObject)]
pub(crate) struct DecideHeldMailInput {
    /// Which.
    rule_hit_id: ID,
    /// PASS, SECURE or REFUSE; HOLD is no decision.
    decision: ContentAction,
    /// Why, at most 500 characters.
    reason: String,
}

/// Answer of `decideHeldMail`.
#[derive(SimpleObject)]
pub(crate) struct DecideHeldMailPayload {
    /// The hit, decided.
    rule_hit: Option<RuleHit>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
