//! A message on its way: what it is made of, whatever it was written as.

use super::{NewRecipients, SendDraftRequest, plain};
use crate::{
    App, Capability, Error, Problem, ProblemCode, Viewer,
    error::not_found,
    grants::Opened,
    recipients::Writing,
    uploads::{beyond, limit},
};
use domain::{
    AccountId, DraftId, MessageId, Timestamp,
    address::{EmailAddress, Mailbox},
    id::{ContentKeyId, RuleId},
    message::{About, Attachment, Body, Onward, SUBJECT_BYTES},
    period::Period,
    recipients::Occasion,
};
use eventstore::log::Idempotency;
use projections::mailbox::MailboxEntry;
use seal::Key;

/// A message on its way, whatever it was written as.
pub(crate) struct Letter {
    pub(crate) writing: Writing,
    /// To and Cc, as typed.
    pub(crate) to: Vec<String>,
    pub(crate) cc: Vec<String>,
    /// To and Cc as they are shown, where that is not what was typed: a mail's fields name whom it is not handed over for,
    /// and not whom it is sent to blindly.
    pub(crate) shown: Option<(Vec<Mailbox>, Vec<Mailbox>)>,
    pub(crate) subject: String,
    pub(crate) body: Body,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) original: Option<Original>,
    pub(crate) expires_at: Timestamp,
    pub(crate) new_recipients: NewRecipients,
    pub(crate) draft: Option<(DraftId, u32)>,
    /// The rule that secures it (C1).
    pub(crate) secured_by: Option<RuleId>,
    /// Why a rule that holds it should not apply (Q9).
    pub(crate) override_reason: Option<String>,
    pub(crate) request: Idempotency,
}

/// The message that is answered or forwarded.
pub(crate) struct Original {
    pub(super) about: About,
    /// The reader that the original knows: an account that joined the sender's keeps its id there (B43).
    pub(super) reader: AccountId,
    /// A forward is sealed under the original's content key, so that it cannot outlive it (A20).
    pub(super) content: (ContentKeyId, Key),
}

impl Letter {
    /// A new message of which nothing is said yet.
    pub(crate) fn new(request: Idempotency) -> Self {
        Self {
            writing: Writing { occasion: Occasion::New, original_sender: None },
            to: vec![],
            cc: vec![],
            shown: None,
            subject: String::new(),
            body: plain(String::new()),
            attachments: vec![],
            original: None,
            expires_at: Timestamp::from_micros(0),
            new_recipients: NewRecipients::Invite,
            draft: None,
            secured_by: None,
            override_reason: None,
            request,
        }
    }
}

