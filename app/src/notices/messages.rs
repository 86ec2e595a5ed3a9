//! What is told of messages: that they wait, that they end, that a mail about one did not arrive (A6, A22, A41).

use super::{Telling, Told};
use crate::{
    App, Error, LinkPurpose,
    mails::{self, Waiting, Words},
};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp,
    account::Stage,
    message::{Message, Sent, State},
    notification::{Event, Kind, MailStatus},
};
use eventstore::log::ContentKeys;
use projections::notifications::NotificationRow;
use std::collections::BTreeSet;

/// Notifications that one mail covers at most; the next one has the rest.
const COVERED: usize = 500;

impl App {
    /// A message waits or ends: for who is registered that is said, everybody else is told how to come to it (A1, A6, A22).
    pub(super) async fn telling_of_message(
        &self,
        of: &Told<'_>,
        message: MessageId,
    ) -> Result<Option<Telling>, Error> {
        let Some(until) = self.readable_until(of.organisation, message, of.recipient).await? else {
            return Ok(None);
        };
        match of.row.kind {
            Kind::NewMessage => Ok(Some(self.telling_of_mail(of, until).await?)),
            Kind::ExpiryWarning => Ok(Some(mails::expiry_warning(of.identity, until).into())),
            Kind::Invitation => Ok(self.words_of_invitation(of).await?.map(Into::into)),
            Kind::Activation
            | Kind::Reminder
            | Kind::Reset
            | Kind::Lockout
            | Kind::Alias
            | Kind::Undeliverable
            | Kind::AutoNotice
            | Kind::Alert => Ok(None),
        }
    }

    /// One mail for one message, or for all mail of a time (policy `digest`).
    async fn telling_of_mail(&self, of: &Told<'_>, until: Timestamp) -> Result<Telling, Error> {
        let (mut covers, mut first_ends) = (vec![], until);
        if !of.rules.policy.mail.digest.is_zero() {
            for row in self.others_due(of).await? {
                let Some(message) = row.message else { continue };
                let until = self.readable_until(of.organisation, message, of.recipient).await?;
                // What is over is suppressed when its own turn comes.
                let Some(until) = until else { continue };
                first_ends = first_ends.min(until);
                covers.push(row);
            }
        }
        let waiting = Waiting { count: 1 + covers.len(), until: first_ends, encrypts: of.encrypts() };
        Ok(Telling { words: mails::new_message(of.identity, waiting), covers })
    }

    async fn words_of_invitation(&self, of: &Told<'_>) -> Result<Option<Words>, Error> {
        let invitation = &of.holder.invitation;
        let stands = of.holder.stage == Stage::Invited;
        let token = self.token(of, LinkPurpose::Register, invitation, stands).await?;
        Ok(token.map(|token| mails::invitation(of.identity, &token, invitation.expires_at, of.encrypts())))
    }

    /// A mail did not arrive. Others about the same message that did not either, for the same reason, are told of along with
    /// it (A41).
    pub(super) async fn telling_of_failure(
        &self,
        of: &Told<'_>,
        event: &Event,
    ) -> Result<Option<Telling>, Error> {
        let too_large = is_too_large(event);
        let Some(message) = of.row.message else {
            return Ok(Some(mails::uninvited(of.identity, too_large).into()));
        };
        let standing = self.standing(of.organisation, message).await?;
        if standing.is_none_or(|sent| is_recalled(&sent)) {
            return Ok(None);
        }
        let mut covers = self.others_due(of).await?;
        covers.retain(|row| row.message == Some(message));
        let causes: Vec<_> = covers.iter().map(|row| row.cause).collect();
        let causes = self.log.read_positions(of.organisation, &causes, &ContentKeys::none()).await?;
        let alike = causes.iter().filter(|cause| {
            matches!(&cause.event, domain::Event::Notification(_, event) if is_too_large(event) == too_large)
        });
        let alike: BTreeSet<_> = alike.map(|cause| cause.position).collect();
        covers.retain(|row| alike.contains(&row.cause));
        let words = mails::undeliverable(of.identity, 1 + covers.len(), too_large);
        Ok(Some(Telling { words, covers }))
    }

    /// Until when somebody can read a message; `None` once it expired, was recalled from them, or they deleted it.
    async fn readable_until(
        &self,
        organisation: OrganisationId,
        message: MessageId,
        person: AccountId,
    ) -> Result<Option<Timestamp>, Error> {
        let standing = self.standing(organisation, message).await?;
        let standing = standing
            .filter(|sent| !sent.recalled_from.contains(&person) && !sent.deleted_by.contains(&person));
        Ok(standing.map(|sent| sent.expires_at))
    }

    /// A message that did not expire.
    async fn standing(
        &self,
        organisation: OrganisationId,
        message: MessageId,
    ) -> Result<Option<Box<Sent>>, Error> {
        let loaded = self.log.load::<Message>(organisation, message.uuid()).await?;
        Ok(match loaded.state {
            State::Sent(sent) if !sent.is_over(self.log.now()) => Some(sent),
            State::Sent(_) | State::Unsent => None,
        })
    }

    /// Other notifications of the same kind to the same person that are due.
    async fn others_due(&self, of: &Told<'_>) -> Result<Vec<NotificationRow>, Error> {
        let now = self.log.now();
        let rows = self.models.notifications_of(of.organisation, of.recipient).await?;
        let is_other = |row: &NotificationRow| {
            row.kind == of.row.kind
                && row.notification != of.row.notification
                && row.next_attempt_at.is_some_and(|at| at <= now)
        };
        Ok(rows.into_iter().filter(is_other).take(COVERED).collect())
    }
}

/// The relay's reply to a mail that is too large for the other side (RFC 5321 §4.2.3).
const TOO_LARGE_REPLY: u16 = 552;
/// The same, said later: too large for the system, or for the mailbox (RFC 3463 §3.4, §3.3).
const TOO_LARGE_STATUS: [MailStatus; 2] = [MailStatus(5, 3, 4), MailStatus(5, 2, 3)];

fn is_too_large(event: &Event) -> bool {
    match event {
        Event::Failed { reply, .. } => *reply == Some(TOO_LARGE_REPLY),
        Event::Bounced { status, .. } => status.is_some_and(|status| TOO_LARGE_STATUS.contains(&status)),
        Event::Sent { .. } | Event::Deferred { .. } | Event::Suppressed { .. } => false,
    }
}

fn is_recalled(sent: &Sent) -> bool {
    sent.recipients.iter().all(|recipient| sent.recalled_from.contains(recipient))
}
