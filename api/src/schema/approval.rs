//! What needs a second person (K3).

use super::{
    account::Account,
    compliance::MessageRecord,
    ids::{self, Kind},
    node::{self, Node},
    policy::PolicyDifference,
    scalars::DateTime,
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::{AccountId, approval, id::ApprovalId};
use projections::approvals::{self, ApprovalSubject};

/// Something that needs two persons (K3).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Approval {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// What is asked for.
    action: ApprovalAction,
    /// Where it stands.
    state: ApprovalState,
    /// What came of it, once it was granted and carried out.
    outcome: Option<ApprovalOutcome>,
    /// Why.
    reason: String,
    #[graphql(skip)]
    requester: Option<AccountId>,
    /// When.
    requested_at: DateTime,
    #[graphql(skip)]
    decider: Option<AccountId>,
    /// When.
    decided_at: Option<DateTime>,
    /// The decider's words.
    comment: Option<String>,
    /// When it lapses undecided.
    lapses_at: DateTime,
    #[graphql(skip)]
    about: ApprovalSubject,
    /// For a policy change: what would change.
    policy_differences: Vec<PolicyDifference>,
}

/// What needs two persons (K3).
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "approvals::ApprovalAction")]
pub(crate) enum ApprovalAction {
    /// Export of content.
    ExportContent,
    /// Release of a hold.
    ReleaseHold,
    /// A shorter retention.
    ShortenRetention,
    /// Erasure of a person's data.
    Erase,
    /// Destruction of a key.
    DestroyKey,
}

/// Life of a request.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "approvals::ApprovalState")]
pub(crate) enum ApprovalState {
    /// Waits.
    Pending,
    /// Granted; it is being done.
    Approved,
    /// Refused.
    Refused,
    /// Nobody decided in time.
    Lapsed,
}

/// What came of a request that was granted.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "approval::Outcome")]
pub(crate) enum ApprovalOutcome {
    /// It was done.
    Done,
    /// What it was about had changed by then, so that nothing was done.
    Stale,
}

#[ComplexObject]
impl Approval {
    /// Who asked.
    async fn requested_by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.requester {
            Some(account) => Account::find(ctx, account).await,
            None => Ok(None),
        }
    }

    /// Who decided; never the same person.
    async fn decided_by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.decider {
            Some(account) => Account::find(ctx, account).await,
            None => Ok(None),
        }
    }

    /// The export, hold, account, message or policy concerned.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<Node>> {
        Ok(match self.about {
            ApprovalSubject::Account(account) => Account::find(ctx, account).await?.map(Node::Account),
            ApprovalSubject::Message(message) => {
                MessageRecord::find(ctx, message).await?.map(Node::MessageRecord)
            }
            ApprovalSubject::Policy(version) => node::policy(ctx, version).await?.map(Node::Policy),
            // Nobody can ask for these in this version.
            ApprovalSubject::Hold(_) | ApprovalSubject::Export(_) => None,
        })
    }
}

impl Approval {
    /// A request, for whoever may see it.
    pub(crate) async fn find(ctx: &Context<'_>, approval: ApprovalId) -> Result<Option<Self>> {
        let found = asker(ctx).app.approval(&*viewer(ctx)?, approval).await.map_err(failure)?;
        Ok(found.map(Self::from))
    }
}

impl From<app::ApprovalView> for Approval {
    fn from(view: app::ApprovalView) -> Self {
        let app::ApprovalView { row, reason, comment, differences } = view;
        Self {
            id: ids::id(Kind::Approval, row.approval.uuid()),
            action: row.action.into(),
            state: row.state.into(),
            outcome: row.outcome.map(ApprovalOutcome::from),
            reason,
            requester: row.requested_by,
            requested_at: row.requested_at.into(),
            decider: row.decided_by,
            decided_at: row.decided_at.map(DateTime),
            comment,
            lapses_at: row.lapses_at.into(),
            about: row.subject,
            policy_differences: differences.iter().map(PolicyDifference::from).collect(),
        }
    }
}
