//! Logins.

use super::{
    client::Client,
    ids::{self, Kind},
    scalars::{DateTime, Network},
};
use crate::{
    asker::{asker, viewer},
    codes::failure,
};
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use domain::{id::ClientId, policy::SessionPolicy};
use projections::sessions::SessionRow;

/// A login on one device.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Session {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// Whether it is that of this request.
    pub(crate) current: bool,
    /// When it began.
    started_at: DateTime,
    /// Last activity that counted (B15).
    last_active_at: DateTime,
    /// When it ends without activity; warn before (A37, B14, R5).
    idle_ends_at: DateTime,
    /// The absolute limit.
    ends_at: DateTime,
    /// Where it was last seen (B17).
    network: Network,
    /// Browser or client, in words.
    device: String,
    #[graphql(skip)]
    by: Option<ClientId>,
}

#[ComplexObject]
impl Session {
    /// The client program, if it is one.
    async fn client(&self, ctx: &Context<'_>) -> Result<Option<Client>> {
        let Some(client) = self.by else { return Ok(None) };
        let all = asker(ctx).app.clients(&*viewer(ctx)?).await.map_err(failure)?;
        Ok(all.into_iter().find(|own| own.id == client).map(Client::from))
    }
}

impl Session {
    /// `None` once the person's data is erased: then no session lives.
    pub(crate) fn new(row: SessionRow, viewer: &app::Viewer, policy: &SessionPolicy) -> Option<Self> {
        Some(Self {
            id: ids::id(Kind::Session, row.session.uuid()),
            current: row.session == viewer.session,
            started_at: row.started_at.into(),
            last_active_at: row.last_active_at.into(),
            // A client program may rest (B51).
            idle_ends_at: match row.client {
                None => row.last_active_at.plus(policy.idle_limit).min(row.ends_at),
                Some(_) => row.ends_at,
            }
            .into(),
            ends_at: row.ends_at.into(),
            network: row.network?.into(),
            device: row.device?,
            by: row.client,
        })
    }
}
