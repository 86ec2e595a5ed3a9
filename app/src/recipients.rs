//! Recipients as a person types them, each judged by the rule in `domain::recipients`.

use crate::{
    App, Error, Problem, ProblemCode, error::refused_recipient, invitations::is_registered, sending::Author,
};
use domain::{
    AccountId,
    account::{Holder, Kind, Stage},
    address::{EmailAddress, Mailbox},
    notification::Kind as NotificationKind,
    recipients::{Candidate, MAX_RECIPIENTS, Occasion, Standing, Typed, Verdict, judge, parse_list},
};

/// What the rules say of one recipient (contract: `RecipientCheck`).
#[derive(Debug, Clone)]
pub struct RecipientCheck {
    /// As typed.
    pub typed: String,
    /// As understood; `None` when it is no address.
    pub mailbox: Option<Mailbox>,
    /// Why it is refused, if it is.
    pub problem: Option<Problem>,
    /// Whether it would be invited; always false for guests (R4).
    pub is_new: bool,
    /// Who it is, for sending.
    pub(crate) known: Option<Known>,
}

/// A recipient with an account.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) account: AccountId,
    pub(crate) kind: Kind,
    pub(crate) generation: u32,
    /// The mail that tells of a message (A1, A6).
    pub(crate) notice: NotificationKind,
}

/// What is being written, and about what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing {
    pub(crate) occasion: Occasion,
    /// Who sent the message that is answered or forwarded.
    pub(crate) original_sender: Option<AccountId>,
}

impl App {
    /// Judges every recipient of a field, given as one or more typed lists (A27, A28).
    pub(crate) async fn check_recipients(
        &self,
        author: &Author,
        writing: Writing,
        lists: &[String],
    ) -> Result<Vec<RecipientCheck>, Error> {
        let mut checks = vec![];
        for one in typed(lists).take(MAX_RECIPIENTS) {
            checks.push(match one.understood {
                Ok(mailbox) => self.check_recipient(author, writing, one.typed, mailbox).await?,
                Err(error) => RecipientCheck {
                    problem: Some(Problem::new(ProblemCode::Invalid, format!("{}: {error}", one.typed))),
                    typed: one.typed,
                    mailbox: None,
                    is_new: false,
                    known: None,
                },
            });
        }
        Ok(checks)
    }

    async fn check_recipient(
        &self,
        author: &Author,
        writing: Writing,
        typed: String,
        mailbox: Mailbox,
    ) -> Result<RecipientCheck, Error> {
        let address = &mailbox.address;
        let held = self.holder_of(author.organisation, address).await?;
        let primary = held.as_ref().and_then(|(_, holder)| holder.address.value());
        let candidate = Candidate {
            // An alias makes nobody a colleague (A32, B46).
            domain: primary.unwrap_or(address).domain().clone(),
            standing: standing(author, address, held.as_ref().map(|(_, holder)| &**holder)),
            is_original_sender: held
                .as_ref()
                .is_some_and(|(account, _)| writing.original_sender == Some(*account)),
        };
        let verdict = judge(&author.rules.policy, &author.sender, writing.occasion, &candidate);
        Ok(RecipientCheck {
            problem: verdict.err().map(|refused| refused_recipient(refused, &typed)),
            is_new: verdict == Ok(Verdict::Invite),
            known: held.map(|(account, holder)| Known {
                account,
                kind: holder.kind,
                generation: holder.mailbox_generation,
                notice: if is_registered(&holder) {
                    NotificationKind::NewMessage
                } else {
                    NotificationKind::Invitation
                },
            }),
            typed,
            mailbox: Some(mailbox),
        })
    }
}

/// Refuses more recipients than one message has, To and Cc together (A27).
pub(crate) fn crowd(to: &[String], cc: &[String]) -> Result<(), Problem> {
    if typed(to).chain(typed(cc)).count() <= MAX_RECIPIENTS {
        return Ok(());
    }
    let message = format!("Write to {MAX_RECIPIENTS} people at most; send the message again to the others.");
    Err(Problem::new(ProblemCode::Invalid, message).at(["to"]))
}

fn typed(lists: &[String]) -> impl Iterator<Item = Typed> {
    lists.iter().flat_map(|list| parse_list(list))
}

fn standing(author: &Author, address: &EmailAddress, holder: Option<&Holder>) -> Standing {
    if author.rules.policy.accounts.is_group(address) {
        return Standing::Group;
    }
    match holder {
        None => Standing::Unknown,
        Some(holder) if holder.stage == Stage::Closed => Standing::Unknown,
        Some(holder) if !holder.subscribed => Standing::Unsubscribed,
        Some(holder) => match (holder.kind, &holder.stage) {
            (Kind::Member, _) => Standing::Member,
            (Kind::Guest, Stage::Invited) => Standing::Invited,
            (Kind::Guest, Stage::Closed) => Standing::Unknown,
            (Kind::Guest, Stage::Registered { .. } | Stage::Active | Stage::LockedOut { .. }) => {
                Standing::Guest
            }
        },
    }
}
