//! One command line (RFC 5321 §4.1), read by a library and then judged more strictly.

use super::reply::{self, Reply};
use smtp_proto::{Error, MAIL_BODY_7BIT, MAIL_BODY_8BITMIME, MAIL_SMTPUTF8, MailFrom, RcptTo, Request};
use std::borrow::Cow;

/// What a peer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// EHLO or HELO.
    Hello {
        host: String,
        extended: bool,
    },
    /// MAIL; size is 0 where none was announced.
    Mail {
        sender: Option<String>,
        size: usize,
        utf8: bool,
    },
    /// RCPT.
    Rcpt {
        recipient: String,
    },
    Data,
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
    StartTls,
}

/// Reads a line, its CRLF included.
pub(super) fn parse(line: &[u8]) -> Result<Command, Reply> {
    let text = line.strip_suffix(b"\r\n").and_then(|text| std::str::from_utf8(text).ok());
    // The library reads past a CR, and has no word on other control characters.
    let text = text.filter(|text| !text.chars().any(char::is_control)).ok_or(reply::NOT_A_LINE)?;
    match Request::parse(&mut line.iter()).map_err(|error| refused(&error))? {
        Request::Ehlo { host } => hello(&host, true),
        Request::Helo { host } => hello(&host, false),
        Request::Mail { from } => mail(&from),
        Request::Rcpt { to } => rcpt(&to, text),
        Request::Data => Ok(Command::Data),
        Request::Rset => Ok(Command::Rset),
        Request::Noop { .. } => Ok(Command::Noop),
        Request::Vrfy { .. } => Ok(Command::Vrfy),
        Request::Help { .. } => Ok(Command::Help),
        Request::Quit => Ok(Command::Quit),
        Request::StartTls => Ok(Command::StartTls),
        Request::Lhlo { .. }
        | Request::Bdat { .. }
        | Request::Auth { .. }
        | Request::Expn { .. }
        | Request::Etrn { .. }
        | Request::Atrn { .. }
        | Request::Burl { .. } => Err(reply::NOT_OFFERED),
    }
}

fn refused(error: &Error) -> Reply {
    match error {
        Error::InvalidSenderAddress => reply::BAD_SENDER,
        Error::InvalidRecipientAddress => reply::BAD_RECIPIENT,
        Error::SyntaxError { .. } | Error::InvalidParameter { .. } => reply::SYNTAX,
        Error::UnsupportedParameter { .. } => reply::PARAMETER,
        Error::UnknownCommand
        | Error::NeedsMoreData { .. }
        | Error::ResponseTooLong
        | Error::InvalidResponse { .. } => reply::UNKNOWN,
    }
}

/// A name goes into the trace line, so that it must be a host name or an address literal (RFC 5321 §4.1.3).
fn hello(host: &str, extended: bool) -> Result<Command, Reply> {
    let sane = |letter: char| letter.is_ascii_alphanumeric() || ".-_:[]".contains(letter);
    if !host.is_empty() && host.chars().all(sane) {
        Ok(Command::Hello { host: host.to_owned(), extended })
    } else {
        Err(reply::SYNTAX)
    }
}

fn mail(from: &MailFrom<Cow<'_, str>>) -> Result<Command, Reply> {
    let offered = MailFrom {
        address: from.address.clone(),
        size: from.size,
        flags: from.flags & (MAIL_BODY_7BIT | MAIL_BODY_8BITMIME | MAIL_SMTPUTF8),
        ..MailFrom::default()
    };
    if *from != offered {
        return Err(reply::PARAMETER);
    }
    let sender = match &*from.address {
        "" => None,
        address if is_mailbox(address) => Some(address.to_owned()),
        _ => return Err(reply::BAD_SENDER),
    };
    let utf8 = from.flags & MAIL_SMTPUTF8 != 0;
    if !utf8 && !from.address.is_ascii() {
        return Err(reply::UTF8_UNDECLARED);
    }
    Ok(Command::Mail { sender, size: from.size, utf8 })
}

fn rcpt(to: &RcptTo<Cow<'_, str>>, line: &str) -> Result<Command, Reply> {
    if *to != (RcptTo { address: to.address.clone(), ..RcptTo::default() }) {
        return Err(reply::PARAMETER);
    }
    let recipient = match &*to.address {
        // The library gives nothing for the one name that needs no domain (RFC 5321 §4.1.1.3), and for `<>` as well.
        "" if line.to_ascii_lowercase().contains("<postmaster>") => "postmaster".to_owned(),
        address if is_mailbox(address) => address.to_owned(),
        _ => return Err(reply::BAD_RECIPIENT),
    };
    Ok(Command::Rcpt { recipient })
}

