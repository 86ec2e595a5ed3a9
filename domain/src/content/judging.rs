//! Asking an organisation's rules about a mail.

use super::{Action, Condition, Detector, Part, Rule, card, iban, pattern, ssn, terms::Terms, text::Reading};
use crate::{id::RuleId, policy::ContentPolicy};
use regex::Regex;
use std::{collections::BTreeSet, fmt};

/// A mail as rules see it: its envelope and its texts, decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The sender's address.
    pub sender: String,
    /// Every recipient's address.
    pub recipients: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// Names and values of the headers, decoded and unfolded; none for what is written in the portal.
    pub headers: Vec<(String, String)>,
    /// The body as people read it, without mark-up.
    pub text: String,
    /// Each attachment that is text.
    pub files: Vec<String>,
}

/// No word of a mail goes into a log.
impl fmt::Debug for Scanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanned").field("recipients", &self.recipients.len()).finish_non_exhaustive()
    }
}

/// The rule that acts on a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub rule: RuleId,
    /// What it does.
    pub action: Action,
    /// Hits of all its conditions together.
    pub hits: u32,
}

/// What stands and cannot be asked. Rather than let mail pass by it, nothing is judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A rule, and what is wrong with it.
    #[error("content rule {0} cannot be asked; write it again: {1}")]
    Rule(RuleId, String),
    /// An expression for member numbers, and what is wrong with it.
    #[error("the policy's expressions for member numbers cannot be used; write them again: {0}")]
    MemberIds(String),
}

/// The enabled rules of an organisation in their order, made ready once for many mails.
pub struct Rules {
    in_order: Vec<Ready>,
    questions: Vec<Question>,
    terms: Terms,
    member_ids: Vec<Regex>,
}

struct Ready {
    id: RuleId,
    action: Action,
    /// Index of a question, and the hits that it needs; the cheapest first.
    conditions: Vec<(usize, u32)>,
}

/// What rules ask of a mail; rules that ask the same share the answer.
struct Question {
    asked: Asked,
    look: Look,
}

/// What makes two questions one.
#[derive(PartialEq, Eq)]
struct Asked {
    part: Part,
    detector: Detector,
    header: Option<String>,
    sought: Option<String>,
}

/// What is looked for.
enum Look {
    Anything,
    Pattern(Regex),
    OneTerm(Terms),
    Terms,
    CardNumbers,
    UsSsns,
    Ibans,
    MemberIds,
}

/// Asks the rules in their order; the first whose conditions all hold acts. `None` when none does.
#[must_use]
pub fn judge(rules: &Rules, mail: &Scanned) -> Option<Hit> {
    let mut asking = Asking { rules, texts: Texts::of(mail), answers: vec![None; rules.questions.len()] };
    rules.in_order.iter().find_map(|rule| {
        let hits = asking.hits(&rule.conditions)?;
        Some(Hit { rule: rule.id, action: rule.action, hits })
    })
}

impl Rules {
    /// The enabled ones among `rules`, with the lists of the policy.
    pub fn compile<'a>(
        rules: impl IntoIterator<Item = (RuleId, &'a Rule)>,
        policy: &ContentPolicy,
    ) -> Result<Self, Unusable> {
        let mut enabled: Vec<_> = rules.into_iter().filter(|(_, rule)| rule.enabled).collect();
        enabled.sort_by_key(|(id, rule)| (rule.order, *id));
        let member_ids: Result<_, _> =
            policy.member_ids.iter().map(|expression| pattern::compile_member_id(expression)).collect();
        let mut all = Self {
            in_order: vec![],
            questions: vec![],
            terms: Terms::new(policy.terms.iter().map(String::as_str)),
            member_ids: member_ids.map_err(Unusable::MemberIds)?,
        };
        for (id, rule) in enabled {
            let ready = all.ready(id, rule).map_err(|why| Unusable::Rule(id, why))?;
            all.in_order.push(ready);
        }
        Ok(all)
    }

    /// Whether there is nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// Whether any of them looks at body and attachments: else nobody needs to fetch those.
    #[must_use]
    pub fn look_at_bodies(&self) -> bool {
        self.questions.iter().any(|question| question.asked.part == Part::Body)
    }

    fn ready(&mut self, id: RuleId, rule: &Rule) -> Result<Ready, String> {
        let conditions: Result<Vec<_>, String> = rule
            .conditions
            .iter()
            .map(|condition| Ok((self.question(condition)?, condition.threshold)))
            .collect();
        let mut conditions = conditions?;
        conditions.sort_by_key(|(question, _)| self.questions[*question].asked.part);
        Ok(Ready { id, action: rule.action, conditions })
    }