impl App {
    pub(super) async fn draft_letter(
        &self,
        viewer: &Viewer,
        request: &SendDraftRequest,
        key: Idempotency,
    ) -> Result<Letter, Error> {
        self.finish_uploads(viewer, request.draft).await?;
        let (_, writing) = self.own_draft(viewer, request.draft).await?;
        let text = writing.text.value().ok_or_else(|| not_found("draft"))?.clone();
        let mut attachments: Vec<Attachment> =
            writing.attachments.iter().filter_map(|(_, _, file)| file.value().cloned()).collect();
        let mut expires_at = self.expiry(viewer, writing.expires_in);
        let mut body = text.text;
        let (occasion, original_sender, original) = match writing.about {
            None => (Occasion::New, None, None),
            Some(about) => {
                let original = self.own_message(viewer, about.message).await;
                let (entry, opened, content_key) = original.map_err(original_gone)?;
                let content = match about.what {
                    Onward::Reply => new_content(self),
                    Onward::Forward => {
                        expires_at = entry.expires_at;
                        body = forwarded(&body, &entry, &opened);
                        attachments.extend(opened.headline.attachments.iter().cloned());
                        let sizes = attachments.iter().map(|file| file.size_bytes);
                        limit(&viewer.rules)
                            .admit(sizes)
                            .map_err(|refusal| beyond(refusal, &viewer.rules))?;
                        (entry.content_key, content_key)
                    }
                };
                let occasion = match about.what {
                    Onward::Reply => Occasion::Reply,
                    Onward::Forward => Occasion::Forward,
                };
                let sender = self.survivor(viewer.organisation, entry.sender).await?;
                (occasion, Some(sender), Some(Original { about, reader: entry.granted_to, content }))
            }
        };
        if occasion == Occasion::New && !viewer.capabilities().contains(&Capability::Compose) {
            let message = "You can answer mail here, not begin new mail.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        }
        Ok(Letter {
            writing: Writing { occasion, original_sender },
            to: text.to,
            cc: text.cc,
            subject: text.subject,
            body: plain(body),
            attachments,
            original,
            expires_at,
            new_recipients: request.new_recipients,
            draft: Some((request.draft, request.version)),
            override_reason: request.override_reason.clone(),
            ..Letter::new(key)
        })
    }

    /// One's own message with its content, while it stands; to everyone else there is none.
    pub(crate) async fn own_message(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<(MailboxEntry, Opened, Key), Error> {
        let entry = self.entry(viewer, message).await?;
        let key = self.content_key(viewer.organisation, &entry).await?;
        let mut opened = self.open_entries(viewer, std::slice::from_ref(&entry)).await?;
        match (key, opened.remove(&entry.position)) {
            (Some(key), Some(opened)) => Ok((entry, opened, key)),
            _ => Err(not_found("message").into()),
        }
    }

    /// Where an answer to a sender goes: to the address that they wrote from, and where they gave that one up, to their
    /// primary address of today. It may be another's by now.
    pub(crate) async fn reachable(
        &self,
        viewer: &Viewer,
        sender: AccountId,
        from: &Mailbox,
    ) -> Result<String, Error> {
        let person = self.holder(viewer.organisation, sender).await?;
        let wrote_from = |address: &EmailAddress| address.normalised() == from.address.normalised();
        let address = match person.address.value() {
            Some(primary) if person.closing.is_none() && !person.receiving().any(wrote_from) => primary,
            Some(_) | None => &from.address,
        };
        Ok(Mailbox { name: from.name.clone(), address: address.clone() }.to_string())
    }

    /// When a message sent now ends: by the policy, or sooner if the sender wants (A20, C13).
    pub(super) fn expiry(&self, viewer: &Viewer, wanted: Option<Period>) -> Timestamp {
        let now = self.log.now();
        let by_policy = now.plus(viewer.rules.policy.retention.messages);
        wanted.map_or(by_policy, |period| now.plus(period).min(by_policy))
    }
}

pub(super) fn new_content(app: &App) -> (ContentKeyId, Key) {
    (app.log.clock().new_id(), Key::random())
}

pub(super) fn original(entry: &MailboxEntry, what: Onward, content: (ContentKeyId, Key)) -> Original {
    Original { about: About { message: entry.message, what }, reader: entry.granted_to, content }
}

/// `Re: ` or `Fwd: ` before a subject, once.
pub(crate) fn prefixed(prefix: &str, subject: &str) -> String {
    let has_it = subject.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let whole = if has_it { subject.to_owned() } else { format!("{prefix}{subject}") };
    cut(&whole)
}

/// As much of a subject as a subject may be.
pub(crate) fn cut(subject: &str) -> String {
    let end = (0..=subject.len().min(SUBJECT_BYTES)).rev().find(|end| subject.is_char_boundary(*end));
    subject[..end.unwrap_or(0)].to_owned()
}

/// A forward's text: words of one's own, then the original.
pub(super) fn forwarded(words: &str, entry: &MailboxEntry, opened: &Opened) -> String {
    let Opened { headline, body } = opened;
    let to: Vec<String> = headline.to.iter().map(ToString::to_string).collect();
    format!(
        "{words}\n\n-------- Forwarded message --------\nFrom: {}\nTo: {}\nDate: {}\nSubject: {}\n\n{}",
        headline.from,
        to.join(", "),
        entry.sent_at,
        headline.subject,
        body.text,
    )
}

/// A draft's original that expired, was taken back or deleted while the draft was written.
fn original_gone(error: Error) -> Error {
    let message =
        "What this draft answers or forwards is gone, so that it cannot be sent; it is kept for its text.";
    match error {
        Error::Problems(_) => Problem::new(ProblemCode::Unavailable, message).into(),
        other => other,
    }
}
