//! What can stand in the way of a use case, told apart by what the caller does about it.

use domain::{account, draft, message, organisation, recipients::Refused};
use eventstore::{LogError, blobs::BlobError, db::DbError, keys::KeyError};
use projections::{NotCaughtUp, ProjectionError, audit::TooMuch};
use thiserror::Error;

/// Why a use case did nothing.
#[derive(Debug, Error)]
pub enum Error {
    /// The person who asks can mend it.
    #[error("refused: {0:?}")]
    Problems(Vec<Problem>),
    /// Nobody is logged in.
    #[error("log in first")]
    Unauthenticated,
    /// The session is over (B14).
    #[error("the session is over; log in again")]
    SessionEnded,
    /// A right is missing. The attempt is on record (K7).
    #[error("this needs a right that you do not have")]
    Forbidden,
    /// Too many attempts failed from where this one comes, so that it was not heard (R3).
    #[error("too many attempts failed from your network; try again in a quarter of an hour")]
    Throttled,
    /// The client program has no credential, or one that is refused (B53).
    #[error("this client is not activated; open {activation_url} and approve it")]
    ClientNotActivated {
        /// Where a person approves it.
        activation_url: String,
    },
    /// The client program is older than the organisation serves (B54).
    #[error("this client is too old; version {minimum} or later is needed")]
    ClientTooOld {
        /// The oldest version that is served.
        minimum: String,
    },
    /// Too much is going on; nothing was done.
    #[error("the server is busy; try again in a moment")]
    Busy,
    /// More was asked than is answered in one go; the text says how to ask for less.
    #[error(transparent)]
    TooMuch(TooMuch),
    /// The read models are behind (R17).
    #[error("what was just done cannot be shown yet; try again in a moment")]
    NotCaughtUp,
    /// A bug or a broken machine. What is behind it is for the log of the program, not for who asks.
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Something that the person who asks can mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What to branch on.
    pub code: ProblemCode,
    /// One sentence that names the way out. Can name an address that the same person typed.
    pub message: String,
    /// Path within the input, list indexes as digits; empty when it concerns the whole.
    pub field: Vec<String>,
}

/// What stood in the way (contract: `ProblemCode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described where it is public, in the GraphQL schema")]
pub enum ProblemCode {
    Required,
    Invalid,
    TooLong,
    NotFound,
    Conflict,
    IdempotencyKeyReused,
    NotAllowed,
    Unavailable,
    LoginFailed,
    RecoveryFailed,
    SecondFactorFailed,
    PasswordRejected,
    PasswordRequired,
    PhraseRejected,
    LinkUsed,
    LinkExpired,
    LinkInvalid,
    AddressRefused,
    GroupAddress,
    RecipientRefused,
    NewRecipients,
    TooManyAttachments,
    AttachmentsTooLarge,
    UploadIncomplete,
    SecuredByRule,
    AuthorizationPending,
    PolicyInvalid,
}

impl Problem {
    /// A problem of the whole input.
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: vec![] }
    }

    /// The same problem, of one part of the input.
    #[must_use]
    pub fn at<'a>(mut self, field: impl IntoIterator<Item = &'a str>) -> Self {
        self.field = field.into_iter().map(str::to_owned).collect();
        self
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problems(vec![problem])
    }
}

impl Error {
    pub(crate) fn internal(problem: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(problem))
    }

    /// Whether loading and deciding again can help.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Problems(problems) if problems.iter().any(|problem| problem.code == ProblemCode::Conflict))
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        let problem = |code, error: &LogError| Problem::new(code, sentence(error)).into();
        match error {
            LogError::Conflict => problem(ProblemCode::Conflict, &error),
            LogError::KeyReused => problem(ProblemCode::IdempotencyKeyReused, &error).at_key(),
            LogError::Busy | LogError::Closed | LogError::Db(DbError::Busy(_)) => Self::Busy,
            LogError::Key(_) | LogError::Codec(_) | LogError::Open { .. } | LogError::Db(_) => {
                Self::internal(error)
            }
        }
    }
}

