//! Every event that can be in the log, who caused it, and which keys its classified parts belong to.

use crate::{
    account, audit, break_glass,
    decider::Decider,
    device, draft, export,
    id::{
        AccountId, AddressTag, BreakGlassId, ContentKeyId, DeviceTag, DraftId, ExportId, Id, InquiryId,
        IntakeId, MessageId, NetworkTag, NotificationId, ReviewId, SessionId, VaultKeyId,
    },
    intake, key, message, network, notification, organisation,
    policy::Role,
    replier, reservation, review,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Any event, with the id of its stream. A projection matches on it; a new variant makes the compiler list every projection.
#[expect(
    clippy::large_enum_variant,
    reason = "an event lives between its row and its projection, one at a time"
)]
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Of the organisation.
    Organisation(organisation::Event),
    /// Of an account.
    Account(AccountId, account::Event),
    /// Of an address.
    Reservation(AddressTag, reservation::Event),
    /// Of a network that failed logins came from.
    Network(NetworkTag, network::Event),
    /// Of a client program's request for a credential.
    Device(DeviceTag, device::Event),
    /// Of a draft.
    Draft(DraftId, draft::Event),
    /// Of a message.
    Message(MessageId, message::Event),
    /// Of a mail that met a content rule.
    Intake(IntakeId, intake::Event),
    /// Of somebody who wrote to the address that nobody reads.
    Replier(AddressTag, replier::Event),
    /// Of a notification.
    Notification(NotificationId, notification::Event),
    /// Of a question to the audit.
    Audit(InquiryId, audit::Event),
    /// Of an export.
    Export(ExportId, export::Event),
    /// Of a reviewer's sign-off.
    Review(ReviewId, review::Event),
    /// Of an emergency access.
    BreakGlass(BreakGlassId, break_glass::Event),
    /// Of a key.
    Key(VaultKeyId, key::Event),
}

/// Why and by whom an event was caused; part of the audit skeleton.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Who.
    pub by: Actor,
    /// In which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The policy version that it was decided under (Q3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<u32>,
}

impl Metadata {
    /// Of what is done outside any session, under no policy.
    #[must_use]
    pub const fn by(by: Actor) -> Self {
        Self { by, session: None, policy: None }
    }
}

/// Who caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Actor {
    /// A logged-in person; with the role by whose right it was done, if it was one.
    Person {
        /// Who.
        account: AccountId,
        /// By right of which role.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
    },
    /// Whoever held a link that was mailed to this account.
    LinkHolder {
        /// To whom it was mailed.
        account: AccountId,
    },
    /// Nobody known.
    Anonymous,
    /// A scheduled job.
    Worker,
    /// The command line.
    Operator,
}

/// Whose subject key the personal parts of an event are sealed under; one person at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A person with an account.
    Account(AccountId),
    /// An address that nobody holds.
    Address(AddressTag),
    /// A record of compliance, such as a hold or a review: what it says in words belongs to the organisation, and outlives
    /// the account of whoever wrote it.
    Record(Uuid),
}

/// Which content key the content of an event is sealed under; one at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKey {
    /// A message's.
    Message(ContentKeyId),
    /// A draft's.
    Draft(DraftId),
    /// Of a mail that is held.
    Held(IntakeId),
}

/// The class of an event, clear in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// What people and jobs do.
    Domain,
    /// What becomes of keys.
    Key,
}

/// What the store must know of an aggregate's events to name, classify and seal them.
pub trait Stored:
    Decider<
        State: Clone + Send + Sync + 'static,
        Event: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    >
{
    /// Class of these events.
    const CLASS: Class = Class::Domain;

    /// The event of the stream with this id, as one of all events.
    fn event(stream: Uuid, event: Self::Event) -> Event;

    /// This aggregate's event; `None` for another's.
    fn own(event: Event) -> Option<Self::Event>;
}

impl Stored for organisation::Organisation {
    fn event(_: Uuid, event: organisation::Event) -> Event {
        Event::Organisation(event)
    }
    fn own(event: Event) -> Option<organisation::Event> {
        if let Event::Organisation(own) = event { Some(own) } else { None }
    }
}

