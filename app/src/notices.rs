//! What a notification says, worked out from the event that it tells of when it is about to leave: nothing is told that is
//! over, and what it carries is opened at that moment (A10, A13, A18, B22, B42, R14).

use crate::{
    App, Error, LinkPurpose,
    credentials::Credential,
    error::not_found,
    mails::{self, Letterhead, Mail, Words},
};
use domain::{
    AccountId, Event, MessageId, OrganisationId,
    account::{
        self, Alias, Holder, IssuedLink, Stage,
        alias::{self, Standing},
        recovery::{self, ResetBy},
    },
    address::EmailAddress,
    id::{AliasId, Id, LinkId},
    notification::{Kind, Suppression},
    organisation::Identity,
};
use eventstore::log::ContentKeys;
use projections::notifications::NotificationRow;

impl App {
    /// The mail of a notification, or why it is not to be sent.
    pub(crate) async fn composed(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
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
        let identity = rules.founded.clone().ok_or_else(|| not_found("organisation"))?;
        let Some(cause) = self.cause(organisation, row).await? else { return Ok(Err(Suppression::Over)) };
        let of = Told { organisation, row, holder, identity: &identity };
        let words = match &cause {
            Event::Account(_, event) => self.words(&of, event).await?,
            Event::Message(message, _) => self.words_of_message(&of, *message).await?,
            Event::Organisation(_)
            | Event::Reservation(..)
            | Event::Network(..)
            | Event::Device(..)
            | Event::Draft(..)
            | Event::Notification(..)
            | Event::Audit(..)
            | Event::Key(..) => None,
        };
        let (Some(words), Some(to)) = (words, addressee(&cause, holder).cloned()) else {
            return Ok(Err(Suppression::Over));
        };
        // Whoever has an address that is not known to be the person's must not be able to leave for them.
        let leave = if holder.address.value() == Some(&to) {
            Some(self.unsubscribe_token(organisation, row.recipient, holder.mailbox_generation).await?)
        } else {
            None
        };
        let text = rules.presentation.notification_text.clone();
        let at = self.log.now();
        let head = Letterhead { identity, text, to, notification: row.notification, at, leave };
        Ok(Ok(mails::mail(&head, &words)))
    }

