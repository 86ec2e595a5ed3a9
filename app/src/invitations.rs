//! Inviting a person, with a message or without (A1, B8).

use crate::{App, Capability, Done, Error, LinkPurpose, Problem, ProblemCode, Viewer, retrying};
use domain::{
    AccountId, Metadata, OrganisationId, Timestamp,
    account::{Account, Command, Holder, Invite, Kind, Stage},
    address::EmailAddress,
    id::{AddressTag, InvitationId},
    reservation::{self, Reservation},
};
use eventstore::{Commit, Position, log::Change};
use projections::accounts::{AccountRow, AccountState};
use seal::blind;
use std::sync::Arc;

/// Whom to invite.
#[derive(Debug, Clone)]
pub struct InviteRequest {
    /// The one address.
    pub address: EmailAddress,
    /// Inside or outside; members are invited by administrators.
    pub kind: Kind,
}

/// A person's way in, as who invited sees it (R11).
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Whose account it makes.
    pub account: AccountId,
    /// The invited address; nothing once erased.
    pub address: Option<EmailAddress>,
    /// Where it stands.
    pub state: InvitationState,
    /// Whose message or wish it was.
    pub invited_by: Option<AccountId>,
    /// Last time it was sent.
    pub sent_at: Timestamp,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// Life of an invitation (contract: `InvitationState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// Waiting.
    Sent,
    /// Lapsed; can be sent again.
    Expired,
    /// Accepted, not activated.
    Registered,
    /// Done.
    Activated,
}

impl App {
    /// Invites a person without a message. A repeat is harmless: a standing invitation stays as it is.
    pub async fn invite(&self, viewer: &Viewer, request: InviteRequest) -> Result<Done<Invitation>, Error> {
        let allowed = match request.kind {
            Kind::Guest => viewer.capabilities().contains(&Capability::Invite),
            Kind::Member => viewer.capabilities().contains(&Capability::Administer),
        };
        if !allowed {
            let message = "Only members invite guests, and only administrators invite members.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        }
        if viewer.rules.policy.accounts.is_group(&request.address) {
            let message = "This is a group; invite each person by an address of their own.";
            return Err(Problem::new(ProblemCode::GroupAddress, message).at(["address"]).into());
        }
        let by = Some(viewer.account);
        let InviteRequest { address, kind } = request;
        let (account, position) =
            self.invite_as(viewer.organisation, &viewer.meta(), by, &address, kind).await?;
        self.wait_for(position).await?;
        let row = self.models.account(viewer.organisation, account).await?.ok_or(Error::NotCaughtUp)?;
        Ok(Done { value: row.into(), position })
    }

    /// Invitations that this person's messages or wishes caused, newest first, at most `limit`.
    pub async fn invitations(&self, viewer: &Viewer, limit: u32) -> Result<Vec<Invitation>, Error> {
        let rows = self.models.invitations_by(viewer.organisation, viewer.account, limit).await?;
        Ok(rows.into_iter().map(Invitation::from).collect())
    }

    pub(crate) async fn invite_as(
        &self,
        organisation: OrganisationId,
        meta: &Metadata,
        by: Option<AccountId>,
        address: &EmailAddress,
        kind: Kind,
    ) -> Result<(AccountId, Position), Error> {
        retrying(move || async move {
            let (account, changes) = self.inviting(organisation, by, address, kind).await?;
            let appended = self.log.append(Commit::new(organisation, meta, changes)).await?;
            Ok((account, appended.position()))
        })
        .await
    }

    /// The changes by which an address becomes an invited account, or nothing where it is one.
    pub(crate) async fn inviting(
        &self,
        organisation: OrganisationId,
        by: Option<AccountId>,
        address: &EmailAddress,
        kind: Kind,
    ) -> Result<(AccountId, Vec<Change>), Error> {
        let at = self.log.now();
        let tag = self.address_tag(organisation, address).await?;
        let reservation = self.log.load::<Reservation>(organisation, tag.uuid()).await?;
        let account = match reservation.state {
            reservation::State::Held { account } => account,
            reservation::State::Free => self.log.clock().new_id(),
        };
        let person = self.log.load::<Account>(organisation, account.uuid()).await?;
        let rules = self.rules(organisation).await?;
        let expires_at = at.plus(rules.policy.accounts.invitation_life);
        let invitation = self.issue_link(organisation, account, LinkPurpose::Register, expires_at).await?;
        let invite = Command::Invite(Invite { address: address.clone(), kind, by, invitation, at });
        Ok((
            account,
            vec![
                reservation.decide(reservation::Command::Reserve { account, at }).map_err(
                    |taken| match taken {
                        reservation::Refusal::Taken => {
                            Problem::new(ProblemCode::Conflict, "The address was just taken.")
                        }
                    },
                )?,
                person.decide(invite).map_err(Problem::from)?,
            ],
        ))
    }

    /// Who holds an address, if anybody does.
    pub(crate) async fn holder_of(
        &self,
        organisation: OrganisationId,
        address: &EmailAddress,
    ) -> Result<Option<(AccountId, Arc<Holder>)>, Error> {
        let tag = self.address_tag(organisation, address).await?;
        match self.log.load::<Reservation>(organisation, tag.uuid()).await?.state {
            reservation::State::Free => Ok(None),
            reservation::State::Held { account } => {
                Ok(Some((account, Arc::new(self.holder(organisation, account).await?))))
            }
        }
    }

    /// An address as streams and columns name it.
    pub(crate) async fn address_tag(
        &self,
        organisation: OrganisationId,
        address: &EmailAddress,
    ) -> Result<AddressTag, Error> {
        let index = self.index_key(organisation).await?;
        Ok(AddressTag::from_bytes(blind::tag(&index, "address", address.normalised().as_bytes())))
    }
}

impl From<AccountRow> for Invitation {
    fn from(row: AccountRow) -> Self {
        let state = match row.state {
            AccountState::Invited if row.invitation_lapsed => InvitationState::Expired,
            AccountState::Invited => InvitationState::Sent,
            AccountState::Registered => InvitationState::Registered,
            AccountState::Active | AccountState::Locked => InvitationState::Activated,
        };
        Self {
            id: row.invitation,
            account: row.account,
            address: row.address,
            state,
            invited_by: row.invited_by,
            sent_at: row.invitation_sent_at,
            expires_at: row.invitation_expires_at,
        }
    }
}

/// Whether mail reaches this person's account already, or only their invitation (A1).
pub(crate) fn is_registered(holder: &Holder) -> bool {
    holder.stage != Stage::Invited
}
