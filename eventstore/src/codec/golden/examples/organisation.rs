//! The organisation's events.

use super::{super::golden, AT, id};
use domain::{
    address::Domain,
    content::{Action, Condition, Detector, Part, Rule},
    organisation::{Event, Identity, rules},
    policy::{Pack, Policy, Role},
    presentation::{Presentation, SupportContact, SupportedClient},
};

/// Frozen apart from the packs, whose defaults may change.
pub(super) fn policy() -> Box<Policy> {
    let pack =
        || format!("{:#}\n", serde_json::to_value(Policy::from_pack(Pack::Platform)).expect("plain data"));
    serde_json::from_str(&golden("policy.json", pack)).expect("a policy")
}

fn presentation() -> Presentation {
    Presentation {
        colour: "#204060".into(),
        notification_text: "Call us if in doubt.\nWe never ask for a password.".into(),
        privacy_statement: "# Privacy\n\n*Nothing* is passed on.".into(),
        support: vec![SupportContact {
            country: "US".into(),
            telephone: "+15551230000".into(),
            hours: Some("Mo–Fr 9–17".into()),
        }],
        clients: vec![SupportedClient {
            name: "Plugin".into(),
            platform: "Windows".into(),
            minimum_version: "2.0".into(),
            wanted_version: "2.1.3".into(),
        }],
    }
}

pub(super) fn first() -> [Event; 10] {
    let identity = Identity {
        name: "Insurer".into(),
        portal_url: "https://mail.insurer.example".into(),
        do_not_reply: "do-not-reply@insurer.example".into(),
    };
    let domain = || Domain::parse("insurer.example").expect("a domain");
    let (account, role) = (id(1), Role::ComplianceOfficer);
    [
        Event::Founded { identity, policy: policy(), domains: [domain()].into(), at: AT },
        Event::PolicyChanged { policy: policy(), version: 2, reason: None, at: AT },
        Event::Updated { name: "Insurer & Sons".into(), presentation: presentation().into(), at: AT },
        Event::DomainClaimed { domain: domain(), at: AT },
        Event::DomainReleased { domain: domain(), at: AT },
        Event::RoleGranted { account, role, at: AT },
        Event::RoleRevoked { account, role, at: AT },
        Event::Rules(rules::Event::RuleCreated { id: id(13), rule: Box::new(rule()), at: AT }),
        Event::Rules(rules::Event::RuleChanged { id: id(13), rule: Box::new(rule()), at: AT }),
        Event::Rules(rules::Event::RuleDeleted { id: id(13), at: AT }),
    ]
}

fn rule() -> Rule {
    let condition = |part, detector, pattern: Option<&str>| Condition {
        part,
        detector,
        pattern: pattern.map(Into::into),
        threshold: 2,
    };
    Rule {
        name: "Cards".into(),
        order: 3,
        enabled: true,
        action: Action::Secure,
        conditions: vec![
            condition(Part::Body, Detector::CardNumber, None),
            condition(Part::Subject, Detector::Pattern, Some("^\\[secure\\]")),
        ],
    }
}

pub(super) fn later() -> [(&'static str, Event); 1] {
    let reason = Some("After the audit of \"March\"".to_owned());
    [("reason", Event::PolicyChanged { policy: policy(), version: 3, reason, at: AT })]
}
