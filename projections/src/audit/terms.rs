//! What an event is found by.

use super::{Facts, Kind, Outcome, actor};
use crate::Tags;
use domain::{AccountId, MessageId, id::AddressTag};
use eventstore::Recorded;
use std::collections::BTreeSet;

/// The terms of an event besides its networks and audiences; each once.
pub(super) fn of(recorded: &Recorded, facts: &Facts, tags: &Tags) -> BTreeSet<[u8; 16]> {
    let Facts { kind, outcome, subjects, addresses, messages, reason: _, privileged } = facts;
    let mut terms = BTreeSet::from([tags.kind(*kind)]);
    terms.extend(tags.outcome(*outcome));
    terms.extend(actor(&recorded.meta).map(|actor| tags.actor(actor)));
    terms.extend(subjects.iter().map(|subject| tags.subject(*subject)));
    terms.extend(messages.iter().map(|message| tags.message(*message)));
    terms.extend(addresses.iter().map(|address| tags.address(*address)));
    terms.extend(privileged.then(|| tags.privileged()));
    terms
}

impl Tags {
    pub(super) fn kind(&self, kind: Kind) -> [u8; 16] {
        self.term("kind", kind.code().as_bytes())
    }
    /// Stands for all kinds where they are counted.
    pub(super) fn any_kind(&self) -> [u8; 16] {
        self.term("kind", &[])
    }
    /// Nothing for what was done: most events were, so they are found by having no other outcome.
    pub(super) fn outcome(&self, outcome: Outcome) -> Option<[u8; 16]> {
        match outcome {
            Outcome::Done => None,
            Outcome::Refused | Outcome::Failed => Some(self.term("outcome", outcome.code().as_bytes())),
        }
    }
    pub(super) fn actor(&self, actor: AccountId) -> [u8; 16] {
        self.term("actor", &actor.bytes())
    }
    pub(super) fn subject(&self, subject: AccountId) -> [u8; 16] {
        self.term("subject", &subject.bytes())
    }
    pub(super) fn message(&self, message: MessageId) -> [u8; 16] {
        self.term("message", &message.bytes())
    }
    pub(super) fn address(&self, address: AddressTag) -> [u8; 16] {
        self.term("address", &address.bytes())
    }
    pub(super) fn privileged(&self) -> [u8; 16] {
        self.term("privileged", &[])
    }
    pub(super) fn audience(&self, audience: &str) -> [u8; 16] {
        self.term("audience", audience.as_bytes())
    }
    pub(super) fn network(&self, network: &[u8]) -> [u8; 16] {
        self.term("network", network)
    }
}
