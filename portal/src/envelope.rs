//! The registered envelope: from its file or its link, by the reader's password, to the message and an answer (C4–C10, R9).
//!
//! The file's form comes from no site at all, so no cookie comes with it, and none that is set would come along to another
//! page. The answer to that form therefore shows the message itself.

use crate::{
    Portal, fields,
    form::{Filled, Mistake},
    login::code,
    pages::{envelope as pages, see_other},
    refusals::Refused,
    session,
    visit::Visit,
};
use app::{EnvelopeView, Error, LogInStep, ProblemCode, ReplyRequest, Unsent, Viewer};
use domain::MessageId;
use poem::{Request, Response};
use secrecy::ExposeSecret;

/// An envelope that somebody holds, and what they typed there.
struct Held<'a> {
    visit: &'a Visit,
    token: String,
    envelope: EnvelopeView,
    filled: Filled,
}

/// The token of the address. It is of URL characters alone, so it is not decoded: another spelling is another token.
fn token(request: &Request) -> &str {
    request.raw_path_param("token").unwrap_or_default()
}

/// From the address of its forms to the envelope itself.
pub(crate) fn to_envelope(request: &Request) -> Response {
    see_other(&pages::path(token(request)))
}

impl Portal {
    pub(crate) async fn show_envelope(&self, visit: &Visit, request: &Request) -> Result<Response, Refused> {
        let token = token(request);
        Ok(match self.app.envelope(&visit.caller, token).await? {
            Some(envelope) => pages::closed(visit, token, &envelope, &Filled::default(), &[]),
            None => pages::unknown(visit),
        })
    }

    /// Asks for the password at each access (C7), and shows the message.
    pub(crate) async fn open_envelope(&self, visit: &Visit, request: Request) -> Result<Response, Refused> {
        let Some(held) = self.held(visit, request).await? else { return Ok(pages::unknown(visit)) };
        let blanks = held.filled.blanks(&fields::of_envelope());
        if !blanks.is_empty() {
            return Ok(held.closed(&blanks));
        }
        let (replaced, password) = (self.viewer(visit, false).await?, held.filled.secret("password"));
        let (app, caller) = (&self.app, &visit.caller);
        match app.log_in_by_envelope(caller, &held.envelope, &password, replaced.as_ref()).await {
            Ok(done) => self.opened(&held, done.value).await,
            Err(Error::Problems(_)) => Ok(held.closed(&[pages::not_opened()])),
            Err(error) => Err(error.into()),
        }
    }

    /// The second factor, where one is enrolled.
    pub(crate) async fn confirm_envelope(
        &self,
        visit: &Visit,
        request: Request,
    ) -> Result<Response, Refused> {
        let Some(held) = self.held(visit, request).await? else { return Ok(pages::unknown(visit)) };
        let filled = &held.filled;
        let again = |mistakes: &[Mistake]| {
            pages::second_factor(visit, &held.token, filled.text("token"), filled.text("text"), mistakes)
        };
        let blanks = filled.blanks(&fields::second_factor());
        if !blanks.is_empty() {
            return Ok(again(&blanks));
        }
        let replaced = self.viewer(visit, false).await?;
        let (half_done, code) = (filled.secret("token"), code(filled.text("code")));
        match self.app.confirm_log_in(&visit.caller, &half_done, &code, replaced.as_ref()).await {
            Ok(done) => self.opened(&held, done.value).await,
            Err(Error::Problems(problems)) => {
                let wrong = problems.iter().find(|problem| problem.code == ProblemCode::SecondFactorFailed);
                Ok(match wrong {
                    Some(problem) => again(&[Mistake::at("code", &problem.message)]),
                    None => held.closed(&Mistake::from_problems(&problems, &[])),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Answers the sender, in the session that opening began (C10).
    pub(crate) async fn reply_from_envelope(
        &self,
        visit: &Visit,
        request: Request,
    ) -> Result<Response, Refused> {
        let Some(held) = self.held(visit, request).await? else { return Ok(pages::unknown(visit)) };
        let Some(viewer) = self.viewer(visit, false).await? else {
            // The words come along, and are there again afterwards (R5).
            return Ok(held.closed(&[pages::session_over()]));
        };
        let (filled, fields) = (&held.filled, fields::reply());
        let again = |mistakes: &[Mistake]| pages::reply(visit, &held.token, filled, &self.key(), mistakes);
        let blanks = filled.blanks(&fields);
        if !blanks.is_empty() {
            return Ok(again(&blanks));
        }
        let reply = ReplyRequest {
            message: held.envelope.message,
            cc: vec![],
            text: filled.text("text").to_owned(),
            idempotency_key: filled.text("key").to_owned(),
        };
        match self.app.reply(&viewer, reply).await {
            Ok(_) => Ok(pages::replied(visit, &held.token)),
            Err(Unsent { why: Error::Problems(problems), .. }) => {
                Ok(again(&Mistake::from_problems(&problems, &fields)))
            }
            Err(unsent) => Err(unsent.why.into()),
        }
    }

    /// Reads the form that was posted to an envelope; `None` for an envelope of nobody.
    async fn held<'a>(&self, visit: &'a Visit, request: Request) -> Result<Option<Held<'a>>, Refused> {
        let token = token(&request).to_owned();
        let Some(envelope) = self.app.envelope(&visit.caller, &token).await? else { return Ok(None) };
        Ok(Some(Held { visit, token, envelope, filled: Filled::read(request).await? }))
    }

    /// Gives the browser its session together with the message; or asks for the second factor.
    async fn opened(&self, held: &Held<'_>, step: LogInStep) -> Result<Response, Refused> {
        let Held { visit, ref token, ref filled, .. } = *held;
        let begun = match step {
            LogInStep::LoggedIn(begun) => begun,
            LogInStep::SecondFactorDue { token: half_done, .. } => {
                let (half_done, text) = (half_done.expose_secret(), filled.text("text"));
                return Ok(pages::second_factor(visit, token, half_done, text, &[]));
            }
        };
        let credential = begun.token.expose_secret();
        let viewer = self.app.viewer(&visit.caller, Some(credential), false).await?;
        let viewer = viewer.ok_or(Error::SessionEnded)?;
        // Whatever becomes of the message, the session has begun.
        let page = self.read(held, &viewer).await.unwrap_or_else(|refused| refused.page(visit));
        Ok(session::given(page, credential))
    }

    async fn read(&self, held: &Held<'_>, viewer: &Viewer) -> Result<Response, Refused> {
        match self.app.open_message(viewer, held.envelope.message).await {
            Ok(done) => Ok(pages::message(held.visit, &held.token, &done.value, &held.filled, &self.key())),
            Err(Error::Problems(_)) => Ok(pages::gone(held.visit)),
            Err(error) => Err(error.into()),
        }
    }

    /// What makes a form that is sent twice count once (R7).
    fn key(&self) -> String {
        let id: MessageId = self.app.log().clock().new_id();
        id.uuid().to_string()
    }
}

impl Held<'_> {
    fn closed(&self, mistakes: &[Mistake]) -> Response {
        pages::closed(self.visit, &self.token, &self.envelope, &self.filled, mistakes)
    }
}
