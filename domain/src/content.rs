//! Content rules: what an organisation looks for in outgoing mail, and what it then does (G2, G3).
//!
//! [`Rule::problems`] says what keeps a rule from standing, [`Rules::compile`] makes ready those that stand, [`judge`] asks
//! them about a mail. Every text is looked at in one form, see `text.rs`; each detector has a file of its own. What it costs
//! is linear in the mail: nothing backtracks.

use serde::{Deserialize, Serialize};

mod card;
mod cuts;
mod iban;
mod judging;
mod numbers;
mod pattern;
mod rule;
mod ssn;
mod tag;
mod terms;
mod text;

pub use judging::{Hit, Rules, Scanned, Unusable, judge};
pub use rule::{Fault, RuleProblem};
pub(crate) use {pattern::member_id_problem, terms::is_term};

/// A rule that looks at outgoing mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name, unique in the organisation, 1 to 100 characters.
    pub name: String,
    /// Rules are asked in this order; the first that matches acts.
    pub order: i32,
    /// Whether it is asked.
    pub enabled: bool,
    /// What it does.
    pub action: Action,
    /// All must hold; 1 to 20.
    pub conditions: Vec<Condition>,
}

/// One thing a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Where it looks.
    pub part: Part,
    /// What it looks for.
    pub detector: Detector,
    /// The expression, the term, or `Name: value`; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// How many hits at least.
    pub threshold: u32,
}

/// What a rule does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detector {
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
