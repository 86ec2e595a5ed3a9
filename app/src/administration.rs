//! Administering people: who there is, how they came, what was mailed to them. Every look is on record (K7).

use crate::{
    App, Done, Error, Invitation, InvitationState, Problem, ProblemCode, Viewer, organisations::OPERATOR,
};
use domain::{
    AccountId, Metadata, OrganisationId,
    account::{Account, Command},
    address::EmailAddress,
    audit::{Question, Right, Topic},
    notification::Notification,
    organisation::State,
    policy::Role,
};
use projections::{
    Slice, TimedPage,
    accounts::AccountRow,
    notifications::{NotificationRow, NotificationState},
    people::{AccountFilter, InvitationStage},
};
use std::{collections::BTreeSet, sync::Arc};

/// By whose right something is administered.
#[derive(Debug, Clone, Copy)]
pub enum Steward<'a> {
    /// A logged-in person's, who needs a role for it (K2).
    Person(&'a Viewer),
    /// That of whoever runs the program.
    Operator(OrganisationId),
}

/// Which people are asked for; all conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    /// Has this address, among primary and aliases; names are sealed and cannot be searched.
    pub address: Option<EmailAddress>,
    /// Has one of these roles.
    pub roles: Option<Vec<Role>>,
    /// The rest. Its accounts are those that the two above leave.
    pub rest: AccountFilter,
}

/// Somebody with roles (K2).
#[derive(Debug, Clone)]
pub struct RoleHolder {
    /// Who.
    pub account: AccountId,
    /// Their primary address; nothing once erased.
    pub address: Option<EmailAddress>,
    /// Which roles.
    pub roles: BTreeSet<Role>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The page.
    pub slice: Slice<T>,
    /// How many there are in all, if that was asked.
    pub total: Option<u64>,
}

/// Who sees people and mails.
const PEOPLE: &[Right] = &[Right::Administer];
/// Who enters the administration at all.
pub(crate) const EITHER: &[Right] = &[Right::Administer, Right::AuthorPolicy];

impl App {
    /// The rules, for one of those who administer them.
    pub async fn consult_organisation(&self, viewer: &Viewer) -> Result<Arc<State>, Error> {
        self.consult(viewer, EITHER, Topic::Organisation, vec![]).await?;
        self.rules(viewer.organisation).await
    }

    /// Puts on record that an account is looked at; the answer is `None` where there is none.
    pub async fn consult_account(
        &self,
        viewer: &Viewer,
        account: AccountId,
    ) -> Result<Option<AccountRow>, Error> {
        self.consult(viewer, EITHER, Topic::Accounts, vec![account]).await?;
        Ok(self.models.account(viewer.organisation, account).await?)
    }

    /// People, newest first.
    pub async fn list_accounts(
        &self,
        viewer: &Viewer,
        filter: PeopleFilter,
        page: &TimedPage<Account>,
        counted: bool,
    ) -> Result<Listed<AccountRow>, Error> {
        let organisation = viewer.organisation;
        // First the right: whether an address is known must not show to others, not even by the time that it takes.
        let meta = self.authorise(viewer, Right::Administer).await?;
        let PeopleFilter { address, roles, mut rest } = filter;
        let found = match &address {
            Some(address) => Some(self.holder_of(organisation, address).await?.map(|(account, _)| account)),
            None => None,
        };
        let subjects = found.flatten().into_iter().collect();
        let question = Question { topic: Topic::Accounts, subjects, ..Question::default() };
        self.ask(organisation, &meta, question).await?;
        let rules = self.rules(organisation).await?;
        let at_address = found.map(|account| account.into_iter().collect::<Vec<_>>());
        let with_role = roles.map(|roles| {
            let has = |account: &AccountId| rules.roles_of(*account).iter().any(|role| roles.contains(role));
            rules.roles.keys().copied().filter(has).collect::<Vec<_>>()
        });
        rest.accounts = match (at_address, with_role) {
            (Some(one), Some(some)) => {
                Some(one.into_iter().filter(|account| some.contains(account)).collect())
            }
            (one, some) => one.or(some),
        };
        let slice = self.models.people(organisation, &rest, page).await?;
        let total = if counted { Some(self.models.people_count(organisation, &rest).await?) } else { None };
        Ok(Listed { slice, total })
    }

    /// Everybody's invitation, the last sent first.
    pub async fn list_invitations(
        &self,
        viewer: &Viewer,
        states: Option<&[InvitationState]>,
        page: &TimedPage<Account>,
        counted: bool,
    ) -> Result<Listed<Invitation>, Error> {
        self.consult(viewer, PEOPLE, Topic::Invitations, vec![]).await?;
        let wanted: Option<Vec<_>> = states.map(|states| states.iter().copied().map(stage).collect());
        let wanted = wanted.as_deref();
        let Slice { items, has_previous, has_next } =
            self.models.all_invitations(viewer.organisation, wanted, page).await?;
        let items = items.into_iter().map(Invitation::from).collect();
        let total = if counted {
            Some(self.models.invitation_count(viewer.organisation, wanted).await?)
        } else {
            None
        };
        Ok(Listed { slice: Slice { items, has_previous, has_next }, total })
    }

