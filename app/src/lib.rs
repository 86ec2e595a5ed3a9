//! Use cases: authorise, gather facts, decide, append. Written once; GraphQL, the portal, jobs and the command line call
//! them. Knows no HTTP and no markup; a rule of secure mail is in `domain`, not here.

mod auditing;
mod authorise;
mod callers;
mod drafts;
mod error;
mod grants;
mod invitations;
mod leaving;
mod links;
mod mails;
mod notifying;
mod organisations;
mod places;
mod reading;
mod recipients;
mod registration;
mod scheduled;
mod sending;
mod sessions;
mod sweeping;
mod uploads;

pub use auditing::{AuditPage, AuditedEvent};
pub use authorise::{Capability, Viewer};
pub use callers::client_network;
pub use drafts::{DraftChange, DraftView, NewDraft};
pub use error::{Error, Problem, ProblemCode};
pub use invitations::{Invitation, InvitationState, InviteRequest};
pub use leaving::Leaver;
pub use links::{LinkPurpose, LinkView, Purpose as LinkUse, State as LinkStanding};
pub use notifying::{Delivery, Mail};
pub use organisations::Founding;
pub use places::Place;
pub use reading::{HeadlineView, MessageView, OpenedMessage, Unavailable, UnavailableReason};
pub use recipients::RecipientCheck;
pub use registration::{CHALLENGES, Challenge, PASSWORD_CHARACTERS, RegistrationForm, RegistrationNext};
pub use sending::{ForwardRequest, MessageRequest, NewRecipients, ReplyRequest, SendDraftRequest, Unsent};
pub use sessions::LoggedIn;
pub use uploads::{Upload, UploadRequest};

use domain::{Metadata, OrganisationId, event::Actor};
use eventstore::{Log, Position, blobs::Blobs, log::ATTEMPTS};
use projections::Projections;
use std::{net::IpAddr, sync::Arc};
use tokio::sync::Semaphore;

/// All use cases, over one log.
#[derive(Clone)]
pub struct App {
    pub(crate) log: Log,
    pub(crate) models: Projections,
    pub(crate) blobs: Blobs,
    /// As many permits as cores: hashing a password takes 20 ms and 19 MiB, and strangers can ask for it.
    pub(crate) hashing: Arc<Semaphore>,
}

/// Who asks, as far as the connection tells.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The organisation whose portal was asked.
    pub organisation: OrganisationId,
    /// Where the request came from.
    pub network: IpAddr,
    /// Browser or client, in words; at most 200 characters are kept.
    pub device: String,
}

/// What was done, and the place in the log from which on it can be read (R17).
#[derive(Debug, Clone)]
pub struct Done<T> {
    /// The answer.
    pub value: T,
    /// Position of the last event; hand it to [`App::wait_for`].
    pub position: Position,
}

impl App {
    /// The use cases over an open log, its read models and the place of its attachments.
    #[must_use]
    pub fn new(log: Log, models: Projections, blobs: Blobs) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { log, models, blobs, hashing: Arc::new(Semaphore::new(cores)) }
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The read models.
    #[must_use]
    pub fn models(&self) -> &Projections {
        &self.models
    }

    /// Waits until the read models that answers are made of show what happened up to a position; 5 s at most (R17).
    pub async fn wait_for(&self, position: Position) -> Result<(), Error> {
        Ok(self.models.wait_for(position, SHOWN).await?)
    }
}

/// Read models that answers to people are made of; the audit is waited for by its own readers.
const SHOWN: &[&str] =
    &["accounts", "addresses", "links", "sessions", "lockouts", "mailbox", "notifications"];

/// Loads, decides and appends again while somebody else was faster.
async fn retrying<T, Step>(step: impl Fn() -> Step) -> Result<T, Error>
where
    Step: Future<Output = Result<T, Error>> + Send,
{
    for _ in 1..ATTEMPTS {
        match step().await {
            Err(error) if error.is_conflict() => {}
            done => return done,
        }
    }
    step().await
}

/// Metadata of what is done without a session.
const ANONYMOUS: Metadata = Metadata::by(Actor::Anonymous);
