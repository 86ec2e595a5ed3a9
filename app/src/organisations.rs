//! Organisations: founding one, its people of the first hour, and its rules as they stand.

use crate::{App, Caller, Done, Error, LinkPurpose, Problem, ProblemCode, RegistrationForm, SHOWN};
use domain::{
    AccountId, Metadata, OrganisationId,
    account::{Kind, Stage},
    address::{Domain, EmailAddress},
    event::Actor,
    organisation::{Command, Identity, Organisation, State},
    policy::{Pack, Policy, Role},
};
use std::{collections::BTreeSet, net::Ipv4Addr, sync::Arc};
use uuid::Uuid;

/// What an organisation begins with.
#[derive(Debug, Clone)]
pub struct Founding {
    /// Name, portal, sender.
    pub identity: Identity,
    /// The pack that its policy starts from (N6).
    pub pack: Pack,
    /// Its own domains.
    pub domains: BTreeSet<Domain>,
}

/// An organisation has one stream; its number stands in every header already.
const STREAM: Uuid = Uuid::nil();

/// Whoever runs the program.
pub(crate) const OPERATOR: Metadata = Metadata::by(Actor::Operator);

impl App {
    /// Founds the next organisation of this database. By the command line.
    pub async fn found(&self, founding: Founding) -> Result<Done<OrganisationId>, Error> {
        let last = self.models.organisations().await?.iter().map(|row| row.organisation.0).max().unwrap_or(0);
        let organisation = OrganisationId(last + 1);
        let at = self.log.now();
        let Founding { identity, pack, domains } = founding;
        let command = || Command::Found {
            identity: identity.clone(),
            policy: Box::new(Policy::from_pack(pack)),
            domains: domains.clone(),
            at,
        };
        let done = self.log.execute::<Organisation>(organisation, STREAM, &OPERATOR, command).await?;
        Ok(Done { value: organisation, position: done.map_err(Problem::from)?.position() })
    }

    /// Invites one of the organisation's own people: the first administrator. By the command line.
    pub async fn invite_member(
        &self,
        organisation: OrganisationId,
        address: &EmailAddress,
    ) -> Result<Done<AccountId>, Error> {
        let (account, position) =
            self.invite_as(organisation, &OPERATOR, None, address, Kind::Member).await?;
        Ok(Done { value: account, position })
    }

    /// Gives an account a role. By the command line.
    pub async fn grant_role(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        role: Role,
    ) -> Result<Done<()>, Error> {
        let at = self.log.now();
        let grant = || Command::GrantRole { account, role, at };
        let done = self.log.execute::<Organisation>(organisation, STREAM, &OPERATOR, grant).await?;
        Ok(Done { value: (), position: done.map_err(Problem::from)?.position() })
    }

    /// Replaces the policy, if it is still the version that was seen. By the command line.
    pub async fn change_policy(
        &self,
        organisation: OrganisationId,
        policy: &Policy,
        version: u32,
    ) -> Result<Done<()>, Error> {
        let at = self.log.now();
        let change = || Command::ChangePolicy { policy: Box::new(policy.clone()), version, at };
        let done = self.log.execute::<Organisation>(organisation, STREAM, &OPERATOR, change).await?;
        Ok(Done { value: (), position: done.map_err(Problem::from)?.position() })
    }

    /// Makes an active account in one go, by the very steps that a person takes. By the command line: for the first
    /// administrator, and for a demonstration. The form's invitation is made here.
    pub async fn enrol(
        &self,
        organisation: OrganisationId,
        kind: Kind,
        form: RegistrationForm,
    ) -> Result<Done<AccountId>, Error> {
        let caller =
            Caller { organisation, network: Ipv4Addr::LOCALHOST.into(), device: "command line".into() };
        let address = form.address.clone();
        let (account, invited) = self.invite_as(organisation, &OPERATOR, None, &address, kind).await?;
        self.models.wait_for(invited, SHOWN).await?;
        let holder = self.holder(organisation, account).await?;
        let invitation = self
            .link_token(organisation, account, LinkPurpose::Register, holder.invitation.id.uuid())
            .await?;
        let registered = self.register(&caller, RegistrationForm { invitation, ..form }).await?;
        self.models.wait_for(registered.position, SHOWN).await?;
        let position = match self.holder(organisation, account).await?.stage {
            Stage::Registered { activation } => {
                let purpose = LinkPurpose::ActivateAccount;
                let token = self.link_token(organisation, account, purpose, activation.id.uuid()).await?;
                self.activate(&caller, &token).await?.position
            }
            Stage::Invited | Stage::Active { .. } | Stage::LockedOut { .. } => registered.position,
        };
        Ok(Done { value: account, position })
    }

    /// The rules of an organisation as they stand now.
    pub async fn rules(&self, organisation: OrganisationId) -> Result<Arc<State>, Error> {
        let loaded = self.log.load::<Organisation>(organisation, STREAM).await?;
        if loaded.state.founded.is_none() {
            return Err(Problem::new(ProblemCode::NotFound, "There is no such organisation.").into());
        }
        Ok(Arc::new(loaded.state))
    }
}
