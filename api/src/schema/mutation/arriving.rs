//! Coming and leaving.

use super::{find, settle};
use crate::{
    asker::{asker, viewer},
    schema::{
        account::{AccountKind, ProfileInput},
        ids::Kind,
        invitation::Invitation,
        problem::{Problem, address, user_name},
        scalars::{EmailAddress, IdempotencyKey, Position, Secret},
    },
};
use app::{Challenge, InviteRequest, RegistrationForm, RegistrationNext as Next};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::AccountId;
use secrecy::ExposeSecret;

#[derive(Default)]
pub(crate) struct Arriving;

#[Object]
impl Arriving {
    /// Turns an invitation into an account (A3-A5, B8, C5). Role: anyone with an invitation.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RegisterInput,
    ) -> Result<RegisterPayload> {
        let asker = asker(ctx);
        let registered = match form(input) {
            Ok(form) => asker.app.register(&asker.caller, form).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, registered).await?;
        let next = done.value.map(RegistrationNext::from);
        Ok(RegisterPayload { next, problems: done.problems, position: done.position })
    }

    /// Confirms a registration (A4). Role: anyone with the link.
    async fn activate_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ActivateAccountInput,
    ) -> Result<ActivateAccountPayload> {
        let asker = asker(ctx);
        let activated = asker.app.activate(&asker.caller, input.token.0.expose_secret()).await;
        let done = settle(asker, activated).await?;
        Ok(ActivateAccountPayload {
            activated: done.value.is_some(),
            problems: done.problems,
            position: done.position,
        })
    }

    /// Sends a new link to the same address and kills the old one (R11). Role: anyone with an expired link.
    async fn renew_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RenewLinkInput,
    ) -> Result<RenewLinkPayload> {
        let asker = asker(ctx);
        let renewed = asker.app.renew_link(&asker.caller, input.token.0.expose_secret()).await;
        let done = settle(asker, renewed).await?;
        Ok(RenewLinkPayload {
            masked_address: done.value.flatten(),
            problems: done.problems,
            position: done.position,
        })
    }

    /// Invites a person without a message (B8, B13). Role: member, administrator.
    async fn invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: InviteInput,
    ) -> Result<InvitePayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let invited = match address(&input.address.0) {
            // Inviting again leaves a standing invitation as it is, so that the key has nothing to do here.
            Ok(address) => {
                let kind = input.kind.into();
                asker.app.invite(&viewer, InviteRequest { address, kind, audience: input.audience }).await
            }
            Err(problem) => Err(problem),
        };
        let done = settle(asker, invited).await?;
        let invitation = done.value.map(Invitation::from);
        Ok(InvitePayload { invitation, problems: done.problems, position: done.position })
    }

    /// Sends the invitation again, or the confirmation mail of who registered; the old link is dead (B3, R11). Role: its sender, administrator.
    async fn resend_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ResendInvitationInput,
    ) -> Result<ResendInvitationPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let resent = match find(Kind::Invitation, &input.invitation_id, "invitation", "invitationId") {
            // A repeat within a minute sends nothing, so that the key has nothing to do here.
            Ok(account) => asker.app.resend_invitation(&viewer, AccountId::new(account)).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, resent).await?;
        let invitation = done.value.map(Invitation::from);
        Ok(ResendInvitationPayload { invitation, problems: done.problems, position: done.position })
    }
}

/// What follows a registration.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Next")]
pub(crate) enum RegistrationNext {
    /// Follow the link of the confirmation mail (A4).
    Activate,
    /// Log in at once (C6).
    LogIn,
}

fn form(input: RegisterInput) -> Result<RegistrationForm, app::Error> {
    let challenge =
        |answer: ChallengeAnswerInput| Challenge { question: answer.question, answer: answer.answer.0 };
    Ok(RegistrationForm {
        invitation: input.invitation_token.0.expose_secret().to_owned(),
        address: address(&input.address.0)?,
        user_name: input.user_name.map(|name| user_name(&name)).transpose()?,
        password: input.password.0,
        profile: input.profile.into(),
        reminder: input.reminder_phrase.map(|phrase| phrase.0),
        challenges: input.challenge_answers.into_iter().flatten().map(challenge).collect(),
    })
}

/// Input of `register`.
#[derive(InputObject)]
pub(crate) struct RegisterInput {
    /// Token of the invitation's link.
    invitation_token: Secret,
    /// Must be the invited address exactly (B8, B9).
    address: EmailAddress,
    /// Name to log in with; the address by default (C5).
    user_name: Option<String>,
    /// Chosen by the person, 8 to 256 characters (A5).
    password: Secret,
    /// All that `RegistrationRules.profileFields` asks (A3).
    profile: ProfileInput,
    /// A hint for oneself, never the password (A5).
    reminder_phrase: Option<Secret>,
    /// Questions with answers, two where asked (A5).
    challenge_answers: Option<Vec<ChallengeAnswerInput>>,
}

/// A question and its answer.
#[derive(InputObject)]
pub(crate) struct ChallengeAnswerInput {
    /// From the list or one's own, at most 200 characters.
    question: String,
    /// At most 200 characters; case, spaces and punctuation do not count.
    answer: Secret,
}

/// Answer of `register`.
#[derive(SimpleObject)]
pub(crate) struct RegisterPayload {
    /// What to do next; null when refused.
    next: Option<RegistrationNext>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `activateAccount`.
#[derive(InputObject)]
pub(crate) struct ActivateAccountInput {
    /// Token of the confirmation mail.
    token: Secret,
}

/// Answer of `activateAccount`.
#[derive(SimpleObject)]
pub(crate) struct ActivateAccountPayload {
    /// Whether login is possible now.
    activated: bool,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `renewLink`.
#[derive(InputObject)]
pub(crate) struct RenewLinkInput {
    /// Token of the expired link.
    token: Secret,
}

/// Answer of `renewLink`.
#[derive(SimpleObject)]
pub(crate) struct RenewLinkPayload {
    /// Where it went (R10).
    masked_address: Option<String>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `invite`.
#[derive(InputObject)]
pub(crate) struct InviteInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// Whom; group addresses are refused (B33).
    address: EmailAddress,
    /// Members are invited by administrators.
    #[graphql(default_with = "AccountKind::Guest")]
    kind: AccountKind,
    /// For guests (C15).
    audience: Option<String>,
}

/// Answer of `invite`.
#[derive(SimpleObject)]
pub(crate) struct InvitePayload {
    /// The invitation; ACTIVATED at once where the person is registered.
    invitation: Option<Invitation>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `resendInvitation`.
#[derive(InputObject)]
pub(crate) struct ResendInvitationInput {
    /// Makes a retry safe: the same key gives the same answer and acts once (R7).
    idempotency_key: IdempotencyKey,
    /// Which.
    invitation_id: ID,
}

/// Answer of `resendInvitation`.
#[derive(SimpleObject)]
pub(crate) struct ResendInvitationPayload {
    /// The invitation, changed.
    invitation: Option<Invitation>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