    /// Mails and their fate, newest first (R15).
    pub async fn list_notifications(
        &self,
        viewer: &Viewer,
        states: Option<&[NotificationState]>,
        page: &TimedPage<Notification>,
        counted: bool,
    ) -> Result<Listed<NotificationRow>, Error> {
        self.consult(viewer, PEOPLE, Topic::Notifications, vec![]).await?;
        let slice = self.models.notifications(viewer.organisation, states, page).await?;
        let total = if counted {
            Some(self.models.notification_count(viewer.organisation, states).await?)
        } else {
            None
        };
        Ok(Listed { slice, total })
    }

    /// Who holds a role, and since there are few of them, by address. The look is on record.
    pub async fn role_holders(&self, steward: impl Into<Steward<'_>>) -> Result<Vec<RoleHolder>, Error> {
        let (organisation, meta) = self.by_right(steward.into(), Right::Administer).await?;
        let rules = self.rules(organisation).await?;
        let with_roles = rules.roles.iter().filter(|(_, roles)| !roles.is_empty());
        let question = Question {
            topic: Topic::Accounts,
            subjects: with_roles.clone().map(|(account, _)| *account).collect(),
            ..Question::default()
        };
        self.ask(organisation, &meta, question).await?;
        let mut holders = vec![];
        for (account, roles) in with_roles {
            let address = self.holder(organisation, *account).await?.address.value().cloned();
            holders.push(RoleHolder { account: *account, address, roles: roles.clone() });
        }
        Ok(holders)
    }

    /// Whose address it is, for who names people by their addresses.
    pub async fn account_at(
        &self,
        organisation: OrganisationId,
        address: &EmailAddress,
    ) -> Result<AccountId, Error> {
        let found = self.holder_of(organisation, address).await?;
        let (account, _) = found.ok_or_else(|| {
            let message = "Nobody here has this address; invite the person first.";
            Problem::new(ProblemCode::NotFound, message).at(["address"])
        })?;
        Ok(account)
    }

    /// The invitation of an account, if this person may see it: who invited, and administrators.
    pub async fn invitation(&self, viewer: &Viewer, account: AccountId) -> Result<Option<Invitation>, Error> {
        let row = self.models.account(viewer.organisation, account).await?;
        let administers = viewer.role_for(Right::Administer).is_some();
        let seen = row.filter(|row| administers || row.invited_by == Some(viewer.account));
        Ok(seen.map(Invitation::from))
    }

    /// Puts a guest into an audience, or out of all (C15).
    pub async fn set_audience(
        &self,
        steward: impl Into<Steward<'_>>,
        account: AccountId,
        audience: Option<String>,
    ) -> Result<Done<AccountId>, Error> {
        let steward = steward.into();
        let (organisation, meta) = self.by_right(steward, Right::Administer).await?;
        let audiences = &self.rules(organisation).await?.policy.accounts.audiences;
        if audience.as_ref().is_some_and(|audience| !audiences.contains(audience)) {
            let known: Vec<_> = audiences.iter().map(String::as_str).collect();
            let message = if known.is_empty() {
                "This organisation has no audiences; add some to its policy first.".to_owned()
            } else {
                format!("Choose one of this organisation's audiences: {}.", known.join(", "))
            };
            return Err(Problem::new(ProblemCode::Invalid, message).at(["audience"]).into());
        }
        let at = self.log.now();
        let set = || Command::SetAudience { audience: audience.clone(), at };
        let position = self.instruct(organisation, account, &meta, set).await?;
        if let Steward::Person(_) = steward {
            self.wait_for(position).await?;
        }
        Ok(Done { value: account, position })
    }

    /// Whose organisation it is, and the metadata to act by; without the right an event and [`Error::Forbidden`].
    pub(crate) async fn by_right(
        &self,
        steward: Steward<'_>,
        right: Right,
    ) -> Result<(OrganisationId, Metadata), Error> {
        match steward {
            Steward::Person(viewer) => Ok((viewer.organisation, self.authorise(viewer, right).await?)),
            Steward::Operator(organisation) => Ok((organisation, OPERATOR)),
        }
    }

    /// Puts on record what is looked at, by the first of these rights that the person has.
    pub(crate) async fn consult(
        &self,
        viewer: &Viewer,
        rights: &[Right],
        topic: Topic,
        subjects: Vec<AccountId>,
    ) -> Result<(), Error> {
        let meta = self.authorise_any(viewer, rights).await?;
        let question = Question { topic, subjects, ..Question::default() };
        self.ask(viewer.organisation, &meta, question).await?;
        Ok(())
    }
}

fn stage(state: InvitationState) -> InvitationStage {
    match state {
        InvitationState::Sent => InvitationStage::Sent,
        InvitationState::Expired => InvitationStage::Lapsed,
        InvitationState::Undeliverable => InvitationStage::Undeliverable,
        InvitationState::Registered => InvitationStage::Registered,
        InvitationState::Activated => InvitationStage::Done,
    }
}

impl<'a> From<&'a Viewer> for Steward<'a> {
    fn from(viewer: &'a Viewer) -> Self {
        Self::Person(viewer)
    }
}

impl From<OrganisationId> for Steward<'_> {
    fn from(organisation: OrganisationId) -> Self {
        Self::Operator(organisation)
    }
}
