//! Use cases: authorise, gather facts, decide, append. Written once; GraphQL, the portal, jobs and the command line call
//! them. Knows no HTTP, and no markup but that of mails; a rule of secure mail is in `domain`, not here.

mod accounts;
mod administration;
mod aliases;
mod auditing;
mod authorise;
mod callers;
mod challenges;
mod chosen;
mod clients;
mod closing;
mod content_rules;
mod credentials;
mod deleting;
mod downloads;
mod drafts;
mod dry_runs;
mod envelopes;
mod error;
mod expiry;
mod files;
mod garbage;
mod grants;
mod help;
mod intake;
mod invitations;
mod joining;
mod leaving;
mod links;
mod login;
mod mails;
mod notices;
mod notifying;
mod organisations;
mod places;
mod policies;
mod profile;
mod proving;
mod reading;
mod recalling;
mod recipients;
mod recovery;
mod registration;
mod renewing;
mod replays;
mod reviews;
mod rule_hits;
mod scheduled;
mod searching;
mod second_factor;
mod sending;
mod sessions;
mod sweeping;
mod throttle;
mod uploads;
mod works;

pub use administration::{Listed, PeopleFilter, RoleHolder, Steward};
pub use auditing::{AuditPage, AuditQuestion, AuditReader, AuditedEvent};
pub use authorise::{Capability, Viewer};
pub use callers::client_network;
pub use challenges::AskedQuestions;
pub use clients::{ClientCredential, ClientRequest, ClientView};
pub use content_rules::ContentRule;
pub use downloads::{Format, Interrupted, Leaving, Offer, Printout};
pub use drafts::{DraftChange, DraftView, NewDraft};
pub use dry_runs::{DryRun, DryRunRequest, TriedHit};
pub use envelopes::{EnvelopeRegistration, EnvelopeView};
pub use error::{Error, Problem, ProblemCode};
pub use help::{HelpTopic, SUPPORTED_BROWSERS, help_topics};
pub use intake::{Handover, IntakeSettings, Onward, Receiving, Reception};
pub use invitations::{Invitation, InvitationState, InviteRequest};
pub use leaving::Leaver;
pub use links::{LinkPurpose, LinkView, Purpose as LinkUse, State as LinkStanding};
pub use login::{LogInStep, LoggedIn, SecondFactorCode};
pub use notifying::{AutoSubmitted, Delivery, Leave, Mail, MailFile};
pub use organisations::{Founding, OrganisationChange};
pub use places::Place;
pub use policies::{PolicyVersion, camel_case};
pub use reading::{HeadlineView, MessageView, OpenedMessage, Unavailable, UnavailableReason};
pub use recalling::RecallLimit;
pub use recipients::RecipientCheck;
pub use recovery::{NewPassword, PasswordChange, PasswordSet};
pub use registration::{Challenge, RegistrationForm, RegistrationNext};
pub use replays::{EffectPage, Replay, ReplayEffect, ReplayRequest};
pub use reviews::{EventRef, Review, SignOff};
pub use rule_hits::RuleHit;
pub use searching::{Found, FoundPage, Standing};
pub use second_factor::SecondFactorKind;
pub use sending::{ForwardRequest, MessageRequest, NewRecipients, ReplyRequest, SendDraftRequest, Unsent};
pub use uploads::{PendingFile, Upload, UploadRequest};
pub use works::{Work, WorkKind, WorkState};

use domain::{Metadata, OrganisationId, event::Actor};
use eventstore::{Log, Position, blobs::Blobs, log::ATTEMPTS};
use projections::Projections;
use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// All use cases, over one log.
#[derive(Clone)]
pub struct App {
    pub(crate) log: Log,
    pub(crate) models: Projections,
    pub(crate) blobs: Blobs,
    /// As many permits as cores: hashing a password takes 20 ms and 19 MiB, and strangers can ask for it.
    pub(crate) hashing: Arc<Semaphore>,
    /// Requests of client programs, counted for each network.
    pub(crate) client_requests: Arc<Mutex<clients::Requests>>,
    /// Whose turn it is to record a failure.
    pub(crate) turns: throttle::Turns,
    /// Whose turn it is to search.
    pub(crate) searches: searching::Searches,
    /// Content rules of each organisation, ready to be asked.
    pub(crate) ready_rules: content_rules::ReadyRules,
    /// What strangers asked for and were answered already (R4).
    pub(crate) later: TaskTracker,
    pub(crate) intake: IntakeSettings,
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
        let hashing = Arc::new(Semaphore::new(cores));
        let turns = throttle::Turns::default();
        Self {
            log,
            models,
            blobs,
            hashing,
            client_requests: Arc::default(),
            turns,
            searches: searching::Searches::default(),
            ready_rules: content_rules::ReadyRules::default(),
            later: TaskTracker::new(),
            intake: IntakeSettings::default(),
        }
    }

    /// The same, with what an operator decides about mail that is handed over.
    #[must_use]
    pub fn with_intake(self, intake: IntakeSettings) -> Self {
        Self { intake, ..self }
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
