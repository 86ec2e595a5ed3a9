//! One's own account: what it says, its addresses, leaving, coming back, closing.

use super::{find, settle};
use crate::{
    asker::{Asker, asker, viewer},
    codes::failure,
    identify,
    schema::{
        account::{Account, ProfileInput},
        alias::Alias,
        ids::Kind,
        problem::{Problem, address},
        scalars::{EmailAddress, Position, Secret},
    },
};
use app::{Done, Leaver};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::{AccountId, id::AliasId};
use secrecy::ExposeSecret;

const SET_COOKIE: &str = "set-cookie";

#[derive(Default)]
pub(crate) struct OwnAccount;

#[Object]
impl OwnAccount {
    /// Changes one's own identifying data (A19). Role: guest, member.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: UpdateProfileInput,
    ) -> Result<UpdateProfilePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let updated = asker.app.update_profile(&viewer, &input.profile.into()).await;
        let Changed { account, problems, position } = changed(ctx, asker, updated).await?;
        Ok(UpdateProfilePayload { account, problems, position })
    }

    /// Adds an alias; a confirmation is mailed to it (B42). Role: member.
    async fn add_alias(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: AddAliasInput,
    ) -> Result<AddAliasPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let added = match address(&input.address.0) {
            Ok(address) => asker.app.add_alias(&viewer, &address).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, added).await?;
        let alias = done.value.flatten().and_then(|alias| Alias::new(alias, viewer.account));
        Ok(AddAliasPayload { alias, problems: done.problems, position: done.position })
    }

    /// Confirms an alias; merges the account that holds the address (B43, B44). Role: anyone with the link.
    async fn confirm_alias(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ConfirmAliasInput,
    ) -> Result<ConfirmAliasPayload> {
        let asker = asker(ctx);
        let password = input.password.as_ref().map(|password| &password.0);
        let confirmed = asker.app.confirm_alias(&asker.caller, input.token.0.expose_secret(), password).await;
        let done = settle(asker, confirmed).await?;
        Ok(ConfirmAliasPayload {
            confirmed: done.value.is_some(),
            problems: done.problems,
            position: done.position,
        })
    }

    /// Makes a confirmed alias the primary address; tells the old one (B46, R14). Role: member.
    async fn promote_alias(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: PromoteAliasInput,
    ) -> Result<PromoteAliasPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let promoted = match alias(&input.alias_id) {
            Ok(alias) => asker.app.promote_alias(&viewer, alias).await,
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, asker, promoted).await?;
        Ok(PromoteAliasPayload { account, problems, position })
    }

    /// Undoes a promotion from the old address (R14). Role: anyone with the link.
    async fn undo_alias_promotion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: UndoAliasPromotionInput,
    ) -> Result<UndoAliasPromotionPayload> {
        let asker = asker(ctx);
        let undone = asker.app.undo_promotion(&asker.caller, input.token.0.expose_secret()).await;
        let done = settle(asker, undone).await?;
        Ok(UndoAliasPromotionPayload {
            undone: done.value.is_some(),
            problems: done.problems,
            position: done.position,
        })
    }

    /// Removes an alias or a pending one. Role: member.
    async fn remove_alias(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RemoveAliasInput,
    ) -> Result<RemoveAliasPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let removed = match alias(&input.alias_id) {
            Ok(alias) => asker.app.remove_alias(&viewer, alias).await,
            Err(problem) => Err(problem),
        };
        let Changed { account, problems, position } = changed(ctx, asker, removed).await?;
        Ok(RemoveAliasPayload { account, problems, position })
    }

    /// Stops notifications and gives up all mail received to date, at once (B36-B39). Role: anyone with the link; guest, member.
    async fn unsubscribe(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: UnsubscribeInput,
    ) -> Result<UnsubscribePayload> {
        let asker = asker(ctx);
        let left = match &input.token {
            Some(token) => asker.app.unsubscribe(&asker.caller, Leaver::Token(token.0.expose_secret())).await,
            None => match asker.viewer() {
                Ok(viewer) => asker.app.unsubscribe(&asker.caller, Leaver::Viewer(&viewer)).await,
                Err(nobody) => return Err(failure(nobody)),
            },
        };
        let done = settle(asker, left).await?;
        Ok(UnsubscribePayload {
            unsubscribed: done.value.is_some(),
            problems: done.problems,
            position: done.position,
        })
    }

    /// Comes back with an empty mailbox (K9). Role: guest, member.
    async fn resubscribe(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ResubscribeInput,
    ) -> Result<ResubscribePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let back = asker.app.resubscribe(&viewer, input.confirm).await;
        let Changed { account, problems, position } = changed(ctx, asker, back).await?;
        Ok(ResubscribePayload { account, problems, position })
    }

    /// Closes the viewer's own account (K9). Role: guest, member.
    async fn close_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: CloseAccountInput,
    ) -> Result<CloseAccountPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let closed = asker.app.close_account(&asker.caller, &viewer, &input.password.0).await;
        let done = settle(asker, closed).await?;
        if done.value.is_some() {
            asker.leaves();
            ctx.insert_http_header(SET_COOKIE, identify::cleared_cookie());
        }
        Ok(CloseAccountPayload {
            closed: done.value.is_some(),
            problems: done.problems,
            position: done.position,
        })
    }
}

