//! What happens to an account, and why an attempt failed.

use super::{
    Closing, Credentials, FactorUse, IssuedLink, Kind, LeavingVia, Profile, SessionEnd, alias, client,
    recovery, second_factor,
};
use crate::{
    address::EmailAddress,
    bytes::TokenHash,
    classified::Personal,
    id::{AccountId, ClientId, InvitationId, LinkId, SessionId},
    timestamp::Timestamp,
    user_name::UserName,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// Somebody was invited.
    Invited {
        /// The invited address.
        address: Personal<EmailAddress>,
        /// Inside or outside.
        kind: Kind,
        /// The group of guests that the person belongs to (C15).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<String>,
        /// Who invited.
        by: Option<AccountId>,
        /// The mailed link.
        invitation: IssuedLink<InvitationId>,
        /// When.
        at: Timestamp,
    },
    /// A lapsed invitation was sent again, with a new link.
    InvitationResent {
        /// The new link.
        invitation: IssuedLink<InvitationId>,
        /// When.
        at: Timestamp,
    },
    /// The invitation became too old.
    InvitationLapsed {
        /// When.
        at: Timestamp,
    },
    /// The person registered.
    Registered {
        /// Identifying data.
        profile: Personal<Profile>,
        /// Name to log in with, if it is not the address.
        user_name: Option<Personal<UserName>>,
        /// Password and the like.
        credentials: Credentials,
        /// When.
        at: Timestamp,
    },
    /// A registration was turned down.
    RegistrationRefused {
        /// Why.
        why: RegistrationFailure,
        /// When.
        at: Timestamp,
    },
    /// A confirmation mail was ordered.
    ActivationIssued {
        /// The mailed link.
        activation: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// The account can log in from now on.
    Activated {
        /// When.
        at: Timestamp,
    },
    /// A login succeeded.
    LoggedIn {
        /// From where.
        from: Personal<IpAddr>,
        /// The second factor that was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        factor: Option<FactorUse>,
        /// When.
        at: Timestamp,
    },
    /// A login failed.
    LoginFailed {
        /// Why.
        why: LoginFailure,
        /// From where.
        from: Personal<IpAddr>,
        /// When.
        at: Timestamp,
    },
    /// Too many failures: no login for a time.
    LockedOut {
        /// When that ends.
        until: Timestamp,
        /// How many failures led to it.
        attempts: u32,
        /// Whether it goes without a mail, because one left a moment ago (R3).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        untold: bool,
        /// When.
        at: Timestamp,
    },
    /// Login is possible again.
    LockoutReleased {
        /// By what right.
        by: ReleasedBy,
        /// When.
        at: Timestamp,
    },
    /// A session began.
    SessionStarted {
        /// Which.
        session: SessionId,
        /// What its credential hashes to.
        token: TokenHash,
        /// From where.
        from: Personal<IpAddr>,
        /// Browser or client, in words.
        device: Personal<String>,
        /// The client program whose credential it is, if it is one's (B51).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<ClientId>,
        /// When it ends at the latest.
        ends_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A session ended.
    SessionEnded {
        /// Which.
        session: SessionId,
        /// Why.
        why: SessionEnd,
        /// When.
        at: Timestamp,
    },
    /// A session was seen from another network (R6).
    NetworkChanged {
        /// Which.
        session: SessionId,
        /// From where.
        from: Personal<IpAddr>,
        /// When.
        at: Timestamp,
    },
    /// Identifying data changed.
    ProfileUpdated {
        /// All of it.
        profile: Personal<Profile>,
        /// When.
        at: Timestamp,
    },
    /// A guest became one of the organisation's own people.
    PromotedToMember {
        /// When.
        at: Timestamp,
    },
    /// A guest belongs to another group, or to none.
    AudienceChanged {
        /// Which.
        audience: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The person left: no notifications, and all mail of this mailbox generation is out of reach.
    Unsubscribed {
        /// The mailbox generation that ended.
        mailbox_generation: u32,
        /// By which way.
        via: LeavingVia,
        /// When.
        at: Timestamp,
    },
    /// The person came back, to an empty mailbox.
    Resubscribed {
        /// The mailbox generation that begins.
        mailbox_generation: u32,
        /// When.
        at: Timestamp,
    },
    /// The account is closed for good.
    Closed {
        /// Why.
        why: Closing,
        /// In words, if an administrator did it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
        /// When.
        at: Timestamp,
    },
    /// About a lost password. The four groups are stored like the events above, by their own names.
    #[serde(untagged)]
    Recovery(recovery::Event),
    /// About the second factor.
    #[serde(untagged)]
    SecondFactor(second_factor::Event),
    /// About further addresses.
    #[serde(untagged)]
    Alias(alias::Event),
    /// About client programs.
    #[serde(untagged)]
    Client(client::Event),
}

/// Why a registration was turned down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationFailure {
    /// Not the invited address (B9).
    AnotherAddress,
    /// The invitation is too old, or a newer one was sent (R11).
    LinkExpired,
}

/// Why a login failed. For the audit alone: whoever logs in is told nothing of it (R4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginFailure {
    /// The password was wrong.
    WrongPassword,
    /// The account is locked.
    LockedOut,
    /// The account is not active yet (A4).
    NotActivated,
    /// Nobody holds the address.
    UnknownAddress,
    /// The code of the second factor was wrong, or used before.
    WrongCode,
    /// Too many failures after too many lockouts, and the person never logged in from there (R3).
    UnfamiliarNetwork,
    /// The account is closed.
    Closed,
}

/// By what right a lockout ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleasedBy {
    /// Its time was over.
    Time,
    /// An administrator's.
    Administrator,
    /// The password was reset (R3).
    Reset,
}
