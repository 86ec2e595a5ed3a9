//! Pages for what cannot be answered: each says why, and what to do instead.

use crate::{pages::said, visit::Visit};
use app::Error;
use poem::{
    Response,
    http::{StatusCode, header},
};

/// Why a request is not answered with its page.
pub(crate) enum Refused {
    /// The form could not be read; the status says why.
    Form(StatusCode),
    /// The use case did nothing.
    App(Error),
}

impl Refused {
    pub(crate) fn page(&self, visit: &Visit) -> Response {
        match self {
            Self::Form(status) => unreadable_form(visit, *status),
            Self::App(error) => trouble(Some(visit), error),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::App(error)
    }
}

/// The same for a token of nobody and for what is no token (R4).
pub(crate) fn unknown_link(visit: &Visit) -> Response {
    let words = "Open it once more from the newest mail, or copy its whole address: some mail programs break it in two.";
    said(StatusCode::NOT_FOUND, Some(visit), "This link does not work", words)
}

pub(crate) fn no_reminder(visit: &Visit) -> Response {
    let words =
        "There are no reminder phrases here. Choose a new password instead: the login page leads there.";
    said(StatusCode::NOT_FOUND, Some(visit), "Not here", words)
}

fn unreadable_form(visit: &Visit, status: StatusCode) -> Response {
    let words = "The form did not arrive as it was sent, or is too long. Go back and fill it in again.";
    said(status, Some(visit), "Fill in the form again", words)
}

pub(crate) fn foreign_form() -> Response {
    let words = "This did not come from our own page. Open that page and use the button there.";
    said(StatusCode::FORBIDDEN, None, "Nothing was done", words)
}

pub(crate) fn other_method() -> Response {
    said(
        StatusCode::METHOD_NOT_ALLOWED,
        None,
        "Nothing was done",
        "This page cannot be asked for in this way.",
    )
}

pub(crate) fn no_portal() -> Response {
    let words = "No organisation answers under this address. Check it against the mail that you got.";
    said(StatusCode::NOT_FOUND, None, "Nobody is here", words)
}

/// What the person who asks cannot mend. What is behind it stands in the program's log alone.
pub(crate) fn trouble(visit: Option<&Visit>, error: &Error) -> Response {
    match error {
        Error::Busy | Error::NotCaughtUp => {
            let words = "Much is going on here just now. Wait a few seconds and try again.";
            let mut response = said(StatusCode::SERVICE_UNAVAILABLE, visit, "One moment", words);
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
            response
        }
        Error::Problems(problems) => {
            let words = problems.first().map_or("Try again.", |problem| &problem.message);
            said(StatusCode::CONFLICT, visit, "This did not work", words)
        }
        Error::Throttled => {
            let words =
                "Too many attempts from your network failed. Wait a quarter of an hour and try again.";
            let mut response = said(StatusCode::TOO_MANY_REQUESTS, visit, "Wait a little", words);
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("900"));
            response
        }
        // No page asks as a client program, or asks the audit.
        Error::Internal(_)
        | Error::TooMuch(_)
        | Error::Unauthenticated
        | Error::SessionEnded
        | Error::Forbidden
        | Error::ClientNotActivated { .. }
        | Error::ClientTooOld { .. } => {
            tracing::error!(error = error as &dyn std::error::Error, "a page could not be answered");
            let words = "Something went wrong on our side. Try again later.";
            said(StatusCode::INTERNAL_SERVER_ERROR, visit, "This did not work", words)
        }
    }
}
