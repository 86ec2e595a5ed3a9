//! Sessions begin and end.

use super::{find, settle};
use crate::{
    asker::{Asker, asker, viewer},
    codes::failure,
    identify,
    schema::{
        ids::{self, Kind},
        problem::Problem,
        scalars::{Position, Secret},
        second_factor::SecondFactorKind,
        viewer::Viewer,
    },
};
use app::{Done, LogInStep, LoggedIn, SecondFactorCode};
use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use domain::SessionId;
use secrecy::ExposeSecret;

const SET_COOKIE: &str = "set-cookie";
/// What pages keep on a device besides the cookie: of this origin alone, unlike `cookies`
/// (<https://www.w3.org/TR/clear-site-data/>).
const FORGET: (&str, &str) = ("clear-site-data", "\"cache\", \"storage\"");

#[derive(Default)]
pub(crate) struct Login;

#[Object]
impl Login {
    /// Starts a session; sets the cookie. One answer to every failure (A9, R4). Role: anyone.
    async fn log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: LogInInput,
    ) -> Result<LogInPayload> {
        let (asker, replaces) = (asker(ctx), asker(ctx).viewer().ok());
        let LogInInput { identifier, password } = input;
        let answer = asker.app.log_in(&asker.caller, &identifier, &password.0, replaces.as_deref()).await;
        let (viewer, second_factor, done) = admit(ctx, asker, answer).await?;
        Ok(LogInPayload { viewer, second_factor, problems: done.problems, position: done.position })
    }

    /// Completes a login by a second factor. Role: anyone whose password was right.
    async fn confirm_log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ConfirmLogInInput,
    ) -> Result<ConfirmLogInPayload> {
        let (asker, replaces) = (asker(ctx), asker(ctx).viewer().ok());
        let ConfirmLogInInput { token, code } = input;
        let code = code.into();
        let answer = asker.app.confirm_log_in(&asker.caller, &token.0, &code, replaces.as_deref()).await;
        let (viewer, _, done) = admit(ctx, asker, answer).await?;
        Ok(ConfirmLogInPayload { viewer, problems: done.problems, position: done.position })
    }

    /// Ends this session, on this device only (B27, B28). Role: guest, member.
    async fn log_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: LogOutInput,
    ) -> Result<LogOutPayload> {
        let asker = asker(ctx);
        let done = settle(asker, asker.app.log_out(&*viewer(ctx)?).await).await?;
        if done.value.is_some() {
            leave(ctx, asker);
            if input.forget_device {
                ctx.insert_http_header(FORGET.0, FORGET.1);
            }
        }
        let ended_session_id = done.value.map(|session| ids::id(Kind::Session, session.uuid()));
        Ok(LogOutPayload { ended_session_id, problems: done.problems, position: done.position })
    }

    /// Ends one of the viewer's sessions. Role: guest, member.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: EndSessionInput,
    ) -> Result<EndSessionPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let answer = match find(Kind::Session, &input.session_id, "session", "sessionId") {
            Ok(session) => asker.app.end_session(&viewer, SessionId::new(session)).await,
            Err(unknown) => Err(unknown),
        };
        let done = settle(asker, answer).await?;
        if done.value == Some(viewer.session) {
            leave(ctx, asker);
        }
        let ended_session_id = done.value.map(|session| ids::id(Kind::Session, session.uuid()));
        Ok(EndSessionPayload { ended_session_id, problems: done.problems, position: done.position })
    }
}

type Admitted = (Option<Viewer>, Option<SecondFactorChallenge>, super::Settled<()>);

/// Sets the cookie of a session that began; from then on its person asks.
async fn admit(
    ctx: &Context<'_>,
    asker: &Asker,
    answer: Result<Done<LogInStep>, app::Error>,
) -> Result<Admitted> {
    let (mut viewer, mut second_factor) = (None, None);
    let answer = match answer {
        Ok(Done { value: LogInStep::LoggedIn(LoggedIn { token, .. }), position }) => {
            let token = token.expose_secret();
            let found = asker.app.viewer(&asker.caller, Some(token), false).await.map_err(failure)?;
            viewer = found.map(|found| Viewer::new(asker.becomes(found)));
            ctx.insert_http_header(SET_COOKIE, identify::session_cookie(token));
            Ok(Done { value: (), position })
        }
        Ok(Done { value: LogInStep::SecondFactorDue { token, kinds }, position }) => {
            let kinds = kinds.into_iter().map(SecondFactorKind::from).collect();
            second_factor = Some(SecondFactorChallenge { token: Secret(token), kinds });
            Ok(Done { value: (), position })
        }
        Err(refused) => Err(refused),
    };
    Ok((viewer, second_factor, settle(asker, answer).await?))
}

/// Takes the cookie away; from then on nobody asks.
fn leave(ctx: &Context<'_>, asker: &Asker) {
    asker.leaves();
    ctx.insert_http_header(SET_COOKIE, identify::cleared_cookie());
}

/// Input of `logIn`.
#[derive(InputObject)]
pub(crate) struct LogInInput {
    /// Address, alias or user name.
    identifier: String,
    /// The password.
    password: Secret,
}

/// Answer of `logIn`.
#[derive(SimpleObject)]
pub(crate) struct LogInPayload {
    /// Who is logged in; null when refused or when a second factor is due.
    viewer: Option<Viewer>,
    /// What is asked besides.
    second_factor: Option<SecondFactorChallenge>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// A login that is half done.
#[derive(SimpleObject)]
pub(crate) struct SecondFactorChallenge {
    /// Hand it to `confirmLogIn`; works 5 minutes.
    token: Secret,
    /// What can be given.
    kinds: Vec<SecondFactorKind>,
}

/// Input of `confirmLogIn`.
#[derive(InputObject)]
pub(crate) struct ConfirmLogInInput {
    /// From `logIn`.
    token: Secret,
    /// The code.
    code: SecondFactorInput,
}

/// Answer of `confirmLogIn`.
#[derive(SimpleObject)]
pub(crate) struct ConfirmLogInPayload {
    /// Who is logged in; null when refused.
    viewer: Option<Viewer>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// A second factor; exactly one.
#[derive(OneofObject)]
pub(crate) enum SecondFactorInput {
    /// Six digits.
    Totp(Secret),
    /// One of the codes on paper.
    RecoveryCode(Secret),
}

impl From<SecondFactorInput> for SecondFactorCode {
    fn from(input: SecondFactorInput) -> Self {
        match input {
            SecondFactorInput::Totp(code) => Self::Totp(code.0),
            SecondFactorInput::RecoveryCode(code) => Self::RecoveryCode(code.0),
        }
    }
}

/// Input of `logOut`.
#[derive(InputObject)]
pub(crate) struct LogOutInput {
    /// Also forgets the name remembered on this device.
    #[graphql(default)]
    forget_device: bool,
}

/// Answer of `logOut`.
#[derive(SimpleObject)]
pub(crate) struct LogOutPayload {
    /// The session that ended.
    ended_session_id: Option<ID>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `endSession`.
#[derive(InputObject)]
pub(crate) struct EndSessionInput {
    /// Which.
    session_id: ID,
}

/// Answer of `endSession`.
#[derive(SimpleObject)]
pub(crate) struct EndSessionPayload {
    /// The session that ended.
    ended_session_id: Option<ID>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
