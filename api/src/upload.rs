//! `/upload`: files onto drafts, after tus 1.0 (core, creation, termination; <https://tus.io/protocols/resumable-upload>). A
//! file is sealed as it streams and never held whole; one that is cut goes on where it was (A38–A40, R7).

use crate::{
    Api,
    asker::Asker,
    codes::Code,
    identify::{self, Proof, text},
    refusal::Refusal,
    schema::ids::{self, Kind},
};
use app::{Upload, UploadRequest};
use base64ct::{Base64, Encoding};
use domain::{AttachmentId, DraftId};
use poem::{
    Request, Response,
    http::{HeaderMap, StatusCode, header},
};
use std::{collections::HashMap, sync::Arc};

const VERSION: &str = "1.0.0";
const CHUNK_TYPE: &str = "application/offset+octet-stream";
/// Bytes of `Upload-Metadata`, which is kept and repeated; a draft, a name and a type need no more.
const METADATA_BYTES: usize = 8 * 1024;

/// `OPTIONS /upload`: what is spoken here.
pub(crate) async fn describe(_: Api, _: Request) -> Response {
    std::future::ready(
        tus(StatusCode::NO_CONTENT)
            .header("Tus-Version", VERSION)
            .header("Tus-Extension", "creation,termination")
            .finish(),
    )
    .await
}

/// `POST /upload`: announces a file, which is refused by its length before a byte of it is read.
pub(crate) async fn announce(api: Api, request: Request) -> Response {
    settle(announced(&api, &request).await)
}

/// `HEAD /upload/{upload}`: how far it is.
pub(crate) async fn progress(api: Api, request: Request) -> Response {
    settle(progressed(&api, &request).await)
}

/// `PATCH /upload/{upload}`: the bytes.
pub(crate) async fn receive(api: Api, request: Request) -> Response {
    settle(received(&api, request).await)
}

/// `DELETE /upload/{upload}`: gives it up.
pub(crate) async fn terminate(api: Api, request: Request) -> Response {
    settle(terminated(&api, &request).await)
}

/// `POST /upload/{upload}`: one of the above, for programs that have no other methods (tus 1.0, X-HTTP-Method-Override).
pub(crate) async fn overridden(api: Api, request: Request) -> Response {
    match text(request.headers(), "x-http-method-override") {
        Some("HEAD") => progress(api, request).await,
        Some("PATCH") => receive(api, request).await,
        Some("DELETE") => terminate(api, request).await,
        Some(_) | None => settle(Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::BadRequest,
            "Send HEAD, PATCH or DELETE, as the method or as `X-HTTP-Method-Override`.",
        ))),
    }
}

async fn announced(api: &Api, request: &Request) -> Result<Response, Refusal> {
    let asker = uploader(api, request).await?;
    let headers = request.headers();
    if headers.contains_key("upload-defer-length") {
        return Err(Refusal::bad(
            "Send `Upload-Length`: a file's length is judged before it is sent, so `Upload-Defer-Length` is not taken.",
        ));
    }
    let length = number(headers, "upload-length")?;
    let key = text(headers, "idempotency-key").filter(|key| crate::schema::scalars::is_idempotency_key(key));
    let key = key.ok_or_else(|| Refusal::bad("Send `Idempotency-Key`: 8 to 64 visible ASCII characters."))?;
    let said = text(headers, "upload-metadata").unwrap_or_default();
    let metadata = metadata(said).filter(|_| said.len() <= METADATA_BYTES).ok_or_else(|| {
        let kibibytes = METADATA_BYTES / 1024;
        Refusal::bad(format!(
            "`Upload-Metadata` is a list of names, each with a value in base64, {kibibytes} KiB at most."
        ))
    })?;
    let draft = metadata.get("draft").and_then(|id| ids::parse(Kind::Draft, &id.as_str().into()));
    let draft = draft.ok_or_else(|| not_found("draft"))?;
    // The second name is what clients send by themselves.
    let member =
        |names: [&str; 2]| names.iter().find_map(|name| metadata.get(*name)).cloned().unwrap_or_default();
    let upload = UploadRequest {
        draft: DraftId::new(draft),
        name: member(["name", "filename"]),
        media_type: member(["type", "filetype"]),
        length,
        metadata: said.to_owned(),
        idempotency_key: key.to_owned(),
    };
    let upload = api.app.announce_upload(&*asker.viewer()?, upload).await?;
    let location = format!("/upload/{}", ids::id(Kind::Attachment, upload.id.uuid()).as_str());
    Ok(offset(StatusCode::CREATED, &upload).header(header::LOCATION, location).finish())
}

