//! From where something was done, asked for by any network. An address is noted with the networks around it at every whole
//! byte; a network in between is those of the next length that it is made of, 256 at most.

use super::{PositionPage, TooMuch};
use crate::{ProjectionError, Projections, Tags};
use domain::{Event, OrganisationId, account, policy::Network, reservation};
use eventstore::log::ContentKeys;
use std::{collections::BTreeSet, net::IpAddr};

/// IPv6 is noted by whole bytes as far as networks go; what follows is a host's own part.
const IPV6_NETWORK_BYTES: u8 = 8;
const IPV6_BYTES: u8 = 16;
const IPV4_BYTES: u8 = 4;
const BITS_PER_BYTE: u8 = 8;
/// An IPv4 address in IPv6 clothes begins with so many bits (RFC 4291 §2.5.5.2).
const MAPPED_BITS: u8 = 96;
/// Events of a /64 that are looked through for hosts of a smaller network.
pub(super) const LOOKED_THROUGH: u32 = 10_000;

/// From where an event was caused, if it says so and that is not erased.
#[must_use]
pub fn network(event: &Event) -> Option<IpAddr> {
    let from = match event {
        Event::Account(
            _,
            account::Event::LoggedIn { from, .. }
            | account::Event::LoginFailed { from, .. }
            | account::Event::SessionStarted { from, .. }
            | account::Event::NetworkChanged { from, .. }
            | account::Event::Recovery(account::recovery::Event::ChallengeFailed { from, .. }),
        )
        | Event::Reservation(
            _,
            reservation::Event::LoginFailed { from, .. } | reservation::Event::ChallengeFailed { from, .. },
        ) => from,
        Event::Account(..)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Organisation(_)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::Key(..) => return None,
    };
    from.value().copied()
}

/// The networks around an address that it is noted with, and the address itself.
pub(super) fn around(address: IpAddr) -> Vec<Vec<u8>> {
    let address = address.to_canonical();
    let lengths: Vec<u8> = match address {
        IpAddr::V4(_) => (1..=IPV4_BYTES).collect(),
        IpAddr::V6(_) => (1..=IPV6_NETWORK_BYTES).chain([IPV6_BYTES]).collect(),
    };
    lengths.into_iter().map(|bytes| prefix(address, bytes)).collect()
}

/// So many bytes of an address, after what tells the two families apart.
fn prefix(address: IpAddr, bytes: u8) -> Vec<u8> {
    let (family, all) = match address {
        IpAddr::V4(address) => (4, address.octets().to_vec()),
        IpAddr::V6(address) => (6, address.octets().to_vec()),
    };
    [family].into_iter().chain(all.into_iter().take(bytes.into())).collect()
}

/// The noted networks that a network is made of; nothing where it is a part of a /64.
fn made_of(network: Network) -> Option<Vec<Vec<u8>>> {
    let (base, length) = canonical(network);
    let bytes = length.div_ceil(BITS_PER_BYTE).max(1);
    if base.is_ipv6() && bytes > IPV6_NETWORK_BYTES && length < IPV6_BYTES * BITS_PER_BYTE {
        return None;
    }
    let first = prefix(base, bytes);
    // The bits of the last byte that are free: 2^0 to 2^8 networks.
    let free = 1_u16 << (bytes * BITS_PER_BYTE - length);
    let (last, head) = first.split_last()?;
    let each = |next: u16| {
        let last = u8::try_from(u16::from(*last) + next).ok()?;
        Some([head, &[last]].concat())
    };
    (0..free).map(each).collect()
}

/// A network of IPv4 in IPv6 clothes is one of IPv4.
fn canonical(network: Network) -> (IpAddr, u8) {
    match (network.base().to_canonical(), network.prefix().checked_sub(MAPPED_BITS)) {
        (base @ IpAddr::V4(_), Some(length)) if network.base().is_ipv6() => (base, length),
        (_, _) => (network.base(), network.prefix()),
    }
}