/// An account after it was changed, in the parts of a payload.
struct Changed {
    account: Option<Account>,
    problems: Vec<Problem>,
    position: Option<Position>,
}

async fn changed(
    ctx: &Context<'_>,
    asker: &Asker,
    answer: Result<Done<AccountId>, app::Error>,
) -> Result<Changed> {
    let done = settle(asker, answer).await?;
    let account = match done.value {
        Some(account) => Account::find(ctx, account).await?,
        None => None,
    };
    Ok(Changed { account, problems: done.problems, position: done.position })
}

fn alias(id: &ID) -> Result<AliasId, app::Error> {
    find(Kind::Alias, id, "address", "aliasId").map(AliasId::new)
}

/// Input of `updateProfile`.
#[derive(InputObject)]
pub(crate) struct UpdateProfileInput {
    /// What is left out stays.
    profile: ProfileInput,
}

/// Answer of `updateProfile`.
#[derive(SimpleObject)]
pub(crate) struct UpdateProfilePayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `addAlias`.
#[derive(InputObject)]
pub(crate) struct AddAliasInput {
    /// The address to add.
    address: EmailAddress,
}

/// Answer of `addAlias`.
#[derive(SimpleObject)]
pub(crate) struct AddAliasPayload {
    /// The alias, pending; the same whether the address has an account or not (R4).
    alias: Option<Alias>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `confirmAlias`.
#[derive(InputObject)]
pub(crate) struct ConfirmAliasInput {
    /// Token of the confirmation mail.
    token: Secret,
    /// Of the account that holds the address, where `Link.needsPassword` says so.
    password: Option<Secret>,
}

/// Answer of `confirmAlias`.
#[derive(SimpleObject)]
pub(crate) struct ConfirmAliasPayload {
    /// Whether its mail now arrives in the one inbox.
    confirmed: bool,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `promoteAlias`.
#[derive(InputObject)]
pub(crate) struct PromoteAliasInput {
    /// Which.
    alias_id: ID,
}

/// Answer of `promoteAlias`.
#[derive(SimpleObject)]
pub(crate) struct PromoteAliasPayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `undoAliasPromotion`.
#[derive(InputObject)]
pub(crate) struct UndoAliasPromotionInput {
    /// Token of the notice.
    token: Secret,
}

/// Answer of `undoAliasPromotion`.
#[derive(SimpleObject)]
pub(crate) struct UndoAliasPromotionPayload {
    /// Whether the old address is primary again.
    undone: bool,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `removeAlias`.
#[derive(InputObject)]
pub(crate) struct RemoveAliasInput {
    /// Which.
    alias_id: ID,
}

/// Answer of `removeAlias`.
#[derive(SimpleObject)]
pub(crate) struct RemoveAliasPayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `unsubscribe`.
#[derive(InputObject)]
pub(crate) struct UnsubscribeInput {
    /// Token of an unsubscribe link; without it, the viewer leaves. A token counts before a session.
    token: Option<Secret>,
}

/// Answer of `unsubscribe`.
#[derive(SimpleObject)]
pub(crate) struct UnsubscribePayload {
    /// Whether it is done.
    unsubscribed: bool,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `resubscribe`.
#[derive(InputObject)]
pub(crate) struct ResubscribeInput {
    /// Must be true: the old mail does not come back.
    confirm: bool,
}

/// Answer of `resubscribe`.
#[derive(SimpleObject)]
pub(crate) struct ResubscribePayload {
    /// The account, changed.
    account: Option<Account>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `closeAccount`.
#[derive(InputObject)]
pub(crate) struct CloseAccountInput {
    /// The viewer's password.
    password: Secret,
}

/// Answer of `closeAccount`.
#[derive(SimpleObject)]
pub(crate) struct CloseAccountPayload {
    /// Whether it is done.
    closed: bool,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
