//! The words of notifications: plain, without content, name or subject of anything secure (A7, B35, R12).

use domain::{Timestamp, address::EmailAddress, id::NotificationId, organisation::Identity};

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
    /// When it was written.
    pub at: Timestamp,
}

/// What every mail of an organisation has.
pub(crate) struct Letterhead {
    pub(crate) identity: Identity,
    pub(crate) to: EmailAddress,
    pub(crate) notification: NotificationId,
    pub(crate) at: Timestamp,
    /// Token of the link by which a person leaves.
    pub(crate) leave: String,
}

pub(crate) fn invitation(head: &Letterhead, token: &str, until: Timestamp) -> Mail {
    let (name, url) = (&head.identity.name, &head.identity.portal_url);
    mail(
        head,
        format!("{name} invites you to its secure message centre"),
        &format!(
            "{name} has something to tell you that is not for ordinary mail.\n\
             Register with this address to read it:\n\n{url}/link/{token}\n\nThe link works until {}.",
            date(until)
        ),
    )
}

pub(crate) fn activation(head: &Letterhead, token: &str, until: Timestamp) -> Mail {
    let (name, url) = (&head.identity.name, &head.identity.portal_url);
    mail(
        head,
        format!("Confirm your registration with {name}"),
        &format!(
            "Confirm that this address is yours; then you can log in:\n\n{url}/link/{token}\n\n\
             The link works until {}. If you did not register, do nothing.",
            date(until)
        ),
    )
}

pub(crate) fn new_message(head: &Letterhead) -> Mail {
    let (name, url) = (&head.identity.name, &head.identity.portal_url);
    mail(
        head,
        format!("{name} has a secure message for you"),
        &format!("A secure message waits for you. Log in to read it:\n\n{url}/"),
    )
}

pub(crate) fn lockout(head: &Letterhead, until: Timestamp) -> Mail {
    let (name, url) = (&head.identity.name, &head.identity.portal_url);
    mail(
        head,
        format!("Login to the secure message centre of {name} is paused"),
        &format!(
            "Somebody entered a wrong password for your account several times, so nobody can log in for now.\n\
             Your account is available again at {until}, without you doing anything:\n\n{url}/"
        ),
    )
}

fn mail(head: &Letterhead, subject: String, words: &str) -> Mail {
    let Identity { name, portal_url, do_not_reply } = &head.identity;
    let foot = format!(
        "-- \n{name}\nNobody reads replies to this mail.\n\
         No more mail of this kind, and no access to what you received: {portal_url}/link/{}",
        head.leave
    );
    Mail {
        id: head.notification,
        from: do_not_reply.clone(),
        from_name: name.clone(),
        to: head.to.clone(),
        subject,
        text: format!("{words}\n\n{foot}\n"),
        at: head.at,
    }
}

/// A day, for people.
fn date(at: Timestamp) -> String {
    at.day().to_string()
}
