//! The second person's part (K3).

use super::{find, settle};
use crate::{
    asker::{asker, viewer},
    schema::{approval::Approval, ids::Kind, problem::Problem, scalars::Position},
};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::{approval::Outcome, id::ApprovalId};

#[derive(Default)]
pub(crate) struct Approving;

#[Object]
impl Approving {
    /// Grants or refuses what another person asked for (K3). Role: approver.
    async fn decide_approval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: DecideApprovalInput,
    ) -> Result<DecideApprovalPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let DecideApprovalInput { approval_id, grant, comment } = input;
        let decided = match find(Kind::Approval, &approval_id, "request", "approvalId") {
            Ok(approval) => {
                asker.app.decide_approval(&viewer, ApprovalId::new(approval), grant, comment).await
            }
            Err(problem) => Err(problem),
        };
        let mut done = settle(asker, decided).await?;
        let approval = match done.value {
            Some(decision) => {
                if decision.outcome == Some(Outcome::Stale) {
                    done.problems.push(stale().into());
                }
                Approval::find(ctx, decision.approval).await?
            }
            None => None,
        };
        Ok(DecideApprovalPayload { approval, problems: done.problems, position: done.position })
    }
}

fn stale() -> app::Problem {
    let message = "It was granted, but what it was about had changed by then, so that nothing was done; it must be asked for anew.";
    app::Problem::new(app::ProblemCode::Conflict, message)
}

/// Input of `decideApproval`.
#[derive(InputObject)]
pub(crate) struct DecideApprovalInput {
    /// Which.
    approval_id: ID,
    /// Whether it is granted.
    grant: bool,
    /// In words, at most 500 characters.
    comment: Option<String>,
}

/// Answer of `decideApproval`.
#[derive(SimpleObject)]
pub(crate) struct DecideApprovalPayload {
    /// The request, decided.
    approval: Option<Approval>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
