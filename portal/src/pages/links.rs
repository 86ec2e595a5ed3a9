//! What links of mails lead to.

use super::{Button, Shell, Task, in_words, page, titled};
use crate::{
    fields,
    form::{Filled, Mistake, Section},
    visit::Visit,
};
use app::{LinkStanding, LinkUse, LinkView, RegistrationNext};
use askama::Template;
use domain::{Timestamp, policy::DeliveryMode};
use poem::{Response, http::StatusCode};

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

/// The registration form (A3), empty or with what is to be put right.
pub(crate) fn registration(
    visit: &Visit,
    link: &LinkView,
    filled: &Filled,
    mistakes: &[Mistake],
) -> Response {
    let policy = &visit.rules.policy;
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(
        status,
        &RegistrationPage {
            shell: Shell::new(visit, titled("Register", mistakes)),
            address: link.masked_address.as_deref(),
            until: link.expires_at.map(in_words),
            activation: policy.accounts.activation,
            sections: filled.sections(fields::registration(policy), mistakes),
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

/// The form for a new password (A12, B25).
pub(crate) fn new_password(
    visit: &Visit,
    link: &LinkView,
    filled: &Filled,
    mistakes: &[Mistake],
) -> Response {
    let fields = fields::new_password(&visit.rules.policy);
    let mut aside = vec![(
        "What happens next?",
        "You are signed out everywhere, so that nobody who knows the old password stays in.".to_owned(),
    )];
    aside.extend(
        link.expires_at.map(|at| ("How long?", format!("This link works once, until {}.", in_words(at)))),
    );
    Task {
        heading: "Choose a new password",
        address: about(link, "This is the account of"),
        inputs: filled.inputs(fields, mistakes),
        mistakes,
        buttons: Button::only("Set the new password"),
        aside,
        ..Task::default()
    }
    .form(visit)
}

/// The button that makes a new password count (A13).
pub(crate) fn password_activation(visit: &Visit, link: &LinkView) -> Response {
    let until =
        link.expires_at.map(|at| format!(", and this link ends on {}", in_words(at))).unwrap_or_default();
    Task {
        heading: "Use the new password?",
        address: about(link, "This is the account of"),
        words: vec![
            "Until you choose the button the old password works, and afterwards the new one alone."
                .to_owned(),
        ],
        buttons: Button::only("Use my new password"),
        notice: Some(format!(
            "Did you not choose a new password? Then do nothing. Without your click the old one stays{until}."
        )),
        aside: vec![(
            "Why a button?",
            "Some mail programs open links by themselves to check them. A button makes sure that it was you."
                .to_owned(),
        )],
        ..Task::default()
    }
    .form(visit)
}

/// The button that confirms an alias (B44); where an account has the address, that one's password besides (B43).
pub(crate) fn alias(visit: &Visit, link: &LinkView, filled: &Filled, mistakes: &[Mistake]) -> Response {
    let until =
        link.expires_at.map(|at| format!(", and this link ends on {}", in_words(at))).unwrap_or_default();
    let (words, button) = if link.needs_password {
        (
            vec![
                "There is an account with this address already. Its messages move to the inbox of the person who \
                 added the address, and that account is closed. This cannot be undone."
                    .to_owned(),
                "To show that it is yours, enter the password of the account that will be closed.".to_owned(),
            ],
            "Confirm and move the messages",
        )
    } else {
        let words =
            "Messages to it arrive in the inbox of the person who added it, from the moment you confirm.";
        (vec![words.to_owned()], "Confirm this address")
    };
    Task {
        heading: "Is this address yours?",
        address: about(link, "Somebody added this address to their own account:"),
        words,
        inputs: filled.inputs(fields::of_alias(link.needs_password), mistakes),
        mistakes,
        buttons: Button::only(button),
        notice: Some(format!(
            "Did you not add it? Then do nothing. Without your click nothing changes{until}."
        )),
        ..Task::default()
    }
    .form(visit)
}

/// The button that takes a promotion back (R14).
pub(crate) fn undoing(visit: &Visit, link: &LinkView) -> Response {
    let until =
        link.expires_at.map(|at| format!(" You can do so until {}.", in_words(at))).unwrap_or_default();
    Task {
        heading: "Take the change back?",
        address: about(link, "This was the main address of your account:"),
        words: vec![format!(
            "Another address of the account took its place: notifications go there now. The button makes this one the \
             main address again, and signs out whoever is signed in.{until}"
        )],
        buttons: Button::only("Make it the main address again"),
        notice: Some("Was the change your own wish? Then do nothing, and it stays.".to_owned()),
        aside: vec![(
            "Was it not you?",
            "Then take it back, and choose a new password afterwards: somebody may know yours.".to_owned(),
        )],
        ..Task::default()
    }
    .form(visit)
}

fn about<'a>(link: &'a LinkView, words: &'a str) -> Option<(&'a str, &'a str)> {
    link.masked_address.as_deref().map(|address| (words, address))
}

pub(crate) fn registered(visit: &Visit, next: RegistrationNext) -> Response {
    let name = visit.organisation();
    match next {
        RegistrationNext::Activate => Task {
            heading: "Look into your mail",
            words: vec![
                format!("You are registered. {name} sent a mail to the address that you registered."),
                "Open the link in it and choose “Activate my account”; then you can sign in.".to_owned(),
            ],
            aside: vec![missing_mail()],
            ..Task::default()
        }
        .form(visit),
        // Back in the envelope the password opens the message (C6).
        RegistrationNext::LogIn if visit.rules.policy.mail.delivery != DeliveryMode::Link => signing_in(
            visit,
            "You are registered",
            "Your account is active. Go back to the envelope that came with our mail, the file securedoc.html: your \
             password opens it. You can sign in here as well.",
        ),
        RegistrationNext::LogIn => signing_in(
            visit,
            "You are registered",
            "Your account is active. You can sign in with your address and password.",
        ),
    }
}

pub(crate) fn activated(visit: &Visit) -> Response {
    signing_in(visit, "Your account is active", "You can sign in with your address and password.")
}

/// What to do when a mail does not come (B2, B3).
pub(super) fn missing_mail() -> (&'static str, String) {
    ("No mail?", "Look into the folder for unwanted mail. After that, ask for help.".to_owned())
}

/// A password was set that waits for its activation (A13).
pub(crate) fn password_staged(visit: &Visit, activate_by: Timestamp) -> Response {
    let until = in_words(activate_by);
    Task {
        heading: "Look into your mail",
        words: vec![
            "Your new password is kept, but does not work yet. We sent a mail to your address.".to_owned(),
            format!(
                "Open the link in it by {until} and choose “Use my new password”. Until then the old one works."
            ),
        ],
        aside: vec![missing_mail()],
        ..Task::default()
    }
    .form(visit)
}

/// A new password works now (A14, B25).
pub(crate) fn password_activated(visit: &Visit) -> Response {
    signing_in(visit, "Your new password works", "You were signed out everywhere. Sign in with it.")
}

pub(crate) fn alias_confirmed(visit: &Visit) -> Response {
    let words = "Messages to it arrive in the inbox of the account that it was added to.";
    signing_in(visit, "The address is confirmed", words)
}

pub(crate) fn undone(visit: &Visit) -> Response {
    Task {
        heading: "This is the main address again",
        words: vec![
            "Notifications go to it as before, and everybody was signed out. If the change was not your wish, choose a new \
             password now."
                .to_owned(),
        ],
        links: vec![("/forgot", "Choose a new password"), ("/login", "Sign in")],
        ..Task::default()
    }
    .form(visit)
}

pub(crate) fn left(visit: &Visit) -> Response {
    let name = visit.organisation();
    Task {
        heading: "You have left",
        words: vec![
            format!(
                "{name} sends you no more mail from here, and what you received can no longer be opened."
            ),
            format!("If you want to come back one day, ask {name} to invite you again."),
        ],
        ..Task::default()
    }
    .form(visit)
}

/// A new link is on its way for one that had ended (R11).
pub(crate) fn renewed(visit: &Visit, masked_address: Option<&str>) -> Response {
    Task {
        heading: "Look into your mail",
        address: masked_address.map(|address| ("We sent a new link to", address)),
        words: vec!["Use that one from now on. The old one stays dead.".to_owned()],
        aside: vec![missing_mail()],
        ..Task::default()
    }
    .form(visit)
}

/// A link that works no more, and what to do instead (R11).
pub(crate) fn ended(visit: &Visit, token: &str, link: &LinkView) -> Response {
    let renewable = match link.purpose {
        LinkUse::Register | LinkUse::ActivateAccount | LinkUse::ConfirmAlias => true,
        // Where the policy has no reset link, answers gave the right to set a password, and nothing is mailed (A11).
        LinkUse::SetPassword => visit.rules.policy.recovery.link,
        // The change that it belongs to is over (A14, R14), or it has no end.
        LinkUse::ActivatePassword | LinkUse::UndoAliasPromotion | LinkUse::Unsubscribe => false,
    };
    match link.state {
        LinkStanding::Used => {
            let (heading, words, links) = used(visit.organisation(), link.purpose);
            Task { heading, words: vec![words], links, ..Task::default() }.page(visit, StatusCode::GONE)
        }
        LinkStanding::Replaced => {
            let words = format!(
                "We sent a newer one to the same address. Use the link in the newest mail from {}.",
                visit.organisation()
            );
            gone(
                visit,
                link,
                Task { heading: "There is a newer link", words: vec![words], ..Task::default() },
            )
        }
        LinkStanding::Expired | LinkStanding::Usable if renewable => {
            let words = "We can send a new one to the same address. The old one stays dead.";
            let task = Task {
                heading: OVER,
                words: vec![until(link) + words],
                action: Some(&format!("/link/{token}/new")),
                buttons: Button::only("Send a new link"),
                ..Task::default()
            };
            gone(visit, link, task)
        }
        LinkStanding::Expired | LinkStanding::Usable => over(visit, link),
    }
}

const OVER: &str = "This link has ended";

/// A link that is too old, where no new one can be sent by itself.
pub(crate) fn over(visit: &Visit, link: &LinkView) -> Response {
    let login = ("/login", "Sign in");
    let forgot = ("/forgot", "Choose a new password");
    let (way_out, links) = match link.purpose {
        LinkUse::SetPassword => ("Begin again: it takes a minute.", vec![forgot]),
        LinkUse::ActivatePassword => {
            ("Your password has stayed as it was. Sign in with it, or choose a new one.", vec![login, forgot])
        }
        LinkUse::UndoAliasPromotion => (
            "The change stays. If it was not your wish, choose a new password, and ask for help.",
            vec![forgot],
        ),
        LinkUse::Register | LinkUse::ActivateAccount | LinkUse::ConfirmAlias | LinkUse::Unsubscribe => {
            ("Ask whoever wrote to you for a new one; it goes to the same address.", vec![])
        }
    };
    gone(visit, link, Task { heading: OVER, words: vec![until(link) + way_out], links, ..Task::default() })
}

fn until(link: &LinkView) -> String {
    link.expires_at.map(|at| format!("It was good until {}. ", in_words(at))).unwrap_or_default()
}

fn gone(visit: &Visit, link: &LinkView, task: Task) -> Response {
    Task { address: about(link, "This is about"), ..task }.page(visit, StatusCode::GONE)
}

fn used(name: &str, purpose: LinkUse) -> (&'static str, String, Vec<(&'static str, &'static str)>) {
    let login = ("/login", "Sign in");
    let forgot = ("/forgot", "Choose a new password");
    match purpose {
        LinkUse::Register => (
            "You registered already",
            format!(
                "This link did its work. If you have not activated your account yet, open the newest mail from {name}."
            ),
            vec![login],
        ),
        LinkUse::ActivateAccount => (
            "Your account was activated already",
            "This link did its work. You can sign in.".to_owned(),
            vec![login],
        ),
        LinkUse::SetPassword => (
            "A new password was set already",
            format!(
                "This link did its work. If the new password does not work yet, open the newest mail from {name}."
            ),
            vec![login, forgot],
        ),
        LinkUse::ActivatePassword => (
            "Your new password works already",
            "This link did its work. You can sign in with the new password.".to_owned(),
            vec![login, forgot],
        ),
        LinkUse::ConfirmAlias => (
            "The address was confirmed already",
            "This link did its work. Messages to the address arrive.".to_owned(),
            vec![login],
        ),
        LinkUse::UndoAliasPromotion => (
            "The change was taken back already",
            "This link did its work. If the change was not your wish, choose a new password.".to_owned(),
            vec![forgot],
        ),
        LinkUse::Unsubscribe => (
            "You left already",
            format!(
                "This link did its work. If you came back since and want to leave again, use the link in the newest \
                 mail from {name}."
            ),
            vec![],
        ),
    }
}

fn signing_in(visit: &Visit, heading: &str, words: &str) -> Response {
    Task { heading, words: vec![words.to_owned()], links: vec![("/login", "Sign in")], ..Task::default() }
        .form(visit)
}
