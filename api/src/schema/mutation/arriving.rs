//! Coming and leaving.

use super::settle;
use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        account::{AccountKind, ProfileInput},
        invitation::Invitation,
        problem::{Problem, address},
        scalars::{EmailAddress, IdempotencyKey, Position, Secret},
    },
};
use app::{Challenge, InviteRequest, Leaver, RegistrationForm, RegistrationNext as Next};
use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
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
                asker.app.invite(&viewer, InviteRequest { address, kind: input.kind.into() }).await
            }
            Err(problem) => Err(problem),
        };
        let done = settle(asker, invited).await?;
        let invitation = done.value.map(Invitation::from);
        Ok(InvitePayload { invitation, problems: done.problems, position: done.position })
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
        user_name: input.user_name,
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
