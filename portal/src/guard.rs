//! What holds for every page: the headers that confine it, and that only this site's own forms post to it.

use crate::refusals;
use poem::{
    Endpoint, EndpointExt, Error, IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode, Uri, header, uri::Authority},
};
use std::sync::Arc;

/// No script at all, and nothing from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                                       base-uri 'none'; frame-ancestors 'none'";

/// By what a form shows that no other site made it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By the token in its address: whoever posts must hold that anyway, and the address must not get about.
    Token,
    /// By that token, and by coming from a page of no site, such as a file that was opened from a disk: the form of a
    /// registered envelope. It gives a browser a session, but to nobody without the password.
    File,
    /// By where the browser says it comes from. Without that it is not heard: it rests on the session's cookie, or
    /// would give a browser one.
    Origin,
}

/// A page with its headers, whatever the page comes to.
pub(crate) fn page<E: Endpoint + 'static>(endpoint: E, proof: Proof) -> impl Endpoint<Output = Response> {
    endpoint.around(move |inner: Arc<E>, request| async move {
        let response = if request.method() == Method::POST && !is_own_form(&request, proof) {
            refusals::foreign_form()
        } else {
            inner.call(request).await.map_or_else(|error| refused(&error), IntoResponse::into_response)
        };
        Ok(confined(response, proof))
    })
}

/// What the router itself refuses, such as another method.
fn refused(error: &Error) -> Response {
    match error.status() {
        StatusCode::METHOD_NOT_ALLOWED => refusals::other_method(),
        status => status.into_response(),
    }
}

fn confined(mut response: Response, proof: Proof) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let referrer = match proof {
        Proof::Token | Proof::File => "no-referrer",
        // So that browsers without `Sec-Fetch-Site` name the origin of a form.
        Proof::Origin => "same-origin",
    };
    set(header::REFERRER_POLICY, referrer);
    set(header::CACHE_CONTROL, "no-store");
    response
}

/// Whether a form was posted from this site, as far as the browser tells.
///
/// `Sec-Fetch-Site` decides where there is one. Without it `Origin` must be this host; a browser sends `null` from a page
/// that names no referrer, as those with a token are, and from a file.
fn is_own_form(request: &Request, proof: Proof) -> bool {
    if let Some(site) = request.header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none") || proof == Proof::File && is_of_file(request);
    }
    match request.header(header::ORIGIN) {
        None | Some("null") => proof != Proof::Origin,
        Some(origin) => {
            let origin = origin.parse::<Uri>().ok();
            let authority = origin.as_ref().and_then(Uri::authority).map(|it| it.as_str().to_lowercase());
            authority.is_some() && authority == host(request)
        }
    }
}

/// Whether a form comes from no site, into a window of its own rather than a frame of somebody's page.
fn is_of_file(request: &Request) -> bool {
    request.header(header::ORIGIN) == Some("null")
        && request.header("sec-fetch-dest").is_none_or(|into| into == "document")
}

/// The host that was asked, with its port if it is named, in lower case (RFC 9110 §7.2).
pub(crate) fn host(request: &Request) -> Option<String> {
    let named = request.header(header::HOST).or_else(|| request.uri().authority().map(Authority::as_str));
    named.map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(headers: &[(&str, &str)], proof: Proof) -> bool {
        let request = Request::builder().method(Method::POST).header("host", "mail.insurer.example");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        is_own_form(&request.finish(), proof)
    }

    /// R1: only this site's own form does what a link is for.
    #[test]
    fn forms_of_other_sites_are_told_apart() {
        for proof in [Proof::Token, Proof::File, Proof::Origin] {
            assert!(posted(&[("sec-fetch-site", "same-origin"), ("origin", "null")], proof));
            assert!(posted(&[("origin", "https://Mail.Insurer.example")], proof));
            assert!(!posted(&[("sec-fetch-site", "cross-site")], proof));
            let sibling = [("sec-fetch-site", "same-site"), ("origin", "https://mail.insurer.example")];
            assert!(!posted(&sibling, proof));
            assert!(!posted(&[("origin", "https://insurer.example")], proof));
            assert!(!posted(&[("origin", "https://mail.insurer.example:8443")], proof));
            assert!(!posted(&[("origin", "nonsense nonsense")], proof));
        }
    }

    /// R1: a browser that does not say where a form comes from is believed only with the token of a link.
    #[test]
    fn a_form_from_nowhere_needs_a_token() {
        for headers in [&[][..], &[("origin", "null")]] {
            assert!(posted(headers, Proof::Token) && posted(headers, Proof::File));
            assert!(!posted(headers, Proof::Origin));
        }
    }

    /// C4: the form of a file that was opened from a disk is heard by the envelope and by nothing else; that of a frame is not.
    #[test]
    fn a_file_is_heard_by_its_envelope() {
        let file = [("sec-fetch-site", "cross-site"), ("origin", "null"), ("sec-fetch-dest", "document")];
        assert!(posted(&file, Proof::File));
        assert!(!posted(&file, Proof::Token) && !posted(&file, Proof::Origin));
        let frame = [("sec-fetch-site", "cross-site"), ("origin", "null"), ("sec-fetch-dest", "iframe")];
        assert!(!posted(&frame, Proof::File));
        let site = [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")];
        assert!(!posted(&site, Proof::File));
    }
}
