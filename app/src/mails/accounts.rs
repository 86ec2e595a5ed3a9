//! What mails say of an account: come, confirm, remember, wait.

use super::words::{Button, Paragraph, Words, date, stressed, text};
use domain::{Timestamp, account::recovery::ResetBy, organisation::Identity};

fn follow(of: &Identity, label: &'static str, token: &str) -> Button {
    Button { label, url: format!("{}/link/{token}", of.portal_url) }
}

fn log_in(of: &Identity) -> Button {
    Button { label: "Log in", url: format!("{}/", of.portal_url) }
}

/// A1, B1; where what waits was encrypted and may come as an envelope, C2 has the mail say so.
pub(crate) fn invitation(of: &Identity, token: &str, until: Timestamp, encrypts: bool) -> Words {
    let name = &of.name;
    let mut says = vec![text(format!(
        "{name} has something to tell you that is not for ordinary email. Register with this address to read it. It takes \
         about five minutes."
    ))];
    if encrypts {
        says.push(text("The content of the message was encrypted. You read it once you have logged in."));
    }
    Words {
        subject: format!("{name} invites you to its secure message centre"),
        heading: "You are invited to read a secure message".to_owned(),
        says,
        button: Some(follow(of, "Register", token)),
        adds: vec![stressed("The link works until ", date(until))],
    }
}

pub(crate) fn activation(of: &Identity, token: &str, until: Timestamp) -> Words {
    Words {
        subject: format!("Confirm your registration with {}", of.name),
        heading: "Confirm your registration".to_owned(),
        says: vec![text("Confirm that this address is yours; then you can log in.")],
        button: Some(follow(of, "Confirm", token)),
        adds: vec![
            stressed("The link works until ", date(until)),
            text("If you did not register, do nothing."),
        ],
    }
}

/// A13: other words than for a registration, because doing nothing keeps the old password.
pub(crate) fn password_activation(of: &Identity, token: &str, until: Timestamp) -> Words {
    Words {
        subject: format!("Confirm your new password for {}", of.name),
        heading: "Confirm your new password".to_owned(),
        says: vec![text("A new password was set for your account. Confirm it, and it works from then on.")],
        button: Some(follow(of, "Confirm", token)),
        adds: vec![
            stressed("Until you confirm, the old password works. The link works until ", until.to_string()),
            text("If you did not set a new password, do nothing: the old one stays."),
        ],
    }
}

/// A10: the phrase, never the password.
pub(crate) fn reminder(of: &Identity, phrase: &str) -> Words {
    Words {
        subject: format!("Your reminder from {}", of.name),
        heading: "Your reminder".to_owned(),
        says: vec![
            text("This is the phrase that you chose to remember your password by:"),
            Paragraph::Quote(phrase.to_owned()),
        ],
        button: Some(log_in(of)),
        adds: vec![text("If you did not ask for it, do nothing.")],
    }
}

pub(crate) fn reset(of: &Identity, token: &str, until: Timestamp, by: ResetBy) -> Words {
    let why = match by {
        ResetBy::Administrator => format!("{} asks you to set a new password.", of.name),
        ResetBy::Person | ResetBy::Challenge => "A new password was asked for.".to_owned(),
    };
    Words {
        subject: format!("Set a new password for {}", of.name),
        heading: "Set a new password".to_owned(),
        says: vec![text(why)],
        button: Some(follow(of, "Set a new password", token)),
        adds: vec![
            stressed("The link works once, until ", until.to_string()),
            text("If you do not want a new password, do nothing: the old one stays."),
        ],
    }
}

/// A18.
pub(crate) fn lockout(of: &Identity, until: Timestamp) -> Words {
    Words {
        subject: format!("Login to the secure message centre of {} is paused", of.name),
        heading: "Login is paused".to_owned(),
        says: vec![
            text(
                "Somebody entered a wrong password for your account several times, so nobody can log in for now.",
            ),
            stressed("Without you doing anything, your account is available again at ", until.to_string()),
        ],
        button: Some(log_in(of)),
        adds: vec![],
    }
}

/// B42: to the alias itself.
pub(crate) fn alias_confirmation(of: &Identity, token: &str, until: Timestamp) -> Words {
    let name = &of.name;
    Words {
        subject: format!("Confirm your address for {name}"),
        heading: "Is this address yours, too?".to_owned(),
        says: vec![text(format!(
            "Somebody with an account at {name} says that this address is theirs, too. If that is you, confirm it."
        ))],
        button: Some(follow(of, "Confirm", token)),
        adds: vec![stressed("The link works until ", date(until)), text("If it is not you, do nothing.")],
    }
}

/// R14: to the address that was the primary one.
pub(crate) fn promotion_notice(of: &Identity, token: &str, until: Timestamp) -> Words {
    let name = &of.name;
    Words {
        subject: format!("Another address is the primary one of your account at {name}"),
        heading: "Another address of yours is the primary one".to_owned(),
        says: vec![text(format!(
            "Mail of your account at {name} goes to another of your addresses from now on. If you did not want that, make \
             this address the primary one again; all sessions end."
        ))],
        button: Some(follow(of, "Undo", token)),
        adds: vec![stressed("The link works until ", until.to_string())],
    }
}
