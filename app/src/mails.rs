//! The words of notifications: plain, without content, name or subject of anything secure (A7, B35, R12).

use domain::{
    Timestamp, account::recovery::ResetBy, address::EmailAddress, id::NotificationId, organisation::Identity,
};

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
    /// The organisation's own words for every mail; may be empty.
    pub(crate) text: String,
    pub(crate) to: EmailAddress,
    pub(crate) notification: NotificationId,
    pub(crate) at: Timestamp,
    /// Token of the link by which a person leaves; `None` where the address is not known to be theirs.
    pub(crate) leave: Option<String>,
}

/// What one mail says.
pub(crate) struct Words {
    subject: String,
    text: String,
}

pub(crate) fn invitation(of: &Identity, token: &str, until: Timestamp) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    Words {
        subject: format!("{name} invites you to its secure message centre"),
        text: format!(
            "{name} has something to tell you that is not for ordinary mail.\n\
             Register with this address to read it:\n\n{url}/link/{token}\n\nThe link works until {}.",
            date(until)
        ),
    }
}

pub(crate) fn activation(of: &Identity, token: &str, until: Timestamp) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    Words {
        subject: format!("Confirm your registration with {name}"),
        text: format!(
            "Confirm that this address is yours; then you can log in:\n\n{url}/link/{token}\n\n\
             The link works until {}. If you did not register, do nothing.",
            date(until)
        ),
    }
}

/// A13: other words than for a registration, because doing nothing keeps the old password.
pub(crate) fn password_activation(of: &Identity, token: &str, until: Timestamp) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    Words {
        subject: format!("Confirm your new password for {name}"),
        text: format!(
            "A new password was set for your account. Confirm it, and it works from then on:\n\n{url}/link/{token}\n\n\
             The link works until {until}; until you confirm, the old password works.\n\
             If you did not set a new password, do nothing: the old one stays."
        ),
    }
}

/// A10: the phrase, never the password.
pub(crate) fn reminder(of: &Identity, phrase: &str) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    Words {
        subject: format!("Your reminder from {name}"),
        text: format!(
            "This is the phrase that you chose to remember your password by:\n\n    {phrase}\n\n\
             Log in here:\n\n{url}/\n\nIf you did not ask for it, do nothing."
        ),
    }
}

pub(crate) fn reset(of: &Identity, token: &str, until: Timestamp, by: ResetBy) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    let why = match by {
        ResetBy::Administrator => format!("{name} asks you to set a new password."),
        ResetBy::Person | ResetBy::Challenge => "A new password was asked for.".to_owned(),
    };
    Words {
        subject: format!("Set a new password for {name}"),
        text: format!(
            "{why} Set it here:\n\n{url}/link/{token}\n\nThe link works once, until {until}.\n\
             If you do not want a new password, do nothing: the old one stays."
        ),
    }
}

pub(crate) fn new_message(of: &Identity) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    Words {
        subject: format!("{name} has a secure message for you"),
        text: format!("A secure message waits for you. Log in to read it:\n\n{url}/"),
    }
}

pub(crate) fn lockout(of: &Identity, until: Timestamp) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    Words {
        subject: format!("Login to the secure message centre of {name} is paused"),
        text: format!(
            "Somebody entered a wrong password for your account several times, so nobody can log in for now.\n\
             Your account is available again at {until}, without you doing anything:\n\n{url}/"
        ),
    }
}

/// B42: to the alias itself.
pub(crate) fn alias_confirmation(of: &Identity, token: &str, until: Timestamp) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    Words {
        subject: format!("Confirm your address for {name}"),
        text: format!(
            "Somebody with an account at {name} says that this address is theirs, too.\n\
             If that is you, confirm it here:\n\n{url}/link/{token}\n\n\
             The link works until {}. If it is not you, do nothing.",
            date(until)
        ),
    }
}

/// R14: to the address that was the primary one.
pub(crate) fn promotion_notice(of: &Identity, token: &str, until: Timestamp) -> Words {
    let Identity { name, portal_url: url, .. } = of;
    Words {
        subject: format!("Another address is the primary one of your account at {name}"),
        text: format!(
            "Mail of your account at {name} goes to another of your addresses from now on.\n\
             If you did not want that, make this address the primary one again; all sessions end:\n\n\
             {url}/link/{token}\n\nThe link works until {until}."
        ),
    }
}

pub(crate) fn mail(head: &Letterhead, words: &Words) -> Mail {
    let Identity { name, portal_url, do_not_reply } = &head.identity;
    let own = if head.text.is_empty() { String::new() } else { format!("\n\n{}", head.text) };
    let leave = head.leave.as_ref().map_or_else(String::new, |token| {
        format!("\nNo more mail of this kind, and no access to what you received: {portal_url}/link/{token}")
    });
    let foot = format!("-- \n{name}\nNobody reads replies to this mail.{leave}");
    Mail {
        id: head.notification,
        from: do_not_reply.clone(),
        from_name: name.clone(),
        to: head.to.clone(),
        subject: words.subject.clone(),
        text: format!("{}{own}\n\n{foot}\n", words.text),
        at: head.at,
    }
}

/// A day, for people.
fn date(at: Timestamp) -> String {
    at.day().to_string()
}