impl Error {
    fn at_key(self) -> Self {
        match self {
            Self::Problems(problems) => {
                Self::Problems(problems.into_iter().map(|problem| problem.at(["idempotencyKey"])).collect())
            }
            other => other,
        }
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::internal(error)
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy(_) => Self::Busy,
            other => Self::internal(other),
        }
    }
}

impl From<ProjectionError> for Error {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::TooMuch(much) => Self::TooMuch(much),
            other => Self::internal(other),
        }
    }
}

impl From<NotCaughtUp> for Error {
    fn from(_: NotCaughtUp) -> Self {
        Self::NotCaughtUp
    }
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLong | BlobError::Incomplete => Problem::new(
                ProblemCode::UploadIncomplete,
                "The file is not as long as was announced; send it again with its right length.",
            )
            .into(),
            other => Self::internal(other),
        }
    }
}

/// An error's text as a sentence for people.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

impl From<message::Refusal> for Problem {
    fn from(refusal: message::Refusal) -> Self {
        use message::{BODY_BYTES, Refusal, SUBJECT_BYTES};
        match refusal {
            Refusal::NotFound | Refusal::NotSender => not_found("message"),
            Refusal::Expired => Self::new(ProblemCode::Unavailable, "The time of this message is over."),
            Refusal::Recalled => Self::new(ProblemCode::Unavailable, "Its sender took this message back."),
            Refusal::NoSuchRecipient => {
                Self::new(ProblemCode::Invalid, "Name people whom you sent the message to.")
                    .at(["recipients"])
            }
            Refusal::AlreadySent => Self::new(ProblemCode::Conflict, "This message was sent already."),
            Refusal::NoRecipient => Self::new(ProblemCode::Required, "Name a recipient at least.").at(["to"]),
            Refusal::BadSubject => Self::new(
                ProblemCode::TooLong,
                format!("Make the subject one line of {SUBJECT_BYTES} bytes at most."),
            )
            .at(["subject"]),
            Refusal::BodyTooLong => Self::new(
                ProblemCode::TooLong,
                format!("Shorten the text to {} KiB, or attach it as a file.", BODY_BYTES / 1024),
            )
            .at(["text"]),
            Refusal::ExpiresTooEarly => {
                Self::new(ProblemCode::Invalid, "Give the message a time to live.").at(["expiresIn"])
            }
        }
    }
}

impl From<draft::Refusal> for Problem {
    fn from(refusal: draft::Refusal) -> Self {
        match refusal {
            draft::Refusal::NotFound => not_found("draft"),
            draft::Refusal::Stale => Self::new(
                ProblemCode::Conflict,
                "The draft was saved in another window meanwhile; look at it and save again.",
            )
            .at(["version"]),
            draft::Refusal::TooManyAttachments => Self::new(
                ProblemCode::TooManyAttachments,
                "The draft has as many files as are allowed; remove one, or send several messages.",
            ),
            draft::Refusal::AttachmentsTooLarge => Self::new(
                ProblemCode::AttachmentsTooLarge,
                "The files together are larger than is allowed; ask the organisation for another way.",
            ),
        }
    }
}

