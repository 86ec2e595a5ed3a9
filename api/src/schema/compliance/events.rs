//! The audit itself.

use crate::{
    asker::{Asker, asker, unknown_cursor, viewer},
    codes::failure,
    schema::{
        audit::{AuditEvent, AuditFilter},
        paging::{self, Connection, Paging, connection},
    },
};
use app::AuditPage;
use async_graphql::{Context, Object, Result};
use eventstore::Position;
use projections::audit::PositionPage;

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
        let page = page(&Paging::read(asker, first, after, last, before).await?)?;
        let filter = filter.map(AuditFilter::into_filter).unwrap_or_default();
        let found = asker.app.audit(&viewer, &filter, page).await.map_err(failure)?;
        listed(asker, found).await.map(Some)
    }
}

/// Which part of a list of events is asked for.
pub(super) fn page(paging: &Paging) -> Result<PositionPage> {
    Ok(PositionPage {
        first: paging.first,
        after: position(paging.after.as_deref())?,
        last: paging.last,
        before: position(paging.before.as_deref())?,
    })
}

/// A list of events.
pub(super) async fn listed(asker: &Asker, found: AuditPage) -> Result<Connection<AuditEvent>> {
    let entry = |event: &app::AuditedEvent| event.position.to_be_bytes().to_vec();
    connection(asker, found.events, Some(found.total), entry, AuditEvent::from).await
}

fn position(place: Option<&[u8]>) -> Result<Option<Position>> {
    let bytes = place.map(|place| place.try_into().map_err(|_| unknown_cursor())).transpose()?;
    Ok(bytes.map(Position::from_be_bytes))
}