/// Whether it is a dot-atom before an @ and a name behind it. The library takes quotes off a quoted local part, which
/// leaves it open where the local part ends: nobody uses one, and a guess could bring a mail to somebody else.
fn is_mailbox(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let atext = |letter: char| {
        letter.is_alphanumeric() || !letter.is_ascii() || "!#$%&'*+-/=?^_`{|}~.".contains(letter)
    };
    let label = |letter: char| letter.is_alphanumeric() || !letter.is_ascii() || "-.".contains(letter);
    let dotted = |text: &str| text.split('.').all(|part| !part.is_empty());
    dotted(local) && local.chars().all(atext) && dotted(domain) && domain.chars().all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Reply> {
        parse(format!("{line}\r\n").as_bytes())
    }

    fn sender(line: &str) -> Result<Option<String>, Reply> {
        parsed(line).map(|command| match command {
            Command::Mail { sender, .. } => sender,
            other => panic!("{other:?}"),
        })
    }

    /// G2: addresses are taken as they were named, and what could be read in two ways is refused.
    #[test]
    fn an_address_means_one_mailbox() {
        assert_eq!(sender("MAIL FROM:<>"), Ok(None));
        assert_eq!(
            sender("mail from: <Ada.L+x@Insurer.example>"),
            Ok(Some("Ada.L+x@Insurer.example".into()))
        );
        assert_eq!(
            sender("MAIL FROM:<@relay.example:ada@insurer.example>"),
            Ok(Some("ada@insurer.example".into()))
        );
        for bad in [
            "\"a b\"@x.example",
            "\"a@b\"@x.example",
            "a@b@c",
            "a..b@x.example",
            "a@[192.0.2.1]",
            "ada",
            "a b@c",
            "a@b c",
        ] {
            let refused = sender(&format!("MAIL FROM:<{bad}>")).unwrap_err();
            assert!([501, 555].contains(&refused.code), "{bad}: {refused:?}");
        }
    }

    /// G2: an address beyond ASCII must be declared (RFC 6531 §3.4).
    #[test]
    fn utf8_is_declared() {
        assert_eq!(sender("MAIL FROM:<jürgen@insurer.example>"), Err(reply::UTF8_UNDECLARED));
        let declared = sender("MAIL FROM:<jürgen@insurer.example> SMTPUTF8");
        assert_eq!(declared, Ok(Some("jürgen@insurer.example".into())));
        assert_eq!(parse(b"NOOP \xff\r\n"), Err(reply::NOT_A_LINE));
    }

    /// G2: parameters are those that are offered.
    #[test]
    fn parameters_are_those_that_are_offered() {
        let mail = |parameters: &str| parsed(&format!("MAIL FROM:<a@b.example>{parameters}"));
        let size = |command| match command {
            Ok(Command::Mail { size, .. }) => size,
            other => panic!("{other:?}"),
        };
        assert_eq!(size(mail(" SIZE=1234 BODY=8BITMIME")), 1234);
        assert_eq!(size(mail(" BODY=7BIT")), 0);
        for not_offered in [" BODY=BINARYMIME", " RET=FULL", " ENVID=x", " AUTH=<>", " REQUIRETLS", " X=y"] {
            assert_eq!(mail(not_offered), Err(reply::PARAMETER), "{not_offered}");
        }
        assert_eq!(mail(" SIZE=many"), Err(reply::SYNTAX));
        assert_eq!(parsed("RCPT TO:<a@b.example> NOTIFY=NEVER"), Err(reply::PARAMETER));
        assert_eq!(parsed("AUTH PLAIN x"), Err(reply::NOT_OFFERED));
        assert_eq!(parsed("BDAT 10 LAST"), Err(reply::NOT_OFFERED));
    }

    /// G2: the postmaster needs no domain, a recipient needs a name.
    #[test]
    fn the_postmaster_is_reached() {
        assert_eq!(parsed("RCPT TO:<Postmaster>"), Ok(Command::Rcpt { recipient: "postmaster".into() }));
        assert_eq!(parsed("RCPT TO:<>"), Err(reply::BAD_RECIPIENT));
    }

    /// G4: a line that is none is not guessed at.
    #[test]
    fn a_line_is_a_line() {
        for line in [&b"NOOP\n"[..], b"NOOP\0\r\n", b"NOOP\rQUIT\r\n", b"NOOP\x1b\r\n"] {
            assert_eq!(parse(line), Err(reply::NOT_A_LINE));
        }
        for line in
            ["", " ", "EHLO", "EHLO a(b)", "EHLO \u{fc}", "MAIL", "MAIL FROM", "RCPT TO:a@b.example", "WHAT"]
        {
            assert!(parsed(line).unwrap_err().is_mistake(), "{line}");
        }
    }
}
