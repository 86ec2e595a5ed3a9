//! Who may be written to: reading a list of recipients, and the one rule that judges each of them.

use crate::{
    account::Kind,
    address::{AddressError, Domain, Mailbox, Scan},
    policy::{GuestCompose, Policy, RecipientRule},
};
use std::{collections::BTreeSet, fmt};

/// Several domains, each once.
pub type Domains = BTreeSet<Domain>;

/// Recipients of one message, To and Cc together. Each gets a grant and a notification of its own; a longer list is a
/// mailing, which secure mail is not for.
pub const MAX_RECIPIENTS: usize = 200;

/// One recipient as typed, and what it was understood as; a draft keeps both, a page marks what was not understood.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed {
    /// The text, without blanks around it.
    pub typed: String,
    /// The correspondent, or what is wrong with the text.
    pub understood: Result<Mailbox, AddressError>,
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("understood", &self.understood).finish_non_exhaustive()
    }
}

/// Reads a field such as To: `;` and `,` separate, blanks around them do not matter (A27, A28), a name in quotation
/// marks and a comment in parentheses may hold either, empty pieces are dropped.
///
/// Reads no further than one recipient past [`MAX_RECIPIENTS`], so that the caller sees that there are too many.
#[must_use]
pub fn parse_list(text: &str) -> Vec<Typed> {
    // A library for RFC 5322 reads such lists as well, but keeps no record of what was typed for each, joins
    // `<a@x.example> <b@x.example>` to one address, and stops at a line end without a word.
    let mut scan = Scan::default();
    text.split(move |c| scan.is_outside(c) && matches!(c, ';' | ','))
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
        .take(MAX_RECIPIENTS + 1)
        .map(|piece| Typed { typed: piece.to_owned(), understood: Mailbox::parse(piece) })
        .collect()
}

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Inside or outside.
    pub kind: Kind,
    /// Of the address that the mail comes from.
    pub domain: Domain,
}

/// What is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A message of its own.
    New,
    /// An answer to a message received (A29).
    Reply,
    /// A message received, passed on (A33).
    Forward,
}

/// One recipient, with what is known of the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Of the recipient's address.
    pub domain: Domain,
    /// Who holds the address.
    pub standing: Standing,
    /// Whether it is who sent the message that is answered or forwarded; false for new mail.
    pub is_original_sender: bool,
}

/// Who holds an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One of the organisation's own people.
    Member,
    /// A registered outside person.
    Guest,
    /// An outside person who was invited and has not registered.
    Invited,
    /// Nobody.
    Unknown,
    /// Somebody who wants no more mail of this organisation (B38).
    Unsubscribed,
    /// A closed account (K9).
    Closed,
    /// Several people: the organisation lists it, and it cannot hold an account (B33).
    Group,
}

/// What sending to a recipient means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The message goes there.
    Send,
    /// The message goes there and the address is invited (A1); the policy says whether the sender is asked first (B10).
    Invite,
}

/// Why a recipient is not written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The rule excludes it. A guest is told no more than this (R4).
    NotAllowed,
    /// Write to each person instead (B34).
    Group,
    /// Told to members alone (B38).
    Unsubscribed,
    /// Told to members alone (K9).
    Closed,
}

/// Whether `sender` may write to `recipient`, and what that entails.
pub fn judge(
    policy: &Policy,
    sender: &Sender,
    occasion: Occasion,
    recipient: &Candidate,
) -> Result<Verdict, Refused> {
    match sender.kind {
        Kind::Member => for_member(recipient.standing),
        Kind::Guest => for_guest(policy, &sender.domain, occasion, recipient),
    }
}

/// Members write to anyone; who is new gets invited (A1, B10).
fn for_member(recipient: Standing) -> Result<Verdict, Refused> {
    match recipient {
        Standing::Member | Standing::Guest | Standing::Invited => Ok(Verdict::Send),
        Standing::Unknown => Ok(Verdict::Invite),
        Standing::Group => Err(Refused::Group),
        Standing::Unsubscribed => Err(Refused::Unsubscribed),
        Standing::Closed => Err(Refused::Closed),
    }
}

/// Guests reach whom the policy names, never invite (B13), and learn of nobody else whether they are registered (R4).
fn for_guest(
    policy: &Policy,
    own: &Domain,
    occasion: Occasion,
    recipient: &Candidate,
) -> Result<Verdict, Refused> {
    let reach = Reach::of(policy, occasion);
    let allowed = match recipient.standing {
        Standing::Member | Standing::Guest if recipient.is_original_sender && occasion != Occasion::New => {
            true
        }
        Standing::Member => reach >= Reach::Organisation,
        Standing::Guest => match reach {
            Reach::Nobody | Reach::Organisation => false,
            Reach::OwnDomain => is_one_domain(policy, own, &recipient.domain),
            Reach::Registered => true,
        },
        // Whether an address is a group concerns the organisation's own: said to those who may write to its people.
        Standing::Group if reach >= Reach::Organisation => return Err(Refused::Group),
        Standing::Group
        | Standing::Invited
        | Standing::Unknown
        | Standing::Unsubscribed
        | Standing::Closed => false,
    };
    if allowed { Ok(Verdict::Send) } else { Err(Refused::NotAllowed) }
}

/// How far a guest's mail may go, beyond the original sender; each includes the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nobody,
    Organisation,
    OwnDomain,
    Registered,
}

impl Reach {
    fn of(policy: &Policy, occasion: Occasion) -> Self {
        match occasion {
            Occasion::New => match policy.mail.guest_compose {
                GuestCompose::Organisation => Self::Organisation,
                // No setting says yet which audiences may compose, and `Policy::validate` refuses the choice: closed.
                GuestCompose::ReplyOnly | GuestCompose::ByAudience => Self::Nobody,
            },
            Occasion::Reply | Occasion::Forward => match policy.mail.reply_rule {
                RecipientRule::SenderOnly => Self::Nobody,
                RecipientRule::OwnDomain => Self::OwnDomain,
                RecipientRule::AnyoneRegistered => Self::Registered,
            },
        }
    }
}

/// Identical, and not a provider where strangers have their mailboxes (A32).
fn is_one_domain(policy: &Policy, a: &Domain, b: &Domain) -> bool {
    a == b && !policy.accounts.public_mailbox_domains.contains(a)
}

#[cfg(test)]
mod tests;
