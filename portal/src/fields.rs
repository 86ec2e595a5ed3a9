//! The fields of all forms: which are asked for is the organisation's policy, how they read is here.

use domain::{
    challenge::SUGGESTED_QUESTIONS,
    policy::{Pack, Policy, ProfileField},
};
use std::borrow::Cow;

/// A field that everybody who is asked must fill in (A3). Its id is its name in the form.
pub(crate) struct Field {
    pub(crate) id: &'static str,
    pub(crate) label: Cow<'static, str>,
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
    /// What one is known by here, which keyboards are not to correct.
    Identifier,
    /// A few letters or digits, copied from elsewhere.
    Code,
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

/// The same list from another question on, so that nobody is offered one twice. Each list has all of them: what somebody
/// chose must not tell them from those who are asked because they have no account (R4).
const SECOND_QUESTIONS: [&str; SUGGESTED_QUESTIONS.len()] = {
    let mut questions = SUGGESTED_QUESTIONS;
    let mut at = 0;
    while at < questions.len() {
        questions[at] = SUGGESTED_QUESTIONS[(at + 1) % questions.len()];
        at += 1;
    }
    questions
};

/// The registration form as this policy has it.
pub(crate) fn registration(policy: &Policy) -> Vec<Group> {
    let mut groups = vec![about(policy), secrets(policy)];
    if policy.recovery.challenge {
        groups.push(questions());
    }
    groups
}

fn about(policy: &Policy) -> Group {
    let asked = &policy.accounts.profile_fields;
    let (names, others): (Vec<ProfileField>, Vec<ProfileField>) =
        asked.iter().partition(|field| matches!(field, ProfileField::GivenName | ProfileField::FamilyName));
    // Nothing else is asked for there, and the address becomes the user name (C5).
    let (label, hint) = if policy.pack == Pack::Envelope {
        ("User name", "Your email address, the one that our mail came to.")
    } else {
        ("Email address", "The one that our mail came to.")
    };
    let address = Field {
        id: "address",
        label: label.into(),
        hint: Some(hint),
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
    Field { id, label: label.into(), hint: None, missing, kind, autocomplete }
}

fn secrets(policy: &Policy) -> Group {
    let rows = new_password(policy).into_iter().map(|field| vec![field]).collect();
    Group { legend: "Your password", hint: None, rows }
}

/// A password that is chosen, and what belongs to it (A5, A12).
pub(crate) fn new_password(policy: &Policy) -> Vec<Field> {
    let password = Field {
        id: "password",
        label: "Password".into(),
        hint: Some("At least 8 characters. Four words in a row are good, and easy to keep."),
        missing: "Choose a password",
        kind: Kind::Secret,
        autocomplete: "new-password",
    };
    let mut fields = vec![password];
    if policy.pack == Pack::Envelope {
        fields.push(Field {
            id: "passwordAgain",
            label: "Password again".into(),
            hint: None,
            missing: "Enter the password a second time",
            kind: Kind::Secret,
            autocomplete: "new-password",
        });
    }
    if policy.recovery.reminder_phrase {
        fields.push(Field {
            id: "reminderPhrase",
            label: "Reminder phrase".into(),
            hint: Some(
                "We email you this phrase if you forget. It should remind you of the password and not contain it.",
            ),
            missing: "Enter a reminder phrase",
            kind: Kind::Line("text"),
            autocomplete: "off",
        });
    }
    fields
}

fn questions() -> Group {
    let question = |id, label: &'static str, list| {
        vec![Field {
            id,
            label: label.into(),
            hint: None,
            missing: "Choose a question",
            kind: Kind::Choice(list),
            autocomplete: "off",
        }]
    };
    let answer = |id, label: &'static str, missing| vec![answer(id, label.into(), missing)];
    Group {
        legend: "Two questions only you can answer",
        hint: Some("We ask both when you need a new password. Capital letters do not matter."),
        rows: vec![
            question("question1", "First question", &SUGGESTED_QUESTIONS),
            answer("answer1", "Answer to the first question", "Answer the first question"),
            question("question2", "Second question", &SECOND_QUESTIONS),
            answer("answer2", "Answer to the second question", "Answer the second question"),
        ],
    }
}

fn answer(id: &'static str, label: Cow<'static, str>, missing: &'static str) -> Field {
    Field { id, label, hint: None, missing, kind: Kind::Line("text"), autocomplete: "off" }
}

/// The challenge as it is asked again (A11); the questions are its labels.
pub(crate) fn challenge(questions: &[String]) -> Vec<Field> {
    let ids = [("answer1", "Answer the first question"), ("answer2", "Answer the second question")];
    questions
        .iter()
        .zip(ids)
        .map(|(question, (id, missing))| answer(id, question.clone().into(), missing))
        .collect()
}

/// What one signs in with (C5).
pub(crate) fn login() -> Vec<Field> {
    vec![identifier(), own_password("Enter your password")]
}

/// Whose password is lost.
pub(crate) fn lost() -> Vec<Field> {
    vec![identifier()]
}

fn identifier() -> Field {
    Field {
        id: "identifier",
        label: "Email address or user name".into(),
        hint: None,
        missing: "Enter your email address or user name",
        kind: Kind::Identifier,
        autocomplete: "username",
    }
}

/// The password that one has.
fn own_password(missing: &'static str) -> Field {
    Field {
        id: "password",
        label: "Password".into(),
        hint: None,
        missing,
        kind: Kind::Secret,
        autocomplete: "current-password",
    }
}

/// What an alias is confirmed with: nothing, or the password of the account that has the address (B43, B44).
pub(crate) fn of_alias(needs_password: bool) -> Vec<Field> {
    if needs_password { vec![own_password("Enter the password of that account")] } else { vec![] }
}

/// What opens an envelope (C6).
pub(crate) fn of_envelope() -> Vec<Field> {
    vec![own_password("Enter your password")]
}

/// An answer (C10).
pub(crate) fn reply() -> Vec<Field> {
    vec![Field {
        id: "text",
        label: "Your reply".into(),
        hint: None,
        missing: "Write your reply",
        kind: Kind::Lines,
        autocomplete: "off",
    }]
}

/// The second factor.
pub(crate) fn second_factor() -> Vec<Field> {
    vec![Field {
        id: "code",
        label: "Code".into(),
        hint: Some(
            "Six digits from your authenticator app, or one of the recovery codes that you keep on paper.",
        ),
        missing: "Enter the code",
        kind: Kind::Code,
        autocomplete: "one-time-code",
    }]
}

/// What a client program shows (B51).
pub(crate) fn device() -> Vec<Field> {
    vec![Field {
        id: "code",
        label: "Code".into(),
        hint: Some("Eight letters, such as WDJB-MJHT. Capitals and the dash do not matter."),
        missing: "Enter the code that the program shows",
        kind: Kind::Code,
        autocomplete: "off",
    }]
}
