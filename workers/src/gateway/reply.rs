//! Replies (RFC 5321 §4.2) with enhanced status codes (RFC 2034, RFC 3463). They quote nothing that a peer sent.

use std::borrow::Cow;

/// One line of a reply is 512 octets at most (RFC 5321 §4.5.3.1.5); a line of text needs far less.
const TEXT_BYTES: usize = 300;

/// A reply of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The code that a program acts on.
    pub(super) code: u16,
    enhanced: &'static str,
    text: Cow<'static, str>,
}

impl Reply {
    /// A reply of ours; `enhanced` is empty where RFC 2034 §3 has none.
    pub(super) const fn new(code: u16, enhanced: &'static str, text: &'static str) -> Self {
        Self { code, enhanced, text: Cow::Borrowed(text) }
    }

    /// A refusal by the use case. A code that is none, or of another class than its enhanced one, becomes "try again":
    /// a mail must not be lost by a slip.
    pub(super) fn refusal(code: u16, enhanced: &'static str, text: &str, utf8: bool) -> Self {
        let fits = match enhanced.as_bytes().first() {
            Some(b'4') => (400..500).contains(&code),
            Some(b'5') => (500..600).contains(&code),
            _ => false,
        };
        if !fits {
            return TRY_AGAIN;
        }
        let keep =
            |letter: char| if letter.is_control() || !utf8 && !letter.is_ascii() { ' ' } else { letter };
        let mut line: String = text.chars().map(keep).collect();
        line.truncate(line.floor_char_boundary(TEXT_BYTES));
        Self { code, enhanced, text: Cow::Owned(line) }
    }

    /// Whether the peer departed from the protocol; what a rule refuses is no mistake of the peer's program.
    pub(super) fn is_mistake(&self) -> bool {
        matches!(self.code, 500..=504 | 530 | 555)
    }

    /// Appends the line.
    pub(super) fn write(&self, output: &mut Vec<u8>) {
        let space = if self.enhanced.is_empty() { "" } else { " " };
        output
            .extend_from_slice(format!("{} {}{space}{}\r\n", self.code, self.enhanced, self.text).as_bytes());
    }
}

pub(super) const OK: Reply = Reply::new(250, "2.0.0", "OK");
pub(super) const SENDER_OK: Reply = Reply::new(250, "2.1.0", "sender OK");
pub(super) const RECIPIENT_OK: Reply = Reply::new(250, "2.1.5", "recipient OK");
pub(super) const TAKEN: Reply = Reply::new(250, "2.6.0", "taken");
pub(super) const GO_AHEAD: Reply = Reply::new(354, "", "end the mail with <CRLF>.<CRLF>");
pub(super) const READY_FOR_TLS: Reply = Reply::new(220, "2.0.0", "ready to start TLS");
pub(super) const BYE: Reply = Reply::new(221, "2.0.0", "bye");
pub(super) const HELP: Reply = Reply::new(214, "2.0.0", "see RFC 5321");
/// RFC 5321 §7.3: nobody is told who is here.
pub(super) const CANNOT_VERIFY: Reply = Reply::new(252, "2.5.0", "send some mail and see");

pub(super) const STOPPING: Reply = Reply::new(421, "4.3.2", "shutting down; try again soon");
pub(super) const IDLE: Reply = Reply::new(421, "4.4.2", "waited too long");
pub(super) const TOO_MANY_ERRORS: Reply = Reply::new(421, "4.7.0", "too many errors");
pub(super) const TOO_MANY_COMMANDS: Reply = Reply::new(421, "4.7.0", "too many commands without a mail");
pub(super) const TOO_MANY_CONNECTIONS: Reply =
    Reply::new(421, "4.7.0", "too many connections; try again later");
/// Nothing is wrong with the mail: the sending server keeps it.
pub(super) const TRY_AGAIN: Reply = Reply::new(451, "4.3.0", "not possible right now; try again later");
pub(super) const NO_MEMORY: Reply = Reply::new(452, "4.3.1", "too many mails at once; try again later");
pub(super) const TOO_MANY_RECIPIENTS: Reply =
    Reply::new(452, "4.5.3", "too many recipients; send the rest as another mail");

pub(super) const UNKNOWN: Reply = Reply::new(500, "5.5.2", "unknown command");
pub(super) const NOT_A_LINE: Reply =
    Reply::new(500, "5.5.2", "end lines with CRLF and leave CR and NUL out of them");
pub(super) const LINE_TOO_LONG: Reply = Reply::new(500, "5.5.2", "line too long");
pub(super) const SYNTAX: Reply = Reply::new(501, "5.5.4", "the command's arguments are wrong");
pub(super) const BAD_SENDER: Reply = Reply::new(501, "5.1.7", "the sender is no address");
pub(super) const BAD_RECIPIENT: Reply = Reply::new(501, "5.1.3", "the recipient is no address");
pub(super) const NOT_OFFERED: Reply = Reply::new(502, "5.5.1", "not offered here");
pub(super) const EHLO_FIRST: Reply = Reply::new(503, "5.5.1", "say EHLO first");
pub(super) const MAIL_FIRST: Reply = Reply::new(503, "5.5.1", "say MAIL first");
pub(super) const MAIL_TWICE: Reply = Reply::new(503, "5.5.1", "finish this mail first, or say RSET");
pub(super) const TLS_TWICE: Reply = Reply::new(503, "5.5.1", "TLS is on already");
pub(super) const TLS_FIRST: Reply = Reply::new(530, "5.7.0", "say STARTTLS first");
pub(super) const BARE_LINE_BREAK: Reply =
    Reply::new(550, "5.6.11", "the mail has a bare CR or LF; every line must end with CRLF");
pub(super) const NUL: Reply = Reply::new(550, "5.6.0", "the mail has a NUL octet; send it encoded");
pub(super) const TEXT_LINE_TOO_LONG: Reply =
    Reply::new(550, "5.6.0", "the mail has a line that is far too long");
pub(super) const TOO_LARGE: Reply = Reply::new(552, "5.3.4", "the mail is too large");
pub(super) const UTF8_UNDECLARED: Reply = Reply::new(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8");
pub(super) const NO_RECIPIENTS: Reply = Reply::new(554, "5.5.1", "no recipient was accepted");
pub(super) const LOOP: Reply = Reply::new(554, "5.4.6", "the mail goes in circles: too many servers had it");
pub(super) const NOT_FOR_YOU: Reply = Reply::new(554, "5.7.1", "this host may not hand over mail here");
pub(super) const PARAMETER: Reply = Reply::new(555, "5.5.4", "a parameter that is not offered");

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reply: &Reply) -> String {
        let mut output = vec![];
        reply.write(&mut output);
        String::from_utf8(output).unwrap()
    }

    /// G4: whatever a refusal says is one bounded line, in ASCII unless the peer can read more.
    #[test]
    fn a_refusal_is_one_bounded_line() {
        let long = format!("bad\r\n250 OK {}", "ü".repeat(400));
        assert!(line(&Reply::refusal(554, "5.6.0", &long, true)).len() < 512);
        assert!(line(&Reply::refusal(554, "5.6.0", &long, false)).starts_with("554 5.6.0 bad  250 OK   "));
    }

    /// G2: a code that is none does not lose a mail.
    #[test]
    fn a_slip_has_the_sender_try_again() {
        for (code, enhanced) in [(250, "2.0.0"), (550, "4.0.0"), (451, ""), (0, "0.0.0")] {
            assert_eq!(Reply::refusal(code, enhanced, "text", false), TRY_AGAIN);
        }
    }
}
