//! Taking a message back (R16): from whom it went to, and from whoever they passed it on to.
//!
//! From the moment of the event on, every way to its content refuses those it was taken back from. Their grants stay in the
//! log: it is the rule that keeps them out, not yet the lack of a key. The keys die with the day on which the message
//! expires, as they do for everyone.

use crate::{App, Done, Error, Problem, ProblemCode, Viewer, error::not_found, retrying};
use domain::{
    AccountId, MessageId, OrganisationId,
    address::EmailAddress,
    message::{Command, Message, Recaller, Sent, State},
};
use eventstore::{Commit, Position};
use projections::notifications::NotificationState;

/// What a recall cannot undo (contract: `RecallLimit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecallLimit {
    /// Someone has read it.
    Opened,
    /// Someone has kept it.
    Downloaded,
    /// Someone has it on paper.
    Printed,
    /// It was passed on; the copy is recalled too, what was read is not.
    Forwarded,
    /// The notification mail stays in their mailbox.
    Notification,
    /// A hold keeps a copy for the organisation.
    Held,
}

impl App {
    /// Takes a message back from everyone, or from those who have these addresses; and what they made of it by passing it on
    /// from all who got that and from themselves. All of it happens in one commit. What was taken back already stays so.
    pub async fn recall_message(
        &self,
        viewer: &Viewer,
        message: MessageId,
        recipients: Option<&[EmailAddress]>,
    ) -> Result<Done<MessageId>, Error> {
        self.entry(viewer, message).await?;
        let position = retrying(|| self.recall_once(viewer, message, recipients)).await?;
        self.wait_for(position).await?;
        Ok(Done { value: message, position })
    }

    async fn recall_once(
        &self,
        viewer: &Viewer,
        message: MessageId,
        recipients: Option<&[EmailAddress]>,
    ) -> Result<Position, Error> {
        let (organisation, at) = (viewer.organisation, self.log.now());
        let loaded = self.log.load::<Message>(organisation, message.uuid()).await?;
        let State::Sent(sent) = &loaded.state else { return Err(not_found("message").into()) };
        if !viewer.is(sent.from) {
            return Err(not_found("message").into());
        }
        let from = match recipients {
            Some(addresses) => Some(self.reached_at(organisation, sent, addresses).await?),
            None => None,
        };
        let lost = |by: &AccountId| from.as_ref().unwrap_or(&sent.recipients).contains(by);
        let mut passed_on: Vec<_> =
            sent.forwards.iter().filter(|(by, _)| lost(by)).map(|(_, forward)| *forward).collect();
        let recall = Command::Recall { by: Recaller::Sender(sent.from), from: from.clone(), at };
        let mut changes = vec![loaded.decide(recall).map_err(Problem::from)?];
        // Whoever passes one of these on meanwhile changes its stream: then this commit is refused, and all is looked at again.
        while let Some(forward) = passed_on.pop() {
            let loaded = self.log.load::<Message>(organisation, forward.uuid()).await?;
            let recall = Command::Recall { by: Recaller::Original, from: None, at };
            changes.push(loaded.decide(recall).map_err(Problem::from)?);
            if let State::Sent(sent) = &loaded.state {
                passed_on.extend(sent.forwards.iter().map(|(_, forward)| *forward));
            }
        }
        Ok(self.log.append(Commit::new(organisation, &viewer.meta(), changes)).await?.position())
    }

    /// The recipients of a message that are reached at these addresses, whichever of theirs it was written to.
    async fn reached_at(
        &self,
        organisation: OrganisationId,
        sent: &Sent,
        addresses: &[EmailAddress],
    ) -> Result<Vec<AccountId>, Error> {
        // A message knows people by the accounts that they had; some joined another since (B43).
        let mut recipients = vec![];
        for recipient in &sent.recipients {
            recipients.push((self.survivor(organisation, *recipient).await?, *recipient));
        }
        let mut reached = vec![];
        for address in addresses {
            let holder = self.holder_of(organisation, address).await?.map(|(account, _)| account);
            let theirs = recipients.iter().filter(|(person, _)| Some(*person) == holder);
            let before = reached.len();
            reached.extend(theirs.map(|(_, recipient)| *recipient));
            if reached.len() == before {
                let message = format!("{address} is nobody whom you sent this message to; remove it.");
                return Err(Problem::new(ProblemCode::Invalid, message).at(["recipients"]).into());
            }
        }
        if reached.is_empty() {
            let message = "Name people whom you sent the message to, or leave them out to mean everyone.";
            return Err(Problem::new(ProblemCode::Required, message).at(["recipients"]).into());
        }
        Ok(reached)
    }

    /// What a recall of a message could not undo; for its sender alone.
    pub async fn recall_limits(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Option<Vec<RecallLimit>>, Error> {
        let Some(deliveries) = self.deliveries(viewer, message).await? else { return Ok(None) };
        let mails = self.models.notifications_of_message(viewer.organisation, message).await?;
        let left = |state| matches!(state, NotificationState::Sent | NotificationState::Bounced);
        let limits = [
            (RecallLimit::Opened, deliveries.iter().any(|one| one.opened_at.is_some())),
            (RecallLimit::Downloaded, deliveries.iter().any(|one| one.downloaded_at.is_some())),
            (RecallLimit::Printed, deliveries.iter().any(|one| one.printed_at.is_some())),
            (RecallLimit::Forwarded, deliveries.iter().any(|one| one.forwarded_at.is_some())),
            (RecallLimit::Notification, mails.iter().any(|mail| left(mail.state))),
        ];
        Ok(Some(limits.into_iter().filter_map(|(limit, holds)| holds.then_some(limit)).collect()))
    }
}
