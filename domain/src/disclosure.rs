//! What counts as a disclosure of somebody's data (Q4).
//!
//! 45 CFR 164.528 gives a person an account of those to whom data about them was disclosed in the last six years. 160.103
//! says what that is: data is released, transferred, made accessible or divulged *outside* the organisation. What its own
//! people see is use, what the person is told is no disclosure (164.528(a)(1)(ii)), and what the person passes on is theirs.
//!
//! Nobody but a reader knows what a message says about whom. So each message that somebody is a party of, as its sender or as a
//! recipient, and each message that passes such a one on, counts as data of theirs. It is disclosed
//! - when it is sent to an outside person other than they: from then on it is accessible;
//! - when such a person opens it, keeps it or prints it.
//!
//! What the person sent themselves is not: they, not the organisation, chose whom it goes to.

use crate::{
    id::AccountId,
    message::{Event, Taken},
    period::Period,
};
use std::collections::BTreeSet;

/// The law's six years, for which disclosures are accounted for.
pub const ACCOUNTED: Period = Period::years(6);

/// How somebody came by a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was sent to them.
    Sent,
    /// It was shown to them.
    Opened,
    /// They kept some of it.
    Kept(Taken),
    /// They printed it.
    Printed,
}

/// Who had to do with a message when it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parties {
    /// Who sent it.
    pub sender: AccountId,
    /// Recipients from outside the organisation.
    pub outside: BTreeSet<AccountId>,
}

/// To whom an event discloses a message that holds data of a person, whose accounts these are.
#[must_use]
pub fn disclosed(person: &BTreeSet<AccountId>, parties: &Parties, event: &Event) -> Vec<(AccountId, How)> {
    if person.contains(&parties.sender) {
        return vec![];
    }
    let stranger = |account: &&AccountId| parties.outside.contains(account) && !person.contains(account);
    let to = |account: &AccountId, how| [account].into_iter().filter(stranger).map(|to| (*to, how)).collect();
    match event {
        Event::Sent { .. } => {
            parties.outside.iter().filter(stranger).map(|account| (*account, How::Sent)).collect()
        }
        Event::Opened { by, .. } => to(by, How::Opened),
        Event::Downloaded { by, what, .. } => to(by, How::Kept(*what)),
        Event::Printed { by, .. } => to(by, How::Printed),
        // What answers it or passes it on is a message of its own.
        Event::Replied { .. }
        | Event::Forwarded { .. }
        | Event::OnwardRefused { .. }
        | Event::RuleOverridden { .. }
        | Event::Recalled { .. }
        | Event::Deleted { .. }
        | Event::ExpiryWarned { .. }
        | Event::Expired { .. } => vec![],
    }
}

#[cfg(test)]
mod tests;
