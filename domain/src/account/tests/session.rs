//! How sessions end, and from where they may be used.

use super::*;
use crate::policy::{Network, NetworkPinning};
use std::collections::BTreeSet;

const NEIGHBOUR: [u8; 4] = [192, 0, 2, 200];

fn living() -> Vec<Event> {
    [active(), vec![session_started(9, None, HOME)]].concat()
}
fn sighting(pinning: NetworkPinning, from: IpAddr) -> Sighting {
    Sighting { session: id(9), from, pinning, exempt: BTreeSet::new(), at: minutes(1) }
}
fn sight(pinning: NetworkPinning, from: IpAddr) -> Command {
    Command::Sight(sighting(pinning, from))
}
fn sight_exempt(pinning: NetworkPinning, from: IpAddr, exempt: &[&str]) -> Command {
    let exempt = exempt.iter().map(|text| Network::parse(text).unwrap()).collect();
    Command::Sight(Sighting { exempt, ..sighting(pinning, from) })
}
fn moved(from: IpAddr) -> Event {
    Event::NetworkChanged { session: id(9), from: Personal::known(from), at: minutes(1) }
}
fn pinned() -> Event {
    session_ended(9, SessionEnd::NetworkChanged, minutes(1))
}
fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(_) => address,
    }
}

/// A37, B14, B21, B27, B28: a session ends once, with its reason, and no other with it.
#[test]
fn a_session_ends_once() {
    let reasons = [
        SessionEnd::LoggedOut,
        SessionEnd::Idle,
        SessionEnd::TooOld,
        SessionEnd::EndedElsewhere,
        SessionEnd::Replaced,
        SessionEnd::Tampered,
    ];
    for why in reasons {
        let end = || Command::EndSession { session: id(9), why, at: NOON };
        let past = [living(), vec![session_started(10, None, HOME)]].concat();
        given::<Account>(past.clone()).when(end()).then([session_ended(9, why, NOON)]);
        let ended = [past, vec![session_ended(9, why, NOON)]].concat();
        assert_eq!(holder_of(&ended).sessions.iter().map(|live| live.id).collect::<Vec<_>>(), [id(10)]);
        given::<Account>(ended).when(end()).then_nothing();
    }
    let end = Command::EndSession { session: id(9), why: SessionEnd::LoggedOut, at: NOON };
    given::<Account>(active()).when(end).then_nothing();
}

/// R6: the network that a session began in is no news in any mode, in IPv6 clothes or not.
#[test]
fn the_first_network_is_no_news() {
    use NetworkPinning::{Log, Off, Strict, Subnet};
    for pinning in [Off, Log, Subnet, Strict] {
        given::<Account>(living()).when(sight(pinning, HOME)).then_nothing();
        given::<Account>(living()).when(sight(pinning, mapped(HOME))).then_nothing();
        let past = [active(), vec![session_started(9, None, mapped(HOME))]].concat();
        given::<Account>(past).when(sight(pinning, HOME)).then_nothing();
    }
}

/// R6: in mode `off` nothing is recorded; in mode `log` another network is, once.
#[test]
fn another_network_is_recorded() {
    given::<Account>(living()).when(sight(NetworkPinning::Off, AWAY)).then_nothing();
    given::<Account>(living()).when(sight(NetworkPinning::Log, mapped(AWAY))).then([moved(AWAY)]);
    after(living(), [moved(AWAY)]).when(sight(NetworkPinning::Log, AWAY)).then_nothing();
    after(living(), [moved(AWAY)]).when(sight(NetworkPinning::Log, HOME)).then_nothing();
}

/// R6: in mode `subnet` a neighbour is recorded, and another network ends the session.
#[test]
fn another_subnet_ends_a_session() {
    let subnet = |from| sight(NetworkPinning::Subnet, from);
    given::<Account>(living()).when(subnet(NEIGHBOUR.into())).then([moved(NEIGHBOUR.into())]);
    given::<Account>(living()).when(subnet(AWAY)).then([pinned()]);
    let six = |text: &str| -> IpAddr { text.parse().unwrap() };
    let past = [active(), vec![session_started(9, None, six("2001:db8:1:200::7"))]].concat();
    given::<Account>(past.clone())
        .when(subnet(six("2001:db8:1:2ff::8")))
        .then([moved(six("2001:db8:1:2ff::8"))]);
    given::<Account>(past.clone()).when(subnet(six("2001:db8:1:300::7"))).then([pinned()]);
    given::<Account>(past).when(subnet(HOME)).then([pinned()]);
}

/// B17: in mode `strict` any other address ends the session, once.
#[test]
fn another_address_ends_a_session() {
    let strict = |from| sight(NetworkPinning::Strict, from);
    for from in [AWAY, NEIGHBOUR.into(), "::1".parse().unwrap()] {
        given::<Account>(living()).when(strict(from)).then([pinned()]);
        after(living(), [pinned()]).when(strict(from)).then_nothing();
    }
    given::<Account>([]).when(strict(AWAY)).then_refused(Refusal::NotInvited);
}

/// B17: what was tolerated under a milder mode ends the session under a stricter one.
#[test]
fn a_stricter_mode_counts_at_once() {
    after(living(), [moved(AWAY)]).when(sight(NetworkPinning::Strict, AWAY)).then([pinned()]);
}

/// B18: within exempt networks an address may shift, in IPv6 clothes or not; out of them it may not.
#[test]
fn exempt_networks_may_shift() {
    let exempt = ["192.0.2.0/24", "198.51.100.0/24"];
    for pinning in [NetworkPinning::Subnet, NetworkPinning::Strict] {
        given::<Account>(living()).when(sight_exempt(pinning, AWAY, &exempt)).then([moved(AWAY)]);
        given::<Account>(living()).when(sight_exempt(pinning, mapped(AWAY), &exempt)).then([moved(AWAY)]);
        after(living(), [moved(AWAY)]).when(sight_exempt(pinning, AWAY, &exempt)).then_nothing();
        let outside = IpAddr::from([203, 0, 113, 9]);
        given::<Account>(living()).when(sight_exempt(pinning, outside, &exempt)).then([pinned()]);
        given::<Account>(living()).when(sight_exempt(pinning, AWAY, &exempt[1..])).then([pinned()]);
    }
}

/// B51: a client program moves with its machine: in no mode is its session ended, and each network is recorded once.
#[test]
fn client_programs_are_not_pinned() {
    let past = [active(), vec![session_started(9, Some(id(30)), HOME)]].concat();
    for pinning in [NetworkPinning::Log, NetworkPinning::Subnet, NetworkPinning::Strict] {
        given::<Account>(past.clone()).when(sight(pinning, AWAY)).then([moved(AWAY)]);
        after(past.clone(), [moved(AWAY)]).when(sight(pinning, AWAY)).then_nothing();
    }
}

/// R6: a session that wanders further than fifty networks is recorded no more.
#[test]
fn records_of_networks_are_bounded() {
    let wandered = (1..50).map(|n| moved(IpAddr::from([203, 0, 113, n])));
    let (last, surplus) = (wandered.clone().take(48), wandered);
    after(living(), last).when(sight(NetworkPinning::Log, AWAY)).then([moved(AWAY)]);
    after(living(), surplus).when(sight(NetworkPinning::Log, AWAY)).then_nothing();
}
