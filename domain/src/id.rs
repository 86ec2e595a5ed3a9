//! Identifiers. An id is a UUID that says by its type what it identifies; it is made at the edge and means nothing else.

use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, hash, marker::PhantomData};
use uuid::Uuid;

/// The id of one `Of`.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Id<Of> {
    uuid: Uuid,
    #[serde(skip)]
    of: PhantomData<fn() -> Of>,
}

/// An account, from its invitation on.
pub type AccountId = Id<crate::account::Account>;
/// A message.
pub type MessageId = Id<crate::message::Message>;
/// A draft.
pub type DraftId = Id<crate::draft::Draft>;
/// A mail that tells of something.
pub type NotificationId = Id<crate::notification::Notification>;
/// A file of a draft or message.
pub type AttachmentId = Id<crate::draft::Attachment>;
/// A login on one device.
pub type SessionId = Id<crate::account::Session>;
/// A person's way in.
pub type InvitationId = Id<crate::account::Invitation>;
/// A link in a mail. Its token is derived from it and a key, so nobody stores the token.
pub type LinkId = Id<crate::account::Link>;
/// A further address of a member.
pub type AliasId = Id<crate::account::AliasName>;
/// A client program of an account.
pub type ClientId = Id<crate::account::ClientName>;
/// A network: a keyed hash of its prefix, so that a stream's name gives nothing away.
pub type NetworkTag = Id<crate::network::Network>;
/// An audience of guests: a keyed hash of its name, since what somebody types as one may be anything (C15).
pub type AudienceTag = Id<crate::audit::Audience>;
/// A client program's request for a credential: a keyed hash of the code that it shows.
pub type DeviceTag = Id<crate::device::Device>;
/// The key under which a message's content is sealed; a forward shares the original's.
pub type ContentKeyId = Id<crate::message::ContentKey>;
/// One query of the audit.
pub type InquiryId = Id<crate::audit::Audit>;
/// What was taken out of the system.
pub type ExportId = Id<crate::export::Export>;
/// A reviewer's sign-off.
pub type ReviewId = Id<crate::review::Review>;
/// A key of the vault.
pub type VaultKeyId = Id<crate::key::VaultKey>;
/// A content rule of an organisation.
pub type RuleId = Id<crate::content::Rule>;
/// A mail that met a content rule at the gateway.
pub type IntakeId = Id<crate::intake::Intake>;
/// An address of an organisation: a keyed hash of its normalised form, so that a stream's name gives nothing away.
pub type AddressTag = Id<crate::reservation::Reservation>;

/// An organisation; 1 is the first. It stands in every event's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrganisationId(pub u32);

impl<Of> Id<Of> {
    /// The id that is this UUID.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }
    /// The id of these 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::new(Uuid::from_bytes(bytes))
    }
    /// The id as a UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
    /// The id's 16 bytes, as they are stored.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        self.uuid.into_bytes()
    }
}

impl<Of> Clone for Id<Of> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Of> Copy for Id<Of> {}
impl<Of> PartialEq for Id<Of> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<Of> Eq for Id<Of> {}
impl<Of> PartialOrd for Id<Of> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<Of> Ord for Id<Of> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<Of> hash::Hash for Id<Of> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<Of> fmt::Debug for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}
impl<Of> fmt::Display for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}
impl fmt::Display for OrganisationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
