//! Sessions: their ends, each with its reason, and the networks that they are seen from (A37, B14–B18, B27, R6).

use super::{Event, Holder, NewSession};
use crate::{
    classified::Personal,
    id::{ClientId, SessionId},
    policy::{Network, NetworkPinning},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, net::IpAddr};

/// A session that was not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// Which.
    pub id: SessionId,
    /// The client program whose credential it is, if it is one's (B51).
    pub client: Option<ClientId>,
    /// Networks that it was seen from, the first first; at most 50.
    pub seen: Vec<IpAddr>,
}

/// Networks of one session that are recorded; a session that wanders further is not news any more.
pub const SEEN: usize = 50;

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// The person logged out.
    LoggedOut,
    /// Nothing was done for too long (A37, B14).
    Idle,
    /// It reached its absolute limit.
    TooOld,
    /// The person ended it from another session.
    EndedElsewhere,
    /// Its device logged in anew.
    Replaced,
    /// It was used from a network that the policy does not take for the same (B17).
    NetworkChanged,
    /// Its credential was tampered with (B21).
    Tampered,
    /// The password was changed.
    PasswordChanged,
    /// The old address took its place as the primary one back (R14).
    PromotionUndone,
    /// Its client program was blocked (B51).
    ClientBlocked,
    /// The account was closed.
    AccountClosed,
}

/// A request of a session, as far as its network goes.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// Which session.
    pub session: SessionId,
    /// From where the request came.
    pub from: IpAddr,
    /// What the policy says of changed networks.
    pub pinning: NetworkPinning,
    /// Networks whose addresses may shift (B18).
    pub exempt: BTreeSet<Network>,
    /// When.
    pub at: Timestamp,
}

impl NewSession {
    /// The event by which it begins.
    pub(super) fn started(self, from: Personal<IpAddr>, client: Option<ClientId>, at: Timestamp) -> Event {
        Event::SessionStarted {
            session: self.id,
            token: self.token,
            from,
            device: Personal::known(self.device),
            client,
            ends_at: self.ends_at,
            at,
        }
    }
}

impl Sighting {
    /// Whether the session may go on from there. A client program's may: it moves with its machine.
    fn is_allowed(&self, session: &LiveSession) -> bool {
        let Some(first) = session.seen.first().filter(|_| session.client.is_none()) else { return true };
        let is_exempt = |address: IpAddr| self.exempt.iter().any(|network| network.contains(address));
        let shifts = is_exempt(*first) && is_exempt(self.from);
        match self.pinning {
            NetworkPinning::Off | NetworkPinning::Log => true,
            NetworkPinning::Subnet => shifts || Network::around(*first).contains(self.from),
            NetworkPinning::Strict => shifts || first.to_canonical() == self.from.to_canonical(),
        }
    }
}

impl Holder {
    pub(super) fn end_session(&self, session: SessionId, why: SessionEnd, at: Timestamp) -> Vec<Event> {
        let live = self.sessions.iter().filter(|live| live.id == session);
        live.map(|live| Event::SessionEnded { session: live.id, why, at }).collect()
    }

    /// A session is over, and with it the credential of the client program that it was of (B51).
    pub(super) fn session_over(&mut self, session: SessionId) {
        let over = self.sessions.iter().find(|live| live.id == session).and_then(|live| live.client);
        for client in self.clients.iter_mut().filter(|client| Some(client.id) == over) {
            client.blocked = true;
        }
        self.sessions.retain(|live| live.id != session);
    }

    /// Ends the sessions of people, and those of client programs as well if asked.
    pub(super) fn end_sessions(&self, clients_too: bool, why: SessionEnd, at: Timestamp) -> Vec<Event> {
        let ending = self.sessions.iter().filter(|live| clients_too || live.client.is_none());
        ending.map(|live| Event::SessionEnded { session: live.id, why, at }).collect()
    }

    pub(super) fn sight(&self, sighting: &Sighting) -> Vec<Event> {
        let Some(session) = self.sessions.iter().find(|live| live.id == sighting.session) else {
            return vec![];
        };
        if !sighting.is_allowed(session) {
            let why = SessionEnd::NetworkChanged;
            return vec![Event::SessionEnded { session: session.id, why, at: sighting.at }];
        }
        let from = sighting.from.to_canonical();
        let is_new = !session.seen.contains(&from) && session.seen.len() < SEEN;
        let changed =
            Event::NetworkChanged { session: session.id, from: Personal::known(from), at: sighting.at };
        if is_new && sighting.pinning != NetworkPinning::Off { vec![changed] } else { vec![] }
    }
}
