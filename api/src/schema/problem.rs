//! What a person can mend, and content that is gone.

use super::scalars::DateTime;
use crate::codes::failure;
use async_graphql::{Enum, Result, SimpleObject};
use domain::user_name::UserName;

/// Why something was not done, in a form for programs and for people.
#[derive(SimpleObject)]
pub(crate) struct Problem {
    /// What to branch on.
    code: ProblemCode,
    /// One sentence for people, in the language of the request (`Accept-Language`); names the way out.
    message: String,
    /// Path within `input`, list indexes as digits; null when it concerns the whole.
    field: Option<Vec<String>>,
}

/// What stood in the way. New codes can be added: treat an unknown one by its message.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::ProblemCode")]
pub(crate) enum ProblemCode {
    /// A mandatory value is missing (A3).
    Required,
    /// A value is malformed or out of its bounds.
    Invalid,
    /// A text is longer than the description allows.
    TooLong,
    /// There is no such thing, or not for this viewer.
    NotFound,
    /// It changed in the meantime: re-read and decide again.
    Conflict,
    /// The key was used for another input.
    IdempotencyKeyReused,
    /// The policy does not allow it (A26, C12, B13, B40).
    NotAllowed,
    /// The content expired, was revoked, recalled or erased (A21).
    Unavailable,
    /// The one answer to every failed login, whatever the cause (A9, R4).
    LoginFailed,
    /// The one answer to every failed challenge, whatever the cause (A11, R4).
    RecoveryFailed,
    /// The code is wrong or used.
    SecondFactorFailed,
    /// Too short, too common, or contains the address or name.
    PasswordRejected,
    /// The password of the account that holds this address is needed (B43).
    PasswordRequired,
    /// The reminder phrase gives the password away (A5).
    PhraseRejected,
    /// The link did its work already.
    LinkUsed,
    /// The link is too old: `renewLink` sends a new one (R11).
    LinkExpired,
    /// No such link, or one for another purpose.
    LinkInvalid,
    /// This address cannot register here; says nothing about other addresses (B8, B9).
    AddressRefused,
    /// A group address: write to each person (B33, B34).
    GroupAddress,
    /// The rule for replies, forwards or guests excludes this recipient, by name (A26, A31, A34).
    RecipientRefused,
    /// Some recipients are new: ask, then send again with `newRecipients: INVITE` (B10).
    NewRecipients,
    /// More than the policy's number (A39).
    TooManyAttachments,
    /// More than the policy's bytes; the message says whom to ask (A39, A40).
    AttachmentsTooLarge,
    /// An attachment is not wholly uploaded (R7).
    UploadIncomplete,
    /// A content rule demands another way of sending, or a reason (G3, Q9).
    SecuredByRule,
    /// A legal hold forbids it (K4).
    UnderHold,
    /// Another person must approve; one cannot approve one's own request (K3).
    SecondPersonNeeded,
    /// The client was not approved yet: poll again after `interval` (B51).
    AuthorizationPending,
    /// The settings contradict each other or exceed their bounds.
    PolicyInvalid,
}

/// Why content that was there is not to be had any more.
#[derive(SimpleObject)]
pub(crate) struct Unavailable {
    /// What happened to it.
    reason: UnavailableReason,
    /// Since when.
    since: DateTime,
}

/// Ways in which content is lost to a viewer.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::UnavailableReason")]
pub(crate) enum UnavailableReason {
    /// Its time was over; its key is destroyed (A20, A21).
    Expired,
    /// Its sender recalled it (R16).
    Recalled,
    /// The viewer deleted it: only the news of that has it, no list or `node` does.
    Deleted,
    /// The recipient unsubscribed (B38).
    Revoked,
    /// The person's data was erased (K5).
    Erased,
}

impl From<app::Problem> for Problem {
    fn from(problem: app::Problem) -> Self {
        let app::Problem { code, message, field } = problem;
        Self { code: code.into(), message, field: (!field.is_empty()).then_some(field) }
    }
}

impl From<app::Unavailable> for Unavailable {
    fn from(unavailable: app::Unavailable) -> Self {
        Self { reason: unavailable.reason.into(), since: unavailable.since.into() }
    }
}

/// Parts what a use case did from what stood in its way; the rest is an error.
pub(crate) fn settle<T>(answer: Result<T, app::Error>) -> Result<Result<T, Vec<Problem>>> {
    match answer {
        Ok(done) => Ok(Ok(done)),
        Err(app::Error::Problems(problems)) => Ok(Err(problems.into_iter().map(Problem::from).collect())),
        Err(other) => Err(failure(other)),
    }
}

/// A user name as it was typed, or the problem of that field.
pub(crate) fn user_name(typed: &str) -> Result<UserName, app::Error> {
    UserName::parse(typed).map_err(|error| {
        app::Problem::new(app::ProblemCode::Invalid, error.to_string()).at(["userName"]).into()
    })
}

/// The answer to an id of nothing that this person may see.
pub(crate) fn not_found(what: &str, field: &str) -> app::Error {
    let message = format!("There is no such {what} for you.");
    app::Problem::new(app::ProblemCode::NotFound, message).at([field]).into()
}

/// The address in a field.
pub(crate) fn address(typed: &str) -> Result<domain::address::EmailAddress, app::Error> {
    domain::address::EmailAddress::parse(typed).map_err(|error| {
        app::Problem::new(app::ProblemCode::Invalid, error.to_string()).at(["address"]).into()
    })
}
