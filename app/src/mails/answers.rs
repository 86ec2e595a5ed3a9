//! What somebody is answered who wrote to the address that nobody reads. Nothing of what they wrote is repeated (B31, R13).

use super::words::{Button, Words, text};
use domain::organisation::Identity;

/// B31.
pub(crate) fn unread(of: &Identity) -> Words {
    Words {
        subject: format!("Your email to {} was not read", of.name),
        heading: "Your email reached nobody".to_owned(),
        says: vec![
            text(
                "You wrote to an address from which we only send. Nobody reads what arrives there, and it was not passed on.",
            ),
            text("To answer a secure message, log in, open it and answer it there."),
        ],
        button: Some(Button { label: "Log in", url: format!("{}/", of.portal_url) }),
        adds: vec![],
    }
}

/// B37.
pub(crate) fn names_too_little(of: &Identity) -> Words {
    let name = &of.name;
    Words {
        subject: format!("{name} needs to know whom you want to leave"),
        heading: "Your email does not say enough".to_owned(),
        says: vec![
            text(format!(
                "You asked for no more messages. This address can be that of several organisations, and your email does not \
                 name {name}, or it names another address than the one that it came from."
            )),
            text(format!(
                "Please write again, from the address that wants no more messages and with this subject: unsubscribe {name}. \
                 Or follow “Stop these messages” in any email from us."
            )),
        ],
        button: None,
        adds: vec![],
    }
}

/// B36, B38: a mail proves nothing about who wrote it, its link does.
pub(crate) fn leaving(of: &Identity, token: &str) -> Words {
    let name = &of.name;
    Words {
        subject: format!("Do you want no more messages from {name}?"),
        heading: "Do you want to leave?".to_owned(),
        says: vec![text(format!(
            "An email from this address asks for no more messages from {name}. If that was you, confirm it: from then on \
             nothing more comes, and you can no longer read what you received."
        ))],
        button: Some(Button { label: "Leave", url: format!("{}/link/{token}", of.portal_url) }),
        adds: vec![text("If that was not you, do nothing: all stays as it is.")],
    }
}

/// The same for an address that gets nothing here: only whoever reads its mail learns that.
pub(crate) fn not_known(of: &Identity) -> Words {
    let name = &of.name;
    Words {
        subject: format!("{name} sends nothing to this address"),
        heading: "Nothing is sent to this address".to_owned(),
        says: vec![text(format!(
            "An email from this address asks for no more messages from {name}. This address gets none. If they come to \
             another address of yours, write from that one."
        ))],
        button: None,
        adds: vec![],
    }
}
