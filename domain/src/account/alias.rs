//! Further addresses of a member, one of which can take the primary one's place (B40–B50, R14).

mod promotion;

use super::{Holder, IssuedLink, Kind, Refusal, Stage, joining::RESEND_PAUSE};
use crate::{
    account,
    address::EmailAddress,
    classified::Personal,
    id::{AccountId, AliasId, LinkId},
    period::Period,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A further address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// Which.
    pub id: AliasId,
    /// The address.
    pub address: Personal<EmailAddress>,
    /// Whether it receives.
    pub standing: Standing,
    /// The administrator who added it (B50); `None` for the person.
    pub added_by: Option<AccountId>,
}

/// Whether an alias receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The confirmation mail was not answered (B45).
    Pending {
        /// Its link.
        link: IssuedLink<LinkId>,
    },
    /// Its mail arrives (B48).
    Confirmed,
    /// Was the primary address; still receives (B47).
    FormerPrimary {
        /// The link by which it becomes the primary one again (R14).
        undo: IssuedLink<LinkId>,
        /// The alias that took its place.
        promoted: AliasId,
    },
}

/// An account whose mail joins this one's (B43).
#[derive(Debug, Clone)]
pub struct Joining {
    /// The account, and those that had joined it before.
    pub accounts: Vec<AccountId>,
    /// Its further addresses, each under a new id.
    pub addresses: Vec<(AliasId, EmailAddress)>,
}

