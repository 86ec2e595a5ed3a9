//! Who asks, and what they may. The one place where rights are decided; a refusal is on record (K7).

use crate::{App, Error, error::not_found};
use domain::{
    AccountId, Metadata, OrganisationId, SessionId,
    account::{Account, Holder, Kind},
    audit::{Audit, Command, Right},
    event::Actor,
    id::InquiryId,
    organisation,
    policy::{GuestCompose, Role},
    recipients::Sender,
};
use std::{collections::BTreeSet, sync::Arc};

/// A logged-in person, as they stand at this request.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Whose portal.
    pub organisation: OrganisationId,
    /// Who.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// Inside or outside.
    pub kind: Kind,
    /// Roles held.
    pub roles: BTreeSet<Role>,
    pub(crate) holder: Arc<Holder>,
    pub(crate) rules: Arc<organisation::State>,
}

/// What a person may do now, by policy and role (contract: `Capability`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Write new messages (A26, C12).
    Compose,
    /// Invite new recipients (B13).
    Invite,
    /// Forward messages (A33).
    Forward,
    /// Have aliases (B40, B41).
    ManageAliases,
    /// Enter the administration.
    Administer,
    /// Enter compliance.
    Audit,
    /// See jobs and read models.
    Operate,
}

impl Viewer {
    /// What this person may do now.
    #[must_use]
    pub fn capabilities(&self) -> BTreeSet<Capability> {
        let composes =
            self.kind == Kind::Member || self.rules.policy.mail.guest_compose == GuestCompose::Organisation;
        let by_kind = [
            (Capability::Compose, composes),
            (Capability::Invite, self.kind == Kind::Member),
            (Capability::Forward, true),
            (Capability::ManageAliases, self.kind == Kind::Member && self.rules.policy.accounts.aliases),
        ];
        let by_role = [
            (Capability::Administer, Right::Administer),
            (Capability::Administer, Right::AuthorPolicy),
            (Capability::Audit, Right::ReadAudit),
            (Capability::Audit, Right::BreakGlass),
            (Capability::Operate, Right::Operate),
        ]
        .map(|(capability, right)| (capability, self.role_for(right).is_some()));
        by_kind.into_iter().chain(by_role).filter_map(|(capability, has)| has.then_some(capability)).collect()
    }

    /// The role by which this person has a right, if they have it (K2).
    #[must_use]
    pub fn role_for(&self, right: Right) -> Option<Role> {
        let role = match right {
            Right::ReadAudit => Role::ComplianceOfficer,
            Right::Administer => Role::Administrator,
            Right::AuthorPolicy => Role::PolicyAuthor,
            Right::Operate => Role::Operator,
            Right::BreakGlass => Role::BreakGlass,
        };
        self.roles.contains(&role).then_some(role)
    }

    /// Whether an account is this person's: their own, or one that joined it (B43).
    #[must_use]
    pub fn is(&self, account: AccountId) -> bool {
        self.account == account || self.holder.joined.contains(&account)
    }

    /// What this person is to the rule of recipients.
    pub(crate) fn sender(&self) -> Result<Sender, Error> {
        let address = self.holder.address.value().ok_or(Error::Unauthenticated)?;
        Ok(Sender { kind: self.kind, domain: address.domain().clone() })
    }

    /// Metadata of what this person does for themselves.
    pub(crate) fn meta(&self) -> Metadata {
        self.meta_as(None)
    }

    fn meta_as(&self, role: Option<Role>) -> Metadata {
        Metadata {
            by: Actor::Person { account: self.account, role },
            session: Some(self.session),
            policy: Some(self.rules.policy_version),
        }
    }
}

impl App {
    /// Metadata to act by a right; without the right an event and [`Error::Forbidden`].
    pub async fn authorise(&self, viewer: &Viewer, right: Right) -> Result<Metadata, Error> {
        if let Some(role) = viewer.role_for(right) {
            return Ok(viewer.meta_as(Some(role)));
        }
        let at = self.log.now();
        let inquiry: InquiryId = self.log.clock().new_id();
        let refuse = || Command::Refuse { right, at };
        // What cannot be recorded is an error before it is an answer.
        let Ok(_) =
            self.log.execute::<Audit>(viewer.organisation, inquiry.uuid(), &viewer.meta(), refuse).await?;
        Err(Error::Forbidden)
    }

    /// Metadata to act by the first of these rights that the person has; without any an event and [`Error::Forbidden`].
    pub(crate) async fn authorise_any(&self, viewer: &Viewer, rights: &[Right]) -> Result<Metadata, Error> {
        let held = rights.iter().find(|right| viewer.role_for(**right).is_some());
        let right = held.or(rights.first()).ok_or(Error::Forbidden)?;
        self.authorise(viewer, *right).await
    }

    /// The person behind an account.
    pub(crate) async fn holder(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Holder, Error> {
        let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
        Ok(loaded.state.holder().ok_or_else(|| not_found("account"))?.clone())
    }
}
