//! `extensions.code`: what programs branch on when a field or a whole request fails. The one place where an error of a use
//! case becomes an error of the API.

use app::Error as Failure;
use async_graphql::{Error, ErrorExtensions, Response, ServerError};

/// The codes of the contract, and `BAD_REQUEST` for a document that a working client never sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Unauthenticated,
    SessionEnded,
    ClientNotActivated,
    ClientTooOld,
    Forbidden,
    Throttled,
    Busy,
    NotCaughtUp,
    LimitExceeded,
    BadRequest,
    Internal,
}

impl Code {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::SessionEnded => "SESSION_ENDED",
            Self::ClientNotActivated => "CLIENT_NOT_ACTIVATED",
            Self::ClientTooOld => "CLIENT_TOO_OLD",
            Self::Forbidden => "FORBIDDEN",
            Self::Throttled => "THROTTLED",
            Self::Busy => "BUSY",
            Self::NotCaughtUp => "NOT_CAUGHT_UP",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::BadRequest => "BAD_REQUEST",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error with its code.
pub(crate) fn error(code: Code, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
}

/// A use case's error, where no payload can carry its problems.
pub(crate) fn failure(failure: impl std::borrow::Borrow<Failure>) -> Error {
    let (code, message) = explain(failure.borrow());
    let error = error(code, message);
    match detail(failure.borrow()) {
        Some((name, value)) => error.extend_with(|_, extensions| extensions.set(name, value)),
        None => error,
    }
}

/// What a program needs beside the code to go on, and the extension that says it.
pub(crate) fn detail(failure: &Failure) -> Option<(&'static str, &str)> {
    match failure {
        Failure::ClientNotActivated { activation_url } => Some(("activationUrl", activation_url)),
        Failure::ClientTooOld { minimum } => Some(("minimumVersion", minimum)),
        Failure::Problems(_)
        | Failure::Unauthenticated
        | Failure::SessionEnded
        | Failure::Forbidden
        | Failure::Throttled
        | Failure::Busy
        | Failure::NotCaughtUp
        | Failure::TooMuch(_)
        | Failure::Internal(_) => None,
    }
}

/// What to say of a use case's error. What is behind an internal one goes to the program's log.
pub(crate) fn explain(failure: &Failure) -> (Code, String) {
    let code = match failure {
        Failure::Problems(problems) => {
            let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
            return (Code::BadRequest, messages.join(" "));
        }
        Failure::Unauthenticated => Code::Unauthenticated,
        Failure::SessionEnded => Code::SessionEnded,
        Failure::ClientNotActivated { .. } => Code::ClientNotActivated,
        Failure::ClientTooOld { .. } => Code::ClientTooOld,
        Failure::Forbidden => Code::Forbidden,
        Failure::Throttled => Code::Throttled,
        Failure::Busy => Code::Busy,
        Failure::NotCaughtUp => Code::NotCaughtUp,
        Failure::TooMuch(_) => Code::LimitExceeded,
        Failure::Internal(source) => {
            tracing::error!(error = &**source as &dyn std::error::Error, "a request failed");
            Code::Internal
        }
    };
    (code, sentence(&failure.to_string()))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Gives every error of the library a code; those of resolvers have theirs already.
pub(crate) fn complete(mut response: Response) -> Response {
    for error in &mut response.errors {
        let known = error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some());
        if !known {
            let code = if is_limit(error) { Code::LimitExceeded } else { Code::BadRequest };
            error.extensions.get_or_insert_default().set("code", code.as_str());
        }
    }
    response
}

/// The library tells its limits from other errors by words alone; `tests/api/limits.rs` notices when they change.
fn is_limit(error: &ServerError) -> bool {
    const LIMITS: [&str; 4] = [
        "Query is too complex.",
        "Query is nested too deep.",
        "The recursion depth of the query cannot be greater than",
        "The number of directives on the field",
    ];
    LIMITS.iter().any(|limit| error.message.starts_with(limit))
}
