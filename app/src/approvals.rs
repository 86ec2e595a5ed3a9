//! What needs two persons (K3): one asks, another decides, and what was granted is carried out at once.

mod carrying_out;
mod showing;

pub(crate) use carrying_out::Granted;
pub use showing::ApprovalView;

use crate::{App, Done, Error, Problem, ProblemCode, Viewer, error::not_found};
use domain::{
    AccountId, Metadata, OrganisationId,
    approval::{Action, Approval, Command, Outcome, Refusal, Request, State, WORDS_CHARACTERS},
    audit::Right,
    event::Actor,
    id::ApprovalId,
};
use eventstore::log::Change;

/// A request to be made.
pub(crate) struct Asking<'a> {
    pub(crate) organisation: OrganisationId,
    /// Its id: a new one, or for what has an idempotency key one that follows from that.
    pub(crate) approval: ApprovalId,
    pub(crate) action: Action,
    pub(crate) reason: &'a str,
    pub(crate) meta: &'a Metadata,
}

/// What was decided on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Which.
    pub approval: ApprovalId,
    /// What came of it, where it was granted; `None` while it is still being carried out.
    pub outcome: Option<Outcome>,
}

impl App {
    /// The change by which something is asked for; whoever asks appends it, together with what belongs to it.
    pub(crate) async fn asked_for(&self, asking: Asking<'_>) -> Result<Change, Error> {
        let Asking { organisation, approval, action, reason, meta } = asking;
        let loaded = self.log.load::<Approval>(organisation, approval.uuid()).await?;
        let (by, reason, at) = (requester(meta), reason.to_owned(), self.log.now());
        Ok(loaded.decide(Command::Ask { action, by, reason, at }).map_err(Problem::from)?)
    }

    /// Grants or refuses what another person asked for; an approver's right. What is granted is carried out at once, and should
    /// that be interrupted, by a job.
    pub async fn decide_approval(
        &self,
        viewer: &Viewer,
        approval: ApprovalId,
        granted: bool,
        comment: Option<String>,
    ) -> Result<Done<Decision>, Error> {
        let meta = self.authorise(viewer, Right::Approve).await?;
        let organisation = viewer.organisation;
        let requester_now = match self.request(organisation, approval).await?.by {
            Some(requester) => Some(self.survivor(organisation, requester).await?),
            None => None,
        };
        let at = self.log.now();
        let decide =
            || Command::Decide { by: viewer.account, requester_now, granted, comment: comment.clone(), at };
        let done = self.log.execute::<Approval>(organisation, approval.uuid(), &meta, decide).await?;
        let mut position = done.map_err(Problem::from)?.position();
        let mut outcome = None;
        match self.carry_out(organisation, approval).await {
            Ok(Some(done)) => (outcome, position) = (Some(done.value), done.position.max(position)),
            Ok(None) => {}
            // It is granted all the same.
            Err(_) => {
                tracing::warn!("what was granted could not be carried out at once; the job goes on with it");
            }
        }
        self.wait_for(position).await?;
        self.models.wait_for(position, &["approvals"]).await?;
        Ok(Done { value: Decision { approval, outcome }, position })
    }

    /// A request as it stands.
    pub(crate) async fn request(
        &self,
        organisation: OrganisationId,
        approval: ApprovalId,
    ) -> Result<Request, Error> {
        match self.log.load::<Approval>(organisation, approval.uuid()).await?.state {
            State::Asked(request) => Ok(*request),
            State::Unasked => Err(Problem::from(Refusal::NotAsked).into()),
        }
    }
}

/// Who asks, if it is somebody with an account.
pub(crate) fn requester(meta: &Metadata) -> Option<AccountId> {
    match meta.by {
        Actor::Person { account, .. } | Actor::LinkHolder { account } => Some(account),
        Actor::Anonymous | Actor::Worker | Actor::Operator => None,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAsked | Refusal::NotGranted => not_found("request").at(["approvalId"]),
            Refusal::AlreadyAsked => {
                Self::new(ProblemCode::Conflict, "This was asked for otherwise already.")
            }
            Refusal::SecondPersonNeeded => Self::new(
                ProblemCode::SecondPersonNeeded,
                "You asked for this yourself; another approver must decide.",
            ),
            Refusal::Decided => Self::new(ProblemCode::Conflict, "Somebody decided on this request already."),
            Refusal::Lapsed => Self::new(
                ProblemCode::Conflict,
                "Nobody decided on this request in time; it must be made again.",
            ),
            Refusal::BadReason => Self::new(
                ProblemCode::Invalid,
                format!("Give the reason in {WORDS_CHARACTERS} characters at most."),
            )
            .at(["reason"]),
            Refusal::BadComment => Self::new(
                ProblemCode::TooLong,
                format!("Give the comment in {WORDS_CHARACTERS} characters at most."),
            )
            .at(["comment"]),
        }
    }
}
