//! Signing in and out (A8, A9, B19, B20, B27).

use crate::{
    Portal, fields,
    form::{Filled, Mistake},
    pages::{login as pages, see_other},
    refusals::Refused,
    session,
    visit::Visit,
};
use app::{Done, Error, LogInStep, ProblemCode, SecondFactorCode};
use poem::{Request, Response};
use secrecy::ExposeSecret;

/// Where a person goes on after signing in: one of our own pages, whatever an address or a form says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Where everybody begins.
    Usual,
    /// To approve a client program.
    Device,
}

impl Next {
    fn named(name: &str) -> Self {
        if name == "device" { Self::Device } else { Self::Usual }
    }

    fn of(request: &Request) -> Self {
        Self::named(request.uri().query().and_then(|query| query.strip_prefix("next=")).unwrap_or_default())
    }

    /// What it is called in addresses and forms.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Usual => None,
            Self::Device => Some("device"),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Usual => "/login",
            Self::Device => "/device",
        }
    }

    /// The login page that leads there.
    pub(crate) fn login(self) -> String {
        self.after("/login")
    }

    fn after(self, path: &str) -> String {
        self.name().map_or_else(|| path.to_owned(), |name| format!("{path}?next={name}"))
    }
}

impl Portal {
    pub(crate) async fn show_login(&self, visit: &Visit, request: &Request) -> Result<Response, Refused> {
        let next = Next::of(request);
        let Some(viewer) = self.viewer(visit, true).await? else {
            return Ok(pages::login(visit, next, &Filled::default(), &[]));
        };
        if next != Next::Usual {
            return Ok(see_other(next.path()));
        }
        let row =
            self.app.models().account(viewer.organisation, viewer.account).await.map_err(Error::from)?;
        let (address, profile) = row.map(|row| (row.address, row.profile)).unwrap_or_default();
        let name = profile.and_then(|profile| profile.given_name);
        Ok(pages::signed_in(visit, name.as_deref(), address.map(|address| address.to_string()).as_deref()))
    }

    pub(crate) async fn log_in(&self, visit: &Visit, request: Request) -> Result<Response, Refused> {
        let filled = Filled::read(request).await?;
        let next = Next::named(filled.text("next"));
        let blanks = filled.blanks(&fields::login());
        if !blanks.is_empty() {
            return Ok(pages::login(visit, next, &filled, &blanks));
        }
        let replaced = self.viewer(visit, false).await?;
        let (identifier, password) = (filled.text("identifier"), filled.secret("password"));
        match self.app.log_in(&visit.caller, identifier, &password, replaced.as_ref()).await {
            Ok(done) => Ok(go_on(visit, next, &done)),
            Err(Error::Problems(_)) => Ok(pages::not_signed_in(visit, next, &filled)),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn confirm_log_in(&self, visit: &Visit, request: Request) -> Result<Response, Refused> {
        let filled = Filled::read(request).await?;
        let next = Next::named(filled.text("next"));
        let again = |mistakes: &[Mistake]| pages::second_factor(visit, next, filled.text("token"), mistakes);
        let blanks = filled.blanks(&fields::second_factor());
        if !blanks.is_empty() {
            return Ok(again(&blanks));
        }
        let replaced = self.viewer(visit, false).await?;
        let (token, code) = (filled.secret("token"), code(filled.text("code")));
        match self.app.confirm_log_in(&visit.caller, &token, &code, replaced.as_ref()).await {
            Ok(done) => Ok(go_on(visit, next, &done)),
            Err(Error::Problems(problems)) => {
                let wrong = problems.iter().find(|problem| problem.code == ProblemCode::SecondFactorFailed);
                if let Some(problem) = wrong {
                    return Ok(again(&[Mistake::at("code", &problem.message)]));
                }
                let mistakes = Mistake::from_problems(&problems, &[]);
                Ok(pages::login(visit, next, &Filled::default(), &mistakes))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the browser brought the cookie back that it was given a moment ago (B20). Says nothing of the session.
    pub(crate) fn check_cookie(visit: &Visit, request: &Request) -> Response {
        let next = Next::of(request);
        if visit.credential.is_some() { see_other(next.path()) } else { pages::no_cookies(visit, next) }
    }

    /// Ends this session, on this device only (B27, B28).
    pub(crate) async fn log_out(&self, visit: &Visit) -> Result<Response, Refused> {
        if let Some(viewer) = self.viewer(visit, false).await? {
            self.app.log_out(&viewer).await?;
        }
        Ok(session::taken(pages::signed_out(visit)))
    }
}

/// Gives the browser its session, and looks at the next page whether it keeps that; or asks for the second factor.
fn go_on(visit: &Visit, next: Next, done: &Done<LogInStep>) -> Response {
    match &done.value {
        LogInStep::LoggedIn(begun) => {
            session::given(see_other(&next.after("/login/check")), begun.token.expose_secret())
        }
        LogInStep::SecondFactorDue { token, .. } => {
            pages::second_factor(visit, next, token.expose_secret(), &[])
        }
    }
}

/// Six digits come from the app; whatever else is typed is taken for a code on paper.
pub(crate) fn code(typed: &str) -> SecondFactorCode {
    let code: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        SecondFactorCode::Totp(code.into())
    } else {
        SecondFactorCode::RecoveryCode(code.into())
    }
}
