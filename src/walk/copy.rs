//! A thief's look: what can be opened of a copy of the database with the keys that are left.

use super::Stage;
use crate::node;
use anyhow::Result;
use domain::{
    Timestamp,
    event::Event,
    message::{self, Grant},
};
use eventstore::{
    Log,
    keys::{KeyName, open_grant},
    log::ContentKeys,
};

/// Messages whose content opened.
#[derive(Debug, Default)]
pub struct Openable {
    /// Those that end on the day in question.
    pub of_the_day: usize,
    /// All others.
    pub of_other_days: usize,
}

/// Copies the database, and opens what the keys open.
pub async fn openable(stage: &Stage<'_>, name: &str, day: Timestamp) -> Result<Openable> {
    let mut config = stage.node.config().clone();
    if let (Some(folder), Some(file)) = (&stage.copies, config.database.url.strip_prefix("sqlite://")) {
        let copy = folder.join(format!("copy-{name}.db")).display().to_string();
        // What has not been written back yet lies in the log file beside it.
        for part in ["", "-wal"] {
            std::fs::copy(format!("{file}{part}"), format!("{copy}{part}"))?;
        }
        config.database.url = format!("sqlite://{copy}");
    }
    let log = node::open_log(&config, stage.clock.clone()).await?;
    let mut found = Openable::default();
    let mut position = 0;
    loop {
        let events = log.read_after(position, 500).await?;
        let Some(last) = events.last() else { break };
        position = last.position;
        for recorded in events {
            let Event::Message(_, message::Event::Sent { grants, content_key, expires_at, .. }) =
                &recorded.event
            else {
                continue;
            };
            let mut keys = ContentKeys::none();
            for grant in grants {
                if let Some(key) = opened(&log, stage, grant, *content_key, *expires_at).await? {
                    keys.hold(*content_key, key);
                }
            }
            let reread = log.read_positions(recorded.organisation, &[recorded.position], &keys).await?;
            let opens = reread.iter().any(|recorded| {
                matches!(&recorded.event, Event::Message(_, message::Event::Sent { body, .. }) if body.value().is_some())
            });
            match (opens, expires_at.day() == day.day()) {
                (true, true) => found.of_the_day += 1,
                (true, false) => found.of_other_days += 1,
                (false, _) => {}
            }
        }
    }
    log.close().await;
    Ok(found)
}

async fn opened(
    log: &Log,
    stage: &Stage<'_>,
    grant: &Grant,
    content_key: domain::id::ContentKeyId,
    expires_at: Timestamp,
) -> Result<Option<seal::Key>> {
    let organisation = stage.cast.organisation;
    let mailbox = KeyName::mailbox(organisation, grant.account, grant.direction, grant.generation);
    let day = KeyName::expiry_day(organisation, expires_at.day());
    let (mailbox, day) = (log.vault().find(&mailbox).await?, log.vault().find(&day).await?);
    Ok(mailbox.zip(day).and_then(|(mailbox, day)| {
        open_grant(&mailbox.key, &day.key, grant.account, content_key, &grant.key)
    }))
}
