//! The cookie that holds a session's credential: the same one that the API gives and takes.

use poem::{
    Request, Response,
    http::{HeaderValue, header},
};

/// Bound to the host, to HTTPS and to first-party requests, which is what forms rest on that hold no token.
const COOKIE: &str = "__Host-sealpost";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// The credential that a request brings. Of several cookies of that name the first counts.
pub(crate) fn credential(request: &Request) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let found = pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value);
    found.filter(|value| !value.is_empty()).map(str::to_owned)
}

/// Gives the browser its session.
pub(crate) fn given(response: Response, credential: &str) -> Response {
    with_cookie(response, &format!("{COOKIE}={credential}; {ATTRIBUTES}"))
}

/// Takes it away.
pub(crate) fn taken(response: Response) -> Response {
    with_cookie(response, &format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0"))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(mut value) = HeaderValue::from_str(cookie) {
        value.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B19: the session is found in its cookie among others, and an empty one is none.
    #[test]
    fn the_cookie_is_found() {
        let found = |value: &str| credential(&Request::builder().header("cookie", value).finish());
        assert_eq!(found("a=b; __Host-sealpost=token; c=d").as_deref(), Some("token"));
        assert_eq!(found("__Host-sealpost="), None);
        assert_eq!(found("sealpost=token"), None);
    }
}
