//! A proposed policy over the history (N3).

use super::settle;
use crate::{
    asker::{asker, viewer},
    schema::{
        policy_input::PolicyInput,
        problem::Problem,
        replay::PolicyReplay,
        scalars::{DateTime, IdempotencyKey, Position},
    },
};
use app::ReplayRequest;
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

#[derive(Default)]
pub(crate) struct Replaying;

#[Object]
impl Replaying {
    /// Runs a proposed policy over the history; changes nothing (N3). Role: policy author, compliance officer.
    async fn replay_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ReplayPolicyInput,
    ) -> Result<ReplayPolicyPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let ReplayPolicyInput { idempotency_key, changes, from } = input;
        let replayed = match changes.applied_to(&asker.rules().await?.policy) {
            Ok(policy) => {
                let from = from.map(|from| from.0);
                let request = ReplayRequest { policy, from, idempotency_key: idempotency_key.0 };
                asker.app.replay_policy(&viewer, request).await
            }
            Err(problems) => Err(problems),
        };
        let done = settle(asker, replayed).await?;
        let replay = done.value.map(PolicyReplay::from);
        Ok(ReplayPolicyPayload { replay, problems: done.problems, position: done.position })
    }
}

/// Input of `replayPolicy`.
#[derive(InputObject)]
pub(crate) struct ReplayPolicyInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// What would change.
    changes: PolicyInput,
    /// Beginning of the history to look at; all by default.
    from: Option<DateTime>,
}

/// Answer of `replayPolicy`.
#[derive(SimpleObject)]
pub(crate) struct ReplayPolicyPayload {
    /// The replay, running.
    replay: Option<PolicyReplay>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