impl Stored for account::Account {
    fn event(stream: Uuid, event: account::Event) -> Event {
        Event::Account(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<account::Event> {
        if let Event::Account(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for reservation::Reservation {
    fn event(stream: Uuid, event: reservation::Event) -> Event {
        Event::Reservation(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<reservation::Event> {
        if let Event::Reservation(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for network::Network {
    fn event(stream: Uuid, event: network::Event) -> Event {
        Event::Network(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<network::Event> {
        if let Event::Network(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for device::Device {
    fn event(stream: Uuid, event: device::Event) -> Event {
        Event::Device(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<device::Event> {
        if let Event::Device(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for draft::Draft {
    fn event(stream: Uuid, event: draft::Event) -> Event {
        Event::Draft(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<draft::Event> {
        if let Event::Draft(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for message::Message {
    fn event(stream: Uuid, event: message::Event) -> Event {
        Event::Message(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<message::Event> {
        if let Event::Message(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for intake::Intake {
    fn event(stream: Uuid, event: intake::Event) -> Event {
        Event::Intake(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<intake::Event> {
        if let Event::Intake(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for replier::Replier {
    fn event(stream: Uuid, event: replier::Event) -> Event {
        Event::Replier(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<replier::Event> {
        if let Event::Replier(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for notification::Notification {
    fn event(stream: Uuid, event: notification::Event) -> Event {
        Event::Notification(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<notification::Event> {
        if let Event::Notification(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for audit::Audit {
    fn event(stream: Uuid, event: audit::Event) -> Event {
        Event::Audit(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<audit::Event> {
        if let Event::Audit(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for export::Export {
    fn event(stream: Uuid, event: export::Event) -> Event {
        Event::Export(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<export::Event> {
        if let Event::Export(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for review::Review {
    fn event(stream: Uuid, event: review::Event) -> Event {
        Event::Review(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<review::Event> {
        if let Event::Review(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for break_glass::BreakGlass {
    fn event(stream: Uuid, event: break_glass::Event) -> Event {
        Event::BreakGlass(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<break_glass::Event> {
        if let Event::BreakGlass(_, own) = event { Some(own) } else { None }
    }
}

impl Stored for key::VaultKey {
    const CLASS: Class = Class::Key;

    fn event(stream: Uuid, event: key::Event) -> Event {
        Event::Key(Id::new(stream), event)
    }
    fn own(event: Event) -> Option<key::Event> {
        if let Event::Key(_, own) = event { Some(own) } else { None }
    }
}

impl Event {
    /// The person whom the personal parts of this event belong to, if it can have any.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Event::Account(account, _)
            | Event::Message(_, message::Event::RuleOverridden { by: account, .. })
            | Event::Intake(_, intake::Event::Decided { by: account, .. }) => {
                Some(Subject::Account(*account))
            }
            Event::Reservation(address, _) | Event::Replier(address, _) => Some(Subject::Address(*address)),
            Event::Export(export, _) => Some(Subject::Record(export.uuid())),
            Event::Review(review, _) => Some(Subject::Record(review.uuid())),
            Event::BreakGlass(access, _) => Some(Subject::Record(access.uuid())),
            Event::Organisation(_)
            | Event::Network(..)
            | Event::Device(..)
            | Event::Draft(..)
            | Event::Message(..)
            | Event::Intake(..)
            | Event::Notification(..)
            | Event::Audit(..)
            | Event::Key(..) => None,
        }
    }

    /// The key that the content of this event is sealed under, if it can have any.
    #[must_use]
    pub fn content_key(&self) -> Option<ContentKey> {
        match self {
            Event::Message(_, message::Event::Sent { content_key, .. }) => {
                Some(ContentKey::Message(*content_key))
            }
            Event::Draft(draft, _) => Some(ContentKey::Draft(*draft)),
            Event::Intake(intake, _) => Some(ContentKey::Held(*intake)),
            Event::Organisation(_)
            | Event::Account(..)
            | Event::Reservation(..)
            | Event::Network(..)
            | Event::Device(..)
            | Event::Message(..)
            | Event::Replier(..)
            | Event::Notification(..)
            | Event::Audit(..)
            | Event::Export(..)
            | Event::Review(..)
            | Event::BreakGlass(..)
            | Event::Key(..) => None,
        }
    }
}
