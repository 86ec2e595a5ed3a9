//! A proposed policy run over the history (N3): asked for here, done by the job *replay policies*, read on any node. It changes
//! nothing and opens no content.

mod running;
mod store;

use crate::{
    App, Done, Error, Problem, ProblemCode, Viewer, Work, WorkKind, policies::out_of_bounds, works::Stored,
};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp,
    audit::{Question, Right, Topic},
    id::Id,
    policy::{Difference, Policy},
    replay::EffectKind,
};
use projections::Slice;
use serde::{Deserialize, Serialize};

/// A proposed policy over the history.
#[derive(Debug, Clone)]
pub struct Replay {
    /// How far it is; its id is the replay's.
    pub work: Work,
    /// Proposed against what was in force when it was asked for.
    pub differences: Vec<Difference>,
}

/// One consequence of a proposed policy.
#[derive(Debug, Clone, Copy)]
pub struct ReplayEffect {
    /// Its number in the replay, from 1: the oldest message first.
    pub number: i64,
    /// What would differ.
    pub kind: EffectKind,
    /// Which message.
    pub message: MessageId,
    /// Whose access.
    pub account: Option<AccountId>,
    /// From when on.
    pub at: Timestamp,
}

/// Which part of the effects, the oldest first. `first` beats `last`; with neither it is 50.
#[derive(Debug, Clone, Copy, Default)]
pub struct EffectPage {
    /// So many from the first, or from `after`.
    pub first: Option<u32>,
    /// Behind this number.
    pub after: Option<i64>,
    /// So many from the last, or from `before`.
    pub last: Option<u32>,
    /// Before this number.
    pub before: Option<i64>,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct ReplayRequest {
    /// The whole proposed policy.
    pub policy: Policy,
    /// Messages sent at this instant or later; all by default.
    pub from: Option<Timestamp>,
    /// Makes a repeat return what the first one did.
    pub idempotency_key: String,
}

/// What is replayed, as it is kept until it was.
#[derive(Serialize, Deserialize)]
struct Proposal {
    proposed: Policy,
    /// What was in force when it was asked for.
    present: Policy,
    from: Timestamp,
    /// When it was asked for: effects are as seen then, whenever the job gets there.
    at: Timestamp,
}

/// Who may ask: whoever would change the policy, and who answers for it.
const MAY: [Right; 2] = [Right::AuthorPolicy, Right::ReadAudit];

impl App {
    /// Has a proposed policy run over the history. That somebody asked is on record, as every question is.
    pub async fn replay_policy(
        &self,
        viewer: &Viewer,
        request: ReplayRequest,
    ) -> Result<Done<Replay>, Error> {
        let right = MAY.into_iter().find(|right| viewer.role_for(*right).is_some()).unwrap_or(MAY[0]);
        let meta = self.authorise(viewer, right).await?;
        let organisation = viewer.organisation;
        let ReplayRequest { policy: proposed, from, idempotency_key } = request;
        let inputs = serde_json::to_string(&(&proposed, from)).map_err(Error::internal)?;
        let key = self.idempotency(viewer, "replay", &idempotency_key, &inputs).await?;
        if let Err(problems) = proposed.validate() {
            return Err(Error::Problems(problems.into_iter().map(out_of_bounds).collect()));
        }
        let at = self.log.now();
        if from.is_some_and(|from| from >= at) {
            let message = "Name a time for `from` that is in the past.";
            return Err(Problem::new(ProblemCode::Invalid, message).at(["from"]).into());
        }
        let question = Question { topic: Topic::Policy, from, ..Question::default() };
        let position = self.ask(organisation, &meta, question).await?;
        let present = self.rules(organisation).await?.policy.clone();
        let from = from.unwrap_or(Timestamp::from_micros(0));
        let proposal = Proposal { proposed, present, from, at };
        let begun = self.begin_work(organisation, WorkKind::Replay, &key, &proposal, position).await?;
        Ok(Done { value: self.replay_from(&begun.value).await?, position })
    }

    /// A replay, for those who may ask for one; there is none for others.
    pub async fn replay(&self, viewer: &Viewer, id: Id<Work>) -> Result<Option<Replay>, Error> {
        if !MAY.into_iter().any(|right| viewer.role_for(right).is_some()) {
            return Ok(None);
        }
        match self.stored_work(viewer.organisation, WorkKind::Replay, id).await? {
            Some(stored) => Ok(Some(self.replay_from(&stored).await?)),
            None => Ok(None),
        }
    }

    /// What would differ, of one kind or of all.
    pub async fn replay_effects(
        &self,
        organisation: OrganisationId,
        replay: &Replay,
        kind: Option<EffectKind>,
        page: EffectPage,
    ) -> Result<Slice<ReplayEffect>, Error> {
        self.stored_effects(organisation, replay.work.id, kind, page).await
    }

    /// How many of a kind it found so far.
    pub async fn replay_effect_count(
        &self,
        organisation: OrganisationId,
        replay: &Replay,
        kind: Option<EffectKind>,
    ) -> Result<u64, Error> {
        self.stored_effect_count(organisation, replay.work.id, kind).await
    }

    async fn replay_from(&self, stored: &Stored) -> Result<Replay, Error> {
        let Proposal { proposed, present, .. } = self.asked_of(stored).await?;
        Ok(Replay { work: stored.work.clone(), differences: present.differences(&proposed) })
    }
}
