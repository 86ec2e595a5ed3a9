//! The registered envelope: closed, open, and answered.

use super::{Button, Shell, Task, in_words, login, page};
use crate::{
    fields,
    form::{Filled, Input, Mistake},
    visit::Visit,
};
use app::{EnvelopeRegistration, EnvelopeView, OpenedMessage};
use askama::Template;
use base64ct::{Base64UrlUnpadded, Encoding};
use domain::{address::Mailbox, message::Attachment};
use poem::{Response, http::StatusCode};

/// What the API's ids of attachments begin with.
const ATTACHMENT: u8 = 8;

#[derive(Template)]
#[template(path = "envelope.html")]
struct MessagePage<'a> {
    shell: Shell<'a>,
    subject: &'a str,
    from: String,
    to: String,
    cc: String,
    sent_at: String,
    expires_at: String,
    /// Each a list of lines.
    paragraphs: Vec<Vec<&'a str>>,
    files: Vec<File<'a>>,
    /// Where the answer goes.
    action: String,
    key: &'a str,
    inputs: Vec<Input<'a>>,
}

/// An attachment as the page shows it.
struct File<'a> {
    name: &'a str,
    size: String,
    address: String,
}

/// Where an envelope answers.
pub(crate) fn path(token: &str) -> String {
    format!("/envelope/{token}")
}

/// The envelope before it is opened: how to register, or where the password goes. The same whatever became of the message.
pub(crate) fn closed(
    visit: &Visit,
    token: &str,
    envelope: &EnvelopeView,
    filled: &Filled,
    mistakes: &[Mistake],
) -> Response {
    let (address, name) = (path(token), visit.organisation());
    let shown = Task {
        heading: "A secure message for you",
        address: envelope.masked_address.as_deref().map(|masked| ("It was sent to", masked)),
        mistakes,
        aside: vec![(
            "What is this?",
            format!("An envelope. {name} keeps what is in it encrypted until you open it."),
        )],
        ..Task::default()
    };
    let Some(registration) = &envelope.registration else {
        let text = filled.text("text");
        return Task {
            words: vec!["Your password opens it.".to_owned()],
            action: Some(&address),
            hidden: if text.is_empty() { vec![] } else { vec![("text", text)] },
            inputs: filled.inputs(fields::of_envelope(), mistakes),
            buttons: Button::only("Open"),
            links: vec![("/forgot", "Forgot your password?")],
            ..shown
        }
        .form(visit);
    };
    // There is no field to put it right at.
    let mistakes = mistakes.iter().map(|mistake| Mistake { field: None, text: mistake.text.clone() });
    let mistakes: Vec<_> = mistakes.collect();
    let shown = Task { mistakes: &mistakes, ..shown };
    match registration {
        EnvelopeRegistration::Link(link) => Task {
            words: vec![
                "Register first, and choose a password. Then come back to this envelope: the password \
                 opens it."
                    .to_owned(),
            ],
            links: vec![(&format!("/link/{link}"), "Register")],
            ..shown
        }
        .form(visit),
        EnvelopeRegistration::Elsewhere => Task {
            words: vec![format!(
                "Register first, with the link in the newest mail from {name}. Then come back to this envelope: the \
                 password opens it."
            )],
            ..shown
        }
        .form(visit),
    }
}

/// One text, whatever the cause (A9).
pub(crate) fn not_opened() -> Mistake {
    let text = "The password does not open it, or the account is not active, or signing in is paused. Check what you \
                entered and try again";
    Mistake::at("password", text)
}

pub(crate) fn session_over() -> Mistake {
    Mistake::at("password", "Your session has ended. Enter your password to go on: what you wrote is kept")
}

/// The same for a token of nobody and for what is no token (R4).
pub(crate) fn unknown(visit: &Visit) -> Response {
    let words = "Open it once more from the mail that it came with, or use the link in that mail.".to_owned();
    let task = Task { heading: "This envelope does not work", words: vec![words], ..Task::default() };
    task.page(visit, StatusCode::NOT_FOUND)
}

/// A message that is over, taken back or deleted; for who has shown to be its reader (A21).
pub(crate) fn gone(visit: &Visit) -> Response {
    let words = "Its time is over, or its sender took it back. Nobody can open it any more.".to_owned();
    let task = Task { heading: "This message is gone", words: vec![words], ..Task::default() };
    task.page(visit, StatusCode::GONE)
}

/// The code that is asked after the password; what was written meanwhile comes along.
pub(crate) fn second_factor(
    visit: &Visit,
    token: &str,
    half_done: &str,
    text: &str,
    mistakes: &[Mistake],
) -> Response {
    let envelope = path(token);
    login::code_asked(
        visit,
        &format!("{envelope}/code"),
        vec![("token", half_done), ("text", text)],
        &envelope,
        mistakes,
    )
}

/// The message, and a form to answer it.
pub(crate) fn message(
    visit: &Visit,
    token: &str,
    opened: &OpenedMessage,
    filled: &Filled,
    key: &str,
) -> Response {
    let Some(headline) = &opened.message.headline else { return gone(visit) };
    let subject = if headline.subject.is_empty() { "No subject" } else { &headline.subject };
    page(
        StatusCode::OK,
        &MessagePage {
            // A title stands in the history of the browser.
            shell: Shell::new(visit, "A secure message"),
            subject,
            from: named(std::slice::from_ref(&headline.from)),
            to: named(&headline.to),
            cc: named(&headline.cc),
            sent_at: in_words(opened.message.sent_at),
            expires_at: in_words(opened.message.expires_at),
            paragraphs: paragraphs(&opened.text),
            files: headline.attachments.iter().map(File::from).collect(),
            action: format!("{}/reply", path(token)),
            key,
            inputs: filled.inputs(fields::reply(), &[]),
        },
    )
}

/// The answer once more, with what was wrong.
pub(crate) fn reply(
    visit: &Visit,
    token: &str,
    filled: &Filled,
    key: &str,
    mistakes: &[Mistake],
) -> Response {
    let envelope = path(token);
    Task {
        heading: "Reply",
        action: Some(&format!("{envelope}/reply")),
        hidden: vec![("key", key)],
        inputs: filled.inputs(fields::reply(), mistakes),
        mistakes,
        buttons: Button::only("Send reply"),
        links: vec![(&envelope, "Open the message again")],
        ..Task::default()
    }
    .form(visit)
}

pub(crate) fn replied(visit: &Visit, token: &str) -> Response {
    Task {
        heading: "Your reply is sent",
        words: vec![
            "It went encrypted to whoever wrote to you.".to_owned(),
            "You can close this page. To read the message again, open the envelope once more.".to_owned(),
        ],
        links: vec![(&path(token), "Open the envelope again")],
        ..Task::default()
    }
    .form(visit)
}

impl<'a> From<&'a Attachment> for File<'a> {
    fn from(file: &'a Attachment) -> Self {
        let id = Base64UrlUnpadded::encode_string(&[&[ATTACHMENT], &file.id.bytes()[..]].concat());
        Self { name: &file.name, size: size(file.size_bytes), address: format!("/download/attachment/{id}") }
    }
}

fn named(people: &[Mailbox]) -> String {
    let name = |person: &Mailbox| match &person.name {
        Some(name) => format!("{name} ({})", person.address),
        None => person.address.to_string(),
    };
    people.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Blank lines part paragraphs.
fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let parts = lines.split(|line| line.is_empty());
    parts.filter(|lines| !lines.is_empty()).map(<[&str]>::to_vec).collect()
}

/// "214 KB": as people read sizes, in thousands.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
