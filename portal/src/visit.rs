//! Who asks and whom: the organisation by the host, the person by the cookie, the client by the connection.

use crate::{Portal, guard::host, session};
use app::{Caller, Error, Viewer, client_network};
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
    /// What the browser shows of a session, whether that lives or not.
    pub(crate) credential: Option<String>,
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
        let caller = Caller { organisation, network, device };
        Ok(Some(Visit { caller, rules, credential: session::credential(request) }))
    }

    /// Who is signed in; a session that is over is none (B14). Pages that only look are no activity (B15).
    pub(crate) async fn viewer(&self, visit: &Visit, background: bool) -> Result<Option<Viewer>, Error> {
        match self.app.viewer(&visit.caller, visit.credential.as_deref(), background).await {
            Err(Error::SessionEnded | Error::Unauthenticated) => Ok(None),
            // A client program's credential, which never goes idle, is no browser's session (B51).
            Ok(Some(viewer)) if viewer.client().is_some() => Ok(None),
            found => found,
        }
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
