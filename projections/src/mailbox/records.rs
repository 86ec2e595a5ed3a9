//! Messages in pages, newest first, for those who may see that any exists: where they stand, and by whom and to whom they
//! went (Q6). What they say is not here.

use super::{
    MessageRow,
    messages::{COLUMNS, message},
};
use crate::{
    ProjectionError, Projections, Slice, Stored, TimedPage,
    query::{Keyset, Query, any_of},
    rows::Columns,
};
use domain::{AccountId, MessageId, OrganisationId, Timestamp, message::Message};
use eventstore::db::DbError;

const FROM: &str = " FROM rm_messages WHERE organisation = ?";
const COUNT: &str = "SELECT COUNT(*) AS found";
const SENT_BY: &str = " AND message IN (SELECT message FROM rm_messages s WHERE s.organisation = ?";
const OR_TO: &str = " UNION SELECT message FROM rm_deliveries WHERE organisation = ?";
const TO: &str = " AND message IN (SELECT message FROM rm_deliveries WHERE organisation = ?";
const OPENED: &str = "EXISTS (SELECT 1 FROM rm_deliveries d WHERE d.organisation = rm_messages.organisation \
     AND d.message = rm_messages.message AND d.opened_at IS NOT NULL)";
const BY_SENDING: Keyset = Keyset {
    after: " AND (sent_at, message) < (?, ?)",
    before: " AND (sent_at, message) > (?, ?)",
    newest: " ORDER BY sent_at DESC, message DESC",
    oldest: " ORDER BY sent_at, message",
};

/// Where a message stands. Each beats those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// Its time is not over.
    Live,
    /// It was taken back from everyone (R16).
    Recalled,
    /// Its time is over, recorded or not (A20).
    Expired,
    /// The last key to it is gone.
    Shredded,
}

/// Which messages are asked for; all conditions must hold, a list means any of it. Nothing set is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// These alone.
    pub messages: Option<Vec<MessageId>>,
    /// Where they stand.
    pub states: Option<Vec<MessageState>>,
    /// Sent by one of these.
    pub senders: Option<Vec<AccountId>>,
    /// Sent to one of these.
    pub recipients: Option<Vec<AccountId>>,
    /// Sent by or to one of these.
    pub parties: Option<Vec<AccountId>>,
    /// Sent at this instant or later.
    pub sent_from: Option<Timestamp>,
    /// Sent before this instant.
    pub sent_until: Option<Timestamp>,
    /// Not over at this instant.
    pub ends_after: Option<Timestamp>,
    /// Whether no recipient ever opened them (Q5).
    pub never_opened: Option<bool>,
}

impl Projections {
    /// A page of an organisation's messages, newest first, as they stand at an instant.
    pub async fn message_records(
        &self,
        organisation: OrganisationId,
        now: Timestamp,
        filter: &RecordFilter,
        page: &TimedPage<Message>,
    ) -> Result<Slice<MessageRow>, ProjectionError> {
        let mut query = Query::new(COLUMNS, []);
        query.push(FROM, [organisation.value()]);
        filter.narrow(&mut query, organisation, now);
        let paging = page.narrow(&mut query, &BY_SENDING);
        let rows: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(message).collect();
        Ok(paging.slice(rows?))
    }

    /// How many of an organisation's messages match.
    pub async fn message_record_count(
        &self,
        organisation: OrganisationId,
        now: Timestamp,
        filter: &RecordFilter,
    ) -> Result<u64, ProjectionError> {
        let mut query = Query::new(COUNT, []);
        query.push(FROM, [organisation.value()]);
        filter.narrow(&mut query, organisation, now);
        Ok(self.one(query).await?.number("found")?)
    }

    /// These messages, as far as there are any, ordered by id.
    pub async fn messages(
        &self,
        organisation: OrganisationId,
        messages: &[MessageId],
    ) -> Result<Vec<MessageRow>, ProjectionError> {
        if messages.is_empty() {
            return Ok(vec![]);
        }
        let mut query = Query::new(COLUMNS, []);
        query.push(FROM, [organisation.value()]);
        query.push(" AND message IN ", []);
        query.list(messages.iter().map(|message| message.value()));
        query.push(" ORDER BY message", []);
        let rows: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(message).collect();
        Ok(rows?)
    }
}

impl MessageRow {
    /// Where it stands at an instant.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> MessageState {
        if self.shredded_at.is_some() {
            MessageState::Shredded
        } else if self.expires_at <= now {
            MessageState::Expired
        } else if self.recalled_at.is_some() {
            MessageState::Recalled
        } else {
            MessageState::Live
        }
    }
}

impl RecordFilter {
    fn narrow(&self, query: &mut Query, organisation: OrganisationId, now: Timestamp) {
        if let Some(messages) = &self.messages {
            any_of(query, " AND message IN ", messages.iter().map(|message| message.value()));
        }
        if let Some(states) = &self.states {
            narrow_states(query, states, now);
        }
        if let Some(senders) = &self.senders {
            any_of(query, " AND sender IN ", senders.iter().map(|sender| sender.value()));
        }
        if let Some(recipients) = &self.recipients {
            query.push(TO, [organisation.value()]);
            any_of(query, " AND account IN ", recipients.iter().map(|recipient| recipient.value()));
            query.push(")", []);
        }
        if let Some(parties) = &self.parties {
            // Two ways that an index leads each, put together.
            query.push(SENT_BY, [organisation.value()]);
            any_of(query, " AND s.sender IN ", parties.iter().map(|party| party.value()));
            query.push(OR_TO, [organisation.value()]);
            any_of(query, " AND account IN ", parties.iter().map(|party| party.value()));
            query.push(")", []);
        }
        if let Some(from) = self.sent_from {
            query.push(" AND sent_at >= ?", [from.value()]);
        }
        if let Some(until) = self.sent_until {
            query.push(" AND sent_at < ?", [until.value()]);
        }
        if let Some(instant) = self.ends_after {
            query.push(" AND expires_at > ?", [instant.value()]);
        }
        match self.never_opened {
            Some(true) => query.push(" AND NOT ", []),
            Some(false) => query.push(" AND ", []),
            None => return,
        }
        query.push(OPENED, []);
    }
}

/// The conditions of [`MessageRow::state`].
fn narrow_states(query: &mut Query, states: &[MessageState], now: Timestamp) {
    query.push(" AND (1 = 0", []);
    for state in states {
        let fragment = match state {
            MessageState::Live => " OR (shredded_at IS NULL AND expires_at > ? AND recalled_at IS NULL)",
            MessageState::Recalled => {
                " OR (shredded_at IS NULL AND expires_at > ? AND recalled_at IS NOT NULL)"
            }
            MessageState::Expired => " OR (shredded_at IS NULL AND expires_at <= ?)",
            MessageState::Shredded => {
                query.push(" OR shredded_at IS NOT NULL", []);
                continue;
            }
        };
        query.push(fragment, [now.value()]);
    }
    query.push(")", []);
}
