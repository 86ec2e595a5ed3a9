//! Signing in and out, and what a signed-in person approves.

use super::{Button, Shell, Task, page, titled};
use crate::{
    fields,
    form::{Filled, Input, Mistake},
    login::Next,
    visit::Visit,
};
use askama::Template;
use domain::{account::client::Program, policy::RecoveryPolicy};
use poem::{Response, http::StatusCode};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    shell: Shell<'a>,
    /// Where to go on afterwards, if not to the usual place.
    next: Option<&'static str>,
    inputs: Vec<Input<'a>>,
    mistakes: &'a [Mistake],
    /// Whether an attempt failed. Why is said to nobody (A9).
    refused: bool,
    ways: &'a RecoveryPolicy,
}

/// The form to sign in with, empty or with what is to be put right.
pub(crate) fn login(visit: &Visit, next: Next, filled: &Filled, mistakes: &[Mistake]) -> Response {
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    login_page(visit, next, filled, mistakes, status, false)
}

/// The form after an attempt that failed: one text, whatever the cause, and the ways out (A9, C14).
pub(crate) fn not_signed_in(visit: &Visit, next: Next, filled: &Filled) -> Response {
    login_page(visit, next, filled, &[], StatusCode::UNPROCESSABLE_ENTITY, true)
}

fn login_page(
    visit: &Visit,
    next: Next,
    filled: &Filled,
    mistakes: &[Mistake],
    status: StatusCode,
    refused: bool,
) -> Response {
    let title = if refused { "Error: Sign in".to_owned() } else { titled("Sign in", mistakes) };
    page(
        status,
        &LoginPage {
            shell: Shell::new(visit, title),
            next: next.name(),
            inputs: filled.inputs(fields::login(), mistakes),
            mistakes,
            refused,
            ways: &visit.rules.policy.recovery,
        },
    )
}

/// The second factor, where one is enrolled. The half-done login is in the form, not in the address (B19).
pub(crate) fn second_factor(visit: &Visit, next: Next, token: &str, mistakes: &[Mistake]) -> Response {
    let hidden = [("token", token)].into_iter().chain(next.name().map(|name| ("next", name)));
    code_asked(visit, "/login/code", hidden.collect(), &next.login(), mistakes)
}

/// The form for the second factor, and where one begins again.
pub(super) fn code_asked(
    visit: &Visit,
    action: &str,
    hidden: Vec<(&str, &str)>,
    beginning: &str,
    mistakes: &[Mistake],
) -> Response {
    let filled = Filled::default();
    Task {
        heading: "One more step",
        words: vec!["Your password was right. Now show that it is you, within five minutes.".to_owned()],
        action: Some(action),
        hidden,
        inputs: filled.inputs(fields::second_factor(), mistakes),
        mistakes,
        buttons: Button::only("Sign in"),
        links: vec![(beginning, "Begin again")],
        aside: vec![(
            "No telephone at hand?",
            "Each of the recovery codes that you were given works once in place of the app.".to_owned(),
        )],
        ..Task::default()
    }
    .form(visit)
}

/// What a browser without cookies sees, instead of the login page once more (B20).
pub(crate) fn no_cookies(visit: &Visit, next: Next) -> Response {
    let again = next.login();
    Task {
        heading: "Your browser keeps no cookie from us",
        words: vec![
            "You are not signed in: we tell you from others by one cookie, and your browser did not bring it back."
                .to_owned(),
            "Allow cookies for this site in the settings of your browser, or use another one. Then sign in once more."
                .to_owned(),
        ],
        links: vec![(&again, "Sign in again")],
        aside: vec![(
            "What is it for?",
            "For signing in alone. It ends when you sign out or close the browser, and it follows you nowhere else."
                .to_owned(),
        )],
        ..Task::default()
    }
    .form(visit)
}

/// Who is signed in, with the way out.
pub(crate) fn signed_in(visit: &Visit, name: Option<&str>, address: Option<&str>) -> Response {
    let whose = name.map_or_else(
        || "This is the account of".to_owned(),
        |name| format!("Hello {name}. This is the account of"),
    );
    Task {
        heading: "You are signed in",
        address: address.map(|address| (whose.as_str(), address)),
        words: vec![
            "There is no page for reading messages yet. For now a client program reads and writes them."
                .to_owned(),
        ],
        action: Some("/logout"),
        buttons: Button::only("Sign out"),
        links: vec![("/device", "Activate a client program")],
        notice: Some("Signing out ends this session, in this browser only.".to_owned()),
        ..Task::default()
    }
    .form(visit)
}

pub(crate) fn signed_out(visit: &Visit) -> Response {
    Task {
        heading: "You are signed out",
        words: vec![
            "The session of this browser has ended. Where else you are signed in, you stay so.".to_owned(),
        ],
        links: vec![("/login", "Sign in again")],
        ..Task::default()
    }
    .form(visit)
}

/// The form for the code that a client program shows (B51).
pub(crate) fn device(visit: &Visit, filled: &Filled, mistakes: &[Mistake]) -> Response {
    Task {
        heading: "Activate a client program",
        words: vec!["A program that is to read and write your messages shows you a code. Enter it here.".to_owned()],
        action: Some("/device"),
        inputs: filled.inputs(fields::device(), mistakes),
        mistakes,
        buttons: Button::only("Go on"),
        notice: Some(
            "Did somebody send you the code? Then close this page. Enter a code only if your own program shows it."
                .to_owned(),
        ),
        aside: vec![(
            "What is a client program?",
            "A program on your computer or telephone that shows your messages beside your other mail.".to_owned(),
        )],
        ..Task::default()
    }
    .form(visit)
}

/// What would be approved, so that nobody lets in a stranger's program (RFC 8628 §5.4).
pub(crate) fn asking(visit: &Visit, code: &str, program: &Program) -> Response {
    let Program { name, version, platform } = program;
    Task {
        heading: "Is this your program?",
        words: vec![
            format!("It says that it is {name} {version} on {platform}."),
            "Once activated it can read and write your messages. You can block it at any time.".to_owned(),
        ],
        action: Some("/device/approve"),
        hidden: vec![("code", code)],
        buttons: Button::only("Activate it"),
        links: vec![("/login", "No, leave it")],
        notice: Some("Did you not just start it yourself? Then leave it.".to_owned()),
        ..Task::default()
    }
    .form(visit)
}

pub(crate) fn approved(visit: &Visit, program: &Program) -> Response {
    Task {
        heading: "The program is activated",
        words: vec![format!(
            "{} goes on by itself within a few seconds. You can close this page.",
            program.name
        )],
        ..Task::default()
    }
    .form(visit)
}
