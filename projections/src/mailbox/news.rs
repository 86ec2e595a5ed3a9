//! Whose open page an event concerns. No table: it is told as it happens, to whom listens.

use domain::{AccountId, DraftId, Event, MessageId, draft, message};
use eventstore::Recorded;

/// What changed in a person's folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxNews {
    /// A message came in.
    Arrived(MessageId),
    /// Something about a message changed, or it was sent.
    Updated(MessageId),
    /// A message is not there any more.
    Gone(MessageId),
    /// A draft was begun or saved.
    DraftChanged(DraftId),
}

/// To whom an event is news, as far as it names them itself.
#[must_use]
pub fn news(recorded: &Recorded) -> Vec<(AccountId, MailboxNews)> {
    match &recorded.event {
        Event::Message(message, event) => match event {
            message::Event::Sent { from, recipients, .. } => {
                let arrived = recipients.iter().map(|to| (to.account, MailboxNews::Arrived(*message)));
                arrived.chain([(*from, MailboxNews::Updated(*message))]).collect()
            }
            message::Event::Opened { by, .. }
            | message::Event::Replied { by, .. }
            | message::Event::Forwarded { by, .. } => vec![(*by, MailboxNews::Updated(*message))],
            message::Event::OnwardRefused { .. } | message::Event::Expired { .. } => vec![],
        },
        Event::Draft(draft, event) => match event {
            draft::Event::Saved { owner, .. } => vec![(*owner, MailboxNews::DraftChanged(*draft))],
            draft::Event::AttachmentAdded { .. }
            | draft::Event::AttachmentRemoved { .. }
            | draft::Event::Sent { .. }
            | draft::Event::Discarded { .. } => vec![],
        },
        Event::Organisation(_)
        | Event::Account(..)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Key(..) => vec![],
    }
}
