//! Who can read a message: the one rule, for now and for any instant of the past (A2, A21, B38, B43, K9, N2, Q3, R16).
//!
//! A message stands in mailboxes, each of one account in one generation. Whether it can be read there is a question to the
//! message (is it over, taken back, deleted?) and to accounts (did the person leave, close, join another?). Both answer with
//! what was folded up to that instant, by the same `evolve` as everywhere. `rm_mailbox` is the same answer for the present,
//! kept ready.

mod history;

pub use history::{Happened, Reading, readings};

use crate::{
    account::{self, Account, Closing, Holder, Stage},
    decider::Decider,
    event::Event,
    id::{AccountId, MessageId},
    message::{self, Direction, Message},
    timestamp::Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

/// How far the mail of an account can be reached, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// In whose inbox it is: the account itself, or the one that it joined at last (B43).
    pub person: AccountId,
    /// Whether that person can be shown anything: activated and not closed (A2). A lockout keeps nobody from what they have.
    pub present: bool,
    /// The first mailbox generation of received mail that is within reach, if any is (B38).
    pub received_from: Option<u32>,
    /// Whether sent mail is (K9).
    pub sent: bool,
}

/// By which right somebody can read a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// They sent it.
    Sender,
    /// They received it.
    Recipient,
    /// They have a message that passes it on.
    Forward,
}

/// That somebody can read a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// Who.
    pub person: AccountId,
    /// By which right.
    pub right: Right,
    /// The policy that the right was given under; 0 where none is recorded.
    pub policy: u32,
}

/// Messages, and the accounts in whose mailboxes they stand, as the events so far leave them.
#[derive(Debug, Default)]
pub struct Circle {
    messages: BTreeMap<MessageId, (message::State, u32)>,
    accounts: BTreeMap<AccountId, account::State>,
}

impl Reach {
    /// Of an account, among those that are known. `None` for one that is not.
    pub fn of<'a>(account: AccountId, holder: impl Fn(AccountId) -> Option<&'a Holder>) -> Option<Self> {
        let own = holder(account)?;
        let (mut person, mut last) = (account, own);
        let mut seen = BTreeSet::from([account]);
        while let Some(Closing::Joined { into }) = last.closing
            && seen.insert(into)
        {
            (person, last) = (into, holder(into)?);
        }
        let lives = last.closing.is_none();
        let kept = if person == account { last.subscribed } else { last.joined.contains(&account) };
        let present = match last.stage {
            Stage::Active | Stage::LockedOut { .. } => true,
            Stage::Invited | Stage::Registered { .. } | Stage::Closed => false,
        };
        let received_from = (lives && kept).then_some(own.left_generation + 1);
        Some(Self { person, present, received_from, sent: lives })
    }

    /// Whether what stands in a mailbox of this account is within reach.
    #[must_use]
    pub fn has(&self, direction: Direction, generation: u32) -> bool {
        match direction {
            Direction::In => self.received_from.is_some_and(|first| first <= generation),
            Direction::Out => self.sent,
        }
    }
}

impl Circle {
    /// Takes in what happened, and the policy that it was decided under. What is no message's and no account's changes nothing.
    pub fn evolve(&mut self, event: &Event, policy: Option<u32>) {
        match event {
            Event::Message(message, event) => {
                let (state, under) = self.messages.remove(message).unwrap_or_default();
                let is_first = matches!(state, message::State::Unsent);
                let under = if is_first { policy.unwrap_or_default() } else { under };
                self.messages.insert(*message, (Message::evolve(state, event), under));
            }
            Event::Account(account, event) => {
                let state = self.accounts.remove(account).unwrap_or_default();
                self.accounts.insert(*account, Account::evolve(state, event));
            }
            Event::Organisation(_)
            | Event::Reservation(..)
            | Event::Network(..)
            | Event::Device(..)
            | Event::Draft(..)
            | Event::Intake(..)
            | Event::Replier(..)
            | Event::Notification(..)
            | Event::Audit(..)
            | Event::Export(..)
            | Event::Review(..)
            | Event::Approval(..)
            | Event::Key(..)
            | Event::Log(_) => {}
        }
    }

    /// Who has a message itself at an instant, by which right, and until when if nothing happens.
    #[must_use]
    pub fn holders(&self, message: MessageId, at: Timestamp) -> BTreeMap<Access, Timestamp> {
        let Some((message::State::Sent(sent), policy)) = self.messages.get(&message) else {
            return BTreeMap::new();
        };
        let access = |granted: &message::Granted| {
            sent.readable(granted.account, at).ok()?;
            let reach = Reach::of(granted.account, |account| self.holder(account))?;
            let right = match granted.direction {
                Direction::In => Right::Recipient,
                Direction::Out => Right::Sender,
            };
            let can = reach.present && reach.has(granted.direction, granted.generation);
            can.then_some((Access { person: reach.person, right, policy: *policy }, sent.expires_at))
        };
        sent.granted.iter().filter_map(access).collect()
    }

    /// Who can read a message at an instant: who has it, and who has what passes it on.
    #[must_use]
    pub fn readers(&self, message: MessageId, at: Timestamp) -> BTreeMap<Access, Timestamp> {
        let mut readers = self.holders(message, at);
        let mut seen = BTreeSet::from([message]);
        let mut passed_on = self.forwards(message);
        while let Some(forward) = passed_on.pop() {
            if !seen.insert(forward) {
                continue;
            }
            for (access, until) in self.holders(forward, at) {
                let known = readers.entry(Access { right: Right::Forward, ..access }).or_insert(until);
                *known = until.max(*known);
            }
            passed_on.extend(self.forwards(forward));
        }
        readers
    }

    fn forwards(&self, message: MessageId) -> Vec<MessageId> {
        match self.messages.get(&message) {
            Some((message::State::Sent(sent), _)) => sent.forwards.iter().map(|(_, with)| *with).collect(),
            Some((message::State::Unsent, _)) | None => vec![],
        }
    }

    fn holder(&self, account: AccountId) -> Option<&Holder> {
        self.accounts.get(&account)?.holder()
    }
}

#[cfg(test)]
mod tests;
