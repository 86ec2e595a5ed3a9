//! From an invitation to one exact address to an account that can log in (A1–A5, B8, B9, C6, R11).

use super::{Credentials, Event, Holder, IssuedLink, Kind, Profile, Refusal, RegistrationFailure, Stage};
use crate::{
    address::EmailAddress,
    classified::Personal,
    id::{AccountId, InvitationId, LinkId},
    period::Period,
    timestamp::Timestamp,
    user_name::UserName,
};

/// An invitation to be sent.
#[derive(Debug, Clone)]
pub struct Invite {
    /// The one address that it is bound to (B8).
    pub address: EmailAddress,
    /// Inside or outside.
    pub kind: Kind,
    /// The group of guests that the person belongs to (C15).
    pub audience: Option<String>,
    /// Who invites; `None` for the organisation itself.
    pub by: Option<AccountId>,
    /// The mailed link.
    pub invitation: IssuedLink<InvitationId>,
    /// When.
    pub at: Timestamp,
}

/// A filled-in registration.
#[derive(Debug, Clone)]
pub struct Register {
    /// The link that was followed.
    pub invitation: InvitationId,
    /// The address that was typed; must be the invited one (B8, B9).
    pub address: EmailAddress,
    /// Identifying data, as much as the policy asks.
    pub profile: Profile,
    /// Name to log in with, if it is not the address (C5).
    pub user_name: Option<UserName>,
    /// Password and the like.
    pub credentials: Credentials,
    /// The confirmation to be mailed; `None` where the policy needs none (C6).
    pub activation: Option<IssuedLink<LinkId>>,
    /// When.
    pub at: Timestamp,
}

/// Between two mails of the same link, so that nobody can fill a mailbox by asking again and again (R13).
pub(super) const RESEND_PAUSE: Period = Period::minutes(1);

impl Invite {
    pub(super) fn accepted(self) -> Event {
        Event::Invited {
            address: Personal::known(self.address),
            kind: self.kind,
            audience: self.audience,
            by: self.by,
            invitation: self.invitation,
            at: self.at,
        }
    }
}

impl Holder {
    pub(super) fn invited_again(&self, invite: Invite) -> Vec<Event> {
        let lapsed = self.stage == Stage::Invited && self.invitation.expires_at <= invite.at;
        if lapsed {
            vec![Event::InvitationResent { invitation: invite.invitation, at: invite.at }]
        } else {
            vec![]
        }
    }

    /// A new link in place of the old one, which is dead from then on (R11).
    pub(super) fn resend_invitation(
        &self,
        invitation: IssuedLink<InvitationId>,
        at: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        match self.stage {
            Stage::Invited if at < self.issued_at.plus(RESEND_PAUSE) => Ok(vec![]),
            Stage::Invited => Ok(vec![Event::InvitationResent { invitation, at }]),
            Stage::Closed => Err(Refusal::Closed),
            Stage::Registered { .. } | Stage::Active | Stage::LockedOut { .. } => {
                Err(Refusal::AlreadyRegistered)
            }
        }
    }

    pub(super) fn lapsed(&self, at: Timestamp) -> Vec<Event> {
        if self.stage == Stage::Invited && !self.lapsed && self.invitation.expires_at <= at {
            vec![Event::InvitationLapsed { at }]
        } else {
            vec![]
        }
    }

    pub(super) fn register(&self, form: Register) -> Result<Vec<Event>, Refusal> {
        if self.stage != Stage::Invited {
            return Err(Refusal::AlreadyRegistered);
        }
        let at = form.at;
        let refused = |why| Ok(vec![Event::RegistrationRefused { why, at }]);
        if form.invitation != self.invitation.id || self.invitation.expires_at <= at {
            return refused(RegistrationFailure::LinkExpired);
        }
        if self.address.value().is_none_or(|invited| invited.normalised() != form.address.normalised()) {
            return refused(RegistrationFailure::AnotherAddress);
        }
        let registered = Event::Registered {
            profile: Personal::known(form.profile),
            user_name: form.user_name.map(Personal::known),
            credentials: form.credentials,
            at,
        };
        Ok(vec![
            registered,
            match form.activation {
                Some(activation) => Event::ActivationIssued { activation, at },
                None => Event::Activated { at },
            },
        ])
    }

    /// A new confirmation mail in place of the old one, whose link is dead from then on (B3, R11).
    pub(super) fn resend_activation(
        &self,
        activation: IssuedLink<LinkId>,
        at: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        match self.stage {
            Stage::Registered { .. } if at < self.issued_at.plus(RESEND_PAUSE) => Ok(vec![]),
            Stage::Registered { .. } => Ok(vec![Event::ActivationIssued { activation, at }]),
            Stage::Invited => Err(Refusal::LinkInvalid),
            Stage::Active | Stage::LockedOut { .. } | Stage::Closed => Err(Refusal::LinkUsed),
        }
    }

    pub(super) fn activate(&self, link: LinkId, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        match &self.stage {
            Stage::Invited => Err(Refusal::LinkInvalid),
            Stage::Registered { activation } if activation.id != link => Err(Refusal::LinkInvalid),
            Stage::Registered { activation } if activation.expires_at <= at => Err(Refusal::LinkExpired),
            Stage::Registered { .. } => Ok(vec![Event::Activated { at }]),
            Stage::Active | Stage::LockedOut { .. } | Stage::Closed => Err(Refusal::LinkUsed),
        }
    }

    /// The person as the invitation makes them.
    pub(super) fn begin(event: &Event) -> Option<Self> {
        let Event::Invited { address, kind, audience, invitation, at, .. } = event else { return None };
        Some(Self {
            kind: *kind,
            audience: audience.clone(),
            address: address.clone(),
            profile: Personal::known(Profile::default()),
            user_name: None,
            invitation: invitation.clone(),
            lapsed: false,
            issued_at: *at,
            stage: Stage::Invited,
            credentials: None,
            sessions: vec![],
            vigilance: super::Vigilance::default(),
            recovery: super::recovery::Recovery::default(),
            enrolment: None,
            second_factor: None,
            aliases: vec![],
            followed: vec![],
            joined: vec![],
            clients: vec![],
            closing: None,
            subscribed: true,
            mailbox_generation: 1,
            left_generation: 0,
        })
    }
}
