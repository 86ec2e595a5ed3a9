//! What was so at an instant (N2, Q3): the events up to it, folded by the rules that the present goes by. The audit knows
//! where they stand, so that only what concerns a message or a person is read.

use crate::{App, Error, Problem, ProblemCode};
use domain::{
    AccountId, Event, MessageId, OrganisationId, Timestamp,
    account::{self, Closing},
    message,
    reach::{Circle, Happened},
};
use eventstore::{Position, Recorded, log::ContentKeys};
use projections::audit::{AuditFilter, Kind, PositionPage};
use std::collections::{BTreeMap, BTreeSet};

/// What decides who has a message: `message::Sent::readable` asks for nothing else.
const FATE: [Kind; 5] = [
    Kind::MessageSent,
    Kind::MessageForwarded,
    Kind::MessageRecalled,
    Kind::MessageDeleted,
    Kind::MessageExpired,
];
/// What decides how far an account's mail can be reached: `reach::Reach` asks for nothing else.
const LIFE: [Kind; 6] = [
    Kind::Invited,
    Kind::Activated,
    Kind::Unsubscribed,
    Kind::Resubscribed,
    Kind::AccountClosed,
    Kind::AccountsMerged,
];
/// Events read in one go.
const BATCH: u32 = 500;

/// Events that concern something, in the order of the log, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past(BTreeMap<Position, Recorded>);

impl Past {
    /// In the order of the log.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Recorded> {
        self.0.values()
    }

    pub(crate) fn happened(&self) -> impl Iterator<Item = Happened<'_>> {
        self.events().map(|recorded| Happened {
            event: &recorded.event,
            policy: recorded.meta.policy,
            at: recorded.recorded_at,
        })
    }

    /// As it was at an instant, after all that was recorded at it.
    pub(crate) fn circle(&self, at: Timestamp) -> Circle {
        let mut circle = Circle::default();
        for happened in self.happened().filter(|happened| happened.at <= at) {
            circle.evolve(happened.event, happened.policy);
        }
        circle
    }

    /// What passes these messages on.
    fn forwards(&self, messages: &BTreeSet<MessageId>) -> BTreeSet<MessageId> {
        let forward = |recorded: &Recorded| {
            let Event::Message(message, message::Event::Forwarded { with, .. }) = &recorded.event else {
                return None;
            };
            messages.contains(message).then_some(*with)
        };
        self.events().filter_map(forward).collect()
    }

    /// The accounts that these messages were granted to.
    fn granted(&self, messages: &BTreeSet<MessageId>) -> BTreeSet<AccountId> {
        let mut granted = BTreeSet::new();
        for recorded in self.events() {
            if let Event::Message(message, message::Event::Sent { grants, .. }) = &recorded.event
                && messages.contains(message)
            {
                granted.extend(grants.iter().map(|grant| grant.account));
            }
        }
        granted
    }

    /// The accounts that others joined.
    fn joined_into(&self) -> BTreeSet<AccountId> {
        let into = |recorded: &Recorded| {
            let Event::Account(_, account::Event::Closed { why: Closing::Joined { into }, .. }) =
                &recorded.event
            else {
                return None;
            };
            Some(*into)
        };
        self.events().filter_map(into).collect()
    }
}

impl App {
    /// The instant that is asked about, now if none is named. There is nothing to say of the future, nor of the time before the
    /// organisation.
    pub(crate) async fn instant(
        &self,
        organisation: OrganisationId,
        named: Option<Timestamp>,
        field: &str,
    ) -> Result<Timestamp, Error> {
        let now = self.log.now();
        let Some(named) = named else { return Ok(now) };
        let invalid = |why: String| Err(Problem::new(ProblemCode::Invalid, why).at([field]).into());
        if now < named {
            return invalid(format!("Name an instant up to now, {now}: nothing is known of later ones."));
        }
        match self.rules(organisation).await?.founded_at {
            Some(founded) if named < founded => {
                invalid(format!("Name an instant from {founded} on: the organisation was founded then."))
            }
            Some(_) | None => Ok(named),
        }
    }

    /// The events that answer this, all of them, as the audit and the log have them now.
    pub(crate) async fn all_events(
        &self,
        organisation: OrganisationId,
        filter: &AuditFilter,
    ) -> Result<Vec<Recorded>, Error> {
        let mut events = vec![];
        let mut after = None;
        loop {
            let page = PositionPage { first: Some(BATCH), after, ..PositionPage::default() };
            let slice = self.models.audit(organisation, filter, &page).await?;
            after = slice.items.last().copied();
            events.extend(self.log.read_positions(organisation, &slice.items, &ContentKeys::none()).await?);
            if !slice.has_next {
                return Ok(events);
            }
        }
    }

    /// What became of these messages and of all that passes them on, and of the accounts that have them.
    pub(crate) async fn past_of_message(
        &self,
        organisation: OrganisationId,
        message: MessageId,
    ) -> Result<Past, Error> {
        let mut past = Past::default();
        let (mut known, mut wanted) = (BTreeSet::new(), BTreeSet::from([message]));
        while !wanted.is_empty() {
            self.add_fates(organisation, &mut past, wanted.iter().copied().collect()).await?;
            known.append(&mut wanted);
            wanted = past.forwards(&known).difference(&known).copied().collect();
        }
        let granted = past.granted(&known);
        self.add_lives(organisation, &mut past, granted).await?;
        Ok(past)
    }

    /// What became of these messages.
    pub(crate) async fn add_fates(
        &self,
        organisation: OrganisationId,
        past: &mut Past,
        messages: Vec<MessageId>,
    ) -> Result<(), Error> {
        if messages.is_empty() {
            return Ok(());
        }
        let filter = AuditFilter { messages, kinds: FATE.to_vec(), ..AuditFilter::default() };
        let events = self.all_events(organisation, &filter).await?;
        past.0.extend(events.into_iter().map(|recorded| (recorded.position, recorded)));
        Ok(())
    }

    /// How far the mail of these accounts could be reached, over all that they joined.
    pub(crate) async fn add_lives(
        &self,
        organisation: OrganisationId,
        past: &mut Past,
        accounts: BTreeSet<AccountId>,
    ) -> Result<(), Error> {
        let (mut known, mut wanted) = (BTreeSet::new(), accounts);
        while !wanted.is_empty() {
            let subjects = wanted.iter().copied().collect();
            let filter = AuditFilter { subjects, kinds: LIFE.to_vec(), ..AuditFilter::default() };
            let events = self.all_events(organisation, &filter).await?;
            past.0.extend(events.into_iter().map(|recorded| (recorded.position, recorded)));
            known.append(&mut wanted);
            wanted = past.joined_into().difference(&known).copied().collect();
        }
        Ok(())
    }
}
