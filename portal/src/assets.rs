//! Stylesheet, icons and logo: in the program, cached by content.

use poem::{
    Endpoint, Request, Response, Result,
    http::{StatusCode, header},
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::LazyLock};

/// A file in the program.
pub(crate) struct Asset {
    name: &'static str,
    media: &'static str,
    bytes: &'static [u8],
}

/// All of them. The stylesheet names `caret.svg` beside itself.
pub(crate) const ASSETS: &[Asset] = &[
    Asset { name: "look.css", media: "text/css; charset=utf-8", bytes: include_bytes!("../assets/look.css") },
    Asset { name: "icons.svg", media: "image/svg+xml", bytes: include_bytes!("../assets/icons.svg") },
    Asset { name: "logo.svg", media: "image/svg+xml", bytes: include_bytes!("../assets/logo.svg") },
    Asset { name: "caret.svg", media: "image/svg+xml", bytes: include_bytes!("../assets/caret.svg") },
];

/// Under the address that names its content, a file never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Under its bare name it changes with the program.
const HOUR: &str = "public, max-age=3600";

/// The start of each file's SHA-256, in hexadecimal: 64 bits tell versions of a file apart.
static TAGS: LazyLock<BTreeMap<&str, String>> =
    LazyLock::new(|| ASSETS.iter().map(|asset| (asset.name, tag(asset.bytes))).collect());

fn tag(bytes: &[u8]) -> String {
    let start = Sha256::digest(bytes).iter().take(8).fold(0, |start, byte| start << 8 | u64::from(*byte));
    format!("{start:016x}")
}

/// Where a file answers.
pub(crate) fn path(asset: &Asset) -> String {
    format!("/static/{}", asset.name)
}

/// The address by which pages name a file, with its content's tag.
pub(crate) fn url(name: &str) -> String {
    let tag = TAGS.get(name).map_or("", String::as_str);
    format!("/static/{name}?v={tag}")
}

/// Answers with one file.
pub(crate) struct Serve(pub(crate) &'static Asset);

impl Endpoint for Serve {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Asset { name, media, bytes } = self.0;
        let tag = TAGS.get(name).map_or("", String::as_str);
        let etag = format!("\"{tag}\"");
        let lasting = request.uri().query().and_then(|query| query.strip_prefix("v=")) == Some(tag);
        let response = Response::builder()
            .header(header::ETAG, &etag)
            .header(header::CACHE_CONTROL, if lasting { FOREVER } else { HOUR })
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if request.header(header::IF_NONE_MATCH) == Some(&etag) {
            return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
        }
        Ok(response.content_type(media).body(*bytes))
    }
}
