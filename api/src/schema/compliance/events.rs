//! The audit itself.

use crate::{
    asker::{asker, unknown_cursor, viewer},
    codes::{Code, error, failure},
    schema::{
        administration::counted,
        audit::{AuditEvent, AuditFilter, EventCount},
        paging::{self, Connection, Paging, connection},
        scalars::Period,
    },
};
use async_graphql::{Context, Object, Result};
use domain::period::buckets::Buckets;
use eventstore::Position;
use projections::audit::PositionPage;

/// What a chart weighs: as much as a page of events.
const COUNTING: usize = 50;

/// The part of `Compliance` that asks the audit.
#[derive(Default)]
pub(crate) struct Events;

#[Object]
impl Events {
    /// The audit, newest first; Q1, Q2, Q9, Q10 are filters of it.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrow it; all conditions must hold.")] filter: Option<AuditFilter>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<AuditEvent>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let page = PositionPage {
            first: paging.first,
            after: position(paging.after.as_deref())?,
            last: paging.last,
            before: position(paging.before.as_deref())?,
        };
        let question = filter.map(AuditFilter::into_question).transpose()?.unwrap_or_default();
        let found = asker.app.audit(&viewer, &question, page, counted(ctx)).await.map_err(failure)?;
        let entry = |event: &app::AuditedEvent| event.position.to_be_bytes().to_vec();
        connection(asker, found.events, found.total, entry, AuditEvent::from).await.map(Some)
    }

    /// How many events per kind and time, for charts; at most 400 buckets.
    #[graphql(complexity = "COUNTING + child_complexity")]
    async fn event_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrow it; all conditions must hold.")] filter: Option<AuditFilter>,
        #[graphql(desc = "Length of a bucket.")] bucket: Period,
    ) -> Result<Option<Vec<EventCount>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let question = filter.map(AuditFilter::into_question).transpose()?.unwrap_or_default();
        let buckets = Buckets::of(bucket.0).map_err(|wrong| error(Code::BadRequest, wrong.to_string()))?;
        let counts = asker.app.event_counts(&viewer, &question, buckets).await.map_err(failure)?;
        Ok(Some(counts.into_iter().map(EventCount::from).collect()))
    }
}

fn position(place: Option<&[u8]>) -> Result<Option<Position>> {
    let bytes = place.map(|place| place.try_into().map_err(|_| unknown_cursor())).transpose()?;
    Ok(bytes.map(Position::from_be_bytes))
}
