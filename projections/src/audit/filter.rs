//! What is asked, and which part of the answer is wanted.

use super::{Kind, Outcome};
use domain::{AccountId, MessageId, Timestamp, id::AddressTag, policy::Network};
use eventstore::Position;

/// What is asked. Every condition must hold, within a list any; nothing set is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// At this instant or later.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// One of these kinds.
    pub kinds: Vec<Kind>,
    /// Done by one of these.
    pub actors: Vec<AccountId>,
    /// Touching one of these, as recipient or sender of a message too.
    pub subjects: Vec<AccountId>,
    /// Touching one of these messages.
    pub messages: Vec<MessageId>,
    /// Touching one of these addresses, or one of their `holders`.
    pub addresses: Vec<AddressTag>,
    /// Who has or had one of the `addresses`.
    pub holders: Vec<AccountId>,
    /// From within one of these networks.
    pub networks: Vec<Network>,
    /// Touching somebody who was then a guest of one of these audiences (C15).
    pub audiences: Vec<String>,
    /// Ended so.
    pub outcomes: Vec<Outcome>,
    /// Done by right of a role, or not (Q10).
    pub privileged: Option<bool>,
    /// Signed off by somebody, or by nobody (Q2, Q10).
    pub reviewed: Option<bool>,
}

/// Which part of the answer, newest first. `first` beats `last`; with neither it is 50.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PositionPage {
    /// So many from the newest, or from `after`.
    pub first: Option<u32>,
    /// Older than this.
    pub after: Option<Position>,
    /// So many from the oldest, or from `before`.
    pub last: Option<u32>,
    /// Newer than this.
    pub before: Option<Position>,
}
