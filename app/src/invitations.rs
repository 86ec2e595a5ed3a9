//! Inviting a person, with a message or without (A1, B8).

use crate::{
    App, Capability, Done, Error, LinkPurpose, Problem, ProblemCode, Viewer, error::not_found, retrying,
};
use domain::{
    AccountId, Metadata, OrganisationId, Timestamp,
    account::{Account, Command, Holder, Invite, Kind, Stage},
    address::EmailAddress,
    audit::Right,
    id::AddressTag,
    reservation::{self, Reservation},
    user_name::UserName,
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
    /// The group of guests that the person belongs to, one of the policy's (C15).
    pub audience: Option<String>,
}

/// A person's way in, as who invited sees it (R11).
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Whose account it makes; an account has one invitation, however often it was sent.
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
    /// The last mail to the address was refused for good (Q7).
    Undeliverable,
}

impl App {
    /// Invites a person without a message. A repeat is harmless: a standing invitation stays as it is.
    pub async fn invite(&self, viewer: &Viewer, request: InviteRequest) -> Result<Done<Invitation>, Error> {
        let allowed = match request.kind {
            Kind::Guest => viewer.capabilities().contains(&Capability::Invite),
            Kind::Member => viewer.role_for(Right::Administer).is_some(),
        };
        if !allowed {
            let message = "Only members invite guests, and only administrators invite members.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        }
        if viewer.rules.policy.accounts.is_group(&request.address) {
            let message = "This is a group; invite each person by an address of their own.";
            return Err(Problem::new(ProblemCode::GroupAddress, message).at(["address"]).into());
        }
        if let Some(problem) = audience_problem(viewer, &request) {
            return Err(problem.into());
        }
        let meta = match request.kind {
            Kind::Guest => viewer.meta(),
            // By right of a role, and on record as such (K2).
            Kind::Member => self.authorise(viewer, Right::Administer).await?,
        };
        let by = Some(viewer.account);
        let (account, position) = self.invite_whom(viewer.organisation, &meta, by, &request).await?;
        self.shown_invitation(viewer.organisation, account, position).await
    }

    /// Sends the mail that a person on the way in waits for once more: the invitation, or the confirmation of who registered.
    /// The link before is dead from then on. By who invited, or an administrator (B3, R11). Within a minute of the last one
    /// nothing is sent, so that a repeat is harmless.
    pub async fn resend_invitation(
        &self,
        viewer: &Viewer,
        account: AccountId,
    ) -> Result<Done<Invitation>, Error> {
        let organisation = viewer.organisation;
        let row = self.models.account(organisation, account).await?;
        let meta = match row {
            Some(row) if row.invited_by == Some(viewer.account) => viewer.meta(),
            Some(_) if viewer.role_for(Right::Administer).is_some() => {
                self.authorise(viewer, Right::Administer).await?
            }
            Some(_) | None => return Err(not_found("invitation").into()),
        };
        let holder = self.holder(organisation, account).await?;
        if !holder.subscribed {
            let message = "This person wants no more mail from this organisation.";
            return Err(Problem::new(ProblemCode::RecipientRefused, message).into());
        }
        let position = match holder.stage {
            Stage::Invited => self.send_invitation_again(organisation, account, &meta).await?,
            Stage::Registered { .. } => self.send_activation_again(organisation, account, &meta).await?,
            Stage::Active | Stage::LockedOut { .. } | Stage::Closed => {
                let message = "This person can log in already; there is nothing to be sent.";
                return Err(Problem::new(ProblemCode::NotAllowed, message).into());
            }
        };
        self.shown_invitation(organisation, account, position).await
    }

    /// The invitation to the same address, with a new link.
    pub(crate) async fn send_invitation_again(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        meta: &Metadata,
    ) -> Result<Position, Error> {
        let at = self.log.now();
        let expires_at = at.plus(self.rules(organisation).await?.policy.accounts.invitation_life);
        let invitation = self.issue_link(organisation, account, LinkPurpose::Register, expires_at).await?;
        let resend = || Command::ResendInvitation { invitation: invitation.clone(), at };
        self.instruct(organisation, account, meta, resend).await
    }

    /// The confirmation mail to the same address, with a new link.
    pub(crate) async fn send_activation_again(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        meta: &Metadata,
    ) -> Result<Position, Error> {
        let at = self.log.now();
        let activation = self.activation_link(organisation, account, at).await?;
        let resend = || Command::ResendActivation { activation: activation.clone(), at };
        self.instruct(organisation, account, meta, resend).await
    }

    async fn shown_invitation(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        position: Position,
    ) -> Result<Done<Invitation>, Error> {
        self.wait_for(position).await?;
        let row = self.models.account(organisation, account).await?.ok_or(Error::NotCaughtUp)?;
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
        let request = InviteRequest { address: address.clone(), kind, audience: None };
        self.invite_whom(organisation, meta, by, &request).await
    }

    async fn invite_whom(
        &self,
        organisation: OrganisationId,
        meta: &Metadata,
        by: Option<AccountId>,
        request: &InviteRequest,
    ) -> Result<(AccountId, Position), Error> {
        retrying(move || async move {
            let (account, changes) = self.inviting_whom(organisation, by, request).await?;
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
        let request = InviteRequest { address: address.clone(), kind, audience: None };
        self.inviting_whom(organisation, by, &request).await
    }

    async fn inviting_whom(
        &self,
        organisation: OrganisationId,
        by: Option<AccountId>,
        request: &InviteRequest,
    ) -> Result<(AccountId, Vec<Change>), Error> {
        let at = self.log.now();
        let tag = self.address_tag(organisation, &request.address).await?;
        let reservation = self.log.load::<Reservation>(organisation, tag.uuid()).await?;
        let account = match reservation.state {
            reservation::State::Held { account } => account,
            reservation::State::Free => self.log.clock().new_id(),
        };
        let person = self.log.load::<Account>(organisation, account.uuid()).await?;
        let rules = self.rules(organisation).await?;
        let expires_at = at.plus(rules.policy.accounts.invitation_life);
        let invitation = self.issue_link(organisation, account, LinkPurpose::Register, expires_at).await?;
        let InviteRequest { address, kind, audience } = request.clone();
        let invite = Command::Invite(Invite { address, kind, audience, by, invitation, at });
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

    /// A user name as its reservation's stream is named (C5).
    pub(crate) async fn user_name_tag(
        &self,
        organisation: OrganisationId,
        name: &UserName,
    ) -> Result<AddressTag, Error> {
        let index = self.index_key(organisation).await?;
        Ok(AddressTag::from_bytes(blind::tag(&index, "user-name", name.normalised().as_bytes())))
    }
}

impl From<AccountRow> for Invitation {
    fn from(row: AccountRow) -> Self {
        let state = match row.state {
            AccountState::Invited if row.invitation_lapsed => InvitationState::Expired,
            AccountState::Invited if row.undeliverable => InvitationState::Undeliverable,
            AccountState::Invited => InvitationState::Sent,
            AccountState::Registered => InvitationState::Registered,
            AccountState::Active | AccountState::Locked | AccountState::Closed => InvitationState::Activated,
        };
        Self {
            account: row.account,
            address: row.address,
            state,
            invited_by: row.invited_by,
            sent_at: row.invitation_sent_at,
            expires_at: row.invitation_expires_at,
        }
    }
}

/// Guests alone carry an audience, and one that the policy knows (C15).
fn audience_problem(viewer: &Viewer, request: &InviteRequest) -> Option<Problem> {
    let audience = request.audience.as_ref()?;
    let message = if request.kind == Kind::Member {
        "This is for guests; leave it out for members."
    } else if viewer.rules.policy.accounts.audiences.contains(audience) {
        return None;
    } else {
        "The organisation has no such audience; choose one of its own."
    };
    Some(Problem::new(ProblemCode::Invalid, message).at(["audience"]))
}

/// Whether mail reaches this person's account already, or only their invitation (A1).
pub(crate) fn is_registered(holder: &Holder) -> bool {
    holder.stage != Stage::Invited
}
