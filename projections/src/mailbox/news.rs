//! Whose open page an event concerns. No table: it is told as it happens, to whom listens.

use crate::{ProjectionError, Projections};
use domain::{AccountId, DraftId, Event, MessageId, account, event::Actor, message};
use eventstore::Recorded;
use std::collections::BTreeSet;

/// What changed in a person's folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxNews {
    /// A message came in.
    Arrived(MessageId),
    /// Something about a message changed, or it was sent.
    Updated(MessageId),
    /// A message is not there any more.
    Gone(MessageId),
    /// No received message is there any more: this person left (B38).
    AllGone,
    /// A draft was begun or saved.
    DraftChanged(DraftId),
}

impl Projections {
    /// To whom an event is news.
    pub async fn mailbox_news(
        &self,
        recorded: &Recorded,
    ) -> Result<Vec<(AccountId, MailboxNews)>, ProjectionError> {
        let Event::Message(message, message::Event::Expired { .. }) = &recorded.event else {
            return Ok(news(recorded));
        };
        // The event names nobody; who had the message is known from when it was sent.
        let sender = self.message(recorded.organisation, *message).await?.map(|row| row.sender);
        let recipients = self.deliveries(recorded.organisation, *message).await?;
        let people: BTreeSet<_> = recipients.iter().map(|one| one.account).chain(sender).collect();
        Ok(people.into_iter().map(|person| (person, MailboxNews::Gone(*message))).collect())
    }
}

/// To whom an event is news, as far as it names them itself.
fn news(recorded: &Recorded) -> Vec<(AccountId, MailboxNews)> {
    match &recorded.event {
        Event::Message(message, event) => match event {
            message::Event::Sent { from, recipients, .. } => {
                let arrived = recipients.iter().map(|to| (to.account, MailboxNews::Arrived(*message)));
                arrived.chain([(*from, MailboxNews::Updated(*message))]).collect()
            }
            message::Event::Opened { by, .. }
            | message::Event::Replied { by, .. }
            | message::Event::Forwarded { by, .. } => vec![(*by, MailboxNews::Updated(*message))],
            message::Event::Downloaded { by, .. } | message::Event::Printed { by, .. } => {
                vec![(*by, MailboxNews::Updated(*message))]
            }
            message::Event::Recalled { from, .. } => {
                from.iter().map(|person| (*person, MailboxNews::Gone(*message))).collect()
            }
            message::Event::Deleted { by, .. } => vec![(*by, MailboxNews::Gone(*message))],
            message::Event::OnwardRefused { .. }
            | message::Event::RuleOverridden { .. }
            | message::Event::ExpiryWarned { .. }
            | message::Event::Expired { .. } => vec![],
        },
        // A draft is its writer's alone.
        Event::Draft(draft, _) => match recorded.meta.by {
            Actor::Person { account, .. } => vec![(account, MailboxNews::DraftChanged(*draft))],
            Actor::LinkHolder { .. } | Actor::Anonymous | Actor::Worker | Actor::Operator => vec![],
        },
        Event::Account(account, account::Event::Unsubscribed { .. }) => {
            vec![(*account, MailboxNews::AllGone)]
        }
        Event::Organisation(_)
        | Event::Account(..)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..)
        | Event::Key(..) => vec![],
    }
}
