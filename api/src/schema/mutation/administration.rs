//! What administrators do for people.

use super::{Settled, find, settle};
use crate::{
    asker::{asker, viewer},
    schema::{
        account::{Account, Role},
        alias::Alias,
        ids::Kind,
        problem::{Problem, address},
        scalars::{EmailAddress, IdempotencyKey, Position},
    },
};
use app::Done;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::AccountId;

#[derive(Default)]
pub(crate) struct Administering;

#[Object]
impl Administering {
    /// Ends a lockout early (A18). Role: administrator.
    async fn release_lockout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ReleaseLockoutInput,
    ) -> Result<ReleaseLockoutPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match whose(&input.account_id) {
            Ok(account) => {
                let released = asker.app.release_lockout(&viewer, account).await;
                released.map(|Done { position, .. }| Done { value: account, position })
            }
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, done).await?;
        Ok(ReleaseLockoutPayload { account, problems, position })
    }

    /// Triggers a reset link; nobody sets another's password (B26). Role: administrator.
    async fn request_password_link_for(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RequestPasswordLinkForInput,
    ) -> Result<RequestPasswordLinkForPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match whose(&input.account_id) {
            Ok(account) => {
                asker.app.request_password_link_for(&viewer, account, &input.idempotency_key.0).await
            }
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, done).await?;
        Ok(RequestPasswordLinkForPayload { account, problems, position })
    }

    /// Adds an alias: at once within own domains, else confirmed by link (B50). Role: administrator.
    async fn add_alias_for(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: AddAliasForInput,
    ) -> Result<AddAliasForPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match (whose(&input.account_id), address(&input.address.0)) {
            (Ok(account), Ok(address)) => {
                let added = asker.app.add_alias_for(&viewer, account, &address).await;
                added.map(|Done { value, position }| Done { value: (account, value), position })
            }
            (Err(problem), _) | (_, Err(problem)) => Err(problem),
        };
        let Settled { value, problems, position } = settle(asker, done).await?;
        let alias = value.and_then(|(account, alias)| Alias::new(alias?, account));
        Ok(AddAliasForPayload { alias, problems, position })
    }

    /// Makes a guest a member (B41). Role: administrator.
    async fn promote_to_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: PromoteToMemberInput,
    ) -> Result<PromoteToMemberPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match whose(&input.account_id) {
            Ok(account) => asker.app.promote_to_member(&viewer, account).await,
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, done).await?;
        Ok(PromoteToMemberPayload { account, problems, position })
    }

    /// Puts a guest into an audience (C15). Role: administrator.
    async fn set_audience(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: SetAudienceInput,
    ) -> Result<SetAudiencePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match whose(&input.account_id) {
            Ok(account) => asker.app.set_audience(&*viewer, account, input.audience).await,
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, done).await?;
        Ok(SetAudiencePayload { account, problems, position })
    }

    /// Grants a role; refuses one that would join content and administration (K2). Role: administrator.
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: GrantRoleInput,
    ) -> Result<GrantRolePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match whose(&input.account_id) {
            Ok(account) => asker.app.grant_role(&*viewer, account, input.role.into()).await,
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, done).await?;
        Ok(GrantRolePayload { account, problems, position })
    }

    /// Revokes a role; the last administrator stays. Role: administrator.
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RevokeRoleInput,
    ) -> Result<RevokeRolePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match whose(&input.account_id) {
            Ok(account) => asker.app.revoke_role(&*viewer, account, input.role.into()).await,
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, done).await?;
        Ok(RevokeRolePayload { account, problems, position })
    }

    /// Closes an account (K9). Role: administrator.
    async fn close_account_for(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: CloseAccountForInput,
    ) -> Result<CloseAccountForPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = match whose(&input.account_id) {
            Ok(account) => asker.app.close_account_for(&viewer, account, &input.reason).await,
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, done).await?;
        Ok(CloseAccountForPayload { account, problems, position })
    }
}

/// The parts of most payloads here.
struct Changed {
    account: Option<Account>,
    problems: Vec<Problem>,
    position: Option<Position>,
}

async fn changed(ctx: &Context<'_>, done: Result<Done<AccountId>, app::Error>) -> Result<Changed> {
    let Settled { value, problems, position } = settle(asker(ctx), done).await?;
    let account = match value {
        Some(account) => Account::find(ctx, account).await?,
        None => None,
    };
    Ok(Changed { account, problems, position })
}

fn whose(id: &ID) -> Result<AccountId, app::Error> {
    find(Kind::Account, id, "account", "accountId").map(AccountId::new)
}

/// Input of `releaseLockout`.
#[derive(InputObject)]
pub(crate) struct ReleaseLockoutInput {
    /// Whose.
    account_id: ID,
}

/// Answer of `releaseLockout`.
#[derive(SimpleObject)]
pub(crate) struct ReleaseLockoutPayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `requestPasswordLinkFor`.
#[derive(InputObject)]
pub(crate) struct RequestPasswordLinkForInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// Whose.
    account_id: ID,
}

/// Answer of `requestPasswordLinkFor`.
#[derive(SimpleObject)]
pub(crate) struct RequestPasswordLinkForPayload {
    /// The account.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `addAliasFor`.
#[derive(InputObject)]
pub(crate) struct AddAliasForInput {
    /// Whose.
    account_id: ID,
    /// The address to add.
    address: EmailAddress,
}

/// Answer of `addAliasFor`.
#[derive(SimpleObject)]
pub(crate) struct AddAliasForPayload {
    /// The alias.
    alias: Option<Alias>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `promoteToMember`.
#[derive(InputObject)]
pub(crate) struct PromoteToMemberInput {
    /// Whom.
    account_id: ID,
}

/// Answer of `promoteToMember`.
#[derive(SimpleObject)]
pub(crate) struct PromoteToMemberPayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `setAudience`.
#[derive(InputObject)]
pub(crate) struct SetAudienceInput {
    /// Whom.
    account_id: ID,
    /// Which; null for none.
    audience: Option<String>,
}

/// Answer of `setAudience`.
#[derive(SimpleObject)]
pub(crate) struct SetAudiencePayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `grantRole`.
#[derive(InputObject)]
pub(crate) struct GrantRoleInput {
    /// To whom.
    account_id: ID,
    /// Which.
    role: Role,
}

/// Answer of `grantRole`.
#[derive(SimpleObject)]
pub(crate) struct GrantRolePayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `revokeRole`.
#[derive(InputObject)]
pub(crate) struct RevokeRoleInput {
    /// From whom.
    account_id: ID,
    /// Which.
    role: Role,
}

/// Answer of `revokeRole`.
#[derive(SimpleObject)]
pub(crate) struct RevokeRolePayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `closeAccountFor`.
#[derive(InputObject)]
pub(crate) struct CloseAccountForInput {
    /// Whose.
    account_id: ID,
    /// Why, at most 500 characters.
    reason: String,
}

/// Answer of `closeAccountFor`.
#[derive(SimpleObject)]
pub(crate) struct CloseAccountForPayload {
    /// The account, closed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
