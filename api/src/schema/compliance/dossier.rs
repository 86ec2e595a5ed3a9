//! The dossier of a person.

use super::{MessageRecord, events};
use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        account::{self, Account, AccountKind, AccountState, Role},
        administration::{place, timed},
        audit::AuditEvent,
        ids::{self, Kind},
        message::{Correspondent, int},
        paging::{self, Connection, Paging, connection},
        scalars::{DateTime, EmailAddress},
        viewer::Capability,
    },
};
use app::{Person, PersonBy, PersonName};
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use domain::{AccountId, id::AddressTag};
use projections::{holdings, mailbox::MessageRow};
use uuid::Uuid;

/// All that is held on a person (Q11), and what was done with it (Q1, Q4).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct PersonDossier {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    person: Person,
    /// Every address.
    addresses: Vec<EmailAddress>,
}

#[ComplexObject]
impl PersonDossier {
    /// The account, if there is one.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.person.name {
            PersonName::Account(account) => Account::find(ctx, account).await,
            PersonName::Address(_) => Ok(None),
        }
    }

    /// What is held, by kind (Q11).
    #[graphql(complexity = "10 * child_complexity")]
    async fn holdings(&self, ctx: &Context<'_>) -> Result<Vec<Holding>> {
        let found = asker(ctx).app.person_holdings(&*viewer(ctx)?, &self.person).await;
        Ok(found.map_err(failure)?.into_iter().map(Holding::from).collect())
    }

    /// Everything the person did, newest first (Q1).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn actions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = events::page(&Paging::read(asker, first, after, last, before).await?)?;
        let found = asker.app.person_actions(&viewer, &self.person, page).await.map_err(failure)?;
        events::listed(asker, found).await
    }

    /// Everything that touched the person, newest first (Q1).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn touched(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = events::page(&Paging::read(asker, first, after, last, before).await?)?;
        let found = asker.app.person_touched(&viewer, &self.person, page).await.map_err(failure)?;
        events::listed(asker, found).await
    }

    /// Disclosures of the person's data: when, to whom, what, why; six years back (Q4).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn disclosures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<Disclosure>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let all = asker.app.disclosures(&viewer, &self.person).await.map_err(failure)?;
        let total = u64::try_from(all.len()).ok();
        let entry = |one: &app::Disclosure| [&one.event.position.to_be_bytes()[..], &one.to.bytes()].concat();
        let slice = paging.cut(all, entry)?;
        connection(asker, slice, total, entry, |one| Disclosure::new(self.uuid(), one)).await
    }

    /// Which messages the person could see at an instant, without content (N2).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn mailbox(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That instant; now by default.")] as_of: Option<DateTime>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<MessageRecord>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let as_of = as_of.map(|at| at.0);
        let found = asker.app.person_mailbox(&viewer, &self.person, as_of, &page).await.map_err(failure)?;
        let entry = |row: &MessageRow| place(row.sent_at, row.message);
        connection(asker, found, None, entry, MessageRecord::from).await
    }

    /// Roles, kind and capabilities at an instant (N2).
    async fn rights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That instant; now by default.")] as_of: Option<DateTime>,
    ) -> Result<Option<RightsAt>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let found = asker.app.person_rights(&viewer, &self.person, as_of.map(|at| at.0)).await;
        Ok(found.map_err(failure)?.map(RightsAt::from))
    }
}

/// One kind of data held on a person.
#[derive(SimpleObject)]
pub(crate) struct Holding {
    /// Kind of data, in words.
    what: String,
    /// How many items.
    count: i32,
    /// The oldest of them.
    oldest: Option<DateTime>,
    /// When the last of them ends; null when it has no end.
    until: Option<DateTime>,
}

/// A person's rights at an instant.
#[derive(SimpleObject)]
pub(crate) struct RightsAt {
    /// The instant.
    at: DateTime,
    /// Guest or member.
    kind: AccountKind,
    /// Where the account stood.
    state: AccountState,
    /// Roles.
    roles: Vec<Role>,
    /// What the policy then allowed.
    capabilities: Vec<Capability>,
    /// That policy.
    policy_version: i32,
}

/// One disclosure of a person's data (45 CFR 164.528).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Disclosure {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    to: AccountId,
    /// When.
    at: DateTime,
    /// What, in words.
    what: String,
    /// Why, as recorded.
    why: String,
    /// The event behind it.
    event: AuditEvent,
}

#[ComplexObject]
impl Disclosure {
    /// To whom.
    async fn to(&self, ctx: &Context<'_>) -> Result<Correspondent> {
        let row = account::row(ctx, self.to).await?;
        Ok(Correspondent::of_address(row.as_ref().and_then(|row| row.address.as_ref())))
    }
}

impl PersonDossier {
    /// Whoever is named, for an officer.
    pub(crate) async fn find(ctx: &Context<'_>, by: &PersonBy) -> Result<Option<Self>> {
        let found = asker(ctx).app.person(&*viewer(ctx)?, by).await.map_err(failure)?;
        Ok(found.map(Self::from))
    }

    /// The person whose dossier has this id.
    pub(crate) async fn by_id(ctx: &Context<'_>, kind: Kind, uuid: Uuid) -> Result<Option<Self>> {
        let by = match kind {
            Kind::PersonAtAddress => PersonBy::Tag(AddressTag::new(uuid)),
            _ => PersonBy::Account(AccountId::new(uuid)),
        };
        Self::find(ctx, &by).await
    }

    /// A disclosure of this person's data, by its id.
    pub(crate) async fn disclosure(&self, ctx: &Context<'_>, id: &ID) -> Result<Option<Disclosure>> {
        let all = asker(ctx).app.disclosures(&*viewer(ctx)?, &self.person).await.map_err(failure)?;
        let mut all = all.into_iter().map(|one| Disclosure::new(self.uuid(), one));
        Ok(all.find(|one| one.id == *id))
    }

    fn uuid(&self) -> Uuid {
        match self.person.name {
            PersonName::Account(account) => account.uuid(),
            PersonName::Address(address) => address.uuid(),
        }
    }
}

impl Disclosure {
    fn new(person: Uuid, disclosure: app::Disclosure) -> Self {
        let app::Disclosure { to, what, why, event } = disclosure;
        Self {
            id: ids::disclosure(person, event.id, to.uuid()),
            to,
            at: event.at.into(),
            what,
            why: why.to_owned(),
            event: event.into(),
        }
    }
}

impl From<Person> for PersonDossier {
    fn from(person: Person) -> Self {
        let id = match person.name {
            PersonName::Account(account) => ids::id(Kind::Person, account.uuid()),
            PersonName::Address(address) => ids::id(Kind::PersonAtAddress, address.uuid()),
        };
        Self { id, addresses: person.addresses.iter().map(EmailAddress::from).collect(), person }
    }
}

impl From<holdings::Holding> for Holding {
    fn from(holding: holdings::Holding) -> Self {
        let holdings::Holding { what, count, oldest, until } = holding;
        Self {
            what: what.to_owned(),
            count: int(count),
            oldest: oldest.map(DateTime),
            until: until.map(DateTime),
        }
    }
}

impl From<app::Rights> for RightsAt {
    fn from(rights: app::Rights) -> Self {
        let app::Rights { at, kind, state, roles, capabilities, policy } = rights;
        Self {
            at: at.into(),
            kind: kind.into(),
            state: state.into(),
            roles: roles.into_iter().map(Role::from).collect(),
            capabilities: capabilities.into_iter().map(Capability::from).collect(),
            policy_version: int(policy.into()),
        }
    }
}
