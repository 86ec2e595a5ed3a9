//! Notifications: which are due, and what became of them (A6, B38, G1, R15). What they say is worked out in `notices`.

pub use crate::mails::{AutoSubmitted, Leave, Mail, MailFile};
use crate::{App, Error, retrying, scheduled::WORKER};
use domain::{
    OrganisationId, Timestamp,
    address::EmailAddress,
    id::NotificationId,
    notification::{About, Command, MailStatus, Notification, Suppression},
    period::Period,
};
use eventstore::Commit;
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
        // Another mail of this run can have told of it, or put it off together with itself.
        if !self.is_due(organisation, row).await? {
            return Ok(None);
        }
        let composed = match row.recipient {
            Some(recipient) => {
                let holder = self.holder(organisation, recipient).await?;
                self.composed(organisation, row, recipient, &holder).await?
            }
            None => self.answer(organisation, row).await?,
        };
        match composed {
            Ok(mail) => Ok(Some(mail)),
            Err(why) => {
                let at = self.log.now();
                self.note(organisation, &[row], |row| Command::Suppress { about: about(row), why, at })
                    .await?;
                Ok(None)
            }
        }
    }

    /// Records what became of a mail, and when it is tried again. What it tells of besides (`covers`) shares its fate: once
    /// it left, no other mail tells of that (policy `digest`).
    pub async fn settle(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
        covers: &[NotificationRow],
        delivery: Delivery,
    ) -> Result<(), Error> {
        let at = self.log.now();
        let next_attempt_at = next_attempt(row, at);
        let rows: Vec<_> = [row].into_iter().chain(covers).collect();
        let command = |of: &NotificationRow| match delivery {
            Delivery::Taken if of.notification == row.notification => {
                Command::NoteSent { about: about(of), at }
            }
            Delivery::Taken => Command::Suppress { about: about(of), why: Suppression::Digest, at },
            Delivery::NotNow(reply) if row.attempts + 1 < ATTEMPTS => {
                Command::NoteDeferred { about: about(of), reply, next_attempt_at, at }
            }
            Delivery::NotNow(reply) | Delivery::Never(reply) => {
                Command::NoteFailed { about: about(of), reply, at }
            }
        };
        self.note(organisation, &rows, command).await
    }

    /// Records that a mail came back to the address that nobody reads (RFC 3464), and gives whether there is such a mail:
    /// it must have left, and for this address. Whoever knows the mail's id has the mail; the address is asked for all the
    /// same, since what comes back is easily made up.
    pub async fn note_bounce(
        &self,
        organisation: OrganisationId,
        notification: NotificationId,
        recipient: &EmailAddress,
        status: Option<MailStatus>,
    ) -> Result<bool, Error> {
        let Some(row) = self.models.notification(organisation, notification).await? else {
            return Ok(false);
        };
        let address = self.notified_address(organisation, &row).await?;
        if address.is_none_or(|address| address.normalised() != recipient.normalised()) {
            return Ok(false);
        }
        let at = self.log.now();
        self.note(organisation, &[&row], |row| Command::NoteBounced { about: about(row), status, at })
            .await?;
        Ok(true)
    }

    async fn is_due(&self, organisation: OrganisationId, row: &NotificationRow) -> Result<bool, Error> {
        let found = self.models.notification(organisation, row.notification).await?;
        Ok(found.and_then(|found| found.next_attempt_at).is_some_and(|at| at <= self.log.now()))
    }

    /// Records the fate of mails, of all or of none.
    async fn note(
        &self,
        organisation: OrganisationId,
        rows: &[&NotificationRow],
        command: impl Fn(&NotificationRow) -> Command + Sync,
    ) -> Result<(), Error> {
        let command = &command;
        let position = retrying(|| async move {
            let mut changes = vec![];
            for row in rows {
                let loaded = self.log.load::<Notification>(organisation, row.notification.uuid()).await?;
                let Ok(change) = loaded.decide(command(row));
                changes.push(change);
            }
            Ok(self.log.append(Commit::new(organisation, &WORKER, changes)).await?.position())
        })
        .await?;
        self.models.wait_for(position, &["notifications", "accounts"]).await?;
        Ok(())
    }
}

/// The end of the window that an instant lies in: windows follow each other from the epoch on, so that everybody's mail of
/// one window is told of at one time (policy `digest`). `None` where each message has a mail of its own.
pub(crate) fn window_end(digest: Period, at: Timestamp) -> Option<Timestamp> {
    let micros = i64::try_from(digest.nominal().whole_microseconds()).ok().filter(|micros| *micros > 0)?;
    Some(Timestamp::from_micros((at.micros().div_euclid(micros) + 1).saturating_mul(micros)))
}

fn about(row: &NotificationRow) -> About {
    About { kind: row.kind, recipient: row.recipient, message: row.message, sender: row.sender }
}

/// Twice the last wait, with up to a quarter more taken from the notification's id, so that mails that failed together
/// do not come back together.
fn next_attempt(row: &NotificationRow, at: Timestamp) -> Timestamp {
    let minutes = FIRST_WAIT_MINUTES.saturating_mul(1 << row.attempts.min(16)).min(LONGEST_WAIT_MINUTES);
    let spread = u32::from(row.notification.bytes()[15]) * minutes * 15 / 256;
    at.plus(Period::seconds(minutes * 60 + spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A6: mail of one window is told of at its end, the same for everybody; without windows it is told of at once.
    #[test]
    fn windows_follow_each_other() {
        let hour = 3_600_000_000;
        let end = |micros| window_end(Period::hours(1), Timestamp::from_micros(micros));
        assert_eq!(end(5 * hour), Some(Timestamp::from_micros(6 * hour)));
        assert_eq!(end(6 * hour - 1), Some(Timestamp::from_micros(6 * hour)));
        assert_eq!(end(-1), Some(Timestamp::from_micros(0)));
        assert_eq!(window_end(Period::ZERO, Timestamp::from_micros(5 * hour)), None);
    }
}
