//! Requests that a foreign page could make a browser send do nothing.

use crate::node::Node;
use eventstore::testing::TestDb;
use reqwest::{Method, StatusCode};
use serde_json::json;

/// R1: nothing happens by GET.
#[tokio::test]
async fn get_changes_nothing() {
    let node = Node::start(TestDb::sqlite().await).await;
    for query in ["mutation%7BlogOut(input:%7B%7D)%7Bposition%7D%7D", "%7B__typename%7D"] {
        let answer = node.send(node.request(Method::GET, &format!("/graphql?query={query}"), None)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST"));
        assert_eq!(answer.headers["allow"], "POST");
    }
}

/// A9: a session's request needs the header that only our own pages and programs send, and no foreign origin.
#[tokio::test]
async fn a_session_needs_the_header() {
    let node = Node::start(TestDb::sqlite().await).await;
    node.person("ada@own.example", domain::account::Kind::Member).await;
    let cookie = node.log_in("ada@own.example").await;
    let body = json!({ "query": "{ viewer { id } }" });
    let post = || node.request(Method::POST, "/graphql", None).json(&body).header("cookie", &cookie);
    let bare = node.send(post()).await;
    assert_eq!((bare.status, bare.code()), (StatusCode::FORBIDDEN, "FORBIDDEN"));
    let header = || post().header("sealpost-request", "1");
    let foreign = node.send(header().header("origin", "https://evil.example")).await;
    assert_eq!((foreign.status, foreign.code()), (StatusCode::FORBIDDEN, "FORBIDDEN"));
    let own = node.send(header().header("origin", format!("http://{}", node.address))).await;
    assert!(own.data("/viewer/id").is_string());
}

/// Operations: liveness, readiness and measurements.
#[tokio::test]
async fn the_machine_is_asked() {
    let node = Node::start(TestDb::sqlite().await).await;
    for (path, says) in [("/healthz", "alive\n"), ("/readyz", "ready\n"), ("/metrics", "sealpost_test 1\n")] {
        let answer = node.send(node.request(Method::GET, path, None)).await;
        assert_eq!((answer.status, answer.body), (StatusCode::OK, json!(says)), "{path}");
    }
}
