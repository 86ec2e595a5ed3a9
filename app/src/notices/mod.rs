//! What a notification says, worked out from the event that it tells of when it is about to leave: nothing is told that is
//! over, and what it carries is opened at that moment (A10, A13, A18, B22, B42, R14).

mod accounts;
mod answers;
mod messages;

use crate::{
    App, Error,
    error::not_found,
    mails::{self, AutoSubmitted, Dispatch, Letterhead, Mail, Words},
};
use domain::{
    AccountId, Event, OrganisationId,
    account::{self, Alias, Holder, Stage, alias},
    address::EmailAddress,
    break_glass,
    id::AliasId,
    notification::{Kind, Suppression},
    organisation::{self, Identity},
    policy::DeliveryMode,
    replier,
};
use eventstore::log::ContentKeys;
use projections::notifications::NotificationRow;

/// Whom a notification is for, and in whose name.
struct Told<'a> {
    organisation: OrganisationId,
    row: &'a NotificationRow,
    recipient: AccountId,
    holder: &'a Holder,
    identity: &'a Identity,
    rules: &'a organisation::State,
}

/// What a notification says, and the others that the mail tells of as well.
struct Telling {
    words: Words,
    covers: Vec<NotificationRow>,
}

impl From<Words> for Telling {
    fn from(words: Words) -> Self {
        Self { words, covers: vec![] }
    }
}

impl App {
    /// The mail of a notification to somebody, or why it is not to be sent.
    pub(crate) async fn composed(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
        recipient: AccountId,
        holder: &Holder,
    ) -> Result<Result<Mail, Suppression>, Error> {
        if holder.address.value().is_none() {
            return Ok(Err(Suppression::Erased));
        }
        if !holder.subscribed && !reaches_who_left(row.kind) {
            return Ok(Err(Suppression::Unsubscribed));
        }
        // Its links were made of a key that is destroyed.
        if holder.stage == Stage::Closed {
            return Ok(Err(Suppression::Over));
        }
        let rules = self.rules(organisation).await?;
        let identity = rules.founded.as_ref().ok_or_else(|| not_found("organisation"))?;
        let Some(cause) = self.cause(organisation, row).await? else { return Ok(Err(Suppression::Over)) };
        let of = Told { organisation, row, recipient, holder, identity, rules: &rules };
        let telling = self.telling(&of, &cause).await?;
        let (Some(Telling { mut words, covers }), Some(to)) = (telling, addressee(&cause, holder).cloned())
        else {
            return Ok(Err(Suppression::Over));
        };
        // Whoever has an address that is not known to be the person's must not be able to leave for them.
        let leave = if holder.address.value() == Some(&to) {
            Some(self.unsubscribe_token(organisation, recipient, holder.mailbox_generation).await?)
        } else {
            None
        };
        let envelope = if of.encrypts() && covers.is_empty() {
            self.envelope_for(organisation, row, (recipient, holder), &rules).await?
        } else {
            None
        };
        if let Some(envelope) = &envelope {
            words.adds.push(mails::enclosed(envelope));
        }
        let head = Letterhead { identity, presentation: &rules.presentation };
        let dispatch = Dispatch {
            notification: row.notification,
            to,
            automatic: AutoSubmitted::Generated,
            leave,
            attachment: envelope.map(|envelope| envelope.file),
            covers,
            at: self.log.now(),
        };
        Ok(Ok(mails::mail(&head, &words, dispatch)))
    }

    /// Where a notification goes or went: an alias that is to be confirmed, the address that was the primary one, whoever
    /// wrote to the address that nobody reads, or the primary one (R15). Nothing once it is gone.
    pub async fn notified_address(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
    ) -> Result<Option<EmailAddress>, Error> {
        let Some(recipient) = row.recipient else {
            let cause = self.cause(organisation, row).await?;
            return Ok(cause.as_ref().and_then(writer).cloned());
        };
        let holder = self.holder(organisation, recipient).await?;
        if row.kind != Kind::Alias {
            return Ok(holder.address.value().cloned());
        }
        let cause = self.cause(organisation, row).await?;
        Ok(cause.and_then(|cause| addressee(&cause, &holder).cloned()))
    }

    /// The event that a notification tells of.
    async fn cause(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
    ) -> Result<Option<Event>, Error> {
        let events = self.log.read_positions(organisation, &[row.cause], &ContentKeys::none()).await?;
        Ok(events.into_iter().next().map(|recorded| recorded.event))
    }

    async fn telling(&self, of: &Told<'_>, cause: &Event) -> Result<Option<Telling>, Error> {
        match cause {
            Event::Account(_, event) => Ok(self.words(of, event).await?.map(Into::into)),
            Event::Message(message, _) => self.telling_of_message(of, *message).await,
            Event::Notification(_, event) => self.telling_of_failure(of, event).await,
            Event::BreakGlass(_, break_glass::Event::Opened { ends_at, .. }) => {
                Ok(Some(mails::alert(of.identity, *ends_at).into()))
            }
            Event::Organisation(_)
            | Event::Reservation(..)
            | Event::Network(..)
            | Event::Device(..)
            | Event::Intake(..)
            | Event::Replier(..)
            | Event::Draft(..)
            | Event::Audit(..)
            | Event::Export(..)
            | Event::Review(..)
            | Event::BreakGlass(_, break_glass::Event::Read { .. } | break_glass::Event::Closed { .. })
            | Event::Key(..) => Ok(None),
        }
    }
}

impl Told<'_> {
    /// Whether what waits is told of as encrypted, and may come along as an envelope (C2, C3).
    fn encrypts(&self) -> bool {
        let by_policy = match self.rules.policy.mail.delivery {
            DeliveryMode::Envelope | DeliveryMode::Both => true,
            DeliveryMode::Link => false,
        };
        by_policy && matches!(self.row.kind, Kind::NewMessage | Kind::Invitation)
    }
}

/// Where what an event says goes.
fn addressee<'a>(cause: &'a Event, holder: &'a Holder) -> Option<&'a EmailAddress> {
    let Event::Account(_, account::Event::Alias(event)) = cause else { return holder.address.value() };
    match event {
        alias::Event::AliasRequested { address, .. } => address.value(),
        alias::Event::AliasPromoted { former, .. } => alias_of(holder, *former)?.address.value(),
        alias::Event::AliasAdded { .. }
        | alias::Event::AliasConfirmed { .. }
        | alias::Event::AliasPromotionUndone { .. }
        | alias::Event::AliasRemoved { .. }
        | alias::Event::AccountJoined { .. } => holder.address.value(),
    }
}

/// Who wrote to the address that nobody reads.
fn writer(cause: &Event) -> Option<&EmailAddress> {
    let Event::Replier(_, replier::Event::NoticeOwed { address, .. }) = cause else { return None };
    address.value()
}

fn alias_of(holder: &Holder, alias: AliasId) -> Option<&Alias> {
    holder.aliases.iter().find(|own| own.id == alias)
}

/// Whoever left hears of no mail any more (B38), but gets what they ask for to log in: else they could not come back; and
/// what an officer must know.
fn reaches_who_left(kind: Kind) -> bool {
    match kind {
        Kind::Activation | Kind::Reminder | Kind::Reset => true,
        // An officer's duty, and no mail of theirs.
        Kind::Alert => true,
        Kind::NewMessage
        | Kind::Invitation
        | Kind::Lockout
        | Kind::Alias
        | Kind::ExpiryWarning
        | Kind::Undeliverable
        | Kind::AutoNotice => false,
    }
}
