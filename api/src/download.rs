//! `/download`: messages and their files, to be kept (A22–A25) or printed (A42), and exports (E1–E6). Each GET is recorded before its first byte
//! leaves, each range of a file as well; HEAD and what a browser fetches ahead record nothing and get nothing (R1).
//!
//! Answers: 200, 206 (a range of a file), 304, 401 (a browser is led to the login page: 303), 403 another site asked, 404 not
//! theirs or unknown, 410 gone, 416, 503 fetched ahead. An address holds no secret and gives no access (B19).

mod disposition;
mod print;
mod range;

use crate::{
    Api,
    codes::Code,
    identify::{self, Proof, text},
    refusal::Refusal,
    schema::ids::{self, Kind},
    to,
};
use app::{Format, Offer, Viewer};
use domain::{AttachmentId, MessageId, id::ExportId};
use futures_util::TryStreamExt;
use poem::{
    Body, Request, Response, ResponseBuilder, Route, RouteMethod,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use range::Part;
use std::{io, sync::Arc};

/// What nobody's browser runs or frames, should it show the file after all.
const FILE_POLICY: &str = "default-src 'none'; sandbox";

/// What an address is of.
#[derive(Clone, Copy)]
enum Wanted {
    Message(Format),
    Print,
    Attachment,
    Export,
}

/// Adds the addresses below `/download` to a route.
pub(crate) fn mount(route: Route, api: &Api) -> Route {
    let at = |wanted| {
        let give = to(api, move |api, request| give(api, request, wanted));
        let show = to(api, move |api, request| show(api, request, wanted));
        RouteMethod::new().get(give).head(show)
    };
    route
        .at("/download/message/:id/text", at(Wanted::Message(Format::Text)))
        .at("/download/message/:id/zip", at(Wanted::Message(Format::Zip)))
        .at("/download/message/:id/eml", at(Wanted::Message(Format::Eml)))
        .at("/download/message/:id/print", at(Wanted::Print))
        .at("/download/attachment/:id", at(Wanted::Attachment))
        .at("/download/export/:id/:part", at(Wanted::Export))
}

async fn give(api: Api, request: Request, wanted: Wanted) -> Response {
    if is_ahead(request.headers()) {
        return confined(Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).finish());
    }
    confined(match given(&api, &request, wanted).await {
        Ok(response) => response,
        Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED && is_page(&request) => to_login(&request),
        Err(refusal) => refusal.into_problem(),
    })
}

async fn show(api: Api, request: Request, wanted: Wanted) -> Response {
    confined(shown(&api, &request, wanted).await.unwrap_or_else(Refusal::into_problem))
}

async fn given(api: &Api, request: &Request, wanted: Wanted) -> Result<Response, Refusal> {
    let viewer = viewer(api, request).await?;
    match wanted {
        Wanted::Message(format) => {
            let offer = api.app.offer_message(&viewer, message(request)?, format).await?;
            let answer = head(StatusCode::OK, &offer).header(header::CONTENT_LENGTH, offer.size_bytes);
            Ok(answer.body(bytes(api, &viewer, offer, None).await?))
        }
        Wanted::Print => Ok(print::page(&api.app.print_message(&viewer, message(request)?).await?)),
        Wanted::Attachment | Wanted::Export => file(api, &viewer, request, wanted).await,
    }
}

/// The headers alone. The length of what is taken is told by taking it.
async fn shown(api: &Api, request: &Request, wanted: Wanted) -> Result<Response, Refusal> {
    let viewer = viewer(api, request).await?;
    let offer = match wanted {
        Wanted::Message(format) => api.app.offer_message(&viewer, message(request)?, format).await?,
        Wanted::Print => {
            // Whoever may take the text may print it.
            api.app.offer_message(&viewer, message(request)?, Format::Text).await?;
            return Ok(print::confined(Response::builder()).finish());
        }
        Wanted::Attachment | Wanted::Export => {
            let (offer, etag) = offered(api, &viewer, request, wanted).await?;
            return Ok(file_head(StatusCode::OK, &offer, &etag).finish());
        }
    };
    Ok(head(StatusCode::OK, &offer).finish())
}

/// A file, or the part of it that is asked for.
async fn file(api: &Api, viewer: &Viewer, request: &Request, wanted: Wanted) -> Result<Response, Refusal> {
    let (offer, etag) = offered(api, viewer, request, wanted).await?;
    let size = offer.size_bytes;
    match range::of(request.headers(), &etag, size) {
        Part::Whole => {
            let answer = file_head(StatusCode::OK, &offer, &etag).header(header::CONTENT_LENGTH, size);
            Ok(answer.body(bytes(api, viewer, offer, None).await?))
        }
        Part::Some(range) => {
            let answer = file_head(StatusCode::PARTIAL_CONTENT, &offer, &etag)
                .header(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1))
                .header(header::CONTENT_LENGTH, range.end - range.start);
            Ok(answer.body(bytes(api, viewer, offer, Some(range)).await?))
        }
        Part::Unchanged => {
            Ok(Response::builder().status(StatusCode::NOT_MODIFIED).header(header::ETAG, etag).finish())
        }
        Part::OutOfReach => Ok(Response::builder()
            .status(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(header::CONTENT_RANGE, format!("bytes */{size}"))
            .finish()),
    }
}

