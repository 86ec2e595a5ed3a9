//! Files onto drafts.

use crate::node::Node;
use eventstore::testing::{TestDb, on_both};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

async fn draft(node: &Node, cookie: &str) -> String {
    let create = "mutation { createDraft(input: { idempotencyKey: \"a-draft-key\" }) { draft { id } problems { code } } }";
    node.ask(Some(cookie), create, Value::Null).await.text("/createDraft/draft/id")
}

fn tus(node: &Node, method: Method, path: &str, cookie: &str) -> RequestBuilder {
    node.request(method, path, Some(cookie)).header("tus-resumable", "1.0.0")
}

fn announce(node: &Node, cookie: &str, draft: &str, length: u64, key: &str) -> RequestBuilder {
    let encode = |text: &str| <base64ct::Base64 as base64ct::Encoding>::encode_string(text.as_bytes());
    let metadata =
        format!("draft {},name {},type {}", encode(draft), encode("../scan.pdf"), encode("application/pdf"));
    tus(node, Method::POST, "/upload", cookie)
        .header("upload-length", length)
        .header("upload-metadata", metadata)
        .header("idempotency-key", key)
}

fn bytes(node: &Node, location: &str, cookie: &str, offset: u64, body: &'static [u8]) -> RequestBuilder {
    tus(node, Method::PATCH, location, cookie)
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", offset)
        .body(body)
}

/// A38, R7: a file is announced, sent, and stands on its draft under a harmless name; a repeat changes nothing.
#[tokio::test]
async fn a_file_arrives() {
    on_both(async |database: TestDb| {
        let node = Node::start(database).await;
        let [ada, bob, _] = node.people().await;
        let draft = draft(&node, &ada).await;
        let announced = node.send(announce(&node, &ada, &draft, 5, "upload-key")).await;
        assert_eq!(announced.status, StatusCode::CREATED, "{}", announced.body);
        let location = announced.headers["location"].to_str().unwrap().to_owned();
        let again = node.send(announce(&node, &ada, &draft, 5, "upload-key")).await;
        assert_eq!(again.headers["location"], location.as_str());

        let stranger = node.send(tus(&node, Method::HEAD, &location, &bob)).await;
        assert_eq!(stranger.status, StatusCode::NOT_FOUND);
        let early = node.send(bytes(&node, &location, &ada, 3, b"lo")).await;
        assert_eq!(early.status, StatusCode::CONFLICT);
        let long = node.send(bytes(&node, &location, &ada, 0, b"hello, world")).await;
        assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
        let done = node.send(bytes(&node, &location, &ada, 0, b"hello")).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
        assert_eq!(done.headers["upload-offset"], "5");
        let head = node.send(tus(&node, Method::HEAD, &location, &ada)).await;
        assert_eq!((&head.headers["upload-offset"], &head.headers["upload-length"]), (&"5".parse().unwrap(), &"5".parse().unwrap()));

        let query = "query($id: ID!) { node(id: $id) { ... on Draft { attachments { id name mediaType sizeBytes uploadedBytes } } } }";
        let shown = node.ask(Some(&ada), query, json!({ "id": draft })).await;
        let file = shown.data("/node/attachments/0");
        assert_eq!((&file["name"], &file["mediaType"], &file["sizeBytes"]), (&json!("scan.pdf"), &json!("application/pdf"), &json!(5)));
        let remove = "mutation($id: ID!) { removeAttachment(input: { attachmentId: $id }) { draft { attachments { id } } problems { code } } }";
        let removed = node.ask(Some(&ada), remove, json!({ "id": file["id"] })).await;
        assert_eq!(removed.data("/removeAttachment/draft/attachments"), json!([]));
    })
    .await;
}

/// A39, A40: a file that is too large is refused by its announced length, with a reason; so is all that tus forbids.
#[tokio::test]
async fn wrong_uploads_are_refused() {
    let node = Node::start(TestDb::sqlite().await).await;
    let [ada, _, _] = node.people().await;
    let draft = draft(&node, &ada).await;
    let huge = node.send(announce(&node, &ada, &draft, 1 << 40, "upload-key")).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(huge.headers["content-type"], "application/problem+json");
    assert_eq!(huge.body["status"], 413);
    let old = announce(&node, &ada, &draft, 5, "upload-key").build().unwrap();
    let mut old = old;
    old.headers_mut().insert("tus-resumable", "0.2.2".parse().unwrap());
    let client = reqwest::Client::new();
    let old = client.execute(old).await.unwrap();
    assert_eq!(
        (old.status(), &old.headers()["tus-version"]),
        (StatusCode::PRECONDITION_FAILED, &"1.0.0".parse().unwrap())
    );
    let unknown = node.send(announce(&node, &ada, "nonsense", 5, "upload-key")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let stranger =
        node.send(node.request(Method::POST, "/upload", None).header("tus-resumable", "1.0.0")).await;
    assert_eq!(
        (stranger.status, &stranger.body["code"]),
        (StatusCode::UNAUTHORIZED, &json!("UNAUTHENTICATED"))
    );
    let spoken = node.send(node.request(Method::OPTIONS, "/upload", None)).await;
    assert_eq!(spoken.headers["tus-extension"], "creation,termination");
}
