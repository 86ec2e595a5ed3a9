//! What became of a mail, as another mail server reports it (RFC 3464, RFC 6522, RFC 6533).

use super::{
    head::Head,
    structure::{self, Holds, Part},
};
use domain::{address::EmailAddress, notification::MailStatus};

/// A report on the delivery of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// What became of each recipient.
    pub(crate) recipients: Vec<Fate>,
    /// Message-IDs of the mail that it is about, without angle brackets.
    pub(crate) originals: Vec<String>,
}

/// What became of a mail for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fate {
    /// Who.
    pub(crate) recipient: EmailAddress,
    /// What.
    pub(crate) action: Action,
    /// Why.
    pub(crate) status: Option<MailStatus>,
}

/// What a mail server did (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Gave up.
    Failed,
    /// Goes on trying.
    Delayed,
    /// Delivered, relayed or expanded it.
    Done,
}

/// The report that a mail is, if it is one.
pub(super) fn report(mail: &Part<'_>) -> Option<Report> {
    let Holds::Parts(parts) = &mail.holds else { return None };
    if mail.head.media_type != "multipart/report" {
        return None;
    }
    let status = parts.iter().find(|part| {
        matches!(&*part.head.media_type, "message/delivery-status" | "message/global-delivery-status")
    })?;
    let recipients = groups(&bytes(status)?).filter_map(|group| fate(&group)).collect();
    let returned = parts.iter().filter(|part| {
        matches!(
            &*part.head.media_type,
            "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/global-headers"
        )
    });
    let originals = returned.filter_map(bytes).filter_map(|raw| message_id(&raw)).collect();
    Some(Report { recipients, originals })
}

fn bytes(part: &Part<'_>) -> Option<Vec<u8>> {
    let Holds::Body(body) = part.holds else { return None };
    structure::decoded(&part.head, body).ok().map(std::borrow::Cow::into_owned)
}

/// Groups of fields, between empty lines.
fn groups(status: &[u8]) -> impl Iterator<Item = Head> {
    let mut rest = status;
    std::iter::from_fn(move || {
        let (group, after) = structure::split_head(rest).ok()?;
        rest = after;
        (!group.is_empty()).then(|| Head::read(group, "text/plain"))
    })
}

fn fate(group: &Head) -> Option<Fate> {
    // The address that the mail was sent to, before the other side made another of it.
    let typed = group.first("Original-Recipient").or_else(|| group.first("Final-Recipient"))?;
    let recipient = EmailAddress::parse(after_type(typed)).ok()?;
    let action = match group.first("Action")?.trim().to_ascii_lowercase().as_str() {
        "failed" => Action::Failed,
        "delayed" => Action::Delayed,
        _ => Action::Done,
    };
    let status = group.first("Status").and_then(mail_status);
    let status = status.or_else(|| diagnostic(group.first("Diagnostic-Code")?));
    Some(Fate { recipient, action, status })
}

/// What stands behind `rfc822;` or `utf-8;`.
fn after_type(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, value)| value).trim()
}

/// An enhanced status code at the beginning of a text (RFC 3463 §2).
fn mail_status(text: &str) -> Option<MailStatus> {
    let mut numbers = text.split_whitespace().next()?.splitn(3, '.').map(str::parse::<u16>);
    let mut next = || numbers.next()?.ok().filter(|number| *number < 1_000);
    Some(MailStatus(next().filter(|class| matches!(class, 2 | 4 | 5))?, next()?, next()?))
}

/// The enhanced code of `smtp; 550 5.1.1 no such user`, or what its reply code says of the class.
fn diagnostic(text: &str) -> Option<MailStatus> {
    let mut words = after_type(text).split([' ', '-']);
    let class = words.next()?.parse::<u16>().ok().filter(|code| matches!(code, 400..600))? / 100;
    Some(words.next().and_then(mail_status).unwrap_or(MailStatus(class, 0, 0)))
}

/// The Message-ID of a mail that was sent back, whole or only its fields.
fn message_id(raw: &[u8]) -> Option<String> {
    let cut = &raw[..raw.len().min(structure::HEAD_BYTES)];
    let (head, _) = structure::split_head(cut).ok()?;
    Head::read(head, "text/plain").first("Message-ID").map(bare_id)
}

/// A Message-ID without its angle brackets.
pub(super) fn bare_id(text: &str) -> String {
    text.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}