/// What can be asked of aliases.
#[derive(Debug, Clone)]
pub enum Command {
    /// Asks for one; for a pending one the confirmation is mailed again (B42).
    Request {
        /// Its id, if it is new.
        alias: AliasId,
        /// The address.
        address: EmailAddress,
        /// The administrator who asks on the person's behalf (B50).
        added_by: Option<AccountId>,
        /// Whether the policy lets people manage their aliases (B40).
        allowed: bool,
        /// The mailed link.
        link: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// Adds one at once: an address of the organisation's own domains (B50).
    Add {
        /// Its id.
        alias: AliasId,
        /// The address.
        address: EmailAddress,
        /// The administrator.
        added_by: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Confirms a pending one by its link (B43, B44).
    Confirm {
        /// The link that was followed.
        link: LinkId,
        /// The account that held the address, if one did; its password was asked before.
        joining: Option<Joining>,
        /// When.
        at: Timestamp,
    },
    /// Makes a confirmed one the primary address (B46).
    Promote {
        /// Which.
        alias: AliasId,
        /// The id under which the primary address goes on as an alias.
        former: AliasId,
        /// The link that is mailed to it (R14).
        undo: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// Makes the former primary address the primary one again (R14).
    UndoPromotion {
        /// The link that was followed.
        link: LinkId,
        /// When.
        at: Timestamp,
    },
    /// Takes one away.
    Remove {
        /// Which.
        alias: AliasId,
        /// When.
        at: Timestamp,
    },
}

/// What happened to aliases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// One was asked for; a confirmation is mailed to it.
    AliasRequested {
        /// Which.
        alias: AliasId,
        /// The address.
        address: Personal<EmailAddress>,
        /// The administrator who asked, if it was one.
        added_by: Option<AccountId>,
        /// The mailed link.
        link: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// One receives from now on without having been confirmed by mail: by an administrator, or with an account that joined.
    AliasAdded {
        /// Which.
        alias: AliasId,
        /// The address.
        address: Personal<EmailAddress>,
        /// The administrator, if it was one.
        added_by: Option<AccountId>,
        /// When.
        at: Timestamp,
    },
    /// A pending one receives from now on.
    AliasConfirmed {
        /// Which.
        alias: AliasId,
        /// When.
        at: Timestamp,
    },
    /// One became the primary address.
    AliasPromoted {
        /// Which.
        alias: AliasId,
        /// Its address, which is primary now.
        address: Personal<EmailAddress>,
        /// The id under which the address that was primary goes on.
        former: AliasId,
        /// The link that is mailed to that address.
        undo: IssuedLink<LinkId>,
        /// When.
        at: Timestamp,
    },
    /// The former primary address is the primary one again.
    AliasPromotionUndone {
        /// Which.
        former: AliasId,
        /// The address itself.
        address: Personal<EmailAddress>,
        /// When.
        at: Timestamp,
    },
    /// One was taken away.
    AliasRemoved {
        /// Which.
        alias: AliasId,
        /// When.
        at: Timestamp,
    },
    /// Another account's mail belongs to this inbox from now on; that account is closed.
    AccountJoined {
        /// Which.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
}

/// How long the link of a confirmation mail works.
pub const CONFIRMATION_LIFE: Period = Period::days(7);
/// How long a promotion can be undone from the old address (R14).
pub const UNDO_WINDOW: Period = Period::days(7);

impl Holder {
    /// The further address that this is, if it is one of this person's.
    #[must_use]
    pub fn alias_of(&self, address: &EmailAddress) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.is(address))
    }

    /// Every address that receives for this person, the primary one first.
    pub fn receiving(&self) -> impl Iterator<Item = &EmailAddress> {
        let further = self.aliases.iter().filter(|alias| !matches!(alias.standing, Standing::Pending { .. }));
        self.address.value().into_iter().chain(further.filter_map(|alias| alias.address.value()))
    }

    pub(super) fn alias(&self, command: Command) -> Result<Vec<account::Event>, Refusal> {
        if self.stage == Stage::Closed {
            return Err(Refusal::Closed);
        }
        match command {
            Command::Request { allowed, added_by, .. }
                if self.kind == Kind::Guest || (added_by.is_none() && !allowed) =>
            {
                Err(Refusal::AliasesNotAllowed)
            }
            Command::Add { .. } if self.kind == Kind::Guest => Err(Refusal::AliasesNotAllowed),
            Command::Request { alias, address, added_by, link, at, .. } => {
                // Each link lives equally long: their ends are as far apart as their mails.
                let ends_at = link.expires_at;
                let is_due = |last: &IssuedLink<LinkId>| last.expires_at.plus(RESEND_PAUSE) <= ends_at;
                let requested = |alias| Event::AliasRequested {
                    alias,
                    address: Personal::known(address.clone()),
                    added_by,
                    link,
                    at,
                };
                Ok(match self.alias_of(&address) {
                    _ if self.is_primary(&address) => vec![],
                    None => vec![requested(alias).into()],
                    Some(Alias { id, standing: Standing::Pending { link: last }, .. }) if is_due(last) => {
                        vec![requested(*id).into()]
                    }
                    Some(_) => vec![],
                })
            }
            Command::Add { alias, address, added_by, at } => Ok(match self.alias_of(&address) {
                _ if self.is_primary(&address) => vec![],
                None => vec![
                    Event::AliasAdded {
                        alias,
                        address: Personal::known(address),
                        added_by: Some(added_by),
                        at,
                    }
                    .into(),
                ],
                Some(Alias { id, standing: Standing::Pending { .. }, .. }) => {
                    vec![Event::AliasConfirmed { alias: *id, at }.into()]
                }
                Some(_) => vec![],
            }),
            Command::Confirm { link, joining, at } => self.confirm(link, joining, at),
            Command::Promote { alias, former, undo, at } => {
                let own = self.find(alias)?;
                let address = own.address.clone();
                match own.standing {
                    Standing::Pending { .. } => Err(Refusal::AliasPending),
                    Standing::Confirmed | Standing::FormerPrimary { .. } => {
                        Ok(vec![Event::AliasPromoted { alias, address, former, undo, at }.into()])
                    }
                }
            }
            Command::UndoPromotion { link, at } => self.undo(link, at),
            Command::Remove { alias, at } => match &self.find(alias)?.standing {
                Standing::FormerPrimary { undo, .. } if at < undo.expires_at => Err(Refusal::UndoOpen),
                Standing::Pending { .. } | Standing::Confirmed | Standing::FormerPrimary { .. } => {
                    Ok(vec![Event::AliasRemoved { alias, at }.into()])
                }
            },
        }
    }

    fn confirm(
        &self,
        link: LinkId,
        joining: Option<Joining>,
        at: Timestamp,
    ) -> Result<Vec<account::Event>, Refusal> {
        let pending = self.aliases.iter().find_map(|alias| match &alias.standing {
            Standing::Pending { link: own } if own.id == link => Some((alias.id, own)),
            Standing::Pending { .. } | Standing::Confirmed | Standing::FormerPrimary { .. } => None,
        });
        match pending {
            None if self.followed.contains(&link) => Err(Refusal::LinkUsed),
            None => Err(Refusal::LinkInvalid),
            Some((_, own)) if own.expires_at <= at => Err(Refusal::LinkExpired),
            Some((alias, _)) => {
                let Joining { accounts, addresses } =
                    joining.unwrap_or(Joining { accounts: vec![], addresses: vec![] });
                let confirmed = Event::AliasConfirmed { alias, at };
                let added =
                    addresses.into_iter().filter_map(|(new, address)| match self.alias_of(&address) {
                        _ if self.is_primary(&address) => None,
                        None => {
                            let address = Personal::known(address);
                            Some(Event::AliasAdded { alias: new, address, added_by: None, at })
                        }
                        Some(Alias { id, standing: Standing::Pending { .. }, .. }) if *id != alias => {
                            Some(Event::AliasConfirmed { alias: *id, at })
                        }
                        Some(_) => None,
                    });
                let joined = accounts.into_iter().map(|account| Event::AccountJoined { account, at });
                let events = [confirmed].into_iter().chain(added).chain(joined);
                Ok(events.map(account::Event::from).collect())
            }
        }
    }

    fn find(&self, alias: AliasId) -> Result<&Alias, Refusal> {
        self.aliases.iter().find(|own| own.id == alias).ok_or(Refusal::AliasUnknown)
    }

    fn is_primary(&self, address: &EmailAddress) -> bool {
        self.address.value().is_some_and(|own| own.normalised() == address.normalised())
    }

    pub(super) fn aliased(&mut self, event: &Event) {
        match event {
            Event::AliasRequested { alias, address, added_by, link, .. } => {
                self.aliases.retain(|own| own.id != *alias);
                self.aliases.push(Alias {
                    id: *alias,
                    address: address.clone(),
                    standing: Standing::Pending { link: link.clone() },
                    added_by: *added_by,
                });
            }
            Event::AliasAdded { alias, address, added_by, .. } => self.aliases.push(Alias {
                id: *alias,
                address: address.clone(),
                standing: Standing::Confirmed,
                added_by: *added_by,
            }),
            Event::AliasConfirmed { alias, .. } => {
                if let Some(own) = self.aliases.iter_mut().find(|own| own.id == *alias) {
                    if let Standing::Pending { link } = &own.standing {
                        self.followed.push(link.id);
                    }
                    own.standing = Standing::Confirmed;
                }
            }
            Event::AliasPromoted { alias, former, undo, .. } => self.promoted(*alias, *former, undo),
            Event::AliasPromotionUndone { former, .. } => self.promotion_undone(*former),
            Event::AliasRemoved { alias, .. } => self.aliases.retain(|own| own.id != *alias),
            Event::AccountJoined { account, .. } => self.joined.push(*account),
        }
    }
}

impl Alias {
    fn is(&self, address: &EmailAddress) -> bool {
        self.address.value().is_some_and(|own| own.normalised() == address.normalised())
    }
}

impl From<Event> for account::Event {
    fn from(event: Event) -> Self {
        Self::Alias(event)
    }
}