/// A file with its tag. None ever changes.
async fn offered(
    api: &Api,
    viewer: &Viewer,
    request: &Request,
    wanted: Wanted,
) -> Result<(Offer, String), Refusal> {
    if let Wanted::Export = wanted {
        let export = id(request, Kind::Export).map(ExportId::new).ok_or_else(|| not_found("file"))?;
        let part = request.raw_path_param("part").and_then(|part| part.parse().ok());
        let part = part.ok_or_else(|| not_found("file"))?;
        let offer = api.app.offer_export_file(viewer, export, part).await?;
        return Ok((offer, format!("\"{export}-{part}\"")));
    }
    let id = attachment(request)?;
    Ok((api.app.offer_attachment(viewer, id).await?, format!("\"{id}\"")))
}

async fn bytes(
    api: &Api,
    viewer: &Viewer,
    offer: Offer,
    range: Option<std::ops::Range<u64>>,
) -> Result<Body, Refusal> {
    Ok(Body::from_bytes_stream(api.app.take(viewer, offer, range).await?.map_err(io::Error::other)))
}

fn head(status: StatusCode, offer: &Offer) -> ResponseBuilder {
    Response::builder()
        .status(status)
        .content_type(&offer.media_type)
        .header(header::CONTENT_DISPOSITION, disposition::attachment(&offer.name))
        .header(header::CONTENT_SECURITY_POLICY, FILE_POLICY)
}

fn file_head(status: StatusCode, offer: &Offer, etag: &str) -> ResponseBuilder {
    head(status, offer).header(header::ACCEPT_RANGES, "bytes").header(header::ETAG, etag)
}

/// What every answer has: kept by no cache, guessed at by no browser, embedded by no other site.
fn confined(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    response
}

async fn viewer(api: &Api, request: &Request) -> Result<Arc<Viewer>, Refusal> {
    Ok(identify::identify(api, request, Proof::Navigation).await?.viewer()?)
}

fn message(request: &Request) -> Result<MessageId, Refusal> {
    id(request, Kind::Message).map(MessageId::new).ok_or_else(|| not_found("message"))
}

fn attachment(request: &Request) -> Result<AttachmentId, Refusal> {
    id(request, Kind::Attachment).map(AttachmentId::new).ok_or_else(|| not_found("file"))
}

fn id(request: &Request, kind: Kind) -> Option<uuid::Uuid> {
    ids::parse(kind, &request.raw_path_param("id")?.into())
}

/// As the use cases say it of what is somebody else's.
fn not_found(what: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, Code::BadRequest, format!("There is no such {what} for you."))
}

/// Whether a browser fetches what its person may never ask for.
fn is_ahead(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].into_iter().any(|name| {
        let purposes = text(headers, name).into_iter().flat_map(|value| value.split([';', ',']));
        purposes.map(str::trim).any(|purpose| {
            ["prefetch", "prerender", "preview"].iter().any(|ahead| purpose.eq_ignore_ascii_case(ahead))
        })
    })
}

/// Whether a person's browser asks, which can log in and come back.
fn is_page(request: &Request) -> bool {
    let headers = request.headers();
    let is_program = headers.contains_key(header::AUTHORIZATION) || headers.contains_key("sealpost-client");
    request.method() == Method::GET
        && !is_program
        && text(headers, "accept").is_some_and(|accept| accept.contains("text/html"))
}

fn to_login(request: &Request) -> Response {
    let place = request.uri().path();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    let login =
        if place.bytes().all(is_plain) { format!("/login?next={place}") } else { "/login".to_owned() };
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, login).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R1: what a browser fetches ahead is told from what its person asks for.
    #[test]
    fn fetching_ahead_is_told() {
        let ahead = |name: &'static str, value: &str| {
            is_ahead(&HeaderMap::from_iter([(header::HeaderName::from_static(name), value.parse().unwrap())]))
        };
        assert!(ahead("sec-purpose", "prefetch") && ahead("sec-purpose", "prefetch;prerender"));
        assert!(ahead("purpose", "prefetch") && ahead("x-moz", "prefetch") && ahead("purpose", "Preview"));
        assert!(!ahead("accept", "prefetch") && !ahead("purpose", ""));
    }
}