impl Projections {
    /// The terms of everything that came from within these networks.
    pub(super) async fn network_terms(
        &self,
        organisation: OrganisationId,
        networks: &[Network],
        tags: &Tags,
    ) -> Result<BTreeSet<[u8; 16]>, ProjectionError> {
        let mut terms = BTreeSet::new();
        for network in networks {
            let parts = match made_of(*network) {
                Some(parts) => parts,
                None => self.hosts(organisation, *network).await?,
            };
            terms.extend(parts.iter().map(|part| tags.network(part)));
        }
        if terms.is_empty() && !networks.is_empty() {
            // Nothing is noted with it: no condition at all would find everything.
            terms.insert(tags.network(&[]));
        }
        Ok(terms)
    }

    /// The addresses of a part of a /64 from which anything came, as they are noted. Tags cannot tell, so the events are
    /// opened.
    async fn hosts(
        &self,
        organisation: OrganisationId,
        part: Network,
    ) -> Result<Vec<Vec<u8>>, ProjectionError> {
        let whole = prefix(part.base(), IPV6_NETWORK_BYTES);
        let page = PositionPage { first: Some(LOOKED_THROUGH), ..PositionPage::default() };
        let found = Box::pin(self.audit_from(organisation, &whole, &page)).await?;
        if found.has_next {
            return Err(TooMuch::Hosts.into());
        }
        let mut hosts = BTreeSet::new();
        for positions in found.items.chunks(500) {
            let events = self.log().read_positions(organisation, positions, &ContentKeys::none()).await?;
            let from = events.iter().filter_map(|recorded| network(&recorded.event));
            hosts.extend(from.filter(|address| part.contains(*address)));
        }
        Ok(hosts.into_iter().map(|host| prefix(host.to_canonical(), IPV6_BYTES)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(network: &str) -> Option<usize> {
        made_of(Network::parse(network).unwrap()).map(|parts| parts.len())
    }

    /// Q1: any network is made of 256 noted ones at most; only within a /64 there are too many.
    #[test]
    fn a_network_is_made_of_few() {
        assert_eq!(parts("192.0.2.7"), Some(1));
        assert_eq!(parts("192.0.2.0/25"), Some(128));
        assert_eq!(parts("10.0.0.0/8"), Some(1));
        assert_eq!(parts("0.0.0.0/0"), Some(256));
        assert_eq!(parts("2001:db8::/32"), Some(1));
        assert_eq!(parts("2001:db8::/29"), Some(8));
        assert_eq!(parts("2001:db8::7"), Some(1));
        assert_eq!(parts("2001:db8::/65"), None);
        assert_eq!(parts("2001:db8::/127"), None);
        assert_eq!(parts("::ffff:192.0.2.0/120"), Some(1), "IPv4 in IPv6 clothes");
    }

    fn network_around(address: IpAddr, length: u8) -> Network {
        let width = if address.is_ipv4() { 32 } else { 128 };
        let mask = u128::MAX.checked_shl((width - length).into()).unwrap_or(0);
        let base: IpAddr = match address {
            IpAddr::V4(address) => {
                let mask = u32::try_from(mask & u128::from(u32::MAX)).unwrap();
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() & mask).into()),
        };
        Network::parse(&format!("{base}/{length}")).unwrap()
    }

    proptest! {
        /// Q1: an address is found by a network exactly when it lies within.
        #[test]
        fn an_address_is_found_by_its_networks(v4: bool, one: u128, other: u128, length in 0_u8..=128, near in 0_u8..128) {
            // Another address that shares its first bits.
            let other = one ^ other.checked_shr(near.into()).unwrap_or(0);
            let address = |bits: u128| -> IpAddr {
                if v4 { IpAddr::V4(u32::try_from(bits >> 96).unwrap().into()) } else { IpAddr::V6(bits.into()) }
            };
            let length = if v4 { length % 33 } else { length };
            let network = network_around(address(one), length);
            if let Some(parts) = made_of(network) {
                for address in [address(one), address(other)] {
                    let noted = around(address);
                    let found = parts.iter().any(|part| noted.contains(part));
                    prop_assert_eq!(found, network.contains(address), "{} in {}", address, network);
                }
            }
        }
    }
}
