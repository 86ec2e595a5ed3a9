//! Asking the rules about what a member writes here. It is secure anyway, so that only rules which hold or refuse matter.

use crate::{
    App, Error, Problem, ProblemCode,
    sending::{Author, Letter},
};
use domain::{
    account::Kind,
    address::Mailbox,
    content::{Action, Hit, Rules, Scanned, judge},
    message::{Attachment, RuleOverride},
    organisation::REASON_CHARACTERS,
};
use eventstore::blobs::Blobs;
use futures_util::TryStreamExt;
use std::sync::Arc;

/// Bytes of one attachment that are looked at.
const FILE_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of all attachments of one message together.
const FILES_BYTES: u64 = 32 * 1024 * 1024;

impl App {
    /// Whether the rules let a member send this: nothing when they do, the rule that it goes against when a reason lets it go
    /// all the same (Q9), else the problem. Guests are not asked: rules look at mail that leaves the organisation. Nor is
    /// what a rule secured: it was looked at when it came.
    pub(crate) async fn ask_rules(
        &self,
        author: &Author,
        letter: &Letter,
        recipients: &[Mailbox],
    ) -> Result<Option<RuleOverride>, Error> {
        let reason = letter.override_reason.as_deref().map(readable_reason).transpose()?;
        let rules = self.ready_rules(author.organisation, &author.rules)?;
        if author.sender.kind == Kind::Guest || letter.secured_by.is_some() || rules.is_empty() {
            return Ok(None);
        }
        let files = if rules.look_at_bodies() { letter.attachments.as_slice() } else { &[] };
        let mail = Scanned {
            sender: author.mailbox.address.to_string(),
            recipients: recipients.iter().map(|mailbox| mailbox.address.to_string()).collect(),
            subject: letter.subject.clone(),
            headers: vec![],
            text: letter.body.text.clone(),
            files: texts_of(&self.blobs, files).await?,
        };
        let Some(Hit { rule, action, hits }) = judged(rules, mail).await? else { return Ok(None) };
        match (action, reason) {
            (Action::Pass | Action::Secure, _) => Ok(None),
            (Action::Hold, Some(reason)) => Ok(Some(RuleOverride { rule, hits, reason })),
            (Action::Hold | Action::Refuse, _) => {
                let name = author.rules.rules.get(&rule).map_or("", |known| known.rule.name.as_str());
                Err(objection(action, name).into())
            }
        }
    }
}

/// Away from the threads that serve others: a long mail takes some milliseconds.
pub(crate) async fn judged(rules: Arc<Rules>, mail: Scanned) -> Result<Option<Hit>, Error> {
    tokio::task::spawn_blocking(move || judge(&rules, &mail)).await.map_err(Error::internal)
}

fn objection(action: Action, rule: &str) -> Problem {
    let way_out = if action == Action::Hold {
        "send the draft with a reason why it should go all the same, or take out what the rule is about"
    } else {
        "take out what the rule is about"
    };
    Problem::new(
        ProblemCode::SecuredByRule,
        format!("The rule “{rule}” keeps this from being sent: {way_out}."),
    )
}

fn readable_reason(reason: &str) -> Result<String, Problem> {
    let problem = |code, message| Problem::new(code, message).at(["overrideReason"]);
    let text = reason.trim();
    if text.is_empty() {
        return Err(problem(ProblemCode::Required, "Say why the rule should not apply."));
    }
    if text.chars().count() > REASON_CHARACTERS {
        return Err(problem(ProblemCode::TooLong, "Give the reason in 500 characters at most."));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(problem(ProblemCode::Invalid, "Leave control characters out of the reason."));
    }
    Ok(text.to_owned())
}

/// The attachments that are text, as text.
pub(crate) async fn texts_of(blobs: &Blobs, attachments: &[Attachment]) -> Result<Vec<String>, Error> {
    let mut texts = vec![];
    let mut left = FILES_BYTES;
    for file in attachments.iter().filter(|file| is_text(&file.media_type, &file.name)) {
        let wanted = file.size_bytes.min(FILE_BYTES).min(left);
        left -= wanted;
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
        let mut pieces = blobs.open(file, 0..wanted);
        while let Some(piece) = pieces.try_next().await? {
            bytes.extend_from_slice(&piece);
        }
        texts.push(text_of(&bytes));
    }
    Ok(texts)
}

/// Whether a file is text, by what it is said to be and by its name.
pub(crate) fn is_text(media_type: &str, name: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence.as_str(),
            "application/json" | "application/xml" | "application/sql" | "message/rfc822"
        )
        || matches!(
            ending.as_str(),
            "txt"
                | "csv"
                | "tsv"
                | "md"
                | "log"
                | "json"
                | "xml"
                | "html"
                | "htm"
                | "eml"
                | "ics"
                | "vcf"
                | "sql"
                | "yaml"
        )
}

/// Bytes as text: UTF-8, or UTF-16 where a mark at the beginning says so. What cannot be read is passed over.
pub(crate) fn text_of(bytes: &[u8]) -> String {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| -> String {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        bytes => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G3: files that are text are looked into, by their type or their name, in the encodings that office programs write.
    #[test]
    fn text_files_are_read() {
        for (media_type, name) in [
            ("text/plain; charset=utf-8", "a"),
            ("TEXT/CSV", ""),
            ("application/json", "a"),
            ("application/octet-stream", "cards.CSV"),
        ] {
            assert!(is_text(media_type, name), "{media_type} {name}");
        }
        assert!(!is_text("application/pdf", "cards.pdf") && !is_text("image/png", "txt"));
        assert_eq!(text_of(b"\xff\xfe4\x001\x00"), "41");
        assert_eq!(text_of(b"\xfe\xff\x004\x001"), "41");
        assert_eq!(text_of(b"41\xff1"), "41\u{fffd}1");
    }

    /// Q9: a reason has 1 to 500 characters.
    #[test]
    fn a_reason_is_readable() {
        assert_eq!(readable_reason(" It is my own number. ").unwrap(), "It is my own number.");
        for reason in [" ", "a\u{7}b", &"a".repeat(501)] {
            assert_eq!(readable_reason(reason).unwrap_err().field, ["overrideReason"]);
        }
    }
}
