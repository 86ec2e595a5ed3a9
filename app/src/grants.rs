//! Who can read what: sealing a message's content key for each reader, and opening one's own.

use crate::{App, Error, Problem, ProblemCode, Viewer};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp,
    bytes::Sealed,
    event::Event,
    id::ContentKeyId,
    message::{self, Body, Direction, Grant, Headline},
};
use eventstore::{
    Recorded,
    keys::{KeyError, KeyName, open_grant, seal_grant},
    log::ContentKeys,
};
use projections::mailbox::{MailboxEntry, MessageRow};
use seal::Key;
use std::collections::HashMap;

/// A reader's mailbox key.
pub(crate) struct Reader {
    pub(crate) account: AccountId,
    pub(crate) direction: Direction,
    pub(crate) generation: u32,
}

/// What a reader's grant opens.
pub(crate) struct Opened {
    pub(crate) headline: Headline,
    pub(crate) body: Body,
}

impl App {
    /// Seals a content key for one reader, until a day.
    pub(crate) async fn grant(
        &self,
        organisation: OrganisationId,
        reader: &Reader,
        (id, key): (ContentKeyId, &Key),
        expires_at: Timestamp,
    ) -> Result<Grant, Error> {
        let Reader { account, direction, generation } = *reader;
        let vault = self.log.vault();
        let mailbox = vault.obtain(&KeyName::mailbox(organisation, account, direction, generation)).await;
        let mailbox = mailbox.map_err(gone)?;
        let day = vault.obtain(&KeyName::expiry_day(organisation, expires_at.day())).await.map_err(gone)?;
        let key = seal_grant(&mailbox.key, &day.key, account, id, key);
        Ok(Grant { account, direction, generation, key })
    }

    /// The content key behind one's own mailbox entry; `None` once mailbox key or day key is destroyed.
    pub(crate) async fn content_key(
        &self,
        organisation: OrganisationId,
        entry: &MailboxEntry,
    ) -> Result<Option<Key>, Error> {
        let (account, direction, generation) = (entry.granted_to, entry.direction, entry.generation);
        let reader = Reader { account, direction, generation };
        self.opened_grant(organisation, &reader, entry.content_key, entry.expires_at, &entry.grant).await
    }

    /// The content key of a message, by whichever grant still opens, for who reads by another right than a mailbox (K6). `None`
    /// once the time of the message is over, or its keys are gone.
    pub(crate) async fn content_key_of_message(
        &self,
        organisation: OrganisationId,
        row: &MessageRow,
    ) -> Result<Option<Key>, Error> {
        if row.expires_at <= self.log.now() {
            return Ok(None);
        }
        // The event has every grant, also those of readers whose folders it left.
        let sent = self.log.read_positions(organisation, &[row.position], &ContentKeys::none()).await?;
        for grant in sent.into_iter().flat_map(grants) {
            let Grant { account, direction, generation, key } = grant;
            let reader = Reader { account, direction, generation };
            let opened =
                self.opened_grant(organisation, &reader, row.content_key, row.expires_at, &key).await?;
            if opened.is_some() {
                return Ok(opened);
            }
        }
        Ok(None)
    }

    /// What a message says, for who reads by another right than a mailbox (K6). `None` where there is no such message, and once
    /// nothing opens it any more.
    pub(crate) async fn content_of_message(
        &self,
        organisation: OrganisationId,
        message: MessageId,
    ) -> Result<Option<(MessageRow, Opened)>, Error> {
        let Some(row) = self.models.message(organisation, message).await? else { return Ok(None) };
        let Some(key) = self.content_key_of_message(organisation, &row).await? else { return Ok(None) };
        let mut keys = ContentKeys::none();
        keys.hold(row.content_key, key);
        let sent = self.log.read_positions(organisation, &[row.position], &keys).await?;
        Ok(sent.into_iter().find_map(opened).map(|(_, opened)| (row, opened)))
    }

    async fn opened_grant(
        &self,
        organisation: OrganisationId,
        reader: &Reader,
        content_key: ContentKeyId,
        expires_at: Timestamp,
        grant: &Sealed,
    ) -> Result<Option<Key>, Error> {
        let Reader { account, direction, generation } = *reader;
        let vault = self.log.vault();
        let mailbox = KeyName::mailbox(organisation, account, direction, generation);
        let day = KeyName::expiry_day(organisation, expires_at.day());
        let (Some(mailbox), Some(day)) = (vault.find(&mailbox).await?, vault.find(&day).await?) else {
            return Ok(None);
        };
        Ok(open_grant(&mailbox.key, &day.key, account, content_key, grant))
    }

    /// The content of one's own mailbox entries, by position. What cannot be opened is left out.
    pub(crate) async fn open_entries(
        &self,
        viewer: &Viewer,
        entries: &[MailboxEntry],
    ) -> Result<HashMap<i64, Opened>, Error> {
        self.open_entries_of(viewer.organisation, entries).await
    }

    /// The content of mailbox entries, whosever they are, for what shows nothing of it.
    pub(crate) async fn open_entries_of(
        &self,
        organisation: OrganisationId,
        entries: &[MailboxEntry],
    ) -> Result<HashMap<i64, Opened>, Error> {
        let mut keys = ContentKeys::none();
        for entry in entries {
            if let Some(key) = self.content_key(organisation, entry).await? {
                keys.hold(entry.content_key, key);
            }
        }
        let positions: Vec<_> = entries.iter().map(|entry| entry.position).collect();
        let events = self.log.read_positions(organisation, &positions, &keys).await?;
        Ok(events.into_iter().filter_map(opened).collect())
    }
}

fn grants(recorded: Recorded) -> Vec<Grant> {
    let Event::Message(_, message::Event::Sent { grants, .. }) = recorded.event else { return vec![] };
    grants
}

fn opened(recorded: Recorded) -> Option<(i64, Opened)> {
    let Event::Message(_, message::Event::Sent { headline, body, .. }) = recorded.event else { return None };
    let opened = Opened { headline: headline.value()?.clone(), body: body.value()?.clone() };
    Some((recorded.position, opened))
}

/// A key that was destroyed while somebody was still writing: the content it was for is gone.
fn gone(error: KeyError) -> Error {
    match error {
        KeyError::Destroyed => Problem::new(
            ProblemCode::Unavailable,
            "A recipient left, or the time of the message was over, while you were writing; look at it again.",
        )
        .into(),
        other => other.into(),
    }
}
