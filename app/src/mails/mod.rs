//! Notifications as mails: what each says, once, and its two forms, plain text and HTML. Nothing in them is content, a name
//! or a subject of anything secure, and nothing is fetched from anywhere (A7, B35, R12).

mod accounts;
mod alerts;
mod answers;
mod html;
mod messages;
mod plain;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use accounts::{
    activation, alias_confirmation, invitation, lockout, password_activation, promotion_notice, reminder,
    reset,
};
pub(crate) use alerts::alert;
pub(crate) use answers::{leaving, names_too_little, not_known, unread};
pub(crate) use messages::{Waiting, enclosed, expiry_warning, new_message, undeliverable, uninvited};
pub(crate) use words::Words;

use bytes::Bytes;
use domain::{
    Timestamp,
    address::EmailAddress,
    id::NotificationId,
    organisation::Identity,
    presentation::{Presentation, SupportContact},
};
use projections::notifications::NotificationRow;
use std::fmt::Write;
use words::{Paragraph, Piece, text};

/// A mail, ready for the relay or the local mailbox.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The same for each attempt, so that whoever gets it twice can tell.
    pub id: NotificationId,
    /// Nobody reads replies to it (B29).
    pub from: String,
    /// The organisation's name, shown beside the sender.
    pub from_name: String,
    /// To whom.
    pub to: EmailAddress,
    /// Subject; the organisation's name at most.
    pub subject: String,
    /// Text.
    pub text: String,
    /// The same as HTML, whole in itself.
    pub html: String,
    /// Why a program wrote it (R13).
    pub automatic: AutoSubmitted,
    /// How its reader leaves, where the address is known to be theirs (B36).
    pub leave: Option<Leave>,
    /// A file that comes with it (C3).
    pub attachment: Option<MailFile>,
    /// Other notifications that this mail tells of, too (policy `digest`): they share its fate.
    pub covers: Vec<NotificationRow>,
    /// When it was written.
    pub at: Timestamp,
}

/// Why a program wrote a mail (RFC 3834 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoSubmitted {
    /// Something happened.
    Generated,
    /// Somebody wrote.
    Replied,
}

/// How somebody leaves by what a mail program offers (RFC 2369 §3.2, RFC 8058).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// A page with a button, which a POST presses (R1).
    pub url: String,
    /// A `mailto:` URL, for a mail that names the organisation.
    pub mailto: String,
}

/// A file that comes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFile {
    /// File name: ASCII.
    pub name: String,
    /// Media type, such as `text/html`.
    pub media_type: String,
    /// The file.
    pub bytes: Bytes,
}

/// In whose name a mail is written.
pub(crate) struct Letterhead<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) presentation: &'a Presentation,
}

/// To whom a mail goes, and what goes with it.
pub(crate) struct Dispatch {
    pub(crate) notification: NotificationId,
    pub(crate) to: EmailAddress,
    pub(crate) automatic: AutoSubmitted,
    /// Token of the link by which a person leaves; `None` where the address is not known to be theirs.
    pub(crate) leave: Option<String>,
    pub(crate) attachment: Option<MailFile>,
    pub(crate) covers: Vec<NotificationRow>,
    pub(crate) at: Timestamp,
}

/// All that one mail shows.
struct Letter<'a> {
    name: &'a str,
    colour: &'a str,
    words: &'a Words,
    /// The organisation's own words (B35).
    own: Vec<Paragraph>,
    foot: Vec<Paragraph>,
}

pub(crate) fn mail(head: &Letterhead<'_>, words: &Words, dispatch: Dispatch) -> Mail {
    let Letterhead { identity, presentation } = *head;
    let Dispatch { notification, to, automatic, leave, attachment, covers, at } = dispatch;
    let leave = leave.map(|token| Leave {
        url: format!("{}/link/{token}", identity.portal_url),
        mailto: format!(
            "mailto:{}?subject={}",
            percent_encoded(&identity.do_not_reply),
            percent_encoded(&format!("unsubscribe {}", identity.name))
        ),
    });
    let own = presentation.notification_text.lines().filter(|line| !line.trim().is_empty());
    let letter = Letter {
        name: &identity.name,
        colour: &presentation.colour,
        words,
        own: own.map(text).collect(),
        foot: foot(presentation, &to, leave.as_ref()),
    };
    Mail {
        id: notification,
        from: identity.do_not_reply.clone(),
        from_name: identity.name.clone(),
        subject: words.subject.clone(),
        text: plain::written(&letter),
        html: html::written(&letter),
        to,
        automatic,
        leave,
        attachment,
        covers,
        at,
    }
}

/// What stands under every mail.
fn foot(presentation: &Presentation, to: &EmailAddress, leave: Option<&Leave>) -> Vec<Paragraph> {
    let mut safety = "We never ask for your password by email or by telephone.".to_owned();
    if let Some(numbers) = numbers(&presentation.support) {
        write!(safety, " Not sure that this is from us? Call {numbers}.").expect("a text takes all");
    }
    let mut feet = vec![
        text(safety),
        text("A reply to this email reaches nobody."),
        text(format!("This email is for {}.", to.masked())),
    ];
    if let Some(leave) = leave {
        feet.push(Paragraph::Text(vec![
            Piece::Plain("Whoever leaves also loses what they received: ".into()),
            Piece::Link { label: "Stop these messages", url: leave.url.clone() },
        ]));
    }
    feet
}

/// The first few numbers to call; with their countries where there are several (A47).
fn numbers(support: &[SupportContact]) -> Option<String> {
    let shown: Vec<_> = match support {
        [] => return None,
        [only] => return Some(only.telephone.clone()),
        several => several.iter().take(3).map(|one| format!("{} ({})", one.telephone, one.country)).collect(),
    };
    Some(shown.join(", "))
}

/// For a URL's parts (RFC 3986 §2.1); an address keeps its `@`.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a text takes all");
        }
        encoded
    })
}
