//! The second factor is set up and taken away.

use super::settle;
use crate::{
    asker::{Asker, asker, viewer},
    codes::failure,
    schema::{
        problem::Problem,
        scalars::{Position, Secret},
        viewer::Viewer,
    },
};
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

#[derive(Default)]
pub(crate) struct SecondFactor;

#[Object]
impl SecondFactor {
    /// Begins to enrol TOTP. Role: guest, member.
    async fn request_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RequestTotpInput,
    ) -> Result<RequestTotpPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let answer = asker.app.request_totp(&asker.caller, &viewer, &input.password.0).await;
        let done = settle(asker, answer).await?;
        let otpauth_url = done.value.map(Secret);
        Ok(RequestTotpPayload { otpauth_url, problems: done.problems, position: done.position })
    }

    /// Completes it by a first code. Role: guest, member.
    async fn confirm_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ConfirmTotpInput,
    ) -> Result<ConfirmTotpPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let done = settle(asker, asker.app.confirm_totp(&asker.caller, &viewer, &input.code.0).await).await?;
        if done.value.is_some() {
            changed(asker).await?;
        }
        let recovery_codes = done.value.into_iter().flatten().map(Secret).collect();
        Ok(ConfirmTotpPayload { recovery_codes, problems: done.problems, position: done.position })
    }

    /// Removes TOTP where the policy does not demand it. Role: guest, member.
    async fn remove_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RemoveTotpInput,
    ) -> Result<RemoveTotpPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let answer = asker.app.remove_totp(&asker.caller, &viewer, &input.password.0).await;
        let done = settle(asker, answer).await?;
        let viewer = match done.value {
            Some(()) => Some(changed(asker).await?),
            None => None,
        };
        Ok(RemoveTotpPayload { viewer, problems: done.problems, position: done.position })
    }
}

/// The person who asks, as they stand after the change: roles can wake by it, or fall asleep.
async fn changed(asker: &Asker) -> Result<Viewer> {
    let viewer = asker.look_again().await.map_err(failure)?;
    Ok(Viewer::new(asker.becomes((*viewer).clone())))
}

/// Input of `requestTotp`.
#[derive(InputObject)]
pub(crate) struct RequestTotpInput {
    /// The viewer's password.
    password: Secret,
}

/// Answer of `requestTotp`.
#[derive(SimpleObject)]
pub(crate) struct RequestTotpPayload {
    /// For the authenticator, as text or QR code; works 10 minutes.
    otpauth_url: Option<Secret>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `confirmTotp`.
#[derive(InputObject)]
pub(crate) struct ConfirmTotpInput {
    /// Six digits.
    code: Secret,
}

/// Answer of `confirmTotp`.
#[derive(SimpleObject)]
pub(crate) struct ConfirmTotpPayload {
    /// To be kept on paper; shown once.
    recovery_codes: Vec<Secret>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `removeTotp`.
#[derive(InputObject)]
pub(crate) struct RemoveTotpInput {
    /// The viewer's password.
    password: Secret,
}

/// Answer of `removeTotp`.
#[derive(SimpleObject)]
pub(crate) struct RemoveTotpPayload {
    /// The viewer, changed.
    viewer: Option<Viewer>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
