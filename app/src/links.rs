//! Links of mails: tokens that nobody stores, and what following one would do.

use crate::{App, Caller, Error, Problem, ProblemCode};
use domain::{
    AccountId, OrganisationId, Timestamp,
    account::{self, Alias, Holder, IssuedLink, Stage, alias::Standing},
    address::EmailAddress,
    bytes::TokenHash,
    id::Id,
};
use eventstore::keys::{KeyError, KeyName};
use projections::links::LinkRow;
pub use projections::links::{LinkPurpose, LinkState};
use seal::{Key, Token, opaque};
use uuid::Uuid;

/// What a link is for and whether it works; asking changes nothing (R1, R10, R11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// What following it does.
    pub purpose: Purpose,
    /// Whether it works.
    pub state: State,
    /// The address that it is bound to, such as `a***@e***.com`; nothing once the person's data is erased.
    pub masked_address: Option<String>,
    /// Until when it works; `None` when it has no end.
    pub expires_at: Option<Timestamp>,
    /// Whether the password of the account that has the address is asked as well (B43).
    pub needs_password: bool,
}

/// What a link is for (contract: `LinkPurpose`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Come and register (A3).
    Register,
    /// Confirm the registration (A4).
    ActivateAccount,
    /// Set a new password (B24).
    SetPassword,
    /// Make a new password count (A13).
    ActivatePassword,
    /// Confirm an alias (B42).
    ConfirmAlias,
    /// Make the former primary address the primary one again (R14).
    UndoAliasPromotion,
    /// Leave (B36).
    Unsubscribe,
}

/// Whether a link works (contract: `LinkState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works.
    Usable,
    /// It did its work.
    Used,
    /// It is too old.
    Expired,
    /// A newer one was sent.
    Replaced,
}

const PURPOSES: [LinkPurpose; 6] = [
    LinkPurpose::Register,
    LinkPurpose::ActivateAccount,
    LinkPurpose::SetPassword,
    LinkPurpose::ActivatePassword,
    LinkPurpose::ConfirmAlias,
    LinkPurpose::UndoAliasPromotion,
];
const UNSUBSCRIBE: &str = "unsubscribe";

impl App {
    /// What a token is for; `None` for a token of nobody, or of somebody whose account is closed.
    pub async fn link(&self, caller: &Caller, token: &str) -> Result<Option<LinkView>, Error> {
        let organisation = caller.organisation;
        if let Some((account, generation)) = self.leaver_of(organisation, token).await? {
            let holder = self.holder(organisation, account).await?;
            let left = !holder.subscribed || holder.mailbox_generation != generation;
            return Ok((holder.stage != Stage::Closed).then(|| LinkView {
                purpose: Purpose::Unsubscribe,
                state: if left { State::Used } else { State::Usable },
                masked_address: masked(holder.address.value()),
                expires_at: None,
                needs_password: false,
            }));
        }
        let Some(found) = self.find_any_link(organisation, token).await? else { return Ok(None) };
        let holder = self.holder(organisation, found.account).await?;
        if holder.stage == Stage::Closed {
            return Ok(None);
        }
        let state = state(&found, &holder, self.log.now());
        let address = address(&found, &holder);
        let joins = found.purpose == LinkPurpose::ConfirmAlias && state == State::Usable;
        let needs_password = match address {
            Some(address) if joins => self.is_guarded(organisation, found.account, address).await?,
            Some(_) | None => false,
        };
        Ok(Some(LinkView {
            purpose: found.purpose.into(),
            state,
            masked_address: masked(address),
            expires_at: Some(found.expires_at),
            needs_password,
        }))
    }

    /// Whether another account has the address and a password: joining its mail asks for it (B43).
    async fn is_guarded(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        address: &EmailAddress,
    ) -> Result<bool, Error> {
        let held = self.holder_of(organisation, address).await?;
        Ok(held.is_some_and(|(other, holder)| {
            other != account && holder.credentials.is_some() && holder.stage != Stage::Closed
        }))
    }

