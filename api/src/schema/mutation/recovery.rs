//! A password that is lost, or not wanted any more. What strangers ask for is answered alike for everybody (R4): no position
//! shows whether anything was recorded.

use super::settle;
use crate::{
    asker::asker,
    schema::{
        problem::{self, Problem},
        scalars::{DateTime, EmailAddress, Position, Secret},
    },
};
use app::{NewPassword, PasswordSet};
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use secrecy::{ExposeSecret, SecretString};

#[derive(Default)]
pub(crate) struct Recovery;

#[Object]
impl Recovery {
    /// Mails the reminder phrase, never the password (A10). The same answer for every address (R4). Role: anyone.
    async fn request_reminder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RequestReminderInput,
    ) -> Result<RequestReminderPayload> {
        let asker = asker(ctx);
        let requested = asker.app.request_reminder(&asker.caller, &input.address.0).await;
        let problems = problem::settle(requested)?.err().unwrap_or_default();
        Ok(RequestReminderPayload { problems, position: None })
    }

    /// Mails a reset link (B22-B25, C14). The same answer for every address (R4). Role: anyone.
    async fn request_password_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RequestPasswordLinkInput,
    ) -> Result<RequestPasswordLinkPayload> {
        let asker = asker(ctx);
        let requested = asker.app.request_password_link(&asker.caller, &input.address.0).await;
        let problems = problem::settle(requested)?.err().unwrap_or_default();
        Ok(RequestPasswordLinkPayload { problems, position: None })
    }

    /// Asks for the challenge questions (A11). Unknown addresses get stable decoys (R4). Role: anyone.
    async fn request_password_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RequestPasswordChallengeInput,
    ) -> Result<RequestPasswordChallengePayload> {
        let asker = asker(ctx);
        let challenge = asker.app.request_password_challenge(&asker.caller, &input.address.0).await;
        Ok(match problem::settle(challenge)? {
            Ok(challenge) => RequestPasswordChallengePayload {
                challenge_token: Some(Secret(challenge.token)),
                questions: challenge.questions,
                problems: vec![],
                position: None,
            },
            Err(problems) => RequestPasswordChallengePayload {
                challenge_token: None,
                questions: vec![],
                problems,
                position: None,
            },
        })
    }

    /// Answers the questions; all must match (A11). Role: anyone.
    async fn answer_password_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: AnswerPasswordChallengeInput,
    ) -> Result<AnswerPasswordChallengePayload> {
        let asker = asker(ctx);
        let answers: Vec<SecretString> = input.answers.into_iter().map(|answer| answer.0).collect();
        let token = input.challenge_token.0;
        let answered =
            asker.app.answer_password_challenge(&asker.caller, token.expose_secret(), &answers).await;
        let done = settle(asker, answered).await?;
        Ok(AnswerPasswordChallengePayload {
            token: done.value.map(Secret),
            problems: done.problems,
            position: done.position,
        })
    }

    /// Sets a new password and reminder phrase, also when changing voluntarily (A12, A16, B25). Role: anyone with a token.
    async fn set_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: SetPasswordInput,
    ) -> Result<SetPasswordPayload> {
        let asker = asker(ctx);
        let new = NewPassword {
            token: input.token.0.expose_secret().to_owned(),
            password: input.password.0,
            reminder: input.reminder_phrase.map(|phrase| phrase.0),
        };
        let done = settle(asker, asker.app.set_password(&asker.caller, new).await).await?;
        let activate_by = match done.value {
            Some(PasswordSet::Staged { activate_by }) => Some(activate_by.into()),
            Some(PasswordSet::Effective) | None => None,
        };
        Ok(SetPasswordPayload {
            effective: done.value == Some(PasswordSet::Effective),
            activate_by,
            problems: done.problems,
            position: done.position,
        })
    }

    /// Makes a staged password effective (A13, A14). Role: anyone with the link.
    async fn activate_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ActivatePasswordInput,
    ) -> Result<ActivatePasswordPayload> {
        let asker = asker(ctx);
        let activated = asker.app.activate_password(&asker.caller, input.token.0.expose_secret()).await;
        let done = settle(asker, activated).await?;
        Ok(ActivatePasswordPayload {
            activated: done.value.is_some(),
            problems: done.problems,
            position: done.position,
        })
    }
}

/// Input of `requestReminder`.
#[derive(InputObject)]
pub(crate) struct RequestReminderInput {
    /// Whose.
    address: EmailAddress,
}

/// Answer of `requestReminder`.
#[derive(SimpleObject)]
pub(crate) struct RequestReminderPayload {
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `requestPasswordLink`.
#[derive(InputObject)]
pub(crate) struct RequestPasswordLinkInput {
    /// Whose.
    address: EmailAddress,
}

/// Answer of `requestPasswordLink`.
#[derive(SimpleObject)]
pub(crate) struct RequestPasswordLinkPayload {
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `requestPasswordChallenge`.
#[derive(InputObject)]
pub(crate) struct RequestPasswordChallengeInput {
    /// Whose.
    address: EmailAddress,
}

/// Answer of `requestPasswordChallenge`.
#[derive(SimpleObject)]
pub(crate) struct RequestPasswordChallengePayload {
    /// Hand it to `answerPasswordChallenge`; null only where the policy has no challenge.
    challenge_token: Option<Secret>,
    /// What to ask.
    questions: Vec<String>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `answerPasswordChallenge`.
#[derive(InputObject)]
pub(crate) struct AnswerPasswordChallengeInput {
    /// From `requestPasswordChallenge`.
    challenge_token: Secret,
    /// In the order of the questions.
    answers: Vec<Secret>,
}

/// Answer of `answerPasswordChallenge`.
#[derive(SimpleObject)]
pub(crate) struct AnswerPasswordChallengePayload {
    /// Hand it to `setPassword`; null when refused.
    token: Option<Secret>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `setPassword`.
#[derive(InputObject)]
pub(crate) struct SetPasswordInput {
    /// From `answerPasswordChallenge` or from a reset link.
    token: Secret,
    /// The new one, 8 to 256 characters.
    password: Secret,
    /// The new phrase, where the policy has one (A12).
    reminder_phrase: Option<Secret>,
}

/// Answer of `setPassword`.
#[derive(SimpleObject)]
pub(crate) struct SetPasswordPayload {
    /// Whether the new password works now (B25); otherwise follow the confirmation mail (A13).
    effective: bool,
    /// Until when (A14).
    activate_by: Option<DateTime>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `activatePassword`.
#[derive(InputObject)]
pub(crate) struct ActivatePasswordInput {
    /// Token of the confirmation mail.
    token: Secret,
}

/// Answer of `activatePassword`.
#[derive(SimpleObject)]
pub(crate) struct ActivatePasswordPayload {
    /// Whether the new password works now.
    activated: bool,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
