//! The settings in time.

use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        paging::{self, Connection, Paging, connection},
        policy::{Policy, PolicyDifference},
        scalars::DateTime,
    },
};
use app::PolicyVersion;
use async_graphql::{Context, Object, Result};

/// The part of `Compliance` about the policy.
#[derive(Default)]
pub(crate) struct Policies;

#[Object]
impl Policies {
    /// The policy in force at an instant (Q8, N2).
    async fn policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That instant; now by default.")] as_of: Option<DateTime>,
    ) -> Result<Option<Policy>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let found = asker.app.policy_at(&viewer, as_of.map(|at| at.0)).await.map_err(failure)?;
        Ok(found.map(Policy::from))
    }

    /// What differs between the policies of two instants (Q8).
    async fn policy_difference(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The earlier.")] from: DateTime,
        #[graphql(desc = "The later; now by default.")] until: Option<DateTime>,
    ) -> Result<Option<Vec<PolicyDifference>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let found = asker.app.policy_difference(&viewer, from.0, until.map(|at| at.0)).await;
        Ok(Some(found.map_err(failure)?.iter().map(PolicyDifference::from).collect()))
    }

    /// All versions, newest first (Q8).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn policy_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<Policy>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let all = asker.app.audit_policies(&viewer).await.map_err(failure)?;
        let total = u64::try_from(all.len()).ok();
        let entry = |version: &PolicyVersion| version.version.to_be_bytes().to_vec();
        let slice = paging.cut(all, entry)?;
        connection(asker, slice, total, entry, Policy::from).await.map(Some)
    }
}
