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

/// A page with its headers, whatever the page comes to.
pub(crate) fn page<E: Endpoint + 'static>(endpoint: E) -> impl Endpoint<Output = Response> {
    endpoint.around(|inner: Arc<E>, request| async move {
        let response = if request.method() == Method::POST && !is_own_form(&request) {
            refusals::foreign_form()
        } else {
            inner.call(request).await.map_or_else(|error| refused(&error), IntoResponse::into_response)
        };
        Ok(confined(response))
    })
}

/// What the router itself refuses, such as another method.
fn refused(error: &Error) -> Response {
    match error.status() {
        StatusCode::METHOD_NOT_ALLOWED => refusals::other_method(),
        status => status.into_response(),
    }
}

fn confined(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // The address of the page holds the token.
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    response
}

/// Whether a form was posted from this site, as far as the browser tells.
///
/// `Sec-Fetch-Site` decides where there is one. Without it `Origin` must be this host; `null` passes, for that is what a
/// browser sends from a page that names no referrer, as ours do. Nothing here rests on a cookie: whoever posts must hold
/// the token anyway.
fn is_own_form(request: &Request) -> bool {
    if let Some(site) = request.header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match request.header(header::ORIGIN) {
        None | Some("null") => true,
        Some(origin) => {
            let origin = origin.parse::<Uri>().ok();
            let authority = origin.as_ref().and_then(Uri::authority).map(|it| it.as_str().to_lowercase());
            authority.is_some() && authority == host(request)
        }
    }
}

/// The host that was asked, with its port if it is named, in lower case (RFC 9110 §7.2).
pub(crate) fn host(request: &Request) -> Option<String> {
    let named = request.header(header::HOST).or_else(|| request.uri().authority().map(Authority::as_str));
    named.map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(headers: &[(&str, &str)]) -> bool {
        let request = Request::builder().method(Method::POST).header("host", "mail.insurer.example");
        is_own_form(
            &headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).finish(),
        )
    }

    /// R1: only this site's own form does what a link is for.
    #[test]
    fn forms_of_other_sites_are_told_apart() {
        assert!(posted(&[]));
        assert!(posted(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(posted(&[("origin", "null")]));
        assert!(posted(&[("origin", "https://Mail.Insurer.example")]));
        assert!(!posted(&[("sec-fetch-site", "cross-site")]));
        assert!(!posted(&[("sec-fetch-site", "same-site"), ("origin", "https://mail.insurer.example")]));
        assert!(!posted(&[("origin", "https://insurer.example")]));
        assert!(!posted(&[("origin", "https://mail.insurer.example:8443")]));
        assert!(!posted(&[("origin", "nonsense nonsense")]));
    }
}
