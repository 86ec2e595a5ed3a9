//! Messages, as the audit knows them.

use super::{MessageRecord, message_record::MessageState};
use crate::{
    asker::{asker, viewer},
    codes::failure,
    schema::{
        administration::{counted, place, timed},
        ids::{self, Kind},
        paging::{self, Connection, Paging, connection},
        scalars::DateTime,
    },
};
use app::Listed;
use async_graphql::{Context, ID, InputObject, Object, Result};
use domain::{AccountId, MessageId};
use projections::mailbox::{MessageRow, RecordFilter};

/// The part of `Compliance` about messages.
#[derive(Default)]
pub(crate) struct Records;

#[Object]
impl Records {
    /// The dossier of a message (Q1, Q3, Q5); also of one that expired. Role: compliance officer, break-glass.
    async fn message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
    ) -> Result<Option<MessageRecord>> {
        match ids::parse(Kind::Message, &id) {
            Some(message) => MessageRecord::asked(ctx, MessageId::new(message)).await,
            None => Ok(None),
        }
    }

    /// Messages by state, newest first (Q6). Role: compliance officer, break-glass.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrow it; all conditions must hold.")] filter: Option<MessageRecordFilter>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<MessageRecord>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let filter = filter.map(MessageRecordFilter::into_filter).unwrap_or_default();
        let found = asker.app.message_records(&viewer, &filter, &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let entry = |row: &MessageRow| place(row.sent_at, row.message);
        connection(asker, slice, total, entry, MessageRecord::from).await.map(Some)
    }
}

/// Conditions on messages; all must hold.
#[derive(InputObject)]
pub(crate) struct MessageRecordFilter {
    /// In one of these states.
    states: Option<Vec<MessageState>>,
    /// Sent by one of these accounts.
    sender_ids: Option<Vec<ID>>,
    /// Sent to one of these accounts.
    recipient_ids: Option<Vec<ID>>,
    /// At this instant or later.
    sent_from: Option<DateTime>,
    /// Before this instant.
    sent_until: Option<DateTime>,
    /// True: no recipient opened it.
    never_opened: Option<bool>,
}

impl MessageRecordFilter {
    pub(crate) fn into_filter(self) -> RecordFilter {
        let Self { states, sender_ids, recipient_ids, sent_from, sent_until, never_opened } = self;
        let accounts = |ids: Option<Vec<ID>>| -> Option<Vec<AccountId>> {
            let parse = |id: &ID| ids::parse(Kind::Account, id).map(AccountId::new);
            ids.map(|ids| ids.iter().filter_map(parse).collect())
        };
        RecordFilter {
            states: states.map(|states| states.into_iter().map(Into::into).collect()),
            senders: accounts(sender_ids),
            recipients: accounts(recipient_ids),
            sent_from: sent_from.map(|at| at.0),
            sent_until: sent_until.map(|at| at.0),
            never_opened,
            ..RecordFilter::default()
        }
    }
}
