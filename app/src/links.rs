//! Links of mails: tokens that nobody stores, and what following one would do.

use crate::{App, Caller, Error, Problem, ProblemCode};
use domain::{
    AccountId, OrganisationId, Timestamp,
    account::{Holder, IssuedLink},
    bytes::TokenHash,
    id::Id,
};
use eventstore::keys::KeyName;
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
}

/// What a link is for (contract: `LinkPurpose`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Come and register (A3).
    Register,
    /// Confirm the registration (A4).
    ActivateAccount,
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

const UNSUBSCRIBE: &str = "unsubscribe";

impl App {
    /// What a token is for; `None` for a token of nobody.
    pub async fn link(&self, caller: &Caller, token: &str) -> Result<Option<LinkView>, Error> {
        if let Some((account, generation)) = self.leaver_of(caller.organisation, token).await? {
            let holder = self.holder(caller.organisation, account).await?;
            let left = !holder.subscribed || holder.mailbox_generation != generation;
            let state = if left { State::Used } else { State::Usable };
            return Ok(Some(view(Purpose::Unsubscribe, state, &holder, None)));
        }
        for purpose in [LinkPurpose::Register, LinkPurpose::ActivateAccount] {
            if let Some(found) = self.find_link(caller.organisation, purpose, token).await? {
                let holder = self.holder(caller.organisation, found.account).await?;
                let state = match found.state {
                    LinkState::Usable if found.expires_at <= self.log.now() => State::Expired,
                    LinkState::Usable => State::Usable,
                    LinkState::Used => State::Used,
                    LinkState::Replaced => State::Replaced,
                };
                let purpose = match purpose {
                    LinkPurpose::Register => Purpose::Register,
                    LinkPurpose::ActivateAccount => Purpose::ActivateAccount,
                };
                return Ok(Some(view(purpose, state, &holder, Some(found.expires_at))));
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
    ) -> Result<Option<projections::links::LinkRow>, Error> {
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
        let id: Id<Of> = self.log.clock().new_id();
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
        Ok(self.log.vault().obtain(&KeyName::credential(organisation, account)).await?.key)
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
    }
}

fn view(purpose: Purpose, state: State, holder: &Holder, expires_at: Option<Timestamp>) -> LinkView {
    let masked_address = holder.address.value().map(domain::address::EmailAddress::masked);
    LinkView { purpose, state, masked_address, expires_at }
}

/// The one answer to a link that is of nobody, or for something else.
pub(crate) fn invalid_link(field: &'static str) -> Error {
    Problem::new(ProblemCode::LinkInvalid, "This link does not work; use the one in the newest mail.")
        .at([field])
        .into()
}
