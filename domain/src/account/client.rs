//! Client programs of an account, each with a credential of its own (B51).

use super::{Holder, NewSession, Refusal, SessionEnd, Stage};
use crate::{account, classified::Personal, id::ClientId, timestamp::Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A client program of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Which.
    pub id: ClientId,
    /// What it said that it is.
    pub program: Personal<Program>,
    /// Since when.
    pub activated_at: Timestamp,
    /// Whether its credential is refused.
    pub blocked: bool,
}

/// What a program says that it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its name, at most [`PROGRAM_CHARACTERS`].
    pub name: String,
    /// Its version, likewise.
    pub version: String,
    /// Where it runs, likewise.
    pub platform: String,
}

/// Characters of each text of a [`Program`].
pub const PROGRAM_CHARACTERS: usize = 100;
/// Client programs of one account; each is shown in one list.
pub const CLIENTS: usize = 20;

/// What can be asked of client programs.
#[derive(Debug, Clone)]
pub enum Command {
    /// Activates one.
    Activate {
        /// Its id.
        client: ClientId,
        /// What it says that it is.
        program: Program,
        /// When.
        at: Timestamp,
    },
    /// Gives an active one its credential.
    Begin {
        /// Which.
        client: ClientId,
        /// The session whose credential it is.
        session: NewSession,
        /// From where.
        from: IpAddr,
        /// When.
        at: Timestamp,
    },
    /// Refuses its credential from now on.
    Block {
        /// Which.
        client: ClientId,
        /// When.
        at: Timestamp,
    },
    /// Deletes a blocked one.
    Delete {
        /// Which.
        client: ClientId,
        /// When.
        at: Timestamp,
    },
}

/// What happened to client programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// One can fetch a credential.
    ClientActivated {
        /// Which.
        client: ClientId,
        /// What it said that it is.
        program: Personal<Program>,
        /// When.
        at: Timestamp,
    },
    /// Its credential is refused.
    ClientBlocked {
        /// Which.
        client: ClientId,
        /// When.
        at: Timestamp,
    },
    /// It is gone from the list.
    ClientDeleted {
        /// Which.
        client: ClientId,
        /// When.
        at: Timestamp,
    },
}

impl Program {
    /// Whether every text is there, short and printable.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        [&self.name, &self.version, &self.platform].into_iter().all(|text| {
            !text.trim().is_empty()
                && text.chars().count() <= PROGRAM_CHARACTERS
                && !text.chars().any(disguises)
        })
    }
}

/// Whether a character ends a line or turns the direction of writing, so that a name looks like another on the page where
/// it is approved.
fn disguises(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl Holder {
    pub(super) fn client(&self, command: Command) -> Result<Vec<account::Event>, Refusal> {
        let find = |client| self.clients.iter().find(|own| own.id == client).ok_or(Refusal::ClientUnknown);
        match command {
            Command::Activate { .. } | Command::Begin { .. } if self.stage == Stage::Closed => {
                Err(Refusal::Closed)
            }
            Command::Activate { client, .. } if find(client).is_ok() => Ok(vec![]),
            Command::Activate { .. } if self.clients.len() >= CLIENTS => Err(Refusal::TooManyClients),
            Command::Activate { client, program, at } => {
                let program = Personal::known(program);
                Ok(vec![Event::ClientActivated { client, program, at }.into()])
            }
            Command::Begin { client, session, from, at } => match find(client)? {
                Client { blocked: true, .. } => Err(Refusal::ClientUnknown),
                Client { blocked: false, .. } if self.sessions.iter().any(|live| live.id == session.id) => {
                    Ok(vec![])
                }
                Client { blocked: false, .. } => {
                    Ok(vec![session.started(Personal::known(from), Some(client), at)])
                }
            },
            Command::Block { client, .. } if find(client)?.blocked => Ok(vec![]),
            Command::Block { client, at } => {
                let own = self.sessions.iter().filter(|live| live.client == Some(client));
                let why = SessionEnd::ClientBlocked;
                let ended = own.map(|live| account::Event::SessionEnded { session: live.id, why, at });
                Ok([Event::ClientBlocked { client, at }.into()].into_iter().chain(ended).collect())
            }
            Command::Delete { client, at } => match find(client)? {
                Client { blocked: false, .. } => Err(Refusal::ClientActive),
                Client { blocked: true, .. } => Ok(vec![Event::ClientDeleted { client, at }.into()]),
            },
        }
    }

    pub(super) fn served(&mut self, event: &Event) {
        match event {
            Event::ClientActivated { client, program, at } => self.clients.push(Client {
                id: *client,
                program: program.clone(),
                activated_at: *at,
                blocked: false,
            }),
            Event::ClientBlocked { client, .. } => {
                for own in self.clients.iter_mut().filter(|own| own.id == *client) {
                    own.blocked = true;
                }
            }
            Event::ClientDeleted { client, .. } => self.clients.retain(|own| own.id != *client),
        }
    }
}

impl From<Event> for account::Event {
    fn from(event: Event) -> Self {
        Self::Client(event)
    }
}
