//! A form as it comes back: read, checked for what is empty, and shown again with what was wrong.

use crate::{
    fields::{Field, Group, Kind},
    refusals::Refused,
};
use app::{Problem, ProblemCode};
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
            Kind::Identifier | Kind::Code => Some("text"),
            Kind::Secret => Some("password"),
            Kind::Lines | Kind::Choice(_) => None,
        }
    }

    /// What keyboards are told besides.
    pub(crate) fn keyboard(&self) -> &'static str {
        match self.field.kind {
            Kind::Identifier => r#" inputmode="email" autocapitalize="none" spellcheck="false""#,
            Kind::Code => r#" class="short" autocapitalize="characters" spellcheck="false""#,
            Kind::Line(_) | Kind::Secret | Kind::Lines | Kind::Choice(_) => "",
        }
    }

    /// What can be chosen; `None` when the person types.
    pub(crate) fn choices(&self) -> Option<&'static [&'static str]> {
        match self.field.kind {
            Kind::Choice(choices) => Some(choices),
            Kind::Line(_) | Kind::Identifier | Kind::Code | Kind::Secret | Kind::Lines => None,
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
    /// Reads a posted form.
    pub(crate) async fn read(mut request: Request) -> Result<Self, Refused> {
        let body = request.take_body().into_bytes_limit(FORM_BYTES).await.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Refused::Form(StatusCode::PAYLOAD_TOO_LARGE),
            _ => Refused::Form(StatusCode::BAD_REQUEST),
        })?;
        request.set_body(body);
        let (request, mut body) = request.split();
        let Form(typed) = Form::from_request(&request, &mut body)
            .await
            .map_err(|_| Refused::Form(StatusCode::BAD_REQUEST))?;
        Ok(Self(typed))
    }

    /// A mistake for each field that nothing was typed into.
    pub(crate) fn blanks(&self, fields: &[Field]) -> Vec<Mistake> {
        let blank = fields.iter().filter(|field| self.text(field.id).trim().is_empty());
        blank.map(|field| Mistake::at(field.id, field.missing)).collect()
    }

    /// Whether the password that is asked for twice was typed differently.
    pub(crate) fn differing(&self, fields: &[Field]) -> Option<Mistake> {
        let asked_twice = fields.iter().any(|field| field.id == "passwordAgain");
        let (password, again) = (self.text("password"), self.text("passwordAgain"));
        let differs = asked_twice && !again.is_empty() && password != again;
        differs.then(|| Mistake::at("passwordAgain", "Enter the same password twice"))
    }

    /// The fields with what was typed, secrets left out, and with what is wrong.
    pub(crate) fn inputs<'a>(&'a self, fields: Vec<Field>, mistakes: &'a [Mistake]) -> Vec<Input<'a>> {
        let first = mistakes.iter().find_map(|mistake| mistake.field);
        let input = |field: Field| {
            let mistake = mistakes.iter().find(|mistake| mistake.field == Some(field.id));
            Input {
                value: if field.kind == Kind::Secret { "" } else { self.text(field.id) },
                error: mistake.map(|mistake| mistake.text.as_str()),
                focus: first == Some(field.id),
                field,
            }
        };
        fields.into_iter().map(input).collect()
    }

    /// The same in groups.
    pub(crate) fn sections<'a>(&'a self, groups: Vec<Group>, mistakes: &'a [Mistake]) -> Vec<Section<'a>> {
        let section = |Group { legend, hint, rows }| {
            let rows = rows.into_iter().map(|row| self.inputs(row, mistakes)).collect();
            Section { legend, hint, rows }
        };
        groups.into_iter().map(section).collect()
    }

    pub(crate) fn text(&self, id: &str) -> &str {
        self.0.get(id).map_or("", String::as_str)
    }

    /// What was typed, without blanks around it; `None` for nothing.
    pub(crate) fn given(&self, id: &str) -> Option<String> {
        Some(self.text(id).trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(crate) fn secret(&self, id: &str) -> SecretString {
        SecretString::from(self.text(id))
    }
}

impl Mistake {
    pub(crate) fn at(field: &'static str, text: &str) -> Self {
        Self { field: Some(field), text: text.trim_end_matches('.').to_owned() }
    }

    /// A use case's problem, at the field that it names.
    pub(crate) fn from_problem(problem: &Problem, fields: &[Field]) -> Self {
        let path: Vec<&str> = problem.field.iter().map(String::as_str).collect();
        let id = match path.as_slice() {
            ["challengeAnswers", "1"] => "answer2",
            ["challengeAnswers", ..] => "answer1",
            ["profile", name] | [name] => name,
            _ => "",
        };
        match fields.iter().find(|field| field.id == id) {
            Some(field) if problem.code == ProblemCode::Required => Self::at(field.id, field.missing),
            Some(field) => Self::at(field.id, &problem.message),
            None => Self { field: None, text: problem.message.trim_end_matches('.').to_owned() },
        }
    }

    /// Several of them, in the order of the fields.
    pub(crate) fn from_problems(problems: &[Problem], fields: &[Field]) -> Vec<Self> {
        in_order(problems.iter().map(|problem| Self::from_problem(problem, fields)).collect(), fields)
    }
}

/// Whether none is of a field, so that the page begins at their summary.
pub(crate) fn unplaced(mistakes: &[Mistake]) -> bool {
    mistakes.iter().all(|mistake| mistake.field.is_none())
}

/// Mistakes in the order of their fields, so that the summary reads like the form.
pub(crate) fn in_order(mut mistakes: Vec<Mistake>, fields: &[Field]) -> Vec<Mistake> {
    mistakes.sort_by_key(|mistake| fields.iter().position(|field| Some(field.id) == mistake.field));
    mistakes
}
