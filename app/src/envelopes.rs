//! The registered envelope: a file beside a notification that holds nothing of the message and opens it by the reader's
//! password (C2–C9, R9).
//!
//! Its token names the message, the recipient and the invitation that the mail came with, hidden under the index key: it tells
//! nothing, is stored nowhere, and leads to the message as long as there is one.

use crate::{App, Caller, Done, Error, LinkPurpose, LogInStep, Viewer, links::masked, mails::MailFile};
use askama::Template;
use domain::{
    AccountId, MessageId, OrganisationId,
    account::{Holder, Stage},
    message::Direction,
    notification::Kind,
    organisation,
    policy::DeliveryMode,
};
use projections::{
    mailbox::{MailboxFilter, Page},
    notifications::{NotificationRow, NotificationState},
};
use seal::opaque;
use secrecy::SecretString;
use uuid::Uuid;

/// What an envelope's token is hidden under.
const ENVELOPE: &str = "envelope";
/// What the file is called, everywhere.
const FILE_NAME: &str = "securedoc.html";

/// An envelope as it shows itself to whoever holds it: nothing of what is in it, nor whether that is still there (A21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeView {
    /// The message; for who has shown to be its reader.
    pub message: MessageId,
    /// The reader's address, such as `a***@e***.com`; nothing once their data is erased (R10).
    pub masked_address: Option<String>,
    /// What the reader has to do first, if they have not registered.
    pub registration: Option<EnvelopeRegistration>,
    /// Whose password opens it.
    reader: AccountId,
}

/// How the reader of an envelope registers (C5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvelopeRegistration {
    /// By the link that came with it, whether that still works or not: a newer one is mailed, never shown (R11).
    Link(String),
    /// By one that came another way.
    Elsewhere,
}

/// An envelope on its way.
pub(crate) struct Envelope {
    /// HTML that stands alone.
    pub(crate) file: MailFile,
    /// The same without the file: for whoever cannot open that (R9).
    pub(crate) link: String,
}

/// What a token holds.
struct Token {
    message: MessageId,
    recipient: AccountId,
    /// Nil where the mail carried none.
    invitation: Uuid,
}

#[derive(Template)]
#[template(path = "securedoc.html")]
struct SecureDocument<'a> {
    organisation: &'a str,
    portal_url: &'a str,
    colour: &'a str,
    address: Option<&'a str>,
    /// Token of the link to register by.
    register: Option<&'a str>,
    /// The same message without the file.
    link: &'a str,
}

impl App {
    /// What the token of an envelope leads to; `None` for a token of nobody. Asking changes nothing (R1).
    pub async fn envelope(&self, caller: &Caller, token: &str) -> Result<Option<EnvelopeView>, Error> {
        let organisation = caller.organisation;
        let index = self.index_key(organisation).await?;
        let Some(token) = opaque::reveal(&index, ENVELOPE, token).and_then(|bytes| Token::from_bytes(&bytes))
        else {
            return Ok(None);
        };
        // Their mail may be in another account by now (B43).
        let reader = self.survivor(organisation, token.recipient).await?;
        let holder = self.holder(organisation, reader).await?;
        let registration = match holder.stage {
            Stage::Invited if token.invitation.is_nil() => Some(EnvelopeRegistration::Elsewhere),
            Stage::Invited => {
                let link =
                    self.link_token(organisation, reader, LinkPurpose::Register, token.invitation).await?;
                Some(EnvelopeRegistration::Link(link))
            }
            Stage::Registered { .. } | Stage::Active | Stage::LockedOut { .. } | Stage::Closed => None,
        };
        let masked_address = masked(holder.address.value());
        Ok(Some(EnvelopeView { message: token.message, masked_address, registration, reader }))
    }

    /// Logs the reader of an envelope in, by the same way as everybody: the same answers, limits and second factor (C6, C7).
    pub async fn log_in_by_envelope(
        &self,
        caller: &Caller,
        envelope: &EnvelopeView,
        password: &SecretString,
        replaces: Option<&Viewer>,
    ) -> Result<Done<LogInStep>, Error> {
        let holder = self.holder(caller.organisation, envelope.reader).await?;
        // Nobody is found by no name, with the same work.
        let identifier = holder.address.value().map(ToString::to_string).unwrap_or_default();
        self.log_in(caller, &identifier, password, replaces).await
    }

