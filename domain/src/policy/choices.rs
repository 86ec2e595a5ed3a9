//! The settings that choose one of a few.

use serde::{Deserialize, Serialize};

/// How a guest may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuestCompose {
    /// New mail to the organisation's own people (A26).
    Organisation,
    /// Replies only (C12).
    ReplyOnly,
    /// New mail where the guest's audience allows it (C15).
    ByAudience,
}

/// Whom a guest's reply or forward may reach, besides the original sender (A30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientRule {
    /// Nobody else (C10).
    SenderOnly,
    /// The organisation, and registered people of the guest's own domain (A31, A32).
    OwnDomain,
    /// Anyone registered.
    AnyoneRegistered,
}

/// What happens when the client's address changes during a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkPinning {
    /// Nothing.
    Off,
    /// It is recorded (R6).
    Log,
    /// Another /24 (IPv4) or /56 (IPv6) ends the session.
    Subnet,
    /// Any other address ends the session (B17).
    Strict,
}

/// What a notification carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// A link.
    Link,
    /// The registered envelope and a link (C3, R9).
    Envelope,
    /// The envelope with the first mail to a person, a link with later ones.
    Both,
}

/// Identifying data that registration can ask for (A5, A19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    /// Given name.
    GivenName,
    /// Family name.
    FamilyName,
    /// Company or practice.
    Company,
    /// Telephone number.
    Telephone,
    /// Postal address.
    PostalAddress,
    /// The organisation's own number for the person.
    MemberNumber,
}
