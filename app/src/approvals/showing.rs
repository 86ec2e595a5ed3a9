//! Requests as officers and approvers see them. Each look is on record before it is answered (K7).

use crate::{App, Error, Listed, Viewer};
use domain::{
    approval::{self, Action, Approval},
    audit::{Right, Topic},
    event::Stored,
    id::ApprovalId,
    policy::Difference,
};
use eventstore::log::ContentKeys;
use projections::{
    Slice, TimedPage,
    approvals::{ApprovalRow, ApprovalState},
};
use std::collections::HashMap;

/// A request, with what its people said of it.
#[derive(Debug, Clone)]
pub struct ApprovalView {
    /// What is known of it.
    pub row: ApprovalRow,
    /// Why it was made; empty once that is erased.
    pub reason: String,
    /// What the decider said.
    pub comment: Option<String>,
    /// Of a change of the policy, what would change.
    pub differences: Vec<Difference>,
}

/// Who sees requests of others.
const DECIDERS: &[Right] = &[Right::ReadAudit, Right::Approve];

impl App {
    /// Requests, newest first; only those in one of these states.
    pub async fn approvals(
        &self,
        viewer: &Viewer,
        states: Option<&[ApprovalState]>,
        page: &TimedPage<Approval>,
        counted: bool,
    ) -> Result<Listed<ApprovalView>, Error> {
        self.ask_for_approvals(viewer).await?;
        let Slice { items, has_previous, has_next } =
            self.models.approvals(viewer.organisation, states, page).await?;
        let items = self.with_words(viewer, items).await?;
        let total =
            if counted { Some(self.models.approval_count(viewer.organisation, states).await?) } else { None };
        Ok(Listed { slice: Slice { items, has_previous, has_next }, total })
    }

    /// One request, for officers, approvers and whoever made it; to others there is none.
    pub async fn approval(
        &self,
        viewer: &Viewer,
        approval: ApprovalId,
    ) -> Result<Option<ApprovalView>, Error> {
        let sees_all = DECIDERS.iter().any(|right| viewer.role_for(*right).is_some());
        if sees_all {
            self.ask_for_approvals(viewer).await?;
        }
        let row = self.models.approval(viewer.organisation, approval).await?;
        let seen = row.filter(|row| sees_all || row.requested_by.is_some_and(|by| viewer.is(by)));
        Ok(self.with_words(viewer, seen.into_iter().collect()).await?.pop())
    }

    async fn ask_for_approvals(&self, viewer: &Viewer) -> Result<(), Error> {
        let asked = self.consult(viewer, DECIDERS, Topic::Approvals, vec![]).await?;
        // The answer holds all that happened before the question.
        Ok(self.models.wait_for(asked, &["approvals"]).await?)
    }

    async fn with_words(&self, viewer: &Viewer, rows: Vec<ApprovalRow>) -> Result<Vec<ApprovalView>, Error> {
        let organisation = viewer.organisation;
        let positions: Vec<_> =
            rows.iter().flat_map(|row| [row.position].into_iter().chain(row.decided_in)).collect();
        let events = self.log.read_positions(organisation, &positions, &ContentKeys::none()).await?;
        let mut events: HashMap<_, _> = events
            .into_iter()
            .filter_map(|recorded| Some((recorded.position, Approval::own(recorded.event)?)))
            .collect();
        let mut views = vec![];
        for row in rows {
            let (mut reason, mut differences) = (None, vec![]);
            if let Some(approval::Event::Requested { action, reason: said, .. }) =
                events.remove(&row.position)
            {
                reason = said.value().cloned();
                if let Action::ShortenRetention { policy, version } = action {
                    let seen = self.policy_versions(organisation).await?;
                    let seen = seen.into_iter().find(|seen| seen.version == version);
                    differences = seen.map(|seen| seen.policy.differences(&policy)).unwrap_or_default();
                }
            }
            let comment = match row.decided_in.and_then(|position| events.remove(&position)) {
                Some(approval::Event::Decided { comment, .. }) => {
                    comment.and_then(|said| said.value().cloned())
                }
                Some(_) | None => None,
            };
            views.push(ApprovalView { row, reason: reason.unwrap_or_default(), comment, differences });
        }
        Ok(views)
    }
}
