//! Who asks: organisation by host, person by cookie or by a client program's credential, network through trusted proxies;
//! and that a browser was not tricked into asking (CSRF).

use crate::{
    Api,
    asker::{Asker, Credential},
    codes::Code,
    refusal::Refusal,
};
use app::{App, Caller, client_network};
use domain::OrganisationId;
use poem::{
    Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
};
use secrecy::SecretString;
use std::net::{Ipv4Addr, SocketAddr};

/// The cookie that holds a session's credential: bound to the host, to HTTPS and to first-party requests.
pub const COOKIE: &str = "__Host-sealpost";
/// Sent by programs and scripts of the portal, which a foreign page cannot make a browser send.
const REQUEST: &str = "sealpost-request";
/// This request is no activity of a person (B15).
const BACKGROUND: &str = "sealpost-background";
/// A position that the answer must show (R17).
const AT_LEAST: &str = "sealpost-at-least";
/// What a client program calls itself, as `name/version` (B53, B54).
const CLIENT: HeaderName = HeaderName::from_static("sealpost-client");
/// Characters of a program's name, and of its version.
const NAME_CHARACTERS: usize = 100;

/// A client program, as it names itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// How a request shows that no foreign page made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By the header; where a browser names an origin, by that as well.
    Header,
    /// By its origin or by the header: a browser's WebSocket cannot carry a header.
    OriginOrHeader,
    /// By what the browser says of where it was asked from: a person who follows a link cannot send a header. One that says
    /// nothing is believed for its cookie, which no foreign page makes it send (`SameSite`).
    Navigation,
}

/// Who asks. Waits for the position that the request names.
pub(crate) async fn identify(api: &Api, request: &Request, proof: Proof) -> Result<Asker, Refusal> {
    let headers = request.headers();
    let host = host(request).ok_or_else(|| Refusal::bad("The request names no host."))?;
    let (cookie, program) = (cookie(headers), program(headers)?);
    refuse_foreign(headers, &host, cookie.is_some(), proof)?;
    let credential = credential(cookie, bearer(headers)?)?;
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
    Ok(Asker::identify(api, caller, credential, program, background).await?)
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

/// A request has one of them, if any. A client program's needs no proof against CSRF: no browser sends it by itself.
fn credential(cookie: Option<&str>, bearer: Option<&str>) -> Result<Option<Credential>, Refusal> {
    match (cookie, bearer) {
        (None, None) => Ok(None),
        (Some(cookie), None) => Ok(Some(Credential::Cookie(SecretString::from(cookie)))),
        (None, Some(bearer)) => Ok(Some(Credential::Bearer(SecretString::from(bearer)))),
        (Some(_), Some(_)) => {
            Err(Refusal::bad("Send a session's cookie or a client's credential, not both."))
        }
    }
}

/// The credential of a client program (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = only(headers, &header::AUTHORIZATION)? else { return Ok(None) };
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    let credential =
        parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, rest)| rest.trim());
    match credential {
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(text)),
        Some(_) | None => {
            Err(Refusal::bad("`Authorization` is `Bearer` and the credential of an activated client."))
        }
    }
}

/// What a client program says that it is, if it says so.
fn program(headers: &HeaderMap) -> Result<Option<Program>, Refusal> {
    let Some(value) = only(headers, &CLIENT)? else { return Ok(None) };
    let is_word = |text: &str| {
        !text.is_empty() && text.chars().count() <= NAME_CHARACTERS && !text.chars().any(char::is_control)
    };
    let parts = std::str::from_utf8(value.as_bytes()).ok().and_then(|text| text.rsplit_once('/'));
    match parts.map(|(name, version)| (name.trim(), version.trim())) {
        Some((name, version)) if is_word(name) && is_word(version) => {
            Ok(Some(Program { name: name.to_owned(), version: version.to_owned() }))
        }
        Some(_) | None => {
            let message = format!(
                "`Sealpost-Client` is a name and a version such as Plugin/2.10, {NAME_CHARACTERS} characters each at most."
            );
            Err(Refusal::bad(message))
        }
    }
}

/// The value of a header that stands once, if it does. Of two values nobody knows which was meant.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Refusal::bad(format!("Send the header `{name}` once."))),
    }
}

fn refuse_foreign(headers: &HeaderMap, host: &str, has_session: bool, proof: Proof) -> Result<(), Refusal> {
    let forbidden = |message: &str| Err(Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message));
    let origin = text(headers, "origin");
    if origin.is_some_and(|origin| origin_host(origin).is_none_or(|from| !from.eq_ignore_ascii_case(host))) {
        return forbidden("This request comes from another site.");
    }
    let by_header = text(headers, REQUEST) == Some("1");
    let proven = by_header
        || match proof {
            Proof::Header => false,
            Proof::OriginOrHeader => origin.is_some(),
            Proof::Navigation => {
                matches!(text(headers, "sec-fetch-site"), None | Some("same-origin" | "none"))
            }
        };
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

    /// B51: a client's credential is read whatever the case of its scheme; a header that holds none is refused, and so are
    /// two credentials.
    #[test]
    fn the_bearer_is_found() {
        let found = |value| bearer(&headers(&[("authorization", value)])).map(|text| text.map(str::to_owned));
        assert_eq!(found("Bearer a.b-c_d").unwrap().as_deref(), Some("a.b-c_d"));
        assert_eq!(found("bearer  a").unwrap().as_deref(), Some("a"));
        assert_eq!(bearer(&headers(&[])).unwrap(), None);
        for value in ["", "Bearer", "Bearer ", "Bearer a b", "Basic YTpi", "a.b"] {
            assert_eq!(found(value).unwrap_err().code, Code::BadRequest, "{value}");
        }
        let twice = headers(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]);
        assert_eq!(bearer(&twice).unwrap_err().code, Code::BadRequest);
        assert_eq!(credential(Some("a"), Some("b")).unwrap_err().code, Code::BadRequest);
    }

    /// B54: a client names itself with a version; anything else in the header is refused.
    #[test]
    fn a_client_names_itself() {
        let found = |value| program(&headers(&[("sealpost-client", value)]));
        let named = |name: &str, version: &str| Some(Program { name: name.into(), version: version.into() });
        assert_eq!(found("Plugin/2.10").unwrap(), named("Plugin", "2.10"));
        assert_eq!(found("Mail / Calendar / 2.10").unwrap(), named("Mail / Calendar", "2.10"));
        assert_eq!(program(&headers(&[])).unwrap(), None);
        for value in ["", "Plugin", "/2", "Plugin/", "Plugin/ "] {
            assert_eq!(found(value).unwrap_err().code, Code::BadRequest, "{value}");
        }
        let long = format!("{}/1", "a".repeat(NAME_CHARACTERS + 1));
        let mut headers = HeaderMap::new();
        headers.append(CLIENT, long.parse().unwrap());
        assert_eq!(program(&headers).unwrap_err().code, Code::BadRequest);
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
        assert!(allowed(&[], Proof::Navigation));
        assert!(allowed(&[("sec-fetch-site", "none")], Proof::Navigation));
        assert!(allowed(&[("sec-fetch-site", "same-origin")], Proof::Navigation));
        assert!(!allowed(&[("sec-fetch-site", "same-site")], Proof::Navigation));
        assert!(!allowed(&[("sec-fetch-site", "cross-site")], Proof::Navigation));
    }
}
