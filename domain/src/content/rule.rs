//! What keeps a rule from standing, said so that its author can mend it.

use super::{Condition, Detector, Part, Rule, pattern, terms};

/// Characters of a rule's name.
const NAME_CHARACTERS: usize = 100;
/// Conditions of one rule.
const CONDITIONS: usize = 20;
/// Hits that a condition can ask for.
const THRESHOLD: u32 = 1000;

/// Something that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    /// Of which kind.
    pub fault: Fault,
    /// Where, as a path within the rule: `name`, or `conditions`, its index, and `pattern` or `threshold`.
    pub field: Vec<String>,
    /// One sentence that says what to write.
    pub why: String,
}

/// What kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Something is missing.
    Missing,
    /// It is longer than it may be.
    TooLong,
    /// It cannot be read, or is out of its bounds.
    Invalid,
}

type Found = (Fault, &'static str, String);

impl Rule {
    /// Everything that is wrong with it, in the order of its fields. That its name is unique is the organisation's to say.
    #[must_use]
    pub fn problems(&self) -> Vec<RuleProblem> {
        let mut problems = vec![];
        let mut add = |fault, field: &[&str], why: String| {
            let field = field.iter().map(|part| (*part).to_owned()).collect();
            problems.push(RuleProblem { fault, field, why });
        };
        if self.name.trim().is_empty() {
            add(Fault::Missing, &["name"], "Give the rule a name.".into());
        } else if self.name.chars().count() > NAME_CHARACTERS {
            add(Fault::TooLong, &["name"], format!("Use at most {NAME_CHARACTERS} characters."));
        } else if self.name.trim() != self.name || self.name.chars().any(char::is_control) {
            add(Fault::Invalid, &["name"], "Leave out blanks around the name and control characters.".into());
        }
        if !(1..=CONDITIONS).contains(&self.conditions.len()) {
            let why = format!("Give the rule 1 to {CONDITIONS} conditions; all must hold.");
            add(Fault::Invalid, &["conditions"], why);
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            for (fault, field, why) in condition.problems() {
                add(fault, &["conditions", &index.to_string(), field], why);
            }
        }
        problems
    }
}

impl Condition {
    fn problems(&self) -> Vec<Found> {
        let threshold = !(1..=THRESHOLD).contains(&self.threshold);
        let threshold = threshold.then(|| {
            (Fault::Invalid, "threshold", format!("Choose a number of hits from 1 to {THRESHOLD}."))
        });
        let pattern = self.pattern_problem().map(|(fault, why)| (fault, "pattern", why));
        [pattern, threshold].into_iter().flatten().collect()
    }

    fn pattern_problem(&self) -> Option<(Fault, String)> {
        let written = self.pattern.as_deref().unwrap_or_default();
        if written.chars().count() > pattern::PATTERN_CHARACTERS {
            return Some((
                Fault::TooLong,
                format!("Use at most {} characters.", pattern::PATTERN_CHARACTERS),
            ));
        }
        let missing = |why: &str| Some((Fault::Missing, why.to_owned()));
        let invalid = |why: String| (Fault::Invalid, why);
        if self.part == Part::Header && self.pattern.is_some() && self.header().is_none() {
            return Some(invalid("Write a header as `Name: value`, or as `Name:` for any value.".into()));
        }
        match (self.detector, self.sought()) {
            (Detector::Pattern | Detector::Term, None) if self.part == Part::Header && written.is_empty() => {
                missing("Write which header, as `Name: value`.")
            }
            (Detector::Pattern, None) if self.part != Part::Header => missing("Write the expression."),
            (Detector::Pattern, sought) => pattern::compile(sought?).err().map(invalid),
            (Detector::MemberId, sought) => pattern::compile_member_id(sought?).err().map(invalid),
            (Detector::Term, sought) if !terms::is_term(sought?) => {
                Some(invalid("Write a word or a sign to look for.".into()))
            }
            (Detector::CardNumber | Detector::UsSsn | Detector::Iban, Some(_)) => {
                Some(invalid("Leave it out: this detector knows what to look for.".into()))
            }
            (Detector::Term | Detector::CardNumber | Detector::UsSsn | Detector::Iban, _) => None,
        }
    }

    /// Name and value of a header's condition; `None` for another part and where it names none.
    fn header(&self) -> Option<(&str, &str)> {
        let (name, value) = self.pattern.as_deref().filter(|_| self.part == Part::Header)?.split_once(':')?;
        // RFC 5322 §2.2: printable ASCII but the colon.
        let is_name = !name.is_empty() && name.bytes().all(|c| c.is_ascii_graphic());
        is_name.then_some((name, value.trim()))
    }

    /// The header that it looks at; `None` is all of them.
    pub(super) fn header_name(&self) -> Option<&str> {
        self.header().map(|(name, _)| name)
    }

    /// The expression or term that it names; `None` when it names none.
    pub(super) fn sought(&self) -> Option<&str> {
        match self.part {
            Part::Header => self.header().map(|(_, value)| value).filter(|value| !value.is_empty()),
            Part::Sender | Part::Recipient | Part::Subject | Part::Body => {
                self.pattern.as_deref().filter(|pattern| !pattern.is_empty())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Action;

    fn rule(conditions: Vec<Condition>) -> Rule {
        Rule { name: "Cards".into(), order: 1, enabled: true, action: Action::Secure, conditions }
    }
    fn condition(part: Part, detector: Detector, pattern: Option<&str>) -> Condition {
        Condition { part, detector, pattern: pattern.map(str::to_owned), threshold: 1 }
    }
    /// Fields that are found wrong, and of which kind they are.
    fn wrong(rule: &Rule) -> Vec<(Fault, String)> {
        rule.problems().into_iter().map(|problem| (problem.fault, problem.field.join("."))).collect()
    }
    fn wrong_with(part: Part, detector: Detector, pattern: Option<&str>) -> Option<Fault> {
        wrong(&rule(vec![condition(part, detector, pattern)])).first().map(|(fault, _)| *fault)
    }

    /// G3: names and numbers have bounds, and every problem is named at once.
    #[test]
    fn a_rule_has_bounds() {
        let good = condition(Part::Body, Detector::CardNumber, None);
        assert_eq!(wrong(&rule(vec![good.clone()])), []);
        for (name, fault) in [
            (" ", Fault::Missing),
            (&*"a".repeat(101), Fault::TooLong),
            ("a\nb", Fault::Invalid),
            (" a", Fault::Invalid),
        ] {
            let rule = Rule { name: name.into(), ..rule(vec![good.clone()]) };
            assert_eq!(wrong(&rule), [(fault, "name".to_owned())], "{name:?}");
        }
        assert_eq!(wrong(&rule(vec![])), [(Fault::Invalid, "conditions".to_owned())]);
        assert_eq!(wrong(&rule(vec![good.clone(); 21])), [(Fault::Invalid, "conditions".to_owned())]);
        let none = Condition { threshold: 0, ..condition(Part::Body, Detector::Pattern, Some("(")) };
        let many = Condition { threshold: 1001, ..good.clone() };
        let fields: Vec<_> =
            wrong(&rule(vec![good, none, many])).into_iter().map(|(_, field)| field).collect();
        assert_eq!(fields, ["conditions.1.pattern", "conditions.1.threshold", "conditions.2.threshold"]);
    }

    /// B5, G3: which detector needs what is written beside it.
    #[test]
    fn patterns_go_with_their_detector() {
        use Detector::{CardNumber, Iban, MemberId, Pattern, Term};
        use Part::{Body, Header, Recipient, Subject};
        for (part, detector, pattern) in [
            (Subject, Pattern, Some(r"\[secure\]")),
            (Recipient, Pattern, Some(r"@broker\.example$")),
            (Body, Term, None),
            (Body, Term, Some("")),
            (Subject, Term, Some("[secure]")),
            (Header, Pattern, Some("X-Secure: ^yes$")),
            (Header, Pattern, Some("X-Secure:")),
            (Header, Term, Some("Sensitivity: Company-Confidential")),
            (Header, CardNumber, None),
            (Header, CardNumber, Some("X-Card:")),
            (Body, MemberId, None),
            (Body, MemberId, Some(r"M\d{8}")),
        ] {
            assert_eq!(wrong_with(part, detector, pattern), None, "{part:?} {detector:?} {pattern:?}");
        }
        for (part, detector, pattern, fault) in [
            (Subject, Pattern, None, Fault::Missing),
            (Subject, Pattern, Some(""), Fault::Missing),
            (Subject, Pattern, Some("[secure]"), Fault::Invalid),
            (Body, Pattern, Some(&*"a".repeat(501)), Fault::TooLong),
            (Body, Term, Some(" - "), Fault::Invalid),
            (Header, Pattern, None, Fault::Missing),
            (Header, Pattern, Some("X-Secure"), Fault::Invalid),
            (Header, Pattern, Some(": yes"), Fault::Invalid),
            (Header, Pattern, Some("X Secure: yes"), Fault::Invalid),
            (Header, Pattern, Some("X-Secure: ("), Fault::Invalid),
            (Header, Iban, Some("X-Account: DE"), Fault::Invalid),
            (Body, CardNumber, Some("4"), Fault::Invalid),
            (Body, MemberId, Some("x*"), Fault::Invalid),
        ] {
            assert_eq!(wrong_with(part, detector, pattern), Some(fault), "{part:?} {detector:?} {pattern:?}");
        }
    }
}
