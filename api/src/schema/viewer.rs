//! The person who asks.

use super::{
    access::AccessRecord,
    account::Account,
    administration::Administration,
    client::Client,
    compliance::Compliance,
    ids::{self, Kind},
    invitation::Invitation,
    mailbox::Mailbox,
    paging::{self, Connection, Paging, connection},
    scalars::DateTime,
    second_factor::SecondFactorKind,
    session::Session,
};
use crate::{asker::asker, codes::failure};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use std::sync::Arc;

/// The person who asks, and the way in to all they may see.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Viewer {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    who: Arc<app::Viewer>,
    /// What the policy lets this person do now.
    capabilities: Vec<Capability>,
    /// Inbox, sent, drafts.
    mailbox: Mailbox,
    /// People, notifications, rules. Role: administrator, policy author.
    administration: Option<Administration>,
    /// Audit, holds, exports, proofs. Role: compliance officer; some fields also approver, break-glass.
    compliance: Option<Compliance>,
}

/// What the viewer may do, by policy and role; the server decides again at each attempt.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::Capability")]
pub(crate) enum Capability {
    /// Write new messages (A26, C12).
    Compose,
    /// Invite new recipients (B13).
    Invite,
    /// Forward messages (A33).
    Forward,
    /// Have aliases (B40, B41).
    ManageAliases,
    /// Enter `administration`.
    Administer,
    /// Enter `compliance`.
    Audit,
    /// Enter `operation`.
    Operate,
}

/// A new password that does not count yet (A13-A15).
#[derive(SimpleObject)]
pub(crate) struct PasswordChange {
    /// When it was set.
    staged_at: DateTime,
    /// After that it lapses and the old one stays (A14).
    activate_by: DateTime,
}

impl From<app::PasswordChange> for PasswordChange {
    fn from(change: app::PasswordChange) -> Self {
        Self { staged_at: change.staged_at.into(), activate_by: change.activate_by.into() }
    }
}

/// Invitations that are looked through.
const INVITATIONS: u32 = 1_000;

#[ComplexObject]
impl Viewer {
    /// Identity, addresses, profile (A19).
    async fn account(&self, ctx: &Context<'_>) -> Result<Account> {
        let found = Account::find(ctx, self.who.account).await?;
        found.ok_or_else(|| failure(app::Error::NotCaughtUp))
    }

    /// The session of this request.
    async fn session(&self, ctx: &Context<'_>) -> Result<Session> {
        let sessions = self.living(ctx).await?;
        let current = sessions.into_iter().find(|session| session.current);
        current.ok_or_else(|| failure(app::Error::SessionEnded))
    }

    /// All sessions that live (B27).
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        self.living(ctx).await
    }

    /// Client programs activated for this account (B51).
    async fn clients(&self, ctx: &Context<'_>) -> Result<Vec<Client>> {
        let all = asker(ctx).app.clients(&self.who).await.map_err(failure)?;
        Ok(all.into_iter().map(Client::from).collect())
    }

    /// What is enrolled.
    async fn second_factors(&self) -> Vec<SecondFactorKind> {
        self.who.second_factors().into_iter().map(SecondFactorKind::from).collect()
    }

    /// The change that waits for its activation, if any (A13, A15).
    async fn password_change(&self, ctx: &Context<'_>) -> Option<PasswordChange> {
        asker(ctx).app.password_change(&self.who).map(PasswordChange::from)
    }

    /// Invitations that this person's messages caused, with their state (R11).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<Invitation>> {
        let asker = asker(ctx);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let all = asker.app.invitations(&self.who, INVITATIONS).await.map_err(failure)?;
        let total = u64::try_from(all.len()).ok();
        let place = |invitation: &app::Invitation| invitation.account.bytes().to_vec();
        let slice = paging.cut(all, place)?;
        connection(asker, slice, total, place, Invitation::from).await
    }

    /// Every access to mail sent to or by the viewer, by anyone, newest first (N7).
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn access_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One message only.")] message_id: Option<ID>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Connection<AccessRecord>> {
        let paging = Paging::read(asker(ctx), first, after, last, before).await?;
        AccessRecord::list(ctx, message_id.as_ref(), paging).await
    }
}

impl Viewer {
    /// Someone logged in.
    pub(crate) fn new(who: Arc<app::Viewer>) -> Self {
        Self {
            id: ids::id(Kind::Viewer, who.account.uuid()),
            capabilities: who.capabilities().into_iter().map(Capability::from).collect(),
            mailbox: Mailbox::new(who.account),
            administration: Some(Administration),
            compliance: Some(Compliance::default()),
            who,
        }
    }

    async fn living(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let asker = asker(ctx);
        let rules = asker.rules().await?;
        let rows = asker.app.sessions(&self.who).await.map_err(failure)?;
        Ok(rows.into_iter().filter_map(|row| Session::new(row, &self.who, &rules.policy.sessions)).collect())
    }
}
