//! The fields of the registration form: which are asked for is the organisation's policy, how they read is here.

use domain::policy::{Pack, Policy, ProfileField};
use std::collections::BTreeSet;

/// A field that everybody who is asked must fill in (A3). Its id is its name in the form.
pub(crate) struct Field {
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: Option<&'static str>,
    /// What to do when it is empty.
    pub(crate) missing: &'static str,
    pub(crate) kind: Kind,
    /// HTML's name for what browsers can fill in by themselves; `off` for what they are not to keep.
    pub(crate) autocomplete: &'static str,
}

/// How a field is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One line; the type of HTML's `input`.
    Line(&'static str),
    /// Never shown again.
    Secret,
    /// Several lines.
    Lines,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// Fields that belong together, in rows.
pub(crate) struct Group {
    pub(crate) legend: &'static str,
    pub(crate) hint: Option<&'static str>,
    pub(crate) rows: Vec<Vec<Field>>,
}

/// The two lists share no question, so that nobody chooses one twice.
const FIRST_QUESTIONS: &[&str] = &[
    "What was the name of your first teacher?",
    "In which street did you live when you were ten?",
    "What was the name of your first pet?",
    "Where did your parents meet?",
];
const SECOND_QUESTIONS: &[&str] = &[
    "What was the first thing you cooked?",
    "What was the first film you saw in a cinema?",
    "Which book did you read more than once as a child?",
    "What did you want to become as a child?",
];

/// The form as this policy has it.
pub(crate) fn groups(policy: &Policy) -> Vec<Group> {
    let mut groups = vec![about(&policy.accounts.profile_fields), secrets(policy)];
    if policy.recovery.challenge {
        groups.push(questions());
    }
    groups
}

fn about(asked: &BTreeSet<ProfileField>) -> Group {
    let (names, others): (Vec<ProfileField>, Vec<ProfileField>) =
        asked.iter().partition(|field| matches!(field, ProfileField::GivenName | ProfileField::FamilyName));
    let address = Field {
        id: "address",
        label: "Email address",
        hint: Some("The one that our mail came to."),
        missing: "Enter your email address",
        kind: Kind::Line("email"),
        autocomplete: "email",
    };
    let mut rows = vec![names.into_iter().map(profile).collect(), vec![address]];
    rows.extend(others.into_iter().map(|field| vec![profile(field)]));
    rows.retain(|row| !row.is_empty());
    Group { legend: "About you", hint: None, rows }
}

fn profile(field: ProfileField) -> Field {
    let (id, label, missing, kind, autocomplete) = match field {
        ProfileField::GivenName => {
            ("givenName", "First name", "Enter your first name", Kind::Line("text"), "given-name")
        }
        ProfileField::FamilyName => {
            ("familyName", "Last name", "Enter your last name", Kind::Line("text"), "family-name")
        }
        ProfileField::Company => (
            "company",
            "Company or practice",
            "Enter your company or practice",
            Kind::Line("text"),
            "organization",
        ),
        ProfileField::Telephone => {
            ("telephone", "Telephone number", "Enter your telephone number", Kind::Line("tel"), "tel")
        }
        ProfileField::PostalAddress => {
            ("postalAddress", "Postal address", "Enter your postal address", Kind::Lines, "street-address")
        }
        ProfileField::MemberNumber => {
            ("memberNumber", "Member number", "Enter your member number", Kind::Line("text"), "off")
        }
    };
    Field { id, label, hint: None, missing, kind, autocomplete }
}

fn secrets(policy: &Policy) -> Group {
    let password = Field {
        id: "password",
        label: "Password",
        hint: Some("At least 8 characters. Four words in a row are good, and easy to keep."),
        missing: "Choose a password",
        kind: Kind::Secret,
        autocomplete: "new-password",
    };
    let mut rows = vec![vec![password]];
    if policy.pack == Pack::Envelope {
        rows.push(vec![Field {
            id: "passwordAgain",
            label: "Password again",
            hint: None,
            missing: "Enter the password a second time",
            kind: Kind::Secret,
            autocomplete: "new-password",
        }]);
    }
    if policy.recovery.reminder_phrase {
        rows.push(vec![Field {
            id: "reminderPhrase",
            label: "Reminder phrase",
            hint: Some(
                "We email you this phrase if you forget. It should remind you of the password and not contain it.",
            ),
            missing: "Enter a reminder phrase",
            kind: Kind::Line("text"),
            autocomplete: "off",
        }]);
    }
    Group { legend: "Your password", hint: None, rows }
}

fn questions() -> Group {
    let question = |id, label, list| {
        vec![Field {
            id,
            label,
            hint: None,
            missing: "Choose a question",
            kind: Kind::Choice(list),
            autocomplete: "off",
        }]
    };
    let answer = |id, label, missing| {
        vec![Field { id, label, hint: None, missing, kind: Kind::Line("text"), autocomplete: "off" }]
    };
    Group {
        legend: "Two questions only you can answer",
        hint: Some("We ask both when you need a new password. Capital letters do not matter."),
        rows: vec![
            question("question1", "First question", FIRST_QUESTIONS),
            answer("answer1", "Answer to the first question", "Answer the first question"),
            question("question2", "Second question", SECOND_QUESTIONS),
            answer("answer2", "Answer to the second question", "Answer the second question"),
        ],
    }
}
