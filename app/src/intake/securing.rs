//! A mail that becomes a secure message (C1, B5, G4).

use super::{
    Reception,
    mime::{Incoming, html},
};
use crate::{
    App, Error, Problem, ProblemCode,
    files::NewFile,
    recipients::crowd,
    retrying,
    sending::{Author, FIRST_GENERATION, Letter, cut},
    uploads::{beyond, limit},
};
use bytes::Bytes;
use domain::{
    Metadata, OrganisationId,
    account::{Kind, Stage},
    address::{EmailAddress, Mailbox},
    id::{IntakeId, RuleId},
    intake::{self, Intake},
    message::{self, Attachment, BODY_BYTES, Body},
    organisation,
    recipients::Sender,
};
use eventstore::{
    Position,
    log::{Change, ContentKeys, Idempotency},
};
use std::sync::Arc;

/// A mail that is to become a message.
pub(super) struct Securing {
    pub(super) organisation: OrganisationId,
    pub(super) rules: Arc<organisation::State>,
    /// Whose it is: an address of the organisation's own.
    pub(super) author: EmailAddress,
    /// To whom it goes.
    pub(super) recipients: Vec<String>,
    pub(super) mail: Incoming,
    pub(super) original: Original,
    pub(super) rule: RuleId,
    /// What the rules know the mail as.
    pub(super) intake: IntakeId,
    /// Makes one message of a mail that comes again.
    pub(super) request: Idempotency,
    pub(super) meta: Metadata,
}

/// The mail as it came.
pub(super) enum Original {
    /// Its bytes.
    Raw(Bytes),
    /// Sealed, since it was held.
    Kept(Attachment),
}

/// Bytes of HTML that is shown at all; of a longer one, its text is.
const HTML_BYTES: usize = 4 * BODY_BYTES;

impl App {
    /// Makes a secure message of a mail, with the files in it, and keeps the mail itself beside them (G4). Together with it
    /// comes what `noted` decides about the mail for its sender. Whom it cannot go to, and what is too much, are problems,
    /// and then nothing is stored.
    pub(super) async fn secure(
        &self,
        securing: Securing,
        keys: &ContentKeys,
        noted: impl Fn(&Author) -> intake::Command + Send + Sync,
    ) -> Result<Position, Error> {
        if let Some(done) = self.sent_before(securing.organisation, securing.request).await? {
            return Ok(done.position);
        }
        let Securing { organisation, rules, author, recipients, mail, original, rule, intake, request, meta } =
            securing;
        let from = Origin { organisation, rules, address: author, name: mail.from.clone(), meta };
        fits(&mail, &from.rules)?;
        // All that can be refused, before a file is stored.
        let (to, cc) = fields(&mail, recipients);
        let mut letter = Letter { to, cc, secured_by: Some(rule), ..Letter::new(request) };
        let (author, _) = self.author_of(&from).await?;
        crowd(&letter.to, &letter.cc)?;
        let to = self.check_recipients(&author, letter.writing, &letter.to).await?;
        let cc = self.check_recipients(&author, letter.writing, &letter.cc).await?;
        self.refuse_recipients(&author, &letter, &to, &cc).await?;

        let named = from.rules.rules.get(&rule).map(|known| known.rule.without_tag(&mail.subject));
        letter.subject = cut(&named.unwrap_or(mail.subject));
        letter.shown = Some((mail.to, mail.cc));
        letter.expires_at = self.log.now().plus(from.rules.policy.retention.messages);
        let html = mail.html.as_deref().filter(|html| html.len() <= HTML_BYTES).map(html::harmless);
        let html = html.filter(|html| html.len() <= BODY_BYTES);
        let original = match original {
            Original::Kept(file) => file,
            Original::Raw(raw) => self.keep_raw(organisation, raw).await?,
        };
        letter.body = Body { text: mail.text, html, original: Some(original) };
        for file in mail.files {
            let file =
                NewFile { name: file.name, media_type: file.media_type, bytes: Bytes::from(file.bytes) };
            letter.attachments.push(self.keep_file(organisation, file).await?);
        }
        retrying(|| async {
            let (author, mut beside) = self.author_of(&from).await?;
            let loaded = self.log.load_with::<Intake>(organisation, intake.uuid(), keys).await?;
            beside.push(loaded.decide(noted(&author)).map_err(Problem::from)?);
            self.post_once(&author, &letter, beside).await
        })
        .await
    }

