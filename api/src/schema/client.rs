//! Client programs.

use super::{
    ids::{self, Kind},
    scalars::DateTime,
};
use async_graphql::{Enum, ID, SimpleObject};

/// A client program activated for an account; has a credential of its own (B51).
#[derive(SimpleObject)]
pub(crate) struct Client {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// Its name.
    name: String,
    /// Its version.
    version: String,
    /// Where it runs.
    platform: String,
    /// Whether its credential works.
    state: ClientState,
    /// Since when.
    activated_at: DateTime,
    /// Last use.
    last_used_at: Option<DateTime>,
}

/// Whether a client's credential works.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientState {
    /// It works.
    Active,
    /// It is refused for good; can be deleted.
    Blocked,
}

impl From<app::ClientView> for Client {
    fn from(client: app::ClientView) -> Self {
        Self {
            id: ids::id(Kind::Client, client.id.uuid()),
            name: client.program.name,
            version: client.program.version,
            platform: client.program.platform,
            state: if client.blocked { ClientState::Blocked } else { ClientState::Active },
            activated_at: client.activated_at.into(),
            last_used_at: client.last_used_at.map(DateTime),
        }
    }
}
