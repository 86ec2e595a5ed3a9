//! Who calls: the organisation that answers under a host, and the network that a request came from.

use crate::{App, Error};
use domain::{OrganisationId, policy::Network};
use std::net::IpAddr;

impl App {
    /// The organisation that answers under this host; one that is alone answers under any.
    pub async fn organisation_of(&self, host: &str) -> Result<Option<OrganisationId>, Error> {
        if let Some(found) = self.models.organisation_of_host(host).await? {
            return Ok(Some(found));
        }
        Ok(match self.models.organisations().await?.as_slice() {
            [only] => Some(only.organisation),
            _ => None,
        })
    }
}

/// The address nearest to us that is no proxy of ours (B17). `forwarded` are the values of `X-Forwarded-For`, in order:
/// every proxy adds whom it saw at the end, and what stands before the first stranger may be made up.
#[must_use]
pub fn client_network<'a>(
    peer: IpAddr,
    forwarded: impl Iterator<Item = &'a str>,
    trusted: &[Network],
) -> IpAddr {
    let is_ours = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = peer.to_canonical();
    for hop in hops.into_iter().rev() {
        match hop.parse::<IpAddr>() {
            Ok(address) if is_ours(nearest) => nearest = address.to_canonical(),
            Ok(_) | Err(_) => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B17: an address is believed from one's own proxies alone, and what a client made up before them is not.
    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = [Network::parse("10.0.0.0/8").unwrap()];
        let from = |peer: &str, forwarded: &str| {
            client_network(peer.parse().unwrap(), std::iter::once(forwarded), &trusted).to_string()
        };
        assert_eq!(from("198.51.100.7", "192.0.2.1"), "198.51.100.7");
        assert_eq!(from("10.0.0.1", "192.0.2.1"), "192.0.2.1");
        assert_eq!(from("::ffff:10.0.0.1", "192.0.2.1"), "192.0.2.1");
        assert_eq!(from("10.0.0.1", "203.0.113.9, 192.0.2.1, 10.0.0.2"), "192.0.2.1");
        assert_eq!(from("10.0.0.1", "192.0.2.1, nonsense"), "10.0.0.1");
        assert_eq!(from("10.0.0.1", ""), "10.0.0.1");
    }
}
