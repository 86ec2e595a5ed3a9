//! Who asks and whom: the organisation by the host, the client by the connection.

use crate::{Portal, guard::host};
use app::{Caller, Error, client_network};
use domain::{organisation, policy::Network};
use poem::{Addr, Request, http::header};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

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
        let device = request.header(header::USER_AGENT).unwrap_or_default().to_owned();
        let host = host(request).unwrap_or_default();
        let Some(organisation) = self.app.organisation_of(&host).await? else {
            return Ok(None);
        };
        let rules = self.app.rules(organisation).await?;
        Ok(Some(Visit { caller: Caller { organisation, network, device }, rules }))
    }
}

/// Where a request came from, as far as trusted proxies tell.
fn client(request: &Request, trusted: &[Network]) -> IpAddr {
    let peer = match &request.remote_addr().0 {
        Addr::SocketAddr(address) => address.ip(),
        // A socket in the file system: a proxy on this machine.
        _ => Ipv4Addr::LOCALHOST.into(),
    };
    let forwarded = request.headers().get_all("x-forwarded-for").into_iter();
    client_network(peer, forwarded.filter_map(|value| value.to_str().ok()), trusted)
}
