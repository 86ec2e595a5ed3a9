//! Warnings before messages end, so that people can keep what they need (A22, policy `retention.warning`).

use crate::{App, Error, Problem, retrying, scheduled::WORKER};
use domain::{
    MessageId, OrganisationId, Timestamp,
    message::{Command, Message},
    period::Period,
};
use eventstore::{Commit, Position};

/// Messages looked at in one go, so that many that end together are warned of in steps.
const BATCH: u32 = 500;

impl App {
    /// Warns of messages that end soon, each once: who can still read it gets a mail. Gives how many messages.
    pub async fn warn_of_expiry(&self) -> Result<u64, Error> {
        let mut warned = 0;
        for row in self.models.organisations().await? {
            let rules = self.rules(row.organisation).await?;
            let warning = rules.policy.retention.warning;
            if !warning.is_zero() {
                warned += self.warn_of(row.organisation, warning).await?;
            }
        }
        Ok(warned)
    }

    async fn warn_of(&self, organisation: OrganisationId, warning: Period) -> Result<u64, Error> {
        let mut warned = 0;
        let mut last = 0;
        let now = self.log.now();
        // Each batch begins where the one before ended: some are never warned of, and must not stand before the others.
        let mut after = now;
        loop {
            let ending = self.models.messages_ending(organisation, after, now.plus(warning), BATCH).await?;
            for message in &ending {
                let Some(found) = self.models.message(organisation, *message).await? else { continue };
                after = found.expires_at;
                // Its notification said when it ends, which was soon from the beginning.
                if found.expires_at <= found.sent_at.plus(warning) {
                    continue;
                }
                if let Some(position) = self.warn_of_one(organisation, *message, now).await? {
                    last = position;
                    warned += 1;
                }
            }
            if ending.len() < BATCH as usize {
                break;
            }
        }
        self.models.wait_for(last, &["mailbox", "notifications"]).await?;
        Ok(warned)
    }

    /// `None` when nobody is left who has the message.
    async fn warn_of_one(
        &self,
        organisation: OrganisationId,
        message: MessageId,
        at: Timestamp,
    ) -> Result<Option<Position>, Error> {
        retrying(|| async move {
            let loaded = self.log.load::<Message>(organisation, message.uuid()).await?;
            let (change, events) =
                loaded.decide_seeing(Command::WarnOfExpiry { at }).map_err(Problem::from)?;
            if events.is_empty() {
                return Ok(None);
            }
            Ok(Some(self.log.append(Commit::new(organisation, &WORKER, vec![change])).await?.position()))
        })
        .await
    }
}
