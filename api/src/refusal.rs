//! Requests that are refused before a use case is asked.

use crate::{
    codes::{self, Code},
    identify,
};
use app::ProblemCode;
use poem::{
    Response,
    http::{StatusCode, header},
};
use serde_json::json;

/// Why a request is not even looked at.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    pub(crate) message: String,
    /// What a program needs beside the code to go on.
    detail: Option<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), detail: None }
    }

    /// A request that a working client never sends.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadRequest, message)
    }

    /// As GraphQL over HTTP says it.
    pub(crate) fn into_graphql(self, media_type: &'static str) -> Response {
        let Self { status, code, message, detail } = self;
        let mut extensions = json!({ "code": code.as_str() });
        if let Some((name, value)) = detail {
            extensions[name] = value.into();
        }
        let body = json!({ "errors": [{ "message": message, "extensions": extensions }] });
        respond(status, code, media_type, &body)
    }

    /// As RFC 9457 says it.
    pub(crate) fn into_problem(self) -> Response {
        let Self { status, code, message, detail } = self;
        let mut body = json!({ "title": message, "status": status.as_u16(), "code": code.as_str() });
        if let Some((name, value)) = detail {
            body[name] = value.into();
        }
        respond(status, code, "application/problem+json", &body)
    }
}

fn respond(status: StatusCode, code: Code, media_type: &'static str, body: &serde_json::Value) -> Response {
    let mut response =
        Response::builder().status(status).content_type(media_type).header(header::CACHE_CONTROL, "no-store");
    if code == Code::SessionEnded {
        response = response.header(header::SET_COOKIE, identify::cleared_cookie());
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response = response.header(header::RETRY_AFTER, "1");
    }
    if code == Code::ClientNotActivated {
        // RFC 6750 §3.
        response = response.header(header::WWW_AUTHENTICATE, "Bearer");
    }
    response.body(body.to_string())
}

impl From<app::Error> for Refusal {
    fn from(error: app::Error) -> Self {
        let (code, message) = codes::explain(&error);
        let status = match (&error, code) {
            (app::Error::Problems(problems), _) => {
                problems.first().map_or(StatusCode::BAD_REQUEST, |problem| status_of(problem.code))
            }
            (_, Code::Unauthenticated | Code::SessionEnded | Code::ClientNotActivated) => {
                StatusCode::UNAUTHORIZED
            }
            (_, Code::Forbidden) => StatusCode::FORBIDDEN,
            (_, Code::ClientTooOld) => StatusCode::UPGRADE_REQUIRED,
            (_, Code::Throttled) => StatusCode::TOO_MANY_REQUESTS,
            (_, Code::Busy | Code::NotCaughtUp) => StatusCode::SERVICE_UNAVAILABLE,
            (_, Code::LimitExceeded) => StatusCode::PAYLOAD_TOO_LARGE,
            (_, Code::BadRequest) => StatusCode::BAD_REQUEST,
            (_, Code::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let detail = codes::detail(&error).map(|(name, value)| (name, value.to_owned()));
        Self { status, code, message, detail }
    }
}

/// A problem's status where the answer is HTTP alone.
fn status_of(problem: ProblemCode) -> StatusCode {
    match problem {
        ProblemCode::NotFound => StatusCode::NOT_FOUND,
        ProblemCode::Conflict | ProblemCode::IdempotencyKeyReused => StatusCode::CONFLICT,
        ProblemCode::NotAllowed
        | ProblemCode::SecuredByRule
        | ProblemCode::UnderHold
        | ProblemCode::SecondPersonNeeded => StatusCode::FORBIDDEN,
        ProblemCode::Unavailable => StatusCode::GONE,
        ProblemCode::TooManyAttachments | ProblemCode::AttachmentsTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::Required
        | ProblemCode::Invalid
        | ProblemCode::TooLong
        | ProblemCode::LoginFailed
        | ProblemCode::RecoveryFailed
        | ProblemCode::SecondFactorFailed
        | ProblemCode::PasswordRejected
        | ProblemCode::PasswordRequired
        | ProblemCode::PhraseRejected
        | ProblemCode::LinkUsed
        | ProblemCode::LinkExpired
        | ProblemCode::LinkInvalid
        | ProblemCode::AddressRefused
        | ProblemCode::GroupAddress
        | ProblemCode::RecipientRefused
        | ProblemCode::NewRecipients
        | ProblemCode::UploadIncomplete
        | ProblemCode::AuthorizationPending
        | ProblemCode::PolicyInvalid => StatusCode::BAD_REQUEST,
    }
}