    /// Where a notification goes or went: an alias that is to be confirmed, the address that was the primary one, or the
    /// primary one (R15). Nothing once it is gone.
    pub async fn notified_address(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
    ) -> Result<Option<EmailAddress>, Error> {
        let holder = self.holder(organisation, row.recipient).await?;
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

    /// What is told of an account; nothing when it is over.
    async fn words(&self, of: &Told<'_>, event: &account::Event) -> Result<Option<Words>, Error> {
        let Told { holder, identity, .. } = *of;
        Ok(match event {
            account::Event::Invited { invitation, .. }
            | account::Event::InvitationResent { invitation, .. } => {
                let stands = holder.stage == Stage::Invited && holder.invitation.id == invitation.id;
                let token = self.token(of, LinkPurpose::Register, invitation, stands).await?;
                token.map(|token| mails::invitation(identity, &token, invitation.expires_at))
            }
            account::Event::ActivationIssued { activation, .. } => {
                let newest = |own: &IssuedLink<LinkId>| own.id == activation.id;
                let stands = matches!(&holder.stage, Stage::Registered { activation } if newest(activation));
                let token = self.token(of, LinkPurpose::ActivateAccount, activation, stands).await?;
                token.map(|token| mails::activation(identity, &token, activation.expires_at))
            }
            account::Event::LockedOut { until, .. } => {
                let stands = holder.stage == Stage::LockedOut { until: *until } && self.log.now() < *until;
                stands.then(|| mails::lockout(identity, *until))
            }
            account::Event::Recovery(event) => self.words_of_recovery(of, event).await?,
            account::Event::Alias(event) => self.words_of_alias(of, event).await?,
            account::Event::InvitationLapsed { .. }
            | account::Event::Registered { .. }
            | account::Event::RegistrationRefused { .. }
            | account::Event::Activated { .. }
            | account::Event::LoggedIn { .. }
            | account::Event::LoginFailed { .. }
            | account::Event::LockoutReleased { .. }
            | account::Event::SessionStarted { .. }
            | account::Event::SessionEnded { .. }
            | account::Event::NetworkChanged { .. }
            | account::Event::ProfileUpdated { .. }
            | account::Event::PromotedToMember { .. }
            | account::Event::AudienceChanged { .. }
            | account::Event::Unsubscribed { .. }
            | account::Event::Resubscribed { .. }
            | account::Event::Closed { .. }
            | account::Event::SecondFactor(_)
            | account::Event::Client(_) => None,
        })
    }

    async fn words_of_recovery(
        &self,
        of: &Told<'_>,
        event: &recovery::Event,
    ) -> Result<Option<Words>, Error> {
        let Told { holder, identity, .. } = *of;
        Ok(match event {
            recovery::Event::ReminderSent { .. } => {
                let phrase = self.reminder(of.organisation, of.row.recipient, holder).await?;
                phrase.map(|phrase| mails::reminder(identity, &phrase))
            }
            recovery::Event::ResetRequested {
                by: by @ (ResetBy::Person | ResetBy::Administrator),
                link,
                ..
            } => {
                let permit = holder.recovery.permit.as_ref();
                let stands = permit.is_some_and(|own| !own.used && own.link.id == link.id);
                let token = self.token(of, LinkPurpose::SetPassword, link, stands).await?;
                token.map(|token| mails::reset(identity, &token, link.expires_at, *by))
            }
            recovery::Event::PasswordStaged { activation, .. } => {
                let staged = holder.recovery.staged.as_ref();
                let stands = staged.is_some_and(|own| own.activation.id == activation.id);
                let token = self.token(of, LinkPurpose::ActivatePassword, activation, stands).await?;
                token.map(|token| mails::password_activation(identity, &token, activation.expires_at))
            }
            // What answers gave was handed out, not mailed.
            recovery::Event::ResetRequested { by: ResetBy::Challenge, .. }
            | recovery::Event::ChallengeFailed { .. }
            | recovery::Event::PasswordChanged { .. }
            | recovery::Event::PasswordLapsed { .. } => None,
        })
    }

    async fn words_of_alias(&self, of: &Told<'_>, event: &alias::Event) -> Result<Option<Words>, Error> {
        let Told { holder, identity, .. } = *of;
        Ok(match event {
            alias::Event::AliasRequested { alias, link, .. } => {
                let standing = alias_of(holder, *alias).map(|own| &own.standing);
                let stands = matches!(standing, Some(Standing::Pending { link: own }) if own.id == link.id);
                let token = self.token(of, LinkPurpose::ConfirmAlias, link, stands).await?;
                token.map(|token| mails::alias_confirmation(identity, &token, link.expires_at))
            }
            alias::Event::AliasPromoted { former, undo, .. } => {
                let standing = alias_of(holder, *former).map(|own| &own.standing);
                let stands =
                    matches!(standing, Some(Standing::FormerPrimary { undo: own, .. }) if own.id == undo.id);
                let token = self.token(of, LinkPurpose::UndoAliasPromotion, undo, stands).await?;
                token.map(|token| mails::promotion_notice(identity, &token, undo.expires_at))
            }
            alias::Event::AliasAdded { .. }
            | alias::Event::AliasConfirmed { .. }
            | alias::Event::AliasPromotionUndone { .. }
            | alias::Event::AliasRemoved { .. }
            | alias::Event::AccountJoined { .. } => None,
        })
    }

    /// A message waits: for who is registered that is said, everybody else is told how to come to it (A1, A6).
    async fn words_of_message(&self, of: &Told<'_>, message: MessageId) -> Result<Option<Words>, Error> {
        let Told { holder, identity, .. } = *of;
        let found = self.models.message(of.organisation, message).await?;
        if found.is_none_or(|found| found.expired_at.is_some() || found.expires_at <= self.log.now()) {
            return Ok(None);
        }
        if of.row.kind == Kind::NewMessage {
            return Ok(Some(mails::new_message(identity)));
        }
        let stands = holder.stage == Stage::Invited;
        let token = self.token(of, LinkPurpose::Register, &holder.invitation, stands).await?;
        Ok(token.map(|token| mails::invitation(identity, &token, holder.invitation.expires_at)))
    }

    /// The token of a link that stands and is not too old.
    async fn token<Of>(
        &self,
        of: &Told<'_>,
        purpose: LinkPurpose,
        link: &IssuedLink<Id<Of>>,
        stands: bool,
    ) -> Result<Option<String>, Error> {
        if !stands || link.expires_at <= self.log.now() {
            return Ok(None);
        }
        let token = self.link_token(of.organisation, of.row.recipient, purpose, link.id.uuid());
        Ok(Some(token.await?))
    }

    async fn reminder(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        holder: &Holder,
    ) -> Result<Option<String>, Error> {
        let sealed = holder.credentials.as_ref().and_then(|own| own.reminder.as_ref());
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self.open_credential(organisation, account, Credential::Reminder, sealed).await?;
        Ok(opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
    }
}

/// Whom a notification is for, and in whose name.
struct Told<'a> {
    organisation: OrganisationId,
    row: &'a NotificationRow,
    holder: &'a Holder,
    identity: &'a Identity,
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

fn alias_of(holder: &Holder, alias: AliasId) -> Option<&Alias> {
    holder.aliases.iter().find(|own| own.id == alias)
}

/// Whoever left hears of no mail any more (B38), but gets what they ask for to log in: else they could not come back.
fn reaches_who_left(kind: Kind) -> bool {
    match kind {
        Kind::Activation | Kind::Reminder | Kind::Reset => true,
        Kind::NewMessage | Kind::Invitation | Kind::Lockout | Kind::Alias => false,
    }
}
