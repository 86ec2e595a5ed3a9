//! Doing replays, step by step: whoever comes after goes on where the last step ended.

use super::{Proposal, store};
use crate::{App, Error, PolicyVersion, WorkKind, works::Stored};
use domain::{
    AccountId, Decider, MessageId, OrganisationId, Timestamp,
    account::Holder,
    event::Stored as _,
    message::{self, Message, Onward},
    recipients::{Candidate, Sender, Standing},
    replay::{Effect, Past},
};
use eventstore::log::{ContentKeys, StreamName};
use std::collections::{BTreeMap, BTreeSet};
use tokio_util::sync::CancellationToken;

/// Messages of one step. Each is a query or two, and a stop waits for the step.
const STEP: u32 = 100;

/// A message as the log has it.
struct Told {
    past: Past,
    /// Version of the policy that it was sent under.
    policy: Option<u32>,
    /// What it passes on, or answers.
    original: Option<MessageId>,
}

impl App {
    /// Does the replays that wait, one after the other, until there are none or `stop`. Gives how many messages it looked at.
    pub async fn replay_policies(&self, stop: &CancellationToken) -> Result<u64, Error> {
        self.forget_works(WorkKind::Replay, Some(store::FORGET_EFFECTS)).await?;
        let mut looked_at = 0;
        while let Some(replay) = self.next_work(WorkKind::Replay).await?.filter(|_| !stop.is_cancelled()) {
            looked_at += self.step_of_replay(&replay).await?;
        }
        Ok(looked_at)
    }

    async fn step_of_replay(&self, replay: &Stored) -> Result<u64, Error> {
        let organisation = replay.organisation;
        let proposal: Proposal = self.asked_of(replay).await?;
        let Proposal { from, at, .. } = proposal;
        if replay.work.total.is_none() {
            // What was sent before it was asked for is to be there.
            self.models.wait_for(self.log.head(), &["mailbox", "accounts"]).await?;
            let total = self.models.messages_sent_count(organisation, from, at).await?;
            self.start_work(replay, total).await?;
        }
        let place = replay.place.as_deref().and_then(store::place_of);
        let after = place.map(|(at, message, _)| (at, message));
        let messages = self.models.messages_sent(organisation, (from, at), after, STEP).await?;
        let Some((last_at, last)) = messages.last().copied() else {
            self.end_work(replay, None).await?;
            return Ok(0);
        };
        let versions = self.policy_versions(organisation).await?;
        let mut effects = vec![];
        for (_, message) in &messages {
            let found = self.effects_on(organisation, &proposal, &versions, *message).await?;
            effects.extend(found.into_iter().map(|effect| (*message, effect)));
        }
        let number = place.map_or(0, |(_, _, number)| number);
        let count = messages.len() as u64;
        let moved = self.advance_replay(replay, count, (last_at, last), number, effects).await?;
        Ok(if moved { count } else { 0 })
    }

    async fn effects_on(
        &self,
        organisation: OrganisationId,
        proposal: &Proposal,
        versions: &[PolicyVersion],
        message: MessageId,
    ) -> Result<Vec<Effect>, Error> {
        let Some(told) = self.told(organisation, message).await? else { return Ok(vec![]) };
        let end = self.end_under(organisation, proposal, versions, &told).await?;
        let people = self.people_of(organisation, &told.past).await?;
        let has_left = |(account, holder): (&AccountId, &Holder)| {
            (!holder.subscribed && told.past.from != *account).then_some(*account)
        };
        let gone: BTreeSet<_> = people.iter().filter_map(has_left).collect();
        let mut effects = told.past.with_end(end, &gone, proposal.at);
        let sender = people.get(&told.past.from);
        let sender = sender.and_then(|from| Some((from.kind, from.address.value()?.domain().clone())));
        if let Some((kind, domain)) = sender {
            let original = match told.original {
                Some(original) => self.told(organisation, original).await?.map(|told| told.past.from),
                None => None,
            };
            let candidate = |who: AccountId| {
                let holder = people.get(&who)?;
                let standing = match holder.kind {
                    domain::account::Kind::Member => Standing::Member,
                    domain::account::Kind::Guest => Standing::Guest,
                };
                let domain = holder.address.value()?.domain().clone();
                Some(Candidate { domain, standing, is_original_sender: original == Some(who) })
            };
            effects.extend(told.past.refused_by(&proposal.proposed, &Sender { kind, domain }, candidate));
        }
        Ok(effects)
    }

    /// When a message would have ended. What passes another on ends with it.
    async fn end_under(
        &self,
        organisation: OrganisationId,
        proposal: &Proposal,
        versions: &[PolicyVersion],
        told: &Told,
    ) -> Result<Timestamp, Error> {
        let mut root = None;
        let mut passes_on = told.passes_on();
        while let Some(original) = passes_on {
            let Some(found) = self.told(organisation, original).await? else { break };
            passes_on = found.passes_on();
            root = Some(found);
        }
        let Told { past, policy, .. } = root.as_ref().unwrap_or(told);
        let then = policy.and_then(|number| versions.iter().find(|version| version.version == number));
        let then = then.map_or(proposal.present.retention.messages, |then| then.policy.retention.messages);
        Ok(past.end_under(then, proposal.proposed.retention.messages))
    }

    async fn told(&self, organisation: OrganisationId, message: MessageId) -> Result<Option<Told>, Error> {
        let stream = StreamName { category: Message::CATEGORY, id: message.uuid() };
        let recorded = self.log.read_stream(organisation, stream, 0, &ContentKeys::none()).await?;
        let policy = recorded.first().and_then(|first| first.meta.policy);
        let events: Vec<message::Event> =
            recorded.into_iter().filter_map(|recorded| Message::own(recorded.event)).collect();
        let original = match events.first() {
            Some(message::Event::Sent { about: Some(about), .. }) => Some(about.message),
            Some(_) | None => None,
        };
        Ok(Past::of(&events).map(|past| Told { past, policy, original }))
    }

    /// Its people as they stand now: what they were when it was sent is not looked up.
    async fn people_of(
        &self,
        organisation: OrganisationId,
        past: &Past,
    ) -> Result<BTreeMap<AccountId, Holder>, Error> {
        let mut people = BTreeMap::new();
        for account in past.recipients.iter().chain([&past.from]) {
            people.insert(*account, self.holder(organisation, *account).await?);
        }
        Ok(people)
    }
}

impl Told {
    fn passes_on(&self) -> Option<MessageId> {
        self.original.filter(|_| self.past.onward == Some(Onward::Forward))
    }
}