async fn progressed(api: &Api, request: &Request) -> Result<Response, Refusal> {
    let asker = uploader(api, request).await?;
    let upload = api.app.upload(&*asker.viewer()?, id(request)?).await?;
    let response = offset(StatusCode::OK, &upload).header("Upload-Length", upload.length.to_string());
    Ok(if upload.metadata.is_empty() {
        response.finish()
    } else {
        response.header("Upload-Metadata", upload.metadata).finish()
    })
}

async fn terminated(api: &Api, request: &Request) -> Result<Response, Refusal> {
    let asker = uploader(api, request).await?;
    api.app.discard_upload(&*asker.viewer()?, id(request)?).await?;
    Ok(tus(StatusCode::NO_CONTENT).finish())
}

async fn received(api: &Api, mut request: Request) -> Result<Response, Refusal> {
    let asker = uploader(api, &request).await?;
    let viewer = asker.viewer()?;
    if text(request.headers(), "content-type") != Some(CHUNK_TYPE) {
        let message = format!("Send `Content-Type: {CHUNK_TYPE}`.");
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadRequest, message));
    }
    let upload = api.app.upload(&viewer, id(&request)?).await?;
    if number(request.headers(), "upload-offset")? != upload.offset {
        let message = format!("Go on at byte {}.", upload.offset);
        return Err(Refusal::new(StatusCode::CONFLICT, Code::BadRequest, message));
    }
    let rest = upload.length - upload.offset;
    let length = text(request.headers(), "content-length").and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > rest) {
        let message = format!("{rest} bytes are left of this file.");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::LimitExceeded, message));
    }
    let bytes = request.take_body().into_bytes_stream();
    let done = api.app.receive_upload(&viewer, upload.id, upload.offset, bytes).await?;
    Ok(offset(StatusCode::NO_CONTENT, &done.value).finish())
}

async fn uploader(api: &Api, request: &Request) -> Result<Arc<Asker>, Refusal> {
    if text(request.headers(), "tus-resumable") != Some(VERSION) {
        let message = format!("Send `Tus-Resumable: {VERSION}`.");
        return Err(Refusal::new(StatusCode::PRECONDITION_FAILED, Code::BadRequest, message));
    }
    let asker = identify::identify(api, request, Proof::Header).await?;
    asker.viewer()?;
    Ok(Arc::new(asker))
}

fn settle(answer: Result<Response, Refusal>) -> Response {
    answer.unwrap_or_else(|refusal| {
        let mut response = refusal.into_problem();
        response.headers_mut().insert("tus-resumable", header::HeaderValue::from_static(VERSION));
        if response.status() == StatusCode::PRECONDITION_FAILED {
            response.headers_mut().insert("tus-version", header::HeaderValue::from_static(VERSION));
        }
        response
    })
}

fn tus(status: StatusCode) -> poem::ResponseBuilder {
    Response::builder()
        .status(status)
        .header("Tus-Resumable", VERSION)
        .header(header::CACHE_CONTROL, "no-store")
}

fn offset(status: StatusCode, upload: &Upload) -> poem::ResponseBuilder {
    tus(status).header("Upload-Offset", upload.offset.to_string())
}

fn id(request: &Request) -> Result<AttachmentId, Refusal> {
    let id = request.raw_path_param("upload").and_then(|id| ids::parse(Kind::Attachment, &id.into()));
    id.map(AttachmentId::new).ok_or_else(|| not_found("upload"))
}

fn not_found(what: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, Code::BadRequest, format!("There is no such {what} for you."))
}

fn number(headers: &HeaderMap, name: &str) -> Result<u64, Refusal> {
    let digits = text(headers, name).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Refusal::bad(format!("Send `{name}` with a whole number of bytes.")))
}

/// Names with values in base64, a value may be absent (tus 1.0, creation).
fn metadata(header: &str) -> Option<HashMap<String, String>> {
    let pairs = header.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
            Some((name.to_owned(), String::from_utf8(Base64::decode_vec(value.trim()).ok()?).ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A38: metadata is read as tus writes it, and nonsense is not read at all.
    #[test]
    fn metadata_is_read() {
        let read = metadata("name w5wucGRm,draft YWJj, empty").unwrap();
        assert_eq!(
            (read["name"].as_str(), read["draft"].as_str(), read["empty"].as_str()),
            ("Ü.pdf", "abc", "")
        );
        assert_eq!(metadata("name %%%"), None);
    }
}
