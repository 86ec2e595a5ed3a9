//! Who asks: organisation by host, person by cookie, network through trusted proxies; and that a browser was not tricked
//! into asking (CSRF).

use crate::{Api, asker::Asker, codes::Code, refusal::Refusal};
use app::{App, Caller, client_network};
use domain::OrganisationId;
use poem::{
    Request,
    http::{HeaderMap, StatusCode, Uri, header},
};
use std::net::{Ipv4Addr, SocketAddr};

/// The cookie that holds a session's credential: bound to the host, to HTTPS and to first-party requests.
pub const COOKIE: &str = "__Host-sealpost";
/// Sent by programs and scripts of the portal, which a foreign page cannot make a browser send.
const REQUEST: &str = "sealpost-request";
/// This request is no activity of a person (B15).
const BACKGROUND: &str = "sealpost-background";
/// A position that the answer must show (R17).
const AT_LEAST: &str = "sealpost-at-least";

/// How a request shows that no foreign page made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By the header; where a browser names an origin, by that as well.
    Header,
    /// By its origin or by the header: a browser's WebSocket cannot carry a header.
    OriginOrHeader,
}

/// Who asks. Waits for the position that the request names.
pub(crate) async fn identify(api: &Api, request: &Request, proof: Proof) -> Result<Asker, Refusal> {
    let headers = request.headers();
    let host = host(request).ok_or_else(|| Refusal::bad("The request names no host."))?;
    let token = cookie(headers);
    refuse_foreign(headers, &host, token.is_some(), proof)?;
    let organisation = organisation(&api.app, &host).await?;
    let peer = request.remote_addr().as_socket_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), SocketAddr::ip);
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let caller = Caller {
        organisation,
        network: client_network(peer, forwarded, &api.settings.trusted_proxies),
        device: text(headers, "user-agent").unwrap_or_default().to_owned(),
    };
    if let Some(at_least) = text(headers, AT_LEAST) {
        let position = api.app.parse_position(organisation, at_least).await?;
        let position = position
            .ok_or_else(|| Refusal::bad("`Sealpost-At-Least` is no position of this organisation."))?;
        api.app.wait_for(position).await?;
    }
    let background = text(headers, BACKGROUND) == Some("1");
    Ok(Asker::identify(api, caller, token.map(str::to_owned), background).await?)
}

/// The header that gives a browser its session.
pub(crate) fn session_cookie(token: &str) -> String {
    format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict")
}

/// The header that takes it away.
pub(crate) fn cleared_cookie() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// A header's text, if there is one and it is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn refuse_foreign(headers: &HeaderMap, host: &str, has_session: bool, proof: Proof) -> Result<(), Refusal> {
    let forbidden = |message: &str| Err(Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message));
    let origin = text(headers, "origin");
    if origin.is_some_and(|origin| origin_host(origin).is_none_or(|from| !from.eq_ignore_ascii_case(host))) {
        return forbidden("This request comes from another site.");
    }
    let by_header = text(headers, REQUEST) == Some("1");
    let proven = by_header || (proof == Proof::OriginOrHeader && origin.is_some());
    if has_session && !proven {
        return forbidden("Send the header `Sealpost-Request: 1` with every request of a session.");
    }
    Ok(())
}

/// Host and port, as the client wrote them.
fn host(request: &Request) -> Option<String> {
    let named = text(request.headers(), "host").map(str::to_owned);
    named.or_else(|| request.uri().authority().map(|authority| authority.as_str().to_owned()))
}

fn origin_host(origin: &str) -> Option<String> {
    let uri: Uri = origin.parse().ok()?;
    Some(uri.authority()?.as_str().to_owned())
}

async fn organisation(app: &App, host: &str) -> Result<OrganisationId, Refusal> {
    app.organisation_of(host).await?.ok_or_else(|| {
        let message = "No organisation answers under this host name.";
        Refusal::new(StatusCode::MISDIRECTED_REQUEST, Code::BadRequest, message)
    })
}

/// The session's credential. Of several cookies of that name the first counts.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    /// A9: the session's cookie is found among others, and an empty one is none.
    #[test]
    fn the_cookie_is_found() {
        let found = |value| cookie(&headers(&[("cookie", value)])).map(str::to_owned);
        assert_eq!(found("a=b; __Host-sealpost=token; c=d").as_deref(), Some("token"));
        assert_eq!(found("__Host-sealpost="), None);
        assert_eq!(found("sealpost=token"), None);
    }

    /// A9: a session's request needs the header, and its origin must be the host.
    #[test]
    fn foreign_pages_are_refused() {
        let allowed =
            |pairs: &[_], proof| refuse_foreign(&headers(pairs), "post.example", true, proof).is_ok();
        let header = ("sealpost-request", "1");
        assert!(allowed(&[header], Proof::Header));
        assert!(allowed(&[header, ("origin", "https://post.example")], Proof::Header));
        assert!(!allowed(&[("origin", "https://post.example")], Proof::Header));
        assert!(!allowed(&[header, ("origin", "https://evil.example")], Proof::Header));
        assert!(!allowed(&[header, ("origin", "null")], Proof::Header));
        assert!(allowed(&[("origin", "https://post.example")], Proof::OriginOrHeader));
        assert!(!allowed(&[], Proof::OriginOrHeader));
    }
}
