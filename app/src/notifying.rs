//! Notifications: which are due, and what became of them (A6, B38, G1, R15). What they say is worked out in `notices`.

pub use crate::mails::Mail;
use crate::{App, Error, scheduled::WORKER};
use domain::{
    OrganisationId, Timestamp,
    notification::{About, Command, Notification},
    period::Period,
};
use projections::notifications::NotificationRow;

/// What the relay, or the local mailbox, did with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It took it.
    Taken,
    /// Not now; with its reply code, if it replied (RFC 5321).
    NotNow(Option<u16>),
    /// Never; with its reply code, if it replied.
    Never(Option<u16>),
}

/// Attempts before a mail is given up; with the waits below that is about two days.
const ATTEMPTS: u32 = 12;
/// First wait after a failed attempt; each later one is twice as long, up to [`LONGEST_WAIT_MINUTES`].
const FIRST_WAIT_MINUTES: u32 = 1;
const LONGEST_WAIT_MINUTES: u32 = 6 * 60;

impl App {
    /// Notifications that are due, oldest first, at most `limit`.
    pub async fn notifications_due(
        &self,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, NotificationRow)>, Error> {
        Ok(self.models.notifications_due(self.log.now(), limit).await?)
    }

    /// The mail of a notification; `None` when it is not to be sent any more, which is recorded.
    pub async fn compose(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
    ) -> Result<Option<Mail>, Error> {
        let holder = self.holder(organisation, row.recipient).await?;
        match self.composed(organisation, row, &holder).await? {
            Ok(mail) => Ok(Some(mail)),
            Err(why) => {
                let at = self.log.now();
                self.note(organisation, row, || Command::Suppress { about: about(row), why, at }).await?;
                Ok(None)
            }
        }
    }

    /// Records what became of a mail, and when it is tried again.
    pub async fn settle(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
        delivery: Delivery,
    ) -> Result<(), Error> {
        let at = self.log.now();
        let command = || match delivery {
            Delivery::Taken => Command::NoteSent { about: about(row), at },
            Delivery::NotNow(reply) if row.attempts + 1 < ATTEMPTS => {
                Command::NoteDeferred { about: about(row), reply, next_attempt_at: next_attempt(row, at), at }
            }
            Delivery::NotNow(reply) | Delivery::Never(reply) => {
                Command::NoteFailed { about: about(row), reply, at }
            }
        };
        self.note(organisation, row, command).await
    }

    async fn note(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
        command: impl Fn() -> Command,
    ) -> Result<(), Error> {
        let stream = row.notification.uuid();
        let Ok(noted) = self.log.execute::<Notification>(organisation, stream, &WORKER, command).await?;
        self.models.wait_for(noted.position(), &["notifications"]).await?;
        Ok(())
    }
}

fn about(row: &NotificationRow) -> About {
    About { kind: row.kind, recipient: row.recipient, message: row.message }
}

/// Twice the last wait, with up to a quarter more taken from the notification's id, so that mails that failed together
/// do not come back together.
fn next_attempt(row: &NotificationRow, at: Timestamp) -> Timestamp {
    let minutes = FIRST_WAIT_MINUTES.saturating_mul(1 << row.attempts.min(16)).min(LONGEST_WAIT_MINUTES);
    let spread = u32::from(row.notification.bytes()[15]) * minutes * 15 / 256;
    at.plus(Period::seconds(minutes * 60 + spread))
}
