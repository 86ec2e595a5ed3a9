//! The tag in a subject by which a sender chooses a rule (B5).

use super::{Detector, Part, Rule, pattern};

impl Rule {
    /// A subject without what its sender put there for this rule: what one of the rule's expressions finds, if it looks like
    /// a tag. A subject that is nothing else becomes empty.
    #[must_use]
    pub fn without_tag(&self, subject: &str) -> String {
        let of_subject = self.conditions.iter().filter(|condition| condition.part == Part::Subject);
        let expressions = of_subject.filter_map(|condition| {
            let sought = condition.sought()?;
            match condition.detector {
                Detector::Pattern => pattern::compile(sought).ok(),
                Detector::Term => pattern::compile(&regex::escape(sought)).ok(),
                Detector::CardNumber | Detector::UsSsn | Detector::Iban | Detector::MemberId => None,
            }
        });
        let mut subject = subject.trim().to_owned();
        for expression in expressions {
            if let Some(tag) = expression.find(&subject).filter(|found| is_tag(found.as_str())) {
                let (before, after) = (subject[..tag.start()].trim(), subject[tag.end()..].trim());
                let rest = format!("{before} {after}");
                rest.trim().clone_into(&mut subject);
            }
        }
        subject
    }
}

/// Whether a text is in brackets, begins with a hash or ends with a colon.
fn is_tag(text: &str) -> bool {
    let text = text.trim();
    let brackets = [('[', ']'), ('(', ')'), ('{', '}'), ('<', '>')];
    brackets.iter().any(|(open, close)| text.starts_with(*open) && text.ends_with(*close))
        || text.starts_with('#')
        || text.ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Action, Condition};

    fn stripped(expression: &str, subject: &str) -> String {
        stripped_by(Detector::Pattern, expression, subject)
    }
    fn stripped_by(detector: Detector, expression: &str, subject: &str) -> String {
        let condition =
            Condition { part: Part::Subject, detector, pattern: Some(expression.to_owned()), threshold: 1 };
        let rule = Rule {
            name: "Tag".to_owned(),
            order: 1,
            enabled: true,
            action: Action::Secure,
            conditions: vec![condition],
        };
        rule.without_tag(subject)
    }

    /// B5: the tag is for the gateway, what stands beside it is for the recipient.
    #[test]
    fn a_tag_is_taken_off() {
        assert_eq!(stripped(r"^\s*\[secure\]", " [Secure] Your claim"), "Your claim");
        assert_eq!(stripped(r"\[secure\]", "Your claim [SECURE]"), "Your claim");
        assert_eq!(stripped("^secure:", "Secure: secure: twice"), "secure: twice");
        assert_eq!(stripped(r"^\[secure\]", "[secure]"), "");
        assert_eq!(stripped(r"\[secure\]", "Re: [secure] Your claim"), "Re: Your claim");
        assert_eq!(stripped("#secure", "Your claim #secure"), "Your claim");
        assert_eq!(stripped(r"\[secure\]", "Your claim"), "Your claim");
        assert_eq!(stripped_by(Detector::Term, "[secure]", "[SECURE] Your claim"), "Your claim");
    }

    /// B5: a word that a rule looks for is no tag.
    #[test]
    fn a_word_is_no_tag() {
        assert_eq!(stripped("claim", "Claim 12"), "Claim 12");
        assert_eq!(stripped(r"\d+-\d+", "Claim 12-34"), "Claim 12-34");
        assert_eq!(stripped("(", "(claim"), "(claim");
    }
}
