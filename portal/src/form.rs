//! The registration form as it comes back: read, checked for what is empty, and shown again with what was wrong.

use crate::fields::{self, Field, Kind};
use app::{Challenge, Problem, ProblemCode, RegistrationForm};
use domain::{
    account::Profile,
    address::{AddressError, EmailAddress},
    policy::Policy,
};
use poem::{FromRequest, Request, error::ReadBodyError, http::StatusCode, web::Form};
use secrecy::SecretString;
use std::collections::BTreeMap;

/// A filled-in form of this many bytes is longer than all its fields at their longest.
const FORM_BYTES: usize = 64 * 1024;

/// What was typed, by field. Not for printing: it holds the password.
#[derive(Default)]
pub(crate) struct Filled(BTreeMap<String, String>);

/// Something to put right.
pub(crate) struct Mistake {
    /// The field; `None` when it concerns the whole form.
    pub(crate) field: Option<&'static str>,
    /// What to do, without a full stop.
    pub(crate) text: String,
}

/// A field as a page shows it.
pub(crate) struct Input<'a> {
    pub(crate) field: Field,
    /// What was typed before; nothing for a secret.
    pub(crate) value: &'a str,
    pub(crate) error: Option<&'a str>,
    /// Whether the page begins here: the first field in error.
    pub(crate) focus: bool,
}

/// A group of fields as a page shows it.
pub(crate) struct Section<'a> {
    pub(crate) legend: &'static str,
    pub(crate) hint: Option<&'static str>,
    pub(crate) rows: Vec<Vec<Input<'a>>>,
}

