//! Sessions begin and end.

use super::settle;
use crate::{
    asker::{asker, viewer},
    codes::failure,
    identify,
    schema::{
        ids::{self, Kind},
        problem::Problem,
        scalars::{Position, Secret},
        viewer::Viewer,
    },
};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use secrecy::ExposeSecret;

const SET_COOKIE: &str = "set-cookie";

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
        let asker = asker(ctx);
        let answer = asker.app.log_in(&asker.caller, &input.identifier, &input.password.0).await;
        let mut viewer = None;
        if let Ok(done) = &answer {
            let token = done.value.token.expose_secret();
            let found = asker.app.viewer(&asker.caller, Some(token), false).await.map_err(failure)?;
            viewer = found.map(|found| Viewer::new(asker.becomes(found)));
            ctx.insert_http_header(SET_COOKIE, identify::session_cookie(token));
        }
        let done = settle(asker, answer).await?;
        Ok(LogInPayload { viewer, problems: done.problems, position: done.position })
    }

    /// Ends this session, on this device only (B27, B28). Role: guest, member.
    async fn log_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: LogOutInput,
    ) -> Result<LogOutPayload> {
        // A name is remembered by the portal's pages alone; a program forgets what it keeps by itself.
        let LogOutInput { forget_device: _ } = input;
        let asker = asker(ctx);
        let done = settle(asker, asker.app.log_out(&*viewer(ctx)?).await).await?;
        if done.value.is_some() {
            asker.leaves();
            ctx.insert_http_header(SET_COOKIE, identify::cleared_cookie());
        }
        let ended_session_id = done.value.map(|session| ids::id(Kind::Session, session.uuid()));
        Ok(LogOutPayload { ended_session_id, problems: done.problems, position: done.position })
    }
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
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
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