    /// The link that a token belongs to, whatever it is for.
    pub(crate) async fn find_any_link(
        &self,
        organisation: OrganisationId,
        token: &str,
    ) -> Result<Option<LinkRow>, Error> {
        for purpose in PURPOSES {
            if let Some(found) = self.find_link(organisation, purpose, token).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The link that a token belongs to, for this purpose alone.
    pub(crate) async fn find_link(
        &self,
        organisation: OrganisationId,
        purpose: LinkPurpose,
        token: &str,
    ) -> Result<Option<LinkRow>, Error> {
        let Some(token) = Token::parse(token) else { return Ok(None) };
        let hash = TokenHash(token.hash(code(purpose)));
        Ok(self.models.link(organisation, &hash).await?.filter(|row| row.purpose == purpose))
    }

    /// A new link for an account.
    pub(crate) async fn issue_link<Of>(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        purpose: LinkPurpose,
        expires_at: Timestamp,
    ) -> Result<IssuedLink<Id<Of>>, Error> {
        self.link_of_id(organisation, account, purpose, self.log.clock().new_id(), expires_at).await
    }

    /// The link of an account that has this id.
    pub(crate) async fn link_of_id<Of>(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        purpose: LinkPurpose,
        id: Id<Of>,
        expires_at: Timestamp,
    ) -> Result<IssuedLink<Id<Of>>, Error> {
        let key = self.credential_key(organisation, account).await?;
        let token = Token::derive(&key, code(purpose), id.bytes());
        Ok(IssuedLink { id, hash: TokenHash(token.hash(code(purpose))), expires_at })
    }

    /// The token of an issued link, made anew: for the mail that carries it.
    pub(crate) async fn link_token(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        purpose: LinkPurpose,
        link: Uuid,
    ) -> Result<String, Error> {
        let key = self.credential_key(organisation, account).await?;
        Ok(Token::derive(&key, code(purpose), link.into_bytes()).to_base64url().to_string())
    }

    /// The token by which a person leaves: it works until they do, from every mail, and tells nothing.
    pub(crate) async fn unsubscribe_token(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        generation: u32,
    ) -> Result<String, Error> {
        let index = self.index_key(organisation).await?;
        let value = [&account.bytes()[..], &generation.to_be_bytes()].concat();
        Ok(opaque::hide(&index, UNSUBSCRIBE, &value))
    }

    /// Whom an unsubscribe token belongs to, and the mailbox generation that it ends.
    pub(crate) async fn leaver_of(
        &self,
        organisation: OrganisationId,
        token: &str,
    ) -> Result<Option<(AccountId, u32)>, Error> {
        let index = self.index_key(organisation).await?;
        Ok(opaque::reveal(&index, UNSUBSCRIBE, token).and_then(|value| {
            let (account, generation) = value.split_first_chunk::<16>()?;
            Some((AccountId::from_bytes(*account), u32::from_be_bytes(generation.try_into().ok()?)))
        }))
    }

    pub(crate) async fn credential_key(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Key, Error> {
        match self.log.vault().obtain(&KeyName::credential(organisation, account)).await {
            // Closing an account is what destroys it (K9).
            Err(KeyError::Destroyed) => Err(Problem::from(account::Refusal::Closed).into()),
            found => Ok(found?.key),
        }
    }

    pub(crate) async fn index_key(&self, organisation: OrganisationId) -> Result<Key, Error> {
        Ok(self.log.vault().obtain(&KeyName::index(organisation)).await?.key)
    }
}

/// A token hashes under its purpose, so that it works for that one alone.
fn code(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Register => "register",
        LinkPurpose::ActivateAccount => "activate-account",
        LinkPurpose::SetPassword => "set-password",
        LinkPurpose::ActivatePassword => "activate-password",
        LinkPurpose::ConfirmAlias => "confirm-alias",
        LinkPurpose::UndoAliasPromotion => "undo-alias-promotion",
    }
}

impl From<LinkPurpose> for Purpose {
    fn from(purpose: LinkPurpose) -> Self {
        match purpose {
            LinkPurpose::Register => Self::Register,
            LinkPurpose::ActivateAccount => Self::ActivateAccount,
            LinkPurpose::SetPassword => Self::SetPassword,
            LinkPurpose::ActivatePassword => Self::ActivatePassword,
            LinkPurpose::ConfirmAlias => Self::ConfirmAlias,
            LinkPurpose::UndoAliasPromotion => Self::UndoAliasPromotion,
        }
    }
}

/// Whether a link works: it has to be the account's newest for its purpose, too. What is over may have ended for another
/// reason than the link, such as a staged password that was dropped.
fn state(row: &LinkRow, holder: &Holder, now: Timestamp) -> State {
    match standing(row, now) {
        State::Usable if !stands(row, holder) => State::Replaced,
        other => other,
    }
}

/// Whether a link works, as far as what is recorded of it tells.
pub(crate) fn standing(row: &LinkRow, now: Timestamp) -> State {
    let is_over = row.expires_at <= now;
    match row.state {
        LinkState::Used => State::Used,
        // It ended by its time: there is no newer mail to be pointed to.
        LinkState::Replaced if is_over && row.purpose == LinkPurpose::ActivatePassword => State::Expired,
        LinkState::Replaced => State::Replaced,
        LinkState::Usable if is_over => State::Expired,
        LinkState::Usable => State::Usable,
    }
}

fn stands(row: &LinkRow, holder: &Holder) -> bool {
    match row.purpose {
        LinkPurpose::Register => holder.stage == Stage::Invited && holder.invitation.id.uuid() == row.link,
        LinkPurpose::ActivateAccount => {
            matches!(&holder.stage, Stage::Registered { activation } if activation.id.uuid() == row.link)
        }
        LinkPurpose::SetPassword => {
            let permit = holder.recovery.permit.as_ref();
            permit.is_some_and(|permit| !permit.used && permit.link.id.uuid() == row.link)
        }
        LinkPurpose::ActivatePassword => {
            let staged = holder.recovery.staged.as_ref();
            staged.is_some_and(|staged| staged.activation.id.uuid() == row.link)
        }
        LinkPurpose::ConfirmAlias | LinkPurpose::UndoAliasPromotion => alias_of(row, holder).is_some(),
    }
}

/// The alias that waits for a link to be followed.
pub(crate) fn alias_of<'a>(row: &LinkRow, holder: &'a Holder) -> Option<&'a Alias> {
    holder.aliases.iter().find(|alias| match (&alias.standing, row.purpose) {
        (Standing::Pending { link }, LinkPurpose::ConfirmAlias)
        | (Standing::FormerPrimary { undo: link, .. }, LinkPurpose::UndoAliasPromotion) => {
            link.id.uuid() == row.link
        }
        (Standing::Pending { .. } | Standing::FormerPrimary { .. } | Standing::Confirmed, _) => false,
    })
}

