//! What is told of an account: links that stand, the reminder, a lockout.

use super::{Told, alias_of};
use crate::{
    App, Error, LinkPurpose,
    credentials::Credential,
    mails::{self, Words},
};
use domain::{
    AccountId, OrganisationId,
    account::{
        self, Holder, IssuedLink, Stage,
        alias::{self, Standing},
        recovery::{self, ResetBy},
    },
    id::{Id, LinkId},
};

impl App {
    /// What is told of an account; nothing when it is over.
    pub(super) async fn words(&self, of: &Told<'_>, event: &account::Event) -> Result<Option<Words>, Error> {
        let Told { holder, identity, .. } = *of;
        Ok(match event {
            account::Event::Invited { invitation, .. }
            | account::Event::InvitationResent { invitation, .. } => {
                let stands = holder.stage == Stage::Invited && holder.invitation.id == invitation.id;
                let token = self.token(of, LinkPurpose::Register, invitation, stands).await?;
                token.map(|token| mails::invitation(identity, &token, invitation.expires_at, of.encrypts()))
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
                let phrase = self.reminder(of.organisation, of.recipient, holder).await?;
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

    /// The token of a link that stands and is not too old.
    pub(super) async fn token<Of>(
        &self,
        of: &Told<'_>,
        purpose: LinkPurpose,
        link: &IssuedLink<Id<Of>>,
        stands: bool,
    ) -> Result<Option<String>, Error> {
        if !stands || link.expires_at <= self.log.now() {
            return Ok(None);
        }
        let token = self.link_token(of.organisation, of.recipient, purpose, link.id.uuid());
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
