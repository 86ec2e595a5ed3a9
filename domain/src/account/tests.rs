//! What the tests of the account share: one person, her past, and her ids.

mod aliases;
mod any_order;
mod authenticators;
mod clients;
mod joining;
mod leaving;
mod lockout;
mod login;
mod passwords;
mod promotion;
mod session;
mod stored;

use super::*;
use crate::{
    decider::kit::{Given, given},
    id::{ClientId, Id},
    period::Period,
};
use uuid::Uuid;

const NOON: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);
/// Where the person logs in from.
const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
/// Where she never was.
const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9));
/// When the links of these tests end, in minutes.
const LINK_ENDS: i64 = 60;
const ADDRESS: &str = "ada@guest.example";

fn minutes(n: i64) -> Timestamp {
    seconds(n * 60)
}
fn seconds(n: i64) -> Timestamp {
    Timestamp::from_micros(NOON.micros() + n * 1_000_000)
}
fn id<Of>(n: u128) -> Id<Of> {
    Id::new(Uuid::from_u128(n))
}
fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}
fn link<Of>(n: u128) -> IssuedLink<Id<Of>> {
    link_until(n, minutes(LINK_ENDS))
}
fn link_until<Of>(n: u128, expires_at: Timestamp) -> IssuedLink<Id<Of>> {
    IssuedLink { id: id(n), hash: TokenHash([1; 32]), expires_at }
}
fn credentials() -> Credentials {
    Credentials {
        password: Sealed(vec![1]),
        reminder: Some(Sealed(vec![2])),
        challenges: Some(Sealed(vec![3])),
    }
}

fn invite(at: Timestamp) -> Invite {
    Invite {
        address: address("Ada@Guest.example"),
        kind: Kind::Guest,
        audience: Some("provider".into()),
        by: Some(id(2)),
        invitation: link(3),
        at,
    }
}
fn invited() -> Event {
    invite(NOON).accepted()
}
fn registered() -> Event {
    Event::Registered {
        profile: Personal::known(Profile::default()),
        user_name: None,
        credentials: credentials(),
        at: NOON,
    }
}
fn awaiting_activation() -> Vec<Event> {
    vec![invited(), registered(), Event::ActivationIssued { activation: link(4), at: NOON }]
}
fn active() -> Vec<Event> {
    [awaiting_activation(), vec![Event::Activated { at: NOON }]].concat()
}
fn member() -> Vec<Event> {
    [active(), vec![Event::PromotedToMember { at: NOON }]].concat()
}
fn closed() -> Vec<Event> {
    [active(), vec![Event::Closed { why: Closing::Wish, reason: None, at: NOON }]].concat()
}
fn locked(until: Timestamp) -> Event {
    Event::LockedOut { until, attempts: 3, untold: false, at: NOON }
}
fn after(past: Vec<Event>, more: impl IntoIterator<Item = Event>) -> Given<Account> {
    given::<Account>(past.into_iter().chain(more).collect::<Vec<_>>())
}
fn holder_of(events: &[Event]) -> Holder {
    crate::decider::replay::<Account>(events).holder().unwrap().clone()
}

fn session_started(n: u128, client: Option<ClientId>, from: IpAddr) -> Event {
    new_session(n).started(Personal::known(from), client, NOON)
}
fn new_session(n: u128) -> NewSession {
    NewSession { id: id(n), token: TokenHash([2; 32]), device: "Browser".into(), ends_at: minutes(600) }
}
fn session_ended(n: u128, why: SessionEnd, at: Timestamp) -> Event {
    Event::SessionEnded { session: id(n), why, at }
}
fn logged_in(from: IpAddr, at: Timestamp) -> Event {
    Event::LoggedIn { from: Personal::known(from), factor: None, at }
}

/// Three failures within a quarter of an hour, half an hour of lockout.
fn rule() -> Lockout {
    Lockout { threshold: 3, window: Period::minutes(15), duration: Period::minutes(30) }
}
