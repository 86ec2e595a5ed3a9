//! What happens without anybody asking: the cron table, its jobs, and the mails that go out; and the gateway, to which
//! the organisation's mail server hands mails over.
//!
//! A job calls use cases of `app` and decides nothing itself. Each is idempotent, so that it may run twice or stop
//! anywhere; one node at a time runs it, by a lease; each run is traced, counted and recorded.

mod anchoring;
mod error;
mod gateway;
mod jobs;
mod maildir;
mod mailer;
mod ran;
mod runs;
mod scheduler;
mod table;

pub use anchoring::{Anchoring, Webhook, WebhookError};
pub use error::{JobError, JobsError};
pub use gateway::{AppIntake, Gateway, GatewayError, GatewaySettings, Intake, Timeouts, TlsFiles};
pub use mailer::{Mailer, MailerError, Security, SmtpSettings};
pub use ran::Ran;
pub use runs::Outcome;
pub use scheduler::{JobStatus, Scheduler};
pub use table::{JobName, Schedule, Table, TableError};