    /// The envelope that goes with a notification, where the policy has one (C3).
    pub(crate) async fn envelope_for(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
        (recipient, holder): (AccountId, &Holder),
        rules: &organisation::State,
    ) -> Result<Option<Envelope>, Error> {
        let encloses = match rules.policy.mail.delivery {
            DeliveryMode::Link => false,
            DeliveryMode::Envelope => true,
            DeliveryMode::Both => self.is_first_mail(organisation, recipient, row).await?,
        };
        let Some(identity) = rules.founded.as_ref().filter(|_| encloses) else { return Ok(None) };
        let Some(message) = self.announced(organisation, recipient, row).await? else { return Ok(None) };
        let invitation =
            if holder.stage == Stage::Invited { holder.invitation.id.uuid() } else { Uuid::nil() };
        let register = match holder.stage {
            Stage::Invited => {
                Some(self.link_token(organisation, recipient, LinkPurpose::Register, invitation).await?)
            }
            Stage::Registered { .. } | Stage::Active | Stage::LockedOut { .. } | Stage::Closed => None,
        };
        let index = self.index_key(organisation).await?;
        let token = opaque::hide(&index, ENVELOPE, &Token { message, recipient, invitation }.to_bytes());
        let link = format!("{}/envelope/{token}", identity.portal_url);
        let address = masked(holder.address.value());
        let file = SecureDocument {
            organisation: &identity.name,
            portal_url: &identity.portal_url,
            colour: &rules.presentation.colour,
            address: address.as_deref(),
            register: register.as_deref(),
            link: &link,
        };
        let html = file.render().map_err(|error| Error::Internal(error.into()))?;
        let file = MailFile { name: FILE_NAME.into(), media_type: "text/html".into(), bytes: html.into() };
        Ok(Some(Envelope { file, link }))
    }

    /// The message that a mail tells of, if it tells of one. An invitation that came with a message does not name it: what
    /// has waited longest is meant.
    async fn announced(
        &self,
        organisation: OrganisationId,
        recipient: AccountId,
        row: &NotificationRow,
    ) -> Result<Option<MessageId>, Error> {
        if row.kind != Kind::Invitation || row.message.is_some() {
            return Ok(row.message.filter(|_| tells_of_new_mail(row.kind)));
        }
        // Both are of one commit, but of two read models.
        self.models.wait_for(self.log.head(), &["mailbox"]).await?;
        let page = Page { last: Some(1), ..Page::default() };
        let (now, all) = (self.log.now(), MailboxFilter::default());
        let waiting = self.models.mailbox(organisation, recipient, Direction::In, now, &all, &page).await?;
        Ok(waiting.items.first().map(|entry| entry.message))
    }

    /// Whether nobody told this person of mail before.
    async fn is_first_mail(
        &self,
        organisation: OrganisationId,
        recipient: AccountId,
        row: &NotificationRow,
    ) -> Result<bool, Error> {
        let told = self.models.notifications_of(organisation, recipient).await?;
        let is_earlier = |other: &NotificationRow| {
            tells_of_new_mail(other.kind)
                && other.cause < row.cause
                && matches!(
                    other.state,
                    NotificationState::Queued | NotificationState::Deferred | NotificationState::Sent
                )
        };
        Ok(!told.iter().any(is_earlier))
    }
}

impl Token {
    fn to_bytes(&self) -> Vec<u8> {
        [self.message.bytes(), self.recipient.bytes(), self.invitation.into_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (message, rest) = bytes.split_first_chunk()?;
        let (recipient, invitation) = rest.split_first_chunk()?;
        Some(Self {
            message: MessageId::from_bytes(*message),
            recipient: AccountId::from_bytes(*recipient),
            invitation: Uuid::from_bytes(invitation.try_into().ok()?),
        })
    }
}

fn tells_of_new_mail(kind: Kind) -> bool {
    match kind {
        Kind::NewMessage | Kind::Invitation => true,
        Kind::Activation
        | Kind::Reminder
        | Kind::Reset
        | Kind::Lockout
        | Kind::Alias
        | Kind::ExpiryWarning
        | Kind::Undeliverable
        | Kind::AutoNotice
        | Kind::Alert => false,
    }
}
