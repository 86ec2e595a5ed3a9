//! Leaving by mail (B36, B37, B39): what a mail asks for, and whether it proves who asks.

use super::{authentication::is_authentic, mime::Incoming};
use crate::App;
use domain::{address::EmailAddress, organisation::Identity};

/// What somebody who writes wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To leave this organisation.
    Leave,
    /// To leave, but the organisation is not named, or another address is.
    LeaveNobodyKnowsWhat,
    /// Something else.
    Other,
}

/// Lines of a mail that are looked at; whoever wants to leave says so at once.
const LINES: usize = 20;

impl App {
    /// Whether a mail proves that it comes from this address's domain.
    pub(super) fn is_proven(&self, mail: &Incoming, from: &EmailAddress) -> bool {
        let server = self.intake.trusted_authentication.as_deref();
        server.is_some_and(|server| is_authentic(&mail.headers, server, from.domain()))
    }
}

/// What a mail asks for. It names an organisation by its name or the host of its portal. The address that it names is its own:
/// one that is written in it must be that one, and a mail program that leaves at a click (RFC 2369) writes none.
pub(super) fn wish(mail: &Incoming, from: &EmailAddress, identity: &Identity) -> Wish {
    let own = own_words(&mail.text);
    let subject = mail.subject.to_lowercase();
    let first = own.lines().next().unwrap_or_default();
    let whole = format!("{subject}\n{own}");
    let host = identity.portal_url.split("://").last().and_then(|rest| rest.split(['/', ':']).next());
    let names = [Some(identity.name.to_lowercase()), host.map(str::to_lowercase)];
    let names_organisation =
        |text: &str| names.iter().flatten().any(|name| !name.is_empty() && text.contains(name));
    let written = addresses(&whole, &identity.do_not_reply);
    let names_own = written.iter().any(|address| address == from);
    let asks = [&*subject, first].iter().any(|text| text.contains("unsubscribe"))
        || (names_organisation(&subject) && addresses(&subject, &identity.do_not_reply).contains(from));
    if !asks {
        Wish::Other
    } else if names_organisation(&whole) && (names_own || written.is_empty()) {
        Wish::Leave
    } else {
        Wish::LeaveNobodyKnowsWhat
    }
}

/// The first lines that are the writer's own: no quotation, no signature; in lower case.
fn own_words(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('>'));
    let own = lines.take_while(|line| *line != "--" && !line.starts_with("-----")).take(LINES);
    own.collect::<Vec<_>>().join("\n").to_lowercase()
}

/// The addresses in a text, but the one that the mail was sent to.
fn addresses(text: &str, but: &str) -> Vec<EmailAddress> {
    let but = EmailAddress::parse(but).ok();
    let words = text.split(|c: char| c.is_whitespace() || "<>()[]\",;:'“”„«»".contains(c));
    let found = words.filter(|word| word.contains('@'));
    let found = found.filter_map(|word| EmailAddress::parse(word.trim_matches(['.', '!', '?'])).ok());
    found.filter(|address| Some(address) != but.as_ref()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::mime;

    fn wished(subject: &str, text: &str) -> Wish {
        let raw = format!("From: Ada <ada@guest.example>\r\nSubject: {subject}\r\n\r\n{text}\r\n");
        let identity = Identity {
            name: "Lakeside Insurance".into(),
            portal_url: "https://mail.lakeside.example".into(),
            do_not_reply: "no-reply@lakeside.example".into(),
        };
        let from = EmailAddress::parse("ada@guest.example").unwrap();
        wish(&mime::read(raw.as_bytes()).unwrap(), &from, &identity)
    }

    /// B36: a mail that names organisation and address, in whichever words, asks to leave.
    #[test]
    fn a_mail_that_names_both_leaves() {
        for (subject, text) in [
            ("unsubscribe Lakeside Insurance", ""),
            ("Unsubscribe", "From LAKESIDE INSURANCE, please: ada@guest.example."),
            ("Hello", "Unsubscribe <Ada@Guest.example> from mail.lakeside.example!\\n\\nAda"),
            (
                "Re: unsubscribe",
                "ada@guest.example, Lakeside Insurance\\n> On Monday no-reply@lakeside.example wrote",
            ),
            ("Lakeside Insurance, ada@guest.example", ""),
        ] {
            assert_eq!(wished(subject, &text.replace("\\n", "\r\n")), Wish::Leave, "{subject} {text}");
        }
    }

    /// B37: a mail that does not name the organisation, or names another's address, is no reason to end anything.
    #[test]
    fn a_mail_that_names_too_little_does_not() {
        for (subject, text) in [
            ("unsubscribe", "me"),
            ("unsubscribe", "ada@guest.example"),
            ("unsubscribe Lakeside Insurance", "ben@guest.example"),
            ("unsubscribe", "me\r\n> Lakeside Insurance wrote"),
        ] {
            assert_eq!(wished(subject, text), Wish::LeaveNobodyKnowsWhat, "{subject} {text}");
        }
    }

    /// B31: an answer about something else is an answer, even where it quotes how to leave.
    #[test]
    fn an_answer_is_no_wish_to_leave() {
        for (subject, text) in [
            ("Re: A message for you", "Thanks!\r\n> Unsubscribe from Lakeside Insurance"),
            ("Lakeside Insurance", "When do you open?"),
            ("Question", "What is my balance?\r\nHow do I unsubscribe later?"),
        ] {
            assert_eq!(wished(subject, text), Wish::Other, "{subject} {text}");
        }
    }
}
