//! A message as a text file: recipients, subject, time and date, then the body (A23). UTF-8, lines end in CR LF.

use super::Letter;
use domain::{
    Timestamp,
    address::Mailbox,
    file_name::harmless,
    message::{Attachment, Headline},
};
use std::fmt::Write;
use time::{format_description::well_known::Rfc3339, macros::format_description};

pub(super) fn file(letter: &Letter) -> String {
    let Headline { subject, from, to, cc, attachments } = &letter.headline;
    let mut file = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = write!(file, "{:<13}{}\r\n", format!("{name}:"), one_line(value));
    };
    line("From", &from.to_string());
    line("To", &people(to));
    if !cc.is_empty() {
        line("Cc", &people(cc));
    }
    line("Subject", subject);
    line("Date", &in_words(letter.sent_at));
    line("Expires", &in_words(letter.expires_at));
    for attachment in attachments {
        line("Attachment", &described(attachment));
    }
    file.push_str("\r\n");
    file.push_str(&with_crlf(&letter.body.text));
    file
}

fn people(people: &[Mailbox]) -> String {
    let people: Vec<_> = people.iter().map(Mailbox::to_string).collect();
    people.join(", ")
}

fn described(file: &Attachment) -> String {
    format!("{} ({} bytes)", harmless(&file.name), file.size_bytes)
}

/// "2 March 2026, 09:00:00 UTC (2026-03-02T09:00:00Z)": for people and for programs.
fn in_words(at: Timestamp) -> String {
    let format =
        format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute]:[second] UTC");
    let at = at.to_utc().replace_microsecond(0).unwrap_or_else(|_| at.to_utc());
    let (words, exact) = (at.format(&format), at.format(&Rfc3339));
    format!("{} ({})", words.unwrap_or_default(), exact.unwrap_or_default())
}

/// A value that stays in its line and reads the way it is written: nothing in it begins a line of its own or turns the
/// direction of writing (UAX #9).
pub(super) fn one_line(value: &str) -> String {
    let turns = |character: char| matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    let kept = value.chars().filter(|character| !turns(*character));
    kept.map(|character| if breaks(character) { ' ' } else { character }).collect()
}

/// Lines that end in CR LF, whatever they ended in.
fn with_crlf(text: &str) -> String {
    let mut lines = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push_str("\r\n");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{MessageId, address::EmailAddress, message::Body};
    use uuid::Uuid;

    fn mailbox(name: Option<&str>, address: &str) -> Mailbox {
        Mailbox { name: name.map(str::to_owned), address: EmailAddress::parse(address).unwrap() }
    }

    fn letter(subject: &str, text: &str) -> Letter {
        Letter {
            message: MessageId::new(Uuid::nil()),
            headline: Headline {
                subject: subject.into(),
                from: mailbox(Some("Clara, \"C\""), "clara@insurer.example"),
                to: vec![mailbox(None, "ada@guest.example"), mailbox(Some("Gina"), "gina@guest.example")],
                cc: vec![],
                attachments: vec![],
            },
            body: Body { text: text.into(), html: None, original: None },
            sent_at: Timestamp::from_micros(1_772_442_000_123_456),
            expires_at: Timestamp::from_micros(1_777_626_000_000_000),
        }
    }

    /// A23: recipients, subject, time and date stand above the body, a line each.
    #[test]
    fn the_headline_stands_above_the_body() {
        let file = file(&letter("Überweisung", "One\nTwo\r\nThree\rFour"));
        assert_eq!(
            file,
            "From:        \"Clara, \\\"C\\\"\" <clara@insurer.example>\r\n\
             To:          ada@guest.example, \"Gina\" <gina@guest.example>\r\n\
             Subject:     Überweisung\r\n\
             Date:        2 March 2026, 09:00:00 UTC (2026-03-02T09:00:00Z)\r\n\
             Expires:     1 May 2026, 09:00:00 UTC (2026-05-01T09:00:00Z)\r\n\
             \r\nOne\r\nTwo\r\nThree\r\nFour\r\n"
        );
    }

    /// A23: nothing in a subject begins a line of its own or turns the direction of writing.
    #[test]
    fn a_subject_stays_in_its_line() {
        let file = file(&letter("a\r\nFrom: eve@evil.example\u{2028}\u{85}b\u{202e}c", ""));
        let subject = file.lines().find(|line| line.starts_with("Subject:")).unwrap();
        assert_eq!(subject, "Subject:     a  From: eve@evil.example  bc");
        assert_eq!(file.matches("From:        ").count(), 1);
    }
}