impl Input<'_> {
    /// Type of the `input`; `None` when it is another element.
    pub(crate) fn line(&self) -> Option<&'static str> {
        match self.field.kind {
            Kind::Line(kind) => Some(kind),
            Kind::Secret => Some("password"),
            Kind::Lines | Kind::Choice(_) => None,
        }
    }

    /// What can be chosen; `None` when the person types.
    pub(crate) fn choices(&self) -> Option<&'static [&'static str]> {
        match self.field.kind {
            Kind::Choice(choices) => Some(choices),
            Kind::Line(_) | Kind::Secret | Kind::Lines => None,
        }
    }

    /// The elements that describe it, for `aria-describedby`.
    pub(crate) fn described_by(&self) -> String {
        let hint = self.field.hint.map(|_| format!("{}-h", self.field.id));
        let error = self.error.map(|_| format!("{}-e", self.field.id));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

impl Filled {
    /// Reads a posted form; the status says why it cannot be.
    pub(crate) async fn read(mut request: Request) -> Result<Self, StatusCode> {
        let body = request.take_body().into_bytes_limit(FORM_BYTES).await.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        })?;
        request.set_body(body);
        let (request, mut body) = request.split();
        let Form(typed) =
            Form::from_request(&request, &mut body).await.map_err(|_| StatusCode::BAD_REQUEST)?;
        Ok(Self(typed))
    }

    /// What the use case takes, or what keeps it from being asked. Its own rules are not repeated here.
    pub(crate) fn to_registration(
        &self,
        token: &str,
        policy: &Policy,
    ) -> Result<RegistrationForm, Vec<Mistake>> {
        let mut mistakes = self.blanks(policy);
        let address = EmailAddress::parse(self.text("address"));
        if let Err(error) = &address
            && *error != AddressError::Empty
        {
            mistakes.push(Mistake::at("address", &error.to_string()));
        }
        let asked_twice = fields_of(policy).any(|field| field.id == "passwordAgain");
        let (password, again) = (self.text("password"), self.text("passwordAgain"));
        if asked_twice && !again.is_empty() && password != again {
            mistakes.push(Mistake::at("passwordAgain", "Enter the same password twice"));
        }
        match address {
            Ok(address) if mistakes.is_empty() => Ok(RegistrationForm {
                invitation: token.to_owned(),
                address,
                user_name: None,
                password: SecretString::from(password),
                profile: self.profile(),
                reminder: self.given("reminderPhrase").map(SecretString::from),
                challenges: self.challenges(policy),
            }),
            Ok(_) | Err(_) => Err(mistakes),
        }
    }

    fn blanks(&self, policy: &Policy) -> Vec<Mistake> {
        let blank = fields_of(policy).filter(|field| self.text(field.id).trim().is_empty());
        blank.map(|field| Mistake::at(field.id, field.missing)).collect()
    }

    fn profile(&self) -> Profile {
        Profile {
            given_name: self.given("givenName"),
            family_name: self.given("familyName"),
            company: self.given("company"),
            telephone: self.given("telephone"),
            postal_address: self.given("postalAddress"),
            member_number: self.given("memberNumber"),
            language: None,
        }
    }

    fn challenges(&self, policy: &Policy) -> Vec<Challenge> {
        let ids: &[_] = if policy.recovery.challenge {
            &[("question1", "answer1"), ("question2", "answer2")]
        } else {
            &[]
        };
        let challenge = |(question, answer): &(&str, &str)| Challenge {
            question: self.text(question).to_owned(),
            answer: SecretString::from(self.text(answer)),
        };
        ids.iter().map(challenge).collect()
    }

    /// The form with what was typed, secrets left out, and with what is wrong.
    pub(crate) fn sections<'a>(&'a self, policy: &Policy, mistakes: &'a [Mistake]) -> Vec<Section<'a>> {
        let mut focused = false;
        let mut input = |field: Field| {
            let mistake = mistakes.iter().find(|mistake| mistake.field == Some(field.id));
            let focus = mistake.is_some() && !focused;
            focused |= focus;
            let value = if field.kind == Kind::Secret { "" } else { self.text(field.id) };
            Input { value, error: mistake.map(|mistake| mistake.text.as_str()), focus, field }
        };
        let mut row = |row: Vec<Field>| row.into_iter().map(&mut input).collect();
        fields::groups(policy)
            .into_iter()
            .map(|group| Section {
                legend: group.legend,
                hint: group.hint,
                rows: group.rows.into_iter().map(&mut row).collect(),
            })
            .collect()
    }

    fn text(&self, id: &str) -> &str {
        self.0.get(id).map_or("", String::as_str)
    }

    /// What was typed, without blanks around it; `None` for nothing.
    fn given(&self, id: &str) -> Option<String> {
        Some(self.text(id).trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

impl Mistake {
    fn at(field: &'static str, text: &str) -> Self {
        Self { field: Some(field), text: text.trim_end_matches('.').to_owned() }
    }

    /// A use case's problem, at the field that it names.
    pub(crate) fn from_problem(problem: &Problem, policy: &Policy) -> Self {
        let path: Vec<&str> = problem.field.iter().map(String::as_str).collect();
        let id = match path.as_slice() {
            ["challengeAnswers", "1"] => "answer2",
            ["challengeAnswers", ..] => "answer1",
            ["profile", name] | [name] => name,
            _ => "",
        };
        match fields_of(policy).find(|field| field.id == id) {
            Some(field) if problem.code == ProblemCode::Required => Self::at(field.id, field.missing),
            Some(field) => Self::at(field.id, &problem.message),
            None => Self { field: None, text: problem.message.trim_end_matches('.').to_owned() },
        }
    }
}

/// Mistakes in the order of their fields, so that the summary reads like the form.
pub(crate) fn in_order(mut mistakes: Vec<Mistake>, policy: &Policy) -> Vec<Mistake> {
    let ids: Vec<_> = fields_of(policy).map(|field| field.id).collect();
    mistakes.sort_by_key(|mistake| ids.iter().position(|id| Some(*id) == mistake.field));
    mistakes
}

fn fields_of(policy: &Policy) -> impl Iterator<Item = Field> {
    fields::groups(policy).into_iter().flat_map(|group| group.rows).flatten()
}
