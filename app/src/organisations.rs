//! Organisations: founding one, its people of the first hour, what it shows, its domains and roles, and its rules as they
//! stand.

use crate::{
    App, Caller, Done, Error, LinkPurpose, Problem, ProblemCode, RegistrationForm, SHOWN, Steward, retrying,
};
use domain::{
    AccountId, Metadata, OrganisationId,
    account::{Kind, Stage},
    address::{Domain, EmailAddress},
    audit::Right,
    event::Actor,
    organisation::{Command, Identity, Organisation, Refusal, State},
    policy::{Pack, Policy, Role},
    presentation::{Presentation, PresentationProblem, SupportContact, SupportedClient},
};
use eventstore::{Commit, Position};
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

/// What is to be shown in public; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct OrganisationChange {
    /// The organisation's name.
    pub name: Option<String>,
    /// Accent of pages and mails as `#rrggbb` (R8).
    pub colour: Option<String>,
    /// Words of the notification mail (A7, B35).
    pub notification_text: Option<String>,
    /// The organisation's own words, Markdown (A47).
    pub privacy_statement: Option<String>,
    /// Telephone numbers, all of them (A47).
    pub support: Option<Vec<SupportContact>>,
    /// Client programs that work, all of them (B54, B55).
    pub clients: Option<Vec<SupportedClient>>,
}

