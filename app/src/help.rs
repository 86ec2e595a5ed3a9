//! Help in plain words, with the organisation's own name and numbers in it (A47, B2, B3); and the browsers that work (A46).

use domain::organisation::State;

/// A page of help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpTopic {
    /// Short name, stable.
    pub slug: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// Markdown.
    pub body: String,
}

/// Browsers that the portal is made for (A46).
pub const SUPPORTED_BROWSERS: &[&str] = &[
    "Mozilla Firefox, this year's versions",
    "Google Chrome, this year's versions",
    "Microsoft Edge, this year's versions",
    "Apple Safari, on macOS and iOS, this year's and last year's versions",
    "Any other browser that keeps to the web's standards; JavaScript is not needed",
];

/// The topics that this organisation's rules give reason to, in the order in which people need them.
#[must_use]
pub fn help_topics(rules: &State) -> Vec<HelpTopic> {
    let (accounts, recovery) = (&rules.policy.accounts, &rules.policy.recovery);
    let pages = [
        (true, "invitation", "The invitation did not come", include_str!("../help/invitation.md")),
        (true, "registering", "Registering", include_str!("../help/registering.md")),
        (
            accounts.activation,
            "confirmation",
            "The confirmation mail did not come",
            include_str!("../help/confirmation.md"),
        ),
        (true, "logging-in", "Logging in", include_str!("../help/logging-in.md")),
        (
            recovery.link,
            "forgotten-password",
            "I forgot my password",
            include_str!("../help/forgotten-password.md"),
        ),
        (
            recovery.challenge,
            "security-questions",
            "I forgot my password: the questions",
            include_str!("../help/security-questions.md"),
        ),
        (true, "leaving", "Leaving", include_str!("../help/leaving.md")),
    ];
    let offered = pages.into_iter().filter(|(applies, ..)| *applies);
    offered.map(|(_, slug, title, text)| HelpTopic { slug, title, body: filled(text, rules) }).collect()
}

/// A text with what this organisation is called, where it is and whom to call.
fn filled(text: &str, rules: &State) -> String {
    let (name, portal) = rules
        .founded
        .as_ref()
        .map_or(("The organisation", ""), |identity| (&*identity.name, &*identity.portal_url));
    let numbers: Vec<String> = rules
        .presentation
        .support
        .iter()
        .map(|contact| {
            let hours = contact.hours.as_ref().map_or_else(String::new, |hours| format!(" ({hours})"));
            format!("- {}: {}{hours}", contact.country, contact.telephone)
        })
        .collect();
    let support = if numbers.is_empty() {
        format!("Ask whoever wrote to you, or the administrator of {name}.")
    } else {
        format!("{name} helps by telephone:\n\n{}", numbers.join("\n"))
    };
    // The name comes last: it is the organisation's own text, and must not be taken for a place to fill.
    text.replace("{portal}", portal).replace("{support}", &support).replace("{name}", name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        policy::{Pack, Policy},
        presentation::SupportContact,
    };

    /// A47, B2: every page of help is filled, and ends with whom to call.
    #[test]
    fn every_page_says_whom_to_call() {
        for pack in [Pack::Portal, Pack::Platform, Pack::Envelope] {
            let mut rules = State { policy: Policy::from_pack(pack), ..State::default() };
            let telephone = "+15551230000".to_owned();
            rules.presentation.support =
                vec![SupportContact { country: "US".into(), telephone, hours: None }];
            for topic in help_topics(&rules) {
                assert!(!topic.body.contains(['{', '}']), "{topic:?}");
                assert!(topic.body.contains("- US: +15551230000"), "{topic:?}");
            }
        }
    }

    /// A9, B22, C6: help speaks of what this organisation has.
    #[test]
    fn help_follows_the_policy() {
        let topics = |pack| {
            let rules = State { policy: Policy::from_pack(pack), ..State::default() };
            help_topics(&rules).into_iter().map(|topic| topic.slug).collect::<Vec<_>>()
        };
        assert!(topics(Pack::Portal).contains(&"security-questions"));
        assert!(!topics(Pack::Portal).contains(&"forgotten-password"));
        assert!(topics(Pack::Platform).contains(&"forgotten-password"));
        assert!(!topics(Pack::Envelope).contains(&"confirmation"));
    }
}
