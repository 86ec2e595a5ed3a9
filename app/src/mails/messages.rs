//! What mails say of messages: that there are some, until when, and that a mail did not arrive.

use super::words::{Button, Paragraph, Piece, Words, date, stressed, text};
use crate::envelopes::Envelope;
use domain::{Timestamp, organisation::Identity};

/// The messages that one mail tells of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) count: usize,
    /// When the first of them ends.
    pub(crate) until: Timestamp,
    /// Whether the policy has content come as an envelope (C2).
    pub(crate) encrypts: bool,
}

fn portal(of: &Identity, label: &'static str) -> Button {
    Button { label, url: format!("{}/", of.portal_url) }
}

/// A6.
pub(crate) fn new_message(of: &Identity, waiting: Waiting) -> Words {
    let Waiting { count, until, encrypts } = waiting;
    let name = &of.name;
    let one = count == 1;
    let why = match (encrypts, one) {
        (false, true) => "Ordinary email can be read on its way, so it is not in this one.",
        (false, false) => "Ordinary email can be read on its way, so they are not in this one.",
        (true, true) => "The content of the message was encrypted.",
        (true, false) => "The content of the messages was encrypted.",
    };
    let how = if one { "You read it on our page" } else { "You read them on our page" };
    Words {
        subject: if one {
            format!("A secure message from {name}")
        } else {
            format!("{count} secure messages from {name}")
        },
        heading: if one {
            "A secure message has come for you".to_owned()
        } else {
            format!("{count} secure messages have come for you")
        },
        says: vec![
            text(format!("{why} {how}, once you have logged in with your password.")),
            stressed(
                if one { "It can be read until " } else { "The first of them can be read until " },
                date(until),
            ),
        ],
        button: Some(portal(of, if one { "Read message" } else { "Read messages" })),
        adds: vec![text(if one { "To answer, open the message." } else { "To answer one, open it." })],
    }
}

/// C3, R9: what to do with the envelope, and the link that does the same.
pub(crate) fn enclosed(envelope: &Envelope) -> Paragraph {
    let how = format!(
        "The message also comes with this email, as a registered envelope: save the file {}, open it in your browser and \
         enter your password there. Nothing has to be installed. File and link work as long as the message is kept. ",
        envelope.file.name
    );
    let url = envelope.link.clone();
    Paragraph::Text(vec![Piece::Plain(how), Piece::Link { label: "Open the envelope without the file", url }])
}

/// A22.
pub(crate) fn expiry_warning(of: &Identity, until: Timestamp) -> Words {
    Words {
        subject: format!("A secure message from {} can soon no longer be read", of.name),
        heading: "A secure message of yours ends soon".to_owned(),
        says: vec![
            stressed("A message that you received is deleted for everyone at ", until.to_string()),
            text("If you want to keep it, log in and download it before."),
        ],
        button: Some(portal(of, "Log in")),
        adds: vec![],
    }
}

/// A41, R15: which message that is, and who did not get the mail about it, stands where one has to log in.
pub(crate) fn undeliverable(of: &Identity, recipients: usize, too_large: bool) -> Words {
    let whom = match recipients {
        1 => "one of its recipients".to_owned(),
        several => format!("{several} of its recipients"),
    };
    let why = if too_large {
        "Their mail server says that the email is too large."
    } else {
        "Their mail server does not take it, or there is no such address."
    };
    Words {
        subject: format!("A secure message that you sent with {} was not delivered", of.name),
        heading: "A message of yours was not delivered".to_owned(),
        says: vec![
            text(format!("The email that tells of it did not reach {whom}. {why}")),
            text("Log in and look under Sent: the message there shows who it is."),
        ],
        button: Some(portal(of, "Log in")),
        adds: vec![],
    }
}

/// The same, of an invitation without a message.
pub(crate) fn uninvited(of: &Identity, too_large: bool) -> Words {
    let why = if too_large {
        "The other side's mail server says that the email is too large."
    } else {
        "The other side's mail server does not take it, or there is no such address."
    };
    Words {
        subject: format!("An invitation that you sent with {} was not delivered", of.name),
        heading: "An invitation of yours was not delivered".to_owned(),
        says: vec![
            text(why),
            text("Log in and look at your invitations: the one that cannot be delivered is marked."),
        ],
        button: Some(portal(of, "Log in")),
        adds: vec![],
    }
}