    /// Who sends a mail, and the changes that make a member of them where they are none yet: their own domain says that they
    /// are.
    async fn author_of(&self, from: &Origin) -> Result<(Author, Vec<Change>), Error> {
        let Origin { organisation, rules, address, name, meta } = from;
        let (account, generation, changes) = match self.holder_of(*organisation, address).await? {
            Some((_, holder)) if holder.stage == Stage::Closed => {
                return Err(not_a_sender("the sender's account is closed").into());
            }
            Some((account, holder)) => (account, holder.mailbox_generation, vec![]),
            None if rules.policy.accounts.is_group(address) => {
                return Err(not_a_sender("a group's address cannot send secure mail").into());
            }
            None => {
                let (account, invited) = self.inviting(*organisation, None, address, Kind::Member).await?;
                (account, FIRST_GENERATION, invited)
            }
        };
        let name = name.as_ref().filter(|from| from.address == *address).and_then(|from| from.name.clone());
        let author = Author {
            organisation: *organisation,
            account,
            generation,
            mailbox: Mailbox { name, address: address.clone() },
            sender: Sender { kind: Kind::Member, domain: address.domain().clone() },
            rules: rules.clone(),
            meta: meta.clone(),
        };
        Ok((author, changes))
    }
}

/// Where a mail comes from.
struct Origin {
    organisation: OrganisationId,
    rules: Arc<organisation::State>,
    address: EmailAddress,
    /// As the mail names its author.
    name: Option<Mailbox>,
    meta: Metadata,
}

/// What is refused of a mail that is to be secured, as its mail server is told; what is no refusal stays an error, so that the mail
/// comes again.
pub(super) fn refusal(error: Error) -> Result<Reception, Error> {
    let passes = |problem: &Problem| matches!(problem.code, ProblemCode::Conflict | ProblemCode::Unavailable);
    match error {
        Error::Problems(problems) if !problems.iter().any(passes) => {
            let too_much = problems.iter().any(|problem| {
                use ProblemCode::{AttachmentsTooLarge, TooLong, TooManyAttachments};
                matches!(problem.code, TooManyAttachments | AttachmentsTooLarge | TooLong)
            });
            let (code, enhanced) = if too_much { (552, "5.3.4") } else { (550, "5.7.1") };
            let said: Vec<_> = problems.into_iter().map(|problem| problem.message).collect();
            Ok(Reception::refused(code, enhanced, said.join(" ")))
        }
        other => Err(other),
    }
}

/// Whether the files and the text of a mail go with one message (A39, A40).
fn fits(mail: &Incoming, rules: &organisation::State) -> Result<(), Problem> {
    let sizes = mail.files.iter().map(|file| file.bytes.len() as u64);
    limit(rules).admit(sizes).map_err(|refusal| beyond(refusal, rules))?;
    if mail.text.len() > BODY_BYTES {
        return Err(message::Refusal::BodyTooLong.into());
    }
    Ok(())
}

/// The envelope's recipients as To and Cc: those whom the mail names as getting a copy, and all others.
fn fields(mail: &Incoming, recipients: Vec<String>) -> (Vec<String>, Vec<String>) {
    let is_copy = |recipient: &String| {
        let address = EmailAddress::parse(recipient);
        let named = |mailboxes: &[Mailbox]| {
            address.as_ref().is_ok_and(|address| mailboxes.iter().any(|own| own.address == *address))
        };
        named(&mail.cc) && !named(&mail.to)
    };
    let (cc, to) = recipients.into_iter().partition(is_copy);
    (to, cc)
}

fn not_a_sender(why: &str) -> Problem {
    Problem::new(ProblemCode::NotAllowed, format!("This mail cannot be secured: {why}."))
}