/// The address that a link was mailed to, as long as it is the account's.
fn address<'a>(row: &LinkRow, holder: &'a Holder) -> Option<&'a EmailAddress> {
    let alias = holder.aliases.iter().find(|alias| alias.id.uuid() == row.about);
    match (row.purpose, alias) {
        (LinkPurpose::ConfirmAlias, None) => None,
        (_, Some(alias)) => alias.address.value(),
        // An address that is the primary one again has no alias any more.
        (_, None) => holder.address.value(),
    }
}

pub(crate) fn masked(address: Option<&EmailAddress>) -> Option<String> {
    address.map(EmailAddress::masked)
}

/// Refuses a link that does not work any more, before any work is done for it.
pub(crate) fn works(row: &LinkRow, now: Timestamp, field: &'static str) -> Result<(), Error> {
    let refusal = match standing(row, now) {
        State::Used => account::Refusal::LinkUsed,
        State::Replaced => account::Refusal::LinkInvalid,
        State::Expired => account::Refusal::LinkExpired,
        State::Usable => return Ok(()),
    };
    Err(Problem::from(refusal).at([field]).into())
}

/// The one answer to a link that is of nobody, or for something else.
pub(crate) fn invalid_link(field: &'static str) -> Error {
    Problem::new(ProblemCode::LinkInvalid, "This link does not work; use the one in the newest mail.")
        .at([field])
        .into()
}
