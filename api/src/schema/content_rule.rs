//! Content rules as policy authors write them (G2, G3).

use super::ids::{self, Kind};
use crate::asker::asker;
use app::ProblemCode;
use async_graphql::{Context, Enum, ID, InputObject, Result, SimpleObject};
use domain::{content, id::RuleId};

/// A rule that looks at outgoing mail (G2, G3).
#[derive(SimpleObject)]
pub(crate) struct ContentRule {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// Its name, unique.
    name: String,
    /// Rules are asked in this order; the first that matches acts.
    order: i32,
    /// Whether it is asked.
    enabled: bool,
    /// What it does.
    action: ContentAction,
    /// All must hold.
    conditions: Vec<ContentCondition>,
}

/// One thing a rule looks at.
#[derive(SimpleObject)]
pub(crate) struct ContentCondition {
    /// Where it looks.
    part: ContentPart,
    /// What it looks for.
    detector: Detector,
    /// For PATTERN, TERM and HEADER: the expression, term or `Name: value`.
    pattern: Option<String>,
    /// How many hits at least.
    threshold: i32,
}

/// A content rule.
#[derive(InputObject)]
pub(crate) struct ContentRuleInput {
    /// Its name, unique, at most 100 characters.
    name: String,
    /// Place in the order.
    order: i32,
    /// Whether it is asked.
    #[graphql(default = true)]
    enabled: bool,
    /// What it does.
    action: ContentAction,
    /// All must hold; 1 to 20.
    conditions: Vec<ContentConditionInput>,
}

/// One thing a rule looks at.
#[derive(InputObject)]
pub(crate) struct ContentConditionInput {
    /// Where it looks.
    part: ContentPart,
    /// What it looks for.
    detector: Detector,
    /// For PATTERN, TERM and HEADER: the expression, term or `Name: value`; at most 500 characters.
    pattern: Option<String>,
    /// How many hits at least.
    #[graphql(default = 1)]
    threshold: i32,
}

/// What a rule does with a mail.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "content::Action")]
pub(crate) enum ContentAction {
    /// Passes it on as ordinary mail.
    Pass,
    /// Makes it a secure message (C1).
    Secure,
    /// Holds it for review.
    Hold,
    /// Refuses it.
    Refuse,
}

/// Where a rule looks.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "content::Part")]
pub(crate) enum ContentPart {
    /// The sender's address.
    Sender,
    /// Any recipient's address.
    Recipient,
    /// Subject, such as a tag (B5).
    Subject,
    /// A header (B5).
    Header,
    /// Body and attachments' text.
    Body,
}

/// What a rule looks for.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "content::Detector")]
pub(crate) enum Detector {
    /// A regular expression without backtracking.
    Pattern,
    /// Words of the organisation's list of health terms.
    Term,
    /// Payment cards with a right check digit.
    CardNumber,
    /// US social security numbers.
    UsSsn,
    /// IBANs with right check digits.
    Iban,
    /// The organisation's member numbers.
    MemberId,
}

impl ContentRule {
    /// A rule that stands or stood.
    pub(crate) async fn find(ctx: &Context<'_>, rule: RuleId) -> Result<Option<Self>> {
        let rules = asker(ctx).rules().await?;
        let known = rules.rules.get(&rule);
        Ok(known.map(|known| app::ContentRule { id: rule, rule: known.rule.clone() }.into()))
    }
}

impl From<app::ContentRule> for ContentRule {
    fn from(known: app::ContentRule) -> Self {
        let content::Rule { name, order, enabled, action, conditions } = known.rule;
        Self {
            id: ids::id(Kind::ContentRule, known.id.uuid()),
            name,
            order,
            enabled,
            action: action.into(),
            conditions: conditions.into_iter().map(ContentCondition::from).collect(),
        }
    }
}

impl From<content::Condition> for ContentCondition {
    fn from(condition: content::Condition) -> Self {
        let content::Condition { part, detector, pattern, threshold } = condition;
        let threshold = i32::try_from(threshold).unwrap_or(i32::MAX);
        Self { part: part.into(), detector: detector.into(), pattern, threshold }
    }
}

impl ContentRuleInput {
    /// The rule, still to be looked at.
    pub(super) fn into_rule(self) -> content::Rule {
        let Self { name, order, enabled, action, conditions } = self;
        let conditions = conditions.into_iter().map(ContentConditionInput::into_condition).collect();
        content::Rule { name, order, enabled, action: action.into(), conditions }
    }
}

impl ContentConditionInput {
    fn into_condition(self) -> content::Condition {
        let Self { part, detector, pattern, threshold } = self;
        // No hits at all are asked for by nobody: less than none is as wrong as none.
        let threshold = u32::try_from(threshold).unwrap_or(0);
        let pattern = pattern.filter(|pattern| !pattern.is_empty());
        content::Condition { part: part.into(), detector: detector.into(), pattern, threshold }
    }
}

/// The answer to an id that is no rule's.
pub(super) fn no_such_rule() -> app::Error {
    app::Problem::new(ProblemCode::NotFound, "There is no such rule, or it was removed.")
        .at(["ruleId"])
        .into()
}
