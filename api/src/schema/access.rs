//! Who read one's mail (N7).

use super::{
    account::{self, Role},
    ids,
    message::{Correspondent, Message},
    paging::{Connection, Paging, connection},
    scalars::{DateTime, Network},
};
use crate::{
    asker::{asker, unknown_cursor, viewer},
    codes::failure,
    schema::administration::counted,
};
use app::{Listed, MessageView};
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::{AccountId, MessageId};
use eventstore::Position;
use projections::accesses::{self, AccessPage, AccessPlace};
use std::collections::HashMap;

/// One access to a message, as its recipient or sender may know it (N7).
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct AccessRecord {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    view: Option<MessageView>,
    #[graphql(skip)]
    accessor: Option<AccountId>,
    /// What was done.
    kind: AccessKind,
    /// Whether it was the viewer.
    by_oneself: bool,
    /// The role it was done by, for exports and emergencies.
    role: Option<Role>,
    /// When.
    at: DateTime,
    /// From where; of one's own accesses only.
    network: Option<Network>,
}

#[ComplexObject]
impl AccessRecord {
    /// The message.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let rules = asker.rules().await?;
        Ok(self.view.clone().map(|view| Message::new(view, &viewer, &rules)))
    }

    /// Which correspondent; null for the organisation's officers.
    async fn by(&self, ctx: &Context<'_>) -> Result<Option<Correspondent>> {
        let Some(accessor) = self.accessor else { return Ok(None) };
        let row = account::row(ctx, accessor).await?;
        Ok(Some(Correspondent::of_address(row.as_ref().and_then(|row| row.address.as_ref()))))
    }
}

/// What can be done with a message.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "accesses::AccessKind")]
pub(crate) enum AccessKind {
    /// Content was shown (R2).
    Opened,
    /// Text, attachment, Zip or EML.
    Downloaded,
    /// The print view.
    Printed,
    /// Answered.
    Replied,
    /// Forwarded.
    Forwarded,
    /// Exported with two persons' consent (E1).
    Exported,
    /// Read in an emergency (K6).
    BreakGlass,
}

impl AccessRecord {
    /// A page of the viewer's own.
    pub(super) async fn list(
        ctx: &Context<'_>,
        message: Option<&ID>,
        paging: Paging,
    ) -> Result<Connection<Self>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = AccessPage {
            first: paging.first,
            after: paging.after.as_deref().map(read_place).transpose()?,
            last: paging.last,
            before: paging.before.as_deref().map(read_place).transpose()?,
        };
        let message = match message {
            // What is no message of anybody's has no history; and a list of all would be another answer.
            Some(id) => Some(ids::parse(ids::Kind::Message, id).map_or(NOBODYS, MessageId::new)),
            None => None,
        };
        let found = asker.app.access_history(&viewer, message, &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        // Many accesses are to one message, which is looked at once.
        let shown = ctx.look_ahead().field("edges").field("node").field("message").exists();
        let mut wanted: Vec<_> = slice.items.iter().map(|access| access.message).collect();
        wanted.retain(|_| shown);
        let views = asker.app.messages_by_id(&viewer, &wanted).await.map_err(failure)?;
        let node = |access: app::AccessRecord| Self::new(access, &views);
        connection(asker, slice, total, place, node).await
    }

    /// One of the viewer's own.
    pub(super) async fn find(
        ctx: &Context<'_>,
        message: MessageId,
        position: Position,
    ) -> Result<Option<Self>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let found = asker.app.access_record(&viewer, message, position).await.map_err(failure)?;
        let wanted: Vec<_> = found.iter().map(|access| access.message).collect();
        let views = asker.app.messages_by_id(&viewer, &wanted).await.map_err(failure)?;
        Ok(found.map(|access| Self::new(access, &views)))
    }

    fn new(access: app::AccessRecord, views: &HashMap<MessageId, MessageView>) -> Self {
        let app::AccessRecord { message, position, at, kind, by_oneself, by, role, network } = access;
        Self {
            id: ids::access(message.uuid(), position),
            view: views.get(&message).cloned(),
            accessor: by,
            kind: kind.into(),
            by_oneself,
            role: role.map(Role::from),
            at: at.into(),
            network: network.map(Network::from),
        }
    }
}

/// The id of no message.
const NOBODYS: MessageId = MessageId::from_bytes([0; 16]);

fn place(access: &app::AccessRecord) -> Vec<u8> {
    [&access.position.to_be_bytes()[..], &access.message.bytes()].concat()
}

fn read_place(bytes: &[u8]) -> Result<AccessPlace> {
    let (position, message) = bytes.split_first_chunk().ok_or_else(unknown_cursor)?;
    let message = message.try_into().map_err(|_| unknown_cursor())?;
    Ok((Position::from_be_bytes(*position), MessageId::from_bytes(message)))
}
