//! Leaving, coming back, and closing an account (B36–B39, K9).

use super::{Event, Holder, Refusal, SessionEnd, Stage};
use crate::{classified::Personal, id::AccountId, timestamp::Timestamp};
use serde::{Deserialize, Serialize};

/// How somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeavingVia {
    /// By the link of a mail.
    Link,
    /// Logged in.
    Account,
    /// By a mail that named organisation and address (B36).
    Mail,
}

/// Why an account was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Closing {
    /// The person wished it.
    Wish,
    /// An administrator did it.
    Administrator,
    /// It joined another (B43).
    Joined {
        /// Which.
        into: AccountId,
    },
}

impl Holder {
    pub(super) fn unsubscribe(&self, via: LeavingVia, at: Timestamp) -> Vec<Event> {
        if self.subscribed && self.stage != Stage::Closed {
            vec![Event::Unsubscribed { mailbox_generation: self.mailbox_generation, via, at }]
        } else {
            vec![]
        }
    }

    pub(super) fn resubscribe(&self, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        match self.stage {
            Stage::Closed => Err(Refusal::Closed),
            _ if self.subscribed => Ok(vec![]),
            Stage::Invited | Stage::Registered { .. } | Stage::Active | Stage::LockedOut { .. } => {
                Ok(vec![Event::Resubscribed { mailbox_generation: self.mailbox_generation + 1, at }])
            }
        }
    }

    pub(super) fn close(&self, why: Closing, reason: Option<String>, at: Timestamp) -> Vec<Event> {
        if self.stage == Stage::Closed {
            return vec![];
        }
        let mut events = self.end_sessions(true, SessionEnd::AccountClosed, at);
        events.push(Event::Closed { why, reason: reason.map(Personal::known), at });
        events
    }
}