impl From<account::Refusal> for Problem {
    fn from(refusal: account::Refusal) -> Self {
        use account::Refusal;
        match refusal {
            Refusal::NotInvited | Refusal::LinkInvalid => Self::new(
                ProblemCode::LinkInvalid,
                "This link does not work; use the one in the newest mail.",
            ),
            Refusal::AlreadyRegistered | Refusal::LinkUsed => {
                Self::new(ProblemCode::LinkUsed, "This link did its work already; log in.")
            }
            Refusal::LinkExpired => {
                Self::new(ProblemCode::LinkExpired, "This link is too old; ask for a new one.")
            }
            Refusal::Closed => Self::new(ProblemCode::NotAllowed, "This account is closed."),
            Refusal::AlreadyEnrolled => {
                Self::new(ProblemCode::Conflict, "An authenticator is set up already; remove it first.")
            }
            Refusal::NotEnrolling => {
                Self::new(ProblemCode::Conflict, "Begin again: the time to give the first code is over.")
            }
            Refusal::WrongCode => Self::new(
                ProblemCode::SecondFactorFailed,
                "The code is wrong; wait for the next one and give that.",
            ),
            Refusal::FactorDemanded => Self::new(
                ProblemCode::NotAllowed,
                "One of your roles needs a second factor; it can be removed once you do not hold that role.",
            ),
            Refusal::AliasesNotAllowed => Self::new(
                ProblemCode::NotAllowed,
                "Further addresses are for members, where the policy allows them.",
            ),
            Refusal::AliasUnknown => not_found("address"),
            Refusal::AliasPending => Self::new(
                ProblemCode::NotAllowed,
                "Confirm the address first, by the link in the mail to it.",
            ),
            Refusal::UndoOpen => Self::new(
                ProblemCode::NotAllowed,
                "This was your primary address; it can be removed once the change cannot be undone any more.",
            ),
            Refusal::ClientUnknown => not_found("client"),
            Refusal::ClientActive => Self::new(ProblemCode::NotAllowed, "Block the client first."),
            Refusal::TooManyClients => Self::new(
                ProblemCode::NotAllowed,
                "There are as many clients as an account can have; delete one.",
            ),
            Refusal::NotAGuest => {
                Self::new(ProblemCode::NotAllowed, "This is for guests; members have no audience.")
            }
        }
    }
}

impl From<organisation::Refusal> for Problem {
    fn from(refusal: organisation::Refusal) -> Self {
        use organisation::{Refusal, rules::Refusal as Refused};
        let (code, message) = match refusal {
            Refusal::AlreadyFounded => (ProblemCode::Conflict, "This organisation exists already."),
            Refusal::NotFounded => (ProblemCode::NotFound, "There is no such organisation."),
            Refusal::BadIdentity => {
                (ProblemCode::Invalid, "Give a name, the portal's URL and a sender address.")
            }
            Refusal::BadPolicy => {
                (ProblemCode::PolicyInvalid, "The settings contradict each other or exceed their bounds.")
            }
            Refusal::StalePolicy => {
                (ProblemCode::Conflict, "The policy was changed meanwhile; look at it again.")
            }
            Refusal::BadReason => {
                (ProblemCode::TooLong, "Give the reason in one line of 500 characters at most.")
            }
            Refusal::BadPresentation => {
                (ProblemCode::Invalid, "Something that is to be shown in public cannot be shown.")
            }
            Refusal::ConflictingRole => {
                (ProblemCode::NotAllowed, "This role and one held already must not be in one hand.")
            }
            Refusal::LastAdministrator => {
                (ProblemCode::NotAllowed, "Make somebody else an administrator first.")
            }
            Refusal::Rules(Refused::NoSuchRule) => {
                (ProblemCode::NotFound, "There is no such rule, or it was removed.")
            }
            Refusal::Rules(Refused::NameTaken) => {
                (ProblemCode::Conflict, "Another rule has this name; choose another one.")
            }
            Refusal::Rules(Refused::TooMany) => {
                (ProblemCode::NotAllowed, "There are as many rules as there can be; remove one first.")
            }
        };
        Self::new(code, message)
    }
}

/// Why a recipient is refused, with the address as it was typed (A31: by name).
pub(crate) fn refused_recipient(refused: Refused, typed: &str) -> Problem {
    let (code, why) = match refused {
        Refused::NotAllowed => {
            (ProblemCode::RecipientRefused, "is not somebody you can write to here; remove it")
        }
        Refused::Group => (ProblemCode::GroupAddress, "is a group; write to each person instead"),
        Refused::Unsubscribed => (ProblemCode::RecipientRefused, "wants no more mail from this organisation"),
        Refused::Closed => (ProblemCode::RecipientRefused, "has left; invite the address again"),
    };
    Problem::new(code, format!("{typed} {why}."))
}

/// There is no such thing, or not for this person.
pub(crate) fn not_found(what: &str) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("There is no such {what} for you."))
}
