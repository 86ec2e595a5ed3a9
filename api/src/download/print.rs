//! A message without decoration: what a person prints (A42).

use app::Printout;
use askama::Template;
use base64ct::{Base64, Encoding};
use domain::{Timestamp, address::Mailbox};
use poem::{
    Response, ResponseBuilder,
    http::{StatusCode, header},
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use time::{format_description::well_known::Rfc3339, macros::format_description};

const STYLE: &str = include_str!("../../templates/print.css");

/// Nothing but the one stylesheet, which is known by its hash.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = Base64::encode_string(&Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

#[derive(Template)]
#[template(path = "print.html")]
struct Page<'a> {
    style: &'static str,
    print: &'a Printout,
}

pub(super) fn page(print: &Printout) -> Response {
    match (Page { style: STYLE, print }).render() {
        Ok(html) => confined(Response::builder()).body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into()
        }
    }
}

pub(super) fn confined(response: ResponseBuilder) -> ResponseBuilder {
    response.content_type("text/html; charset=utf-8").header(header::CONTENT_SECURITY_POLICY, POLICY.as_str())
}

fn people(people: &[Mailbox]) -> String {
    let people: Vec<_> = people.iter().map(Mailbox::to_string).collect();
    people.join(", ")
}

/// "2 March 2026, 09:00 UTC".
#[expect(clippy::trivially_copy_pass_by_ref, reason = "a template lends what it passes")]
fn in_words(at: &Timestamp) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    at.to_utc().format(&format).unwrap_or_default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a template lends what it passes")]
fn exact(at: &Timestamp) -> String {
    at.to_utc().format(&Rfc3339).unwrap_or_default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a template lends what it passes")]
fn size(bytes: &u64) -> String {
    let tenths = |unit: u64| (bytes * 10).div_ceil(unit);
    match bytes {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", tenths(1_000_000) / 10, tenths(1_000_000) % 10),
    }
}

fn count(print: &Printout) -> String {
    match print.attachments.len() {
        1 => "1 attachment".to_owned(),
        count => format!("{count} attachments"),
    }
}
