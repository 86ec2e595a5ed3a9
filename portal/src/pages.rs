//! What all pages are made of. What they say is in `pages/`; what is refused is in `refusals.rs`.

pub(crate) mod envelope;
pub(crate) mod links;
pub(crate) mod login;
pub(crate) mod recovery;

use crate::{
    form::{Input, Mistake},
    visit::Visit,
};
use askama::Template;
use domain::{Timestamp, presentation::SupportContact};
use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use time::macros::format_description;

/// What is around every page.
struct Shell<'a> {
    title: String,
    /// Nothing where no organisation answers.
    organisation: &'a str,
    support: &'a [SupportContact],
}

impl<'a> Shell<'a> {
    fn new(visit: &'a Visit, title: impl Into<String>) -> Self {
        let support = &visit.rules.presentation.support;
        Self { title: title.into(), organisation: visit.organisation(), support }
    }
}

/// One thing to do or to know: a heading, a few sentences, perhaps a form, perhaps ways on.
#[derive(Default)]
pub(crate) struct Task<'a> {
    pub(crate) heading: &'a str,
    /// What is said of an address, and the address, masked (R10).
    pub(crate) address: Option<(&'a str, &'a str)>,
    pub(crate) words: Vec<String>,
    /// Where the form goes, if not to this page's address.
    pub(crate) action: Option<&'a str>,
    /// Fields that nobody sees.
    pub(crate) hidden: Vec<(&'a str, &'a str)>,
    pub(crate) inputs: Vec<Input<'a>>,
    pub(crate) mistakes: &'a [Mistake],
    /// The first is the one that counts. None: there is no form.
    pub(crate) buttons: Vec<Button>,
    /// Ways on. Without a form the first is the one that counts.
    pub(crate) links: Vec<(&'a str, &'a str)>,
    /// What else is to be known before the button.
    pub(crate) notice: Option<String>,
    /// Questions that people have here, with their answers.
    pub(crate) aside: Vec<(&'a str, String)>,
}

/// A button of a form.
pub(crate) struct Button {
    /// What `way` is in the form that it sends; nothing where there is one way alone.
    pub(crate) value: &'static str,
    pub(crate) label: &'static str,
}

impl Button {
    /// The one button of a form.
    pub(crate) fn only(label: &'static str) -> Vec<Self> {
        vec![Self { value: "", label }]
    }
}

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage<'a> {
    shell: Shell<'a>,
    task: Task<'a>,
}

impl Task<'_> {
    pub(crate) fn page(self, visit: &Visit, status: StatusCode) -> Response {
        let shell = Shell::new(visit, titled(self.heading, self.mistakes));
        page(status, &TaskPage { shell, task: self })
    }

    /// Done, asked, or to be mended.
    pub(crate) fn form(self, visit: &Visit) -> Response {
        let status = if self.mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        self.page(visit, status)
    }
}

fn titled(heading: &str, mistakes: &[Mistake]) -> String {
    if mistakes.is_empty() { heading.to_owned() } else { format!("Error: {heading}") }
}

/// A refusal: a heading and a sentence.
pub(crate) fn said(status: StatusCode, visit: Option<&Visit>, heading: &str, words: &str) -> Response {
    let task = Task { heading, words: vec![words.to_owned()], ..Task::default() };
    if let Some(visit) = visit {
        return task.page(visit, status);
    }
    page(
        status,
        &TaskPage { shell: Shell { title: heading.to_owned(), organisation: "", support: &[] }, task },
    )
}

/// On to another page, by GET (RFC 9110 §15.4.4).
pub(crate) fn see_other(to: &str) -> Response {
    let mut response: Response = StatusCode::SEE_OTHER.into();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Response::builder().status(status).content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into()
        }
    }
}

/// "24 November 2026, 14:10 UTC".
pub(crate) fn in_words(at: Timestamp) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    at.to_utc().format(&format).unwrap_or_default()
}