/// An organisation has one stream; its number stands in every header already.
pub(crate) const STREAM: Uuid = Uuid::nil();

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

    /// Invites a person: the first administrator. By the command line.
    pub async fn invite_by_operator(
        &self,
        organisation: OrganisationId,
        address: &EmailAddress,
        kind: Kind,
    ) -> Result<Done<AccountId>, Error> {
        let (account, position) = self.invite_as(organisation, &OPERATOR, None, address, kind).await?;
        Ok(Done { value: account, position })
    }

    /// Changes what is shown in public; what is left out stays (A47, B35, B54).
    pub async fn update_organisation(
        &self,
        steward: impl Into<Steward<'_>>,
        change: &OrganisationChange,
    ) -> Result<Done<()>, Error> {
        let (organisation, meta) = self.by_right(steward.into(), Right::Administer).await?;
        let (meta, at) = (&meta, self.log.now());
        let position = retrying(move || async move {
            let loaded = self.log.load::<Organisation>(organisation, STREAM).await?;
            let identity = loaded.state.founded.as_ref().ok_or_else(no_organisation)?;
            let (name, presentation) = change.applied_to(&identity.name, &loaded.state.presentation);
            let problems = presentation.problems();
            if !problems.is_empty() {
                let problem =
                    |PresentationProblem { field, why }| Problem::new(ProblemCode::Invalid, why).at([field]);
                return Err(Error::Problems(problems.into_iter().map(problem).collect()));
            }
            let update = Command::Update { name, presentation: Box::new(presentation), at };
            let change = loaded.decide(update).map_err(|refusal| match refusal {
                Refusal::BadIdentity => {
                    Problem::new(ProblemCode::Invalid, "Give a name of 1 to 100 characters in one line.")
                        .at(["name"])
                }
                other => Problem::from(other),
            })?;
            Ok(self.log.append(Commit::new(organisation, meta, vec![change])).await?.position())
        })
        .await?;
        Ok(Done { value: (), position })
    }

    /// Makes a domain one of the organisation's own (A26, B50). The value is all of them.
    pub async fn claim_domain(
        &self,
        steward: impl Into<Steward<'_>>,
        domain: &Domain,
    ) -> Result<Done<BTreeSet<Domain>>, Error> {
        let (organisation, meta) = self.by_right(steward.into(), Right::Administer).await?;
        if self.rules(organisation).await?.policy.accounts.public_mailbox_domains.contains(domain) {
            let message = "Anyone can have an address in this domain; claim one that is yours alone.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).at(["domain"]).into());
        }
        let at = self.log.now();
        let claim = || Command::ClaimDomain { domain: domain.clone(), at };
        let position = self.decided(organisation, &meta, claim).await?;
        Ok(Done { value: self.rules(organisation).await?.domains.clone(), position })
    }

    /// Gives a domain up; accounts stay as they are. The value is all that are left.
    pub async fn release_domain(
        &self,
        steward: impl Into<Steward<'_>>,
        domain: &Domain,
    ) -> Result<Done<BTreeSet<Domain>>, Error> {
        let (organisation, meta) = self.by_right(steward.into(), Right::Administer).await?;
        let at = self.log.now();
        let release = || Command::ReleaseDomain { domain: domain.clone(), at };
        let position = self.decided(organisation, &meta, release).await?;
        Ok(Done { value: self.rules(organisation).await?.domains.clone(), position })
    }

    /// Gives an account a role; refuses one that would join content and administration (K2).
    pub async fn grant_role(
        &self,
        steward: impl Into<Steward<'_>>,
        account: AccountId,
        role: Role,
    ) -> Result<Done<AccountId>, Error> {
        let (organisation, meta) = self.by_right(steward.into(), Right::Administer).await?;
        if self.holder(organisation, account).await?.stage == Stage::Closed {
            let message = "This account is closed; give the role to somebody who is here.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).at(["accountId"]).into());
        }
        let at = self.log.now();
        let grant = || Command::GrantRole { account, role, at };
        let position = self.decided(organisation, &meta, grant).await?;
        Ok(Done { value: account, position })
    }

    /// Takes a role from an account; the last administrator stays.
    pub async fn revoke_role(
        &self,
        steward: impl Into<Steward<'_>>,
        account: AccountId,
        role: Role,
    ) -> Result<Done<AccountId>, Error> {
        let (organisation, meta) = self.by_right(steward.into(), Right::Administer).await?;
        let at = self.log.now();
        let revoke = || Command::RevokeRole { account, role, at };
        let position = self.decided(organisation, &meta, revoke).await?;
        Ok(Done { value: account, position })
    }

    async fn decided(
        &self,
        organisation: OrganisationId,
        meta: &Metadata,
        command: impl Fn() -> Command,
    ) -> Result<Position, Error> {
        let done = self.log.execute::<Organisation>(organisation, STREAM, meta, command).await?;
        Ok(done.map_err(Problem::from)?.position())
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
            Stage::Invited | Stage::Active | Stage::LockedOut { .. } | Stage::Closed => registered.position,
        };
        Ok(Done { value: account, position })
    }

    /// The rules of an organisation as they stand now.
    pub async fn rules(&self, organisation: OrganisationId) -> Result<Arc<State>, Error> {
        let loaded = self.log.load::<Organisation>(organisation, STREAM).await?;
        founded(loaded.state.founded.is_some())?;
        Ok(Arc::new(loaded.state))
    }
}

impl OrganisationChange {
    fn applied_to(&self, name: &str, shown: &Presentation) -> (String, Presentation) {
        let Self { name: new_name, colour, notification_text, privacy_statement, support, clients } =
            self.clone();
        let old = shown.clone();
        let presentation = Presentation {
            colour: colour.unwrap_or(old.colour),
            notification_text: notification_text.unwrap_or(old.notification_text),
            privacy_statement: privacy_statement.unwrap_or(old.privacy_statement),
            support: support.unwrap_or(old.support),
            clients: clients.unwrap_or(old.clients),
        };
        (new_name.unwrap_or_else(|| name.to_owned()), presentation)
    }
}

/// Whether there is such an organisation, or the problem that there is none.
pub(crate) fn founded(is: bool) -> Result<(), Problem> {
    if is { Ok(()) } else { Err(no_organisation()) }
}

fn no_organisation() -> Problem {
    Problem::new(ProblemCode::NotFound, "There is no such organisation.")
}
