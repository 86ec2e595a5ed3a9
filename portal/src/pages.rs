//! The pages of links: what is said, and under which status. What is refused is in `refusals.rs`.

use crate::{
    form::{Filled, Mistake, Section},
    visit::Visit,
};
use app::{LinkStanding, LinkUse, LinkView, RegistrationNext};
use askama::Template;
use domain::Timestamp;
use poem::{Response, http::StatusCode};
use time::macros::format_description;

/// What is around every page.
struct Shell<'a> {
    title: String,
    /// Nothing where no organisation answers.
    organisation: &'a str,
}

impl<'a> Shell<'a> {
    fn new(visit: &'a Visit, title: impl Into<String>) -> Self {
        Self { title: title.into(), organisation: visit.organisation() }
    }
}

#[derive(Template)]
#[template(path = "front.html")]
struct FrontPage<'a> {
    shell: Shell<'a>,
}

#[derive(Template)]
#[template(path = "register.html")]
struct RegistrationPage<'a> {
    shell: Shell<'a>,
    address: Option<&'a str>,
    until: Option<String>,
    activation: bool,
    sections: Vec<Section<'a>>,
    mistakes: &'a [Mistake],
}

#[derive(Template)]
#[template(path = "activate.html")]
struct ActivationPage<'a> {
    shell: Shell<'a>,
    address: Option<&'a str>,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct LeavingPage<'a> {
    shell: Shell<'a>,
    address: Option<&'a str>,
}

/// A heading, a few sentences, perhaps the way to the front page.
#[derive(Template)]
#[template(path = "say.html")]
struct SayPage<'a> {
    shell: Shell<'a>,
    address: Option<&'a str>,
    words: &'a [String],
    reading: bool,
}

pub(crate) fn front(visit: &Visit) -> Response {
    page(StatusCode::OK, &FrontPage { shell: Shell::new(visit, "Secure messages") })
}

/// The registration form (A3), empty or with what is to be put right.
pub(crate) fn registration(
    visit: &Visit,
    link: &LinkView,
    status: StatusCode,
    filled: &Filled,
    mistakes: &[Mistake],
) -> Response {
    let policy = &visit.rules.policy;
    let title = if mistakes.is_empty() { "Register" } else { "Error: Register" };
    page(
        status,
        &RegistrationPage {
            shell: Shell::new(visit, title),
            address: link.masked_address.as_deref(),
            until: link.expires_at.map(in_words),
            activation: policy.accounts.activation,
            sections: filled.sections(policy, mistakes),
            mistakes,
        },
    )
}

/// The button that activates an account (A4).
pub(crate) fn activation(visit: &Visit, link: &LinkView) -> Response {
    page(
        StatusCode::OK,
        &ActivationPage {
            shell: Shell::new(visit, "Activate your account"),
            address: link.masked_address.as_deref(),
            until: link.expires_at.map(in_words),
        },
    )
}

/// The button that ends it all, and what is lost by it (B36, B38).
pub(crate) fn leaving(visit: &Visit, link: &LinkView) -> Response {
    let shell = Shell::new(visit, format!("Stop messages from {}", visit.organisation()));
    page(StatusCode::OK, &LeavingPage { shell, address: link.masked_address.as_deref() })
}

pub(crate) fn registered(visit: &Visit, next: RegistrationNext) -> Response {
    let name = visit.organisation();
    match next {
        RegistrationNext::Activate => say(
            visit,
            "Look into your mail",
            &[
                format!("You are registered. {name} sent a mail to the address that you registered."),
                "Open the link in it and choose “Activate my account”; then you can sign in.".to_owned(),
            ],
        ),
        RegistrationNext::LogIn => reading(
            visit,
            "You are registered",
            "Your account is active. You can sign in with your address and password.",
        ),
    }
}

pub(crate) fn activated(visit: &Visit) -> Response {
    reading(visit, "Your account is active", "You can sign in with your address and password.")
}

pub(crate) fn left(visit: &Visit) -> Response {
    let name = visit.organisation();
    say(
        visit,
        "You have left",
        &[
            format!(
                "{name} sends you no more mail from here, and what you received can no longer be opened."
            ),
            format!("If you want to come back one day, ask {name} to invite you again."),
        ],
    )
}

/// A link that works no more, and what to do instead (R11).
pub(crate) fn ended(visit: &Visit, link: &LinkView) -> Response {
    let name = visit.organisation();
    let (title, words) = match (link.state, link.purpose) {
        (LinkStanding::Used, LinkUse::Register) => (
            "You registered already",
            format!(
                "This link did its work. If you have not activated your account yet, open the newest mail from {name}."
            ),
        ),
        (LinkStanding::Used, LinkUse::ActivateAccount) => {
            ("Your account was activated already", "This link did its work. You can sign in.".to_owned())
        }
        (LinkStanding::Used, LinkUse::Unsubscribe) => (
            "You left already",
            format!(
                "This link did its work. If you came back since and want to leave again, use the link in the newest \
                 mail from {name}."
            ),
        ),
        (LinkStanding::Replaced, _) => (
            "There is a newer link",
            format!("We sent a newer one to the same address. Use the link in the newest mail from {name}."),
        ),
        (LinkStanding::Expired | LinkStanding::Usable, _) => {
            let until =
                link.expires_at.map(|at| format!("It was good until {}. ", in_words(at))).unwrap_or_default();
            let way_out =
                format!("Ask whoever wrote to you at {name} for a new one; it goes to the same address.");
            ("This link has ended", until + &way_out)
        }
    };
    let address = link.masked_address.as_deref();
    let page_of = SayPage { shell: Shell::new(visit, title), address, words: &[words], reading: false };
    page(StatusCode::GONE, &page_of)
}

fn say(visit: &Visit, title: &str, words: &[String]) -> Response {
    let shell = Shell::new(visit, title);
    page(StatusCode::OK, &SayPage { shell, address: None, words, reading: false })
}

/// With the way to the front page, which says how messages are read.
fn reading(visit: &Visit, title: &str, words: &str) -> Response {
    let shell = Shell::new(visit, title);
    page(StatusCode::OK, &SayPage { shell, address: None, words: &[words.to_owned()], reading: true })
}

/// A refusal: a heading and a sentence.
pub(crate) fn said(status: StatusCode, visit: Option<&Visit>, title: &str, words: &str) -> Response {
    let shell = Shell { title: title.to_owned(), organisation: visit.map_or("", Visit::organisation) };
    page(status, &SayPage { shell, address: None, words: &[words.to_owned()], reading: false })
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
fn in_words(at: Timestamp) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    at.to_utc().format(&format).unwrap_or_default()
}