    /// The index of what the condition asks.
    fn question(&mut self, condition: &Condition) -> Result<usize, String> {
        let asked = Asked {
            part: condition.part,
            detector: condition.detector,
            header: condition.header_name().map(str::to_owned),
            sought: condition.sought().map(str::to_owned),
        };
        if let Some(known) = self.questions.iter().position(|question| question.asked == asked) {
            return Ok(known);
        }
        let look = match (asked.detector, &asked.sought) {
            (Detector::Pattern, Some(sought)) => Look::Pattern(pattern::compile(sought)?),
            (Detector::MemberId, Some(sought)) => Look::Pattern(pattern::compile_member_id(sought)?),
            (Detector::Term, Some(sought)) => Look::OneTerm(Terms::new([sought.as_str()])),
            (Detector::Pattern | Detector::Term, None) if asked.header.is_some() => Look::Anything,
            (Detector::Pattern, None) => return Err("its expression is missing".into()),
            (Detector::Term, None) => Look::Terms,
            (Detector::MemberId, None) => Look::MemberIds,
            (Detector::CardNumber, _) => Look::CardNumbers,
            (Detector::UsSsn, _) => Look::UsSsns,
            (Detector::Iban, _) => Look::Ibans,
        };
        self.questions.push(Question { asked, look });
        Ok(self.questions.len() - 1)
    }
}

/// One mail's texts.
struct Texts<'m> {
    sender: Reading<'m>,
    recipients: Vec<Reading<'m>>,
    subject: Reading<'m>,
    headers: Vec<(&'m str, Reading<'m>)>,
    bodies: Vec<Reading<'m>>,
}

impl<'m> Texts<'m> {
    fn of(mail: &'m Scanned) -> Self {
        let bodies = std::iter::once(&mail.text).chain(&mail.files);
        Self {
            sender: Reading::new(&mail.sender),
            recipients: mail.recipients.iter().map(|address| Reading::new(address)).collect(),
            subject: Reading::new(&mail.subject),
            headers: mail.headers.iter().map(|(name, value)| (name.as_str(), Reading::new(value))).collect(),
            bodies: bodies.map(|text| Reading::new(text)).collect(),
        }
    }

    fn asked(&self, asked: &Asked) -> Vec<&Reading<'m>> {
        match asked.part {
            Part::Sender => vec![&self.sender],
            Part::Recipient => self.recipients.iter().collect(),
            Part::Subject => vec![&self.subject],
            Part::Body => self.bodies.iter().collect(),
            Part::Header => {
                let is_it =
                    |name: &str| asked.header.as_ref().is_none_or(|sought| name.eq_ignore_ascii_case(sought));
                self.headers.iter().filter(|(name, _)| is_it(name)).map(|(_, value)| value).collect()
            }
        }
    }
}

/// One mail being judged: each question is answered once.
struct Asking<'m> {
    rules: &'m Rules,
    texts: Texts<'m>,
    answers: Vec<Option<u32>>,
}

impl Asking<'_> {
    /// Hits of all conditions together; `None` when one does not hold.
    fn hits(&mut self, conditions: &[(usize, u32)]) -> Option<u32> {
        conditions.iter().try_fold(0, |sum: u32, (question, threshold)| {
            let hits = self.answer(*question);
            (hits >= *threshold).then(|| sum.saturating_add(hits))
        })
    }

    fn answer(&mut self, index: usize) -> u32 {
        if let Some(known) = self.answers[index] {
            return known;
        }
        let question = &self.rules.questions[index];
        let hits = self.rules.count(&question.look, &self.texts.asked(&question.asked));
        let hits = u32::try_from(hits).unwrap_or(u32::MAX);
        self.answers[index] = Some(hits);
        hits
    }
}

impl Rules {
    /// Different hits in these texts; of one term, the places where it stands.
    fn count(&self, look: &Look, texts: &[&Reading<'_>]) -> usize {
        match look {
            Look::Anything => texts.len(),
            Look::Pattern(expression) => count_matches(std::slice::from_ref(expression), texts),
            Look::MemberIds => count_matches(&self.member_ids, texts),
            Look::OneTerm(term) => {
                texts.iter().map(|text| term.find(text.folded(), &mut BTreeSet::new())).sum()
            }
            Look::Terms => count(texts, |text, found| {
                self.terms.find(text, found);
            }),
            Look::CardNumbers => count(texts, |text, found| {
                card::find(text, &iban::find(text, &mut BTreeSet::new()), found);
            }),
            Look::UsSsns => count(texts, ssn::find),
            Look::Ibans => count(texts, |text, found| {
                iban::find(text, found);
            }),
        }
    }
}

fn count<T: Ord>(texts: &[&Reading<'_>], find: impl Fn(&str, &mut BTreeSet<T>)) -> usize {
    let mut found = BTreeSet::new();
    for text in texts {
        find(text.folded(), &mut found);
    }
    found.len()
}

fn count_matches(expressions: &[Regex], texts: &[&Reading<'_>]) -> usize {
    let mut found = BTreeSet::new();
    let pairs = expressions.iter().flat_map(|expression| texts.iter().map(move |text| (expression, text)));
    let most = pairs.map(|(expression, text)| pattern::find(expression, text.plain(), &mut found)).max();
    pattern::counted(&found, most.unwrap_or(0))
}

#[cfg(test)]
mod tests;
