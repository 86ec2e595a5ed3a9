//! A person as compliance asks about them: whose accounts and addresses, what they did and what touched them (Q1), what is held
//! on them (Q11). Each question is on record before it is answered (K7).

mod then;

pub use then::Rights;

use crate::{App, AuditPage, Error, Viewer, administration::OFFICERS};
use domain::{
    AccountId, Decider, Event, OrganisationId, Timestamp,
    account::{self, Account, Holder, alias},
    address::EmailAddress,
    audit::{Question, Right, Topic},
    event::Stored,
    id::AddressTag,
    reservation::{self, Reservation},
};
use eventstore::{
    Recorded,
    log::{ContentKeys, StreamName},
};
use projections::{
    Slice,
    audit::{AuditFilter, Kind, PositionPage},
    holdings::Holding,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// How a person is named.
#[derive(Debug, Clone)]
pub enum PersonBy {
    /// By account.
    Account(AccountId),
    /// By an address, whoever has it or had it last, and also one that nobody ever had.
    Address(EmailAddress),
    /// By the tag of an address that nobody ever had.
    Tag(AddressTag),
}

/// What a person's dossier is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonName {
    /// Their account.
    Account(AccountId),
    /// An address that no account ever had.
    Address(AddressTag),
}

/// A person, registered or not.
#[derive(Debug, Clone)]
pub struct Person {
    /// What their dossier is called by.
    pub name: PersonName,
    /// Their account, and those that ever joined it (B43); none of somebody who has only an address.
    pub accounts: Vec<AccountId>,
    /// Every address that ever received for them, the first one first; none once erased.
    pub addresses: Vec<EmailAddress>,
    /// Tags of every address and user name that was ever theirs.
    pub names: Vec<AddressTag>,
}

impl App {
    /// Whoever is named, as far as the log knows them; `None` for an account that never was.
    pub async fn person(&self, viewer: &Viewer, by: &PersonBy) -> Result<Option<Person>, Error> {
        let organisation = viewer.organisation;
        // First the right: whether an address is known must not show to others.
        let meta = self.authorise(viewer, Right::ReadAudit).await?;
        let (account, tag) = match by {
            PersonBy::Account(account) => (Some(*account), None),
            PersonBy::Address(address) => {
                let tag = self.address_tag(organisation, address).await?;
                (self.last_holder(organisation, tag).await?, Some(tag))
            }
            PersonBy::Tag(tag) => (self.last_holder(organisation, *tag).await?, Some(*tag)),
        };
        let question =
            Question { topic: Topic::Person, subjects: account.into_iter().collect(), ..Question::default() };
        let asked = self.ask(organisation, &meta, question).await?;
        self.models.wait_for(asked, &["audit", "accounts", "addresses"]).await?;
        match (account, tag) {
            (Some(account), _) => self.known_person(organisation, account).await,
            (None, Some(tag)) => {
                let typed = match by {
                    PersonBy::Address(address) => Some(address.clone()),
                    PersonBy::Account(_) | PersonBy::Tag(_) => None,
                };
                let name = PersonName::Address(tag);
                let addresses = typed.into_iter().collect();
                Ok(Some(Person { name, accounts: vec![], addresses, names: vec![tag] }))
            }
            (None, None) => Ok(None),
        }
    }

    /// Everything that a person did, newest first (Q1).
    pub async fn person_actions(
        &self,
        viewer: &Viewer,
        person: &Person,
        page: PositionPage,
    ) -> Result<AuditPage, Error> {
        self.ask_about_person(viewer, person, None).await?;
        if person.accounts.is_empty() {
            let events = Slice { items: vec![], has_previous: false, has_next: false };
            return Ok(AuditPage { events, total: 0 });
        }
        let filter = AuditFilter { actors: person.accounts.clone(), ..AuditFilter::default() };
        self.audit_page(viewer.organisation, &filter, &page).await
    }

    /// Everything that touched a person, newest first, also what touched an address of theirs while nobody had it (Q1).
    pub async fn person_touched(
        &self,
        viewer: &Viewer,
        person: &Person,
        page: PositionPage,
    ) -> Result<AuditPage, Error> {
        self.ask_about_person(viewer, person, None).await?;
        self.audit_page(viewer.organisation, &touching(person), &page).await
    }

