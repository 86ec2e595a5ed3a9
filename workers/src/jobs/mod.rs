//! The jobs. A new one is a file here, a [`JobName`] with its row in the cron table, and a line in [`run`].

mod close_break_glass;
mod collect_garbage;
mod end_idle_sessions;
mod expire_messages;
mod lapse_invitations;
mod lapse_password_changes;
mod pass_on_mail;
mod release_lockouts;
mod replay_policies;
mod send_notifications;
mod try_rules;
mod warn_of_expiry;

use crate::{JobError, JobName, Mailer};
use app::App;
use tokio_util::sync::CancellationToken;

/// What a job works with.
pub(crate) struct Tools<'a> {
    pub(crate) app: &'a App,
    pub(crate) mailer: &'a Mailer,
    /// Where mail goes on that is not secured.
    pub(crate) relay: &'a Mailer,
    /// Cancelled when the program shuts down: a job of many steps ends at the next.
    pub(crate) stop: &'a CancellationToken,
}

/// Runs a job. Gives how much it did, in what the job is for: messages, lockouts, sessions, mails, invitations,
/// password changes, files, mails.
pub(crate) async fn run(name: JobName, tools: &Tools<'_>) -> Result<u64, JobError> {
    match name {
        JobName::ExpireMessages => expire_messages::run(tools).await,
        JobName::ReleaseLockouts => release_lockouts::run(tools).await,
        JobName::EndIdleSessions => end_idle_sessions::run(tools).await,
        JobName::SendNotifications => send_notifications::run(tools).await,
        JobName::LapseInvitations => lapse_invitations::run(tools).await,
        JobName::LapsePasswordChanges => lapse_password_changes::run(tools).await,
        JobName::WarnOfExpiry => warn_of_expiry::run(tools).await,
        JobName::TryRules => try_rules::run(tools).await,
        JobName::CloseBreakGlass => close_break_glass::run(tools).await,
        JobName::ReplayPolicies => replay_policies::run(tools).await,
        JobName::CollectGarbage => collect_garbage::run(tools).await,
        JobName::PassOnMail => pass_on_mail::run(tools).await,
    }
}
