//! Who asks and whom: the organisation by the host, the client by the connection.

use crate::{Portal, guard::host};
use app::{Caller, Error};
use domain::{OrganisationId, organisation, policy::Network};
use poem::{Addr, Request, http::header};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// Characters that are kept of a browser's name for itself.
const DEVICE_CHARACTERS: usize = 200;

/// One request to the portal of an organisation.
pub(crate) struct Visit {
    pub(crate) caller: Caller,
    /// The organisation's rules as they stand.
    pub(crate) rules: Arc<organisation::State>,
}

impl Visit {
    /// What the organisation is called.
    pub(crate) fn organisation(&self) -> &str {
        self.rules.founded.as_ref().map_or("", |identity| &identity.name)
    }
}

impl Portal {
    /// Reads off a request who asks; `None` when no organisation answers under this host.
    pub(crate) async fn visit(&self, request: &Request) -> Result<Option<Visit>, Error> {
        let network = client(request, &self.trusted_proxies);
        let device = request.header(header::USER_AGENT).unwrap_or_default();
        let device = device.chars().take(DEVICE_CHARACTERS).collect();
        let host = host(request).unwrap_or_default();
        let Some(organisation) = self.organisation_of(&host).await? else {
            return Ok(None);
        };
        let rules = self.app.rules(organisation).await?;
        Ok(Some(Visit { caller: Caller { organisation, network, device }, rules }))
    }

    /// An organisation that is alone answers under any host.
    async fn organisation_of(&self, host: &str) -> Result<Option<OrganisationId>, Error> {
        let models = self.app.models();
        if let Some(organisation) = models.organisation_of_host(host).await? {
            return Ok(Some(organisation));
        }
        Ok(match models.organisations().await?.as_slice() {
            [only] => Some(only.organisation),
            _ => None,
        })
    }
}

/// Where a request came from: the peer, or what the last trusted proxy says of whom it heard.
fn client(request: &Request, trusted: &[Network]) -> IpAddr {
    let peer = match &request.remote_addr().0 {
        Addr::SocketAddr(address) => address.ip().to_canonical(),
        // A socket in the file system: a proxy on this machine.
        _ => Ipv4Addr::LOCALHOST.into(),
    };
    let forwarded =
        request.headers().get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    before_proxies(peer, &hops, trusted)
}

/// Goes back from the peer, hop by hop, as long as who speaks is trusted.
fn before_proxies(peer: IpAddr, hops: &[&str], trusted: &[Network]) -> IpAddr {
    let mut speaker = peer;
    for hop in hops.iter().rev() {
        let heard = hop.trim().parse::<IpAddr>();
        match heard {
            Ok(heard) if trusted.iter().any(|network| network.contains(speaker)) => {
                speaker = heard.to_canonical();
            }
            Ok(_) | Err(_) => break,
        }
    }
    speaker
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B17: the client's network is the one that a trusted proxy saw; what the client claims itself counts nothing.
    #[test]
    fn only_trusted_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = [Network::parse("10.0.0.0/8").unwrap()];
        let hops = ["192.0.2.1", " 198.51.100.7", "10.0.0.2"];
        assert_eq!(before_proxies(ip("10.0.0.1"), &hops, &trusted), ip("198.51.100.7"));
        assert_eq!(before_proxies(ip("203.0.113.9"), &hops, &trusted), ip("203.0.113.9"));
        assert_eq!(before_proxies(ip("10.0.0.1"), &["unknown"], &trusted), ip("10.0.0.1"));
        assert_eq!(before_proxies(ip("10.0.0.1"), &[], &trusted), ip("10.0.0.1"));
        assert_eq!(before_proxies(ip("10.0.0.1"), &hops, &[]), ip("10.0.0.1"));
    }
}