    /// What is held on a person, by kind (Q11).
    pub async fn person_holdings(&self, viewer: &Viewer, person: &Person) -> Result<Vec<Holding>, Error> {
        self.ask_about_person(viewer, person, None).await?;
        let organisation = viewer.organisation;
        let mut holdings = self.models.holdings(organisation, &person.accounts).await?;
        for account in &person.accounts {
            let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
            holdings.extend(loaded.state.holder().into_iter().flat_map(within));
        }
        if person.accounts.is_empty() {
            let count = self.models.audit_count(organisation, &touching(person)).await?;
            let what = "Events that touched the address";
            holdings.extend((count > 0).then_some(Holding { what, count, oldest: None, until: None }));
        }
        Ok(holdings)
    }

    pub(crate) async fn stream_of<A: Stored>(
        &self,
        organisation: OrganisationId,
        stream: Uuid,
    ) -> Result<Vec<Recorded>, Error> {
        let name = StreamName { category: A::CATEGORY, id: stream };
        Ok(self.log.read_stream(organisation, name, 0, &ContentKeys::none()).await?)
    }

    /// Who has an address, or had it last.
    async fn last_holder(
        &self,
        organisation: OrganisationId,
        address: AddressTag,
    ) -> Result<Option<AccountId>, Error> {
        let events = self.stream_of::<Reservation>(organisation, address.uuid()).await?;
        let holder = |event: reservation::Event| match event {
            reservation::Event::Reserved { account, .. }
            | reservation::Event::Transferred { account, .. }
            | reservation::Event::Released { account, .. } => Some(account),
            reservation::Event::LoginFailed { .. } | reservation::Event::ChallengeFailed { .. } => None,
        };
        Ok(events.into_iter().rev().find_map(|recorded| Reservation::own(recorded.event).and_then(holder)))
    }

    async fn known_person(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Option<Person>, Error> {
        let (mut accounts, mut addresses) = (vec![account], vec![]);
        let mut state = account::State::default();
        for event in self.stream_of::<Account>(organisation, account.uuid()).await? {
            let Some(event) = Account::own(event.event) else { continue };
            if let account::Event::Alias(alias::Event::AccountJoined { account: joined, .. }) = &event
                && !accounts.contains(joined)
            {
                accounts.push(*joined);
            }
            state = Account::evolve(state, &event);
            for address in state.holder().into_iter().flat_map(Holder::receiving) {
                if !addresses.contains(address) {
                    addresses.push(address.clone());
                }
            }
        }
        if state.holder().is_none() {
            return Ok(None);
        }
        let names = self.names_ever(organisation, &accounts).await?;
        Ok(Some(Person { name: PersonName::Account(account), accounts, addresses, names }))
    }

    /// Every address and user name that was ever reserved for these accounts.
    async fn names_ever(
        &self,
        organisation: OrganisationId,
        accounts: &[AccountId],
    ) -> Result<Vec<AddressTag>, Error> {
        let filter = AuditFilter {
            subjects: accounts.to_vec(),
            kinds: vec![Kind::AddressReserved, Kind::AddressTransferred],
            ..AuditFilter::default()
        };
        let mut names = BTreeSet::new();
        for recorded in self.all_events(organisation, &filter).await? {
            if let Event::Reservation(name, _) = recorded.event {
                names.insert(name);
            }
        }
        Ok(names.into_iter().collect())
    }

    pub(crate) async fn ask_about_person(
        &self,
        viewer: &Viewer,
        person: &Person,
        until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let subjects = person.accounts.clone();
        let question = Question { topic: Topic::Person, subjects, until, ..Question::default() };
        let asked = self.inquire(viewer, OFFICERS, question).await?;
        Ok(self.models.wait_for(asked, &["audit", "mailbox"]).await?)
    }
}

/// What touches a person: their accounts, or an address that was ever theirs.
fn touching(person: &Person) -> AuditFilter {
    if person.accounts.is_empty() {
        AuditFilter { addresses: person.names.clone(), ..AuditFilter::default() }
    } else {
        AuditFilter { subjects: person.accounts.clone(), ..AuditFilter::default() }
    }
}

/// What the log keeps of a person inside their account: proofs of who they are, and programs that act for them.
fn within(holder: &Holder) -> Vec<Holding> {
    let credentials = holder
        .credentials
        .as_ref()
        .map_or(0, |own| 1 + u64::from(own.reminder.is_some()) + u64::from(own.challenges.is_some()));
    let kinds = [
        ("Password, reminder and challenge answers, as hashes or sealed", credentials),
        ("Second factors", u64::from(holder.second_factor.is_some())),
        ("Client programs", holder.clients.len() as u64),
    ];
    let held = kinds.into_iter().filter(|(_, count)| *count > 0);
    held.map(|(what, count)| Holding { what, count, oldest: None, until: None }).collect()
}
