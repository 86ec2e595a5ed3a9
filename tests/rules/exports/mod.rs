//! What officers take out of the system: on record, the same each time, and verified by others.

mod audit;
mod keeping;
mod repeating;

use crate::stage::{Stage, text};
use domain::Timestamp;
use eventstore::notary::Step;
use proof::note::Verifier;
use reqwest::{Method, Response, header::COOKIE};
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use workers::JobName;

pub const REQUEST: &str = "mutation($input: RequestExportInput!) { requestExport(input: $input) { export { id kind reason treeSize \
     requestedBy { id } work { id state } files { name } } problems { code message field } position } }";
const EXPORT: &str = "query($id: ID!) { node(id: $id) { ... on Export { id kind reason treeSize requestedBy { primaryAddress } \
     work { state done total failure finishedAt } files { name sizeBytes sha256 downloadUrl } } } }";

/// Asks for an export; gives the payload.
pub async fn request(stage: &Stage, officer: &mut Client, content: Value, tree_size: Option<u64>) -> Value {
    let mut input = json!({ "idempotencyKey": stage.key(), "content": content, "reason": "An enquiry." });
    if let Some(size) = tree_size {
        input["treeSize"] = size.into();
    }
    officer.attempt(REQUEST, input).await.expect("an answer")
}

/// Lets the notary sign, and then the job make what was asked for.
pub async fn make(stage: &Stage) {
    sign(stage).await;
    let ran = stage.node.scheduler.run_now(JobName::MakeExports).await.expect("the job runs");
    assert_eq!(ran.and_then(|ran| ran.failure), None);
}

/// Has the log signed as far as it goes.
pub async fn sign(stage: &Stage) {
    let step = stage.node.notary.step().await.expect("the notary signs");
    assert_ne!(step, Step::Elsewhere);
}

/// An export as it stands.
pub async fn shown(officer: &mut Client, id: &str) -> Value {
    let answer = officer.ask(EXPORT, json!({ "id": id })).await.expect("an answer");
    answer["data"]["node"].clone()
}

/// An export that is asked for and made.
pub async fn made(stage: &Stage, officer: &mut Client, content: Value, tree_size: Option<u64>) -> Value {
    let asked = request(stage, officer, content, tree_size).await;
    let id = text(&asked, "/export/id");
    make(stage).await;
    let made = shown(officer, &id).await;
    assert_eq!(made["work"]["state"], "DONE", "{made}");
    made
}

/// The file of an export that ends so.
#[track_caller]
pub fn file<'e>(export: &'e Value, name: &str) -> &'e Value {
    let files = export["files"].as_array().unwrap_or_else(|| panic!("no files: {export}"));
    files.iter().find(|file| file["name"] == name).unwrap_or_else(|| panic!("no {name} in {export}"))
}

/// Its bytes, which must have the size and the hash that are shown.
pub async fn fetched(officer: &Client, export: &Value, name: &str) -> Vec<u8> {
    let file = file(export, name);
    let bytes = officer.download(&path(&file["downloadUrl"])).await.expect("the file");
    assert_eq!(bytes.len() as u64, file["sizeBytes"].as_u64().expect("a size"), "{name}");
    assert_eq!(hex(&bytes), file["sha256"].as_str().expect("a hash"), "{name}");
    bytes
}

/// The lines of the manifest that name files, once its signature was checked by the log's public key.
pub async fn verified(stage: &Stage, officer: &Client, export: &Value) -> Vec<String> {
    let note = String::from_utf8(fetched(officer, export, "manifest.txt").await).expect("text");
    let key: Verifier = stage.node.app.log().tree().key().await.expect("a tree").expect("a key");
    let head = proof::Checkpoint::open(&note, &key).expect("the log's key signed it");
    assert_eq!(head.size, export["treeSize"].as_u64().expect("a size"));
    let root = stage.node.app.log().tree().root(head.size).await.expect("a root");
    assert_eq!(head.root, root, "it is a picture of this log");
    let lines = key.open(&note).expect("a note").lines().skip(3).map(str::to_owned);
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines[0], format!("export {}", export["kind"].as_str().expect("a kind")));
    lines[1..].to_vec()
}

/// A part of a URL that a client asks its server for.
pub fn path(url: &Value) -> String {
    let url = url.as_str().unwrap_or_else(|| panic!("no URL: {url}"));
    url[url.find("/download/").expect("a download")..].to_owned()
}

pub async fn get(client: &Client, stage: &Stage, place: &str, headers: &[(&str, &str)]) -> Response {
    try_to_get(client, stage, place, headers).await.expect("an answer")
}

pub async fn try_to_get(
    client: &Client,
    stage: &Stage,
    place: &str,
    headers: &[(&str, &str)],
) -> reqwest::Result<Response> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let http = http.tls_certs_only([]).build().expect("a client");
    let mut request = http.request(Method::GET, format!("http://{}{place}", stage.address));
    if let Some(cookie) = client.cookie() {
        request = request.header(COOKIE, cookie);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await
}

pub fn hex(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.map(|byte| format!("{byte:02x}")).concat()
}

/// As many events as there are now.
pub fn now(stage: &Stage) -> u64 {
    stage.head().unsigned_abs()
}

/// When an export's files are deleted.
pub fn end(made: &Value) -> Timestamp {
    let at = made["work"]["finishedAt"].as_str().expect("a time");
    let at = time::OffsetDateTime::parse(at, &time::format_description::well_known::Rfc3339);
    Timestamp::from(at.expect("a time")).plus(domain::period::Period::days(7))
}
