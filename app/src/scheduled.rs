//! What time does by itself: messages expire, lockouts end, invitations and new passwords lapse. Called by the scheduled
//! jobs; each step is quiet when it was done before, so that a job may run twice or stop anywhere.

use crate::{App, Error, sessions};
use domain::{
    AccountId, MessageId, Metadata, OrganisationId, Timestamp,
    account::{self, ReleasedBy, recovery},
    event::Actor,
    key::Subject,
    message::{self, Message},
    period::Period,
};
use eventstore::keys::KeyName;
use time::{Date, Time};

/// What is taken in one go, so that a long absence is caught up in steps.
const BATCH: u32 = 500;
/// Whatever no person asked for at this moment.
pub(crate) const WORKER: Metadata = Metadata::by(Actor::Worker);

impl App {
    /// Expires what is over, then destroys the keys of days that are wholly past, and those that a crash left of drafts and
    /// mailboxes. Gives how many messages expired and how many days were shredded.
    pub async fn expire_messages(&self) -> Result<(u64, u64), Error> {
        let mut expired = 0;
        loop {
            let now = self.log.now();
            let due = self.models.messages_over(now, BATCH).await?;
            let mut last = 0;
            for (organisation, message) in &due {
                last = self.expire_one(*organisation, *message, now).await?;
            }
            expired += due.len() as u64;
            self.models.wait_for(last, &["mailbox"]).await?;
            if due.len() < BATCH as usize {
                break;
            }
        }
        let mut shredded = 0;
        for row in self.models.organisations().await? {
            shredded += self.shred_days(row.organisation).await?;
            self.sweep_keys(row.organisation).await?;
        }
        Ok((expired, shredded))
    }

    async fn expire_one(
        &self,
        organisation: OrganisationId,
        message: MessageId,
        at: Timestamp,
    ) -> Result<eventstore::Position, Error> {
        let expire = || message::Command::Expire { at };
        let done = self.log.execute::<Message>(organisation, message.uuid(), &WORKER, expire).await?;
        Ok(done.map_err(crate::Problem::from)?.position())
    }

    /// Destroys the keys of past days on which nothing stands any more; checks that first (A21).
    async fn shred_days(&self, organisation: OrganisationId) -> Result<u64, Error> {
        let now = self.log.now();
        self.finish_destructions(organisation).await?;
        let mut shredded = 0;
        for day in self.log.vault().expiry_days_before(organisation, now.day()).await? {
            if self.models.messages_unexpired_before(organisation, end_of(day)).await? > 0 {
                tracing::warn!(%day, "messages of this day are not recorded as expired yet; its key stays");
                break;
            }
            let name = KeyName::expiry_day(organisation, day);
            self.log.destroy_key(&name, Subject::ExpiryDay { day }, now).await?;
            shredded += 1;
        }
        Ok(shredded)
    }

    /// Ends lockouts at the time that the mail named (A18), and hears blocked networks again (R3). Gives how many.
    pub async fn release_lockouts(&self) -> Result<u64, Error> {
        let now = self.log.now();
        let due = self.models.lockouts_due(now, BATCH).await?;
        for (organisation, account) in &due {
            let by = ReleasedBy::Time;
            self.tell_account(*organisation, *account, || account::Command::ReleaseLockout { by, at: now })
                .await?;
        }
        let blocked = self.models.blocks_due(now, BATCH).await?;
        let mut last = 0;
        for (organisation, network) in &blocked {
            last = self.release_network(*organisation, *network).await?;
        }
        self.models.wait_for(last, &["lockouts"]).await?;
        Ok((due.len() + blocked.len()) as u64)
    }

    /// Ends sessions that nobody used for too long, or that are too old, as an event with its reason: else they would end
    /// with their next request, which never comes (A37, B14). Gives how many.
    pub async fn end_idle_sessions(&self) -> Result<u64, Error> {
        let now = self.log.now();
        let mut ended = 0;
        for organisation in self.models.organisations().await? {
            let organisation = organisation.organisation;
            let rules = self.rules(organisation).await?;
            let policy = &rules.policy.sessions;
            let unused_since = before(now, policy.idle_limit);
            let mut last = 0;
            for row in self.models.sessions_over(organisation, now, unused_since, BATCH).await? {
                let Some(why) = sessions::over(&row, policy, now) else { continue };
                last = self.end(organisation, row.account, row.session, why, &WORKER).await?;
                ended += 1;
            }
            self.models.wait_for(last, &["sessions"]).await?;
        }
        Ok(ended)
    }

    /// Ends invitations that nobody took up (R11). Gives how many.
    pub async fn lapse_invitations(&self) -> Result<u64, Error> {
        let now = self.log.now();
        let due = self.models.lapsing(now, BATCH).await?;
        for (organisation, account) in &due {
            self.tell_account(*organisation, *account, || account::Command::LapseInvitation { at: now })
                .await?;
        }
        Ok(due.len() as u64)
    }

    /// Drops new passwords that were not confirmed in time; the old ones stay (A14). Gives how many.
    pub async fn lapse_password_changes(&self) -> Result<u64, Error> {
        let now = self.log.now();
        let due = self.models.password_changes_due(now, BATCH).await?;
        for (organisation, account) in &due {
            let lapse = || account::Command::Recover(recovery::Command::LapsePassword { at: now });
            self.tell_account(*organisation, *account, lapse).await?;
        }
        Ok(due.len() as u64)
    }

    async fn tell_account(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        command: impl Fn() -> account::Command,
    ) -> Result<(), Error> {
        let position = self.instruct(organisation, account, &WORKER, command).await?;
        self.models.wait_for(position, &["accounts", "lockouts"]).await?;
        Ok(())
    }
}

/// An instant as long ago as an idle limit, which has no months.
fn before(at: Timestamp, limit: Period) -> Timestamp {
    (at.to_utc() - limit.nominal()).into()
}

fn end_of(day: Date) -> Timestamp {
    day.next_day().unwrap_or(Date::MAX).with_time(Time::MIDNIGHT).assume_utc().into()
}
