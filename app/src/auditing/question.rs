//! What is asked, what it comes to, and how it is recorded.

use crate::{App, Error, Problem, ProblemCode};
use domain::{
    AccountId, OrganisationId,
    address::EmailAddress,
    audit::{Question, Topic},
    event::Event,
    id::{AddressTag, AudienceTag, NetworkTag},
    reservation,
};
use eventstore::log::ContentKeys;
use projections::audit::{AuditFilter, Kind, Outcome, PositionPage};
use seal::blind;
use std::collections::BTreeSet;

/// A question to the audit.
#[derive(Debug, Clone, Default)]
pub struct AuditQuestion {
    /// What must hold, besides the addresses.
    pub filter: AuditFilter,
    /// Touching one of these addresses, or an account that has or had one of them: as its primary address or as an alias.
    pub addresses: Vec<EmailAddress>,
}

/// Entries of a list at most, and networks, each of which can be made of 256.
const ENTRIES: usize = 100;
const NETWORKS: usize = 20;
/// Changes of hands of one address that are looked through.
const HANDS: u32 = 1_000;

impl From<AuditFilter> for AuditQuestion {
    fn from(filter: AuditFilter) -> Self {
        Self { filter, addresses: vec![] }
    }
}

impl AuditQuestion {
    /// The lists that are longer than is answered.
    fn check(&self) -> Result<(), Error> {
        let AuditFilter { actors, subjects, messages, networks, audiences, .. } = &self.filter;
        let lists = [
            ("actorIds", actors.len(), ENTRIES),
            ("subjectIds", subjects.len(), ENTRIES),
            ("messageIds", messages.len(), ENTRIES),
            ("addresses", self.addresses.len(), ENTRIES),
            ("audiences", audiences.len(), ENTRIES),
            ("networks", networks.len(), NETWORKS),
        ];
        let problem = |(name, _, most)| {
            let message = format!("Name {most} {name} at most, and ask again for the others.");
            Problem::new(ProblemCode::TooLong, message).at([name])
        };
        let long: Vec<_> = lists.into_iter().filter(|(_, has, most)| has > most).map(problem).collect();
        if long.is_empty() { Ok(()) } else { Err(Error::Problems(long)) }
    }
}

impl App {
    /// What a question comes to: addresses are tags, and those who have or had them.
    pub(crate) async fn filter(
        &self,
        organisation: OrganisationId,
        question: &AuditQuestion,
    ) -> Result<AuditFilter, Error> {
        question.check()?;
        let mut filter = question.filter.clone();
        for address in &question.addresses {
            let tag = self.address_tag(organisation, address).await?;
            filter.addresses.push(tag);
            filter.holders.extend(self.holders(organisation, tag).await?);
        }
        Ok(filter)
    }

    /// Whoever has or had an address, as the audit knows it.
    async fn holders(
        &self,
        organisation: OrganisationId,
        address: AddressTag,
    ) -> Result<BTreeSet<AccountId>, Error> {
        let kinds = vec![Kind::AddressReserved, Kind::AddressTransferred];
        let filter = AuditFilter { addresses: vec![address], kinds, ..AuditFilter::default() };
        let page = PositionPage { first: Some(HANDS), ..PositionPage::default() };
        let positions = self.models.audit(organisation, &filter, &page).await?.items;
        let events = self.log.read_positions(organisation, &positions, &ContentKeys::none()).await?;
        let holder = |event: &Event| {
            let Event::Reservation(_, event) = event else { return None };
            match event {
                reservation::Event::Reserved { account, .. }
                | reservation::Event::Transferred { account, .. } => Some(*account),
                reservation::Event::Released { .. }
                | reservation::Event::LoginFailed { .. }
                | reservation::Event::ChallengeFailed { .. } => None,
            }
        };
        Ok(events.iter().filter_map(|recorded| holder(&recorded.event)).collect())
    }

    /// What was asked, as it is recorded: codes, ids and keyed tags, never an address, a network or a text.
    pub(crate) async fn recorded(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
    ) -> Result<Question, Error> {
        let index = self.index_key(organisation).await?;
        let network = |network: &domain::policy::Network| {
            NetworkTag::from_bytes(blind::tag(&index, "network", network.to_string().as_bytes()))
        };
        let audience =
            |audience: &String| AudienceTag::from_bytes(blind::tag(&index, "audience", audience.as_bytes()));
        Ok(Question {
            topic: Topic::Audit,
            from: filter.from,
            until: filter.until,
            kinds: filter.kinds.iter().map(|kind| Kind::code(*kind).to_owned()).collect(),
            actors: filter.actors.clone(),
            subjects: filter.subjects.clone(),
            messages: filter.messages.clone(),
            addresses: filter.addresses.clone(),
            holders: filter.holders.clone(),
            networks: filter.networks.iter().map(network).collect(),
            audiences: filter.audiences.iter().map(audience).collect(),
            outcomes: filter.outcomes.iter().map(|outcome| Outcome::code(*outcome).to_owned()).collect(),
            privileged: filter.privileged,
            reviewed: filter.reviewed,
        })
    }
}
