//! What is too large, too deep or too much is refused before it costs anything.

use crate::node::Node;
use eventstore::testing::TestDb;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn code_of(node: &Node, query: &str) -> String {
    node.ask(None, query, Value::Null).await.code().to_owned()
}

/// R7: a request of 2 MB is refused by its length, with the limit in its answer.
#[tokio::test]
async fn a_large_body_is_refused() {
    let node = Node::start(TestDb::sqlite().await).await;
    let body = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(2_000_000) } }).to_string();
    let answer = node.send(json_post(&node, body)).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED"));
    assert!(answer.body["errors"][0]["message"].as_str().unwrap().contains("1 MiB"));
}

/// R7: depth, complexity, recursion and directives have limits, each with the code of a limit.
#[tokio::test]
async fn a_document_has_limits() {
    let node = Node::start(TestDb::sqlite().await).await;
    let chain = |levels: usize| {
        format!(
            "{{ node(id: \"x\") {{ ... on Message {{ {}id{} }} }} }}",
            "replyTo { ".repeat(levels),
            " }".repeat(levels)
        )
    };
    assert_eq!(node.ask(None, &chain(10), Value::Null).await.data("/node"), Value::Null);
    assert_eq!(code_of(&node, &chain(20)).await, "LIMIT_EXCEEDED");
    assert_eq!(code_of(&node, &chain(60)).await, "LIMIT_EXCEEDED");
    let fields = aliases(6_000, "organisation { id }");
    assert_eq!(code_of(&node, &format!("{{ {fields} }}")).await, "LIMIT_EXCEEDED");
    let lists = aliases(60, "inbox(first: 200) { edges { cursor } }");
    assert_eq!(code_of(&node, &format!("{{ viewer {{ mailbox {{ {lists} }} }} }}")).await, "LIMIT_EXCEEDED");
    let directives = "@include(if: true) ".repeat(50);
    assert_eq!(code_of(&node, &format!("{{ __typename {directives} }}")).await, "LIMIT_EXCEEDED");
    let circle = "query { viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }";
    assert!(["LIMIT_EXCEEDED", "BAD_REQUEST"].contains(&code_of(&node, circle).await.as_str()));
    let nested = format!("{}{}", "{a".repeat(50_000), "}".repeat(50_000));
    assert_eq!(node.ask(None, &nested, Value::Null).await.status, StatusCode::BAD_REQUEST);
}

/// R7: one operation a request, in whichever way several are sent.
#[tokio::test]
async fn one_operation_a_request() {
    let node = Node::start(TestDb::sqlite().await).await;
    let answer = node.send(json_post(&node, json!([{ "query": "{ __typename }" }]).to_string())).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "LIMIT_EXCEEDED"));
    let two = "query A { __typename } query B { organisation { name } }";
    assert_eq!(code_of(&node, two).await, "BAD_REQUEST");
    let named = json!({ "query": two, "operationName": "B" }).to_string();
    assert_eq!(node.send(json_post(&node, named)).await.data("/organisation/name"), "Own");
}

/// R4: the schema is not told where the configuration says so.
#[tokio::test]
async fn introspection_is_by_configuration() {
    let ask = "{ __schema { types { name } } __type(name: \"Query\") { name } }";
    let closed = Node::start(TestDb::sqlite().await).await.ask(None, ask, Value::Null).await;
    assert!(!closed.body.to_string().contains("Mailbox"), "{}", closed.body);
    let open = Node::start_with(TestDb::sqlite().await, true).await.ask(None, ask, Value::Null).await;
    assert_eq!(open.data("/__type/name"), "Query");
}

/// GraphQL over HTTP: media types and status codes.
#[tokio::test]
async fn the_protocol_is_graphql_over_http() {
    let node = Node::start(TestDb::sqlite().await).await;
    let syntax = node.ask(None, "{ viewer {", Value::Null).await;
    assert_eq!((syntax.status, syntax.code()), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
    let unknown = json!({ "query": "{ nothing }" }).to_string();
    let plain = node.send(json_post(&node, unknown.clone())).await;
    assert_eq!((plain.status, plain.code()), (StatusCode::OK, "BAD_REQUEST"));
    assert!(plain.body.get("data").is_none(), "an operation that was not begun has no data");
    let strict = json_post(&node, unknown).header("accept", "application/graphql-response+json");
    let strict = node.send(strict).await;
    assert_eq!(strict.status, StatusCode::BAD_REQUEST);
    assert_eq!(strict.headers["content-type"], "application/graphql-response+json");
    let html = node.send(json_post(&node, "{}".into()).header("accept", "text/html")).await;
    assert_eq!(html.status, StatusCode::NOT_ACCEPTABLE);
    let form = node.request(Method::POST, "/graphql", None).header("content-type", "text/plain").body("{}");
    assert_eq!(node.send(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let members = node.send(json_post(&node, "{\"no\":1}".into())).await;
    assert_eq!((members.status, members.code()), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
}

/// A9: a mistaken value is never repeated when it is a secret.
#[tokio::test]
async fn a_secret_is_not_repeated() {
    let node = Node::start(TestDb::sqlite().await).await;
    let query =
        "mutation { logIn(input: { identifier: \"a\", password: 4711471147 }) { problems { code } } }";
    let answer = node.ask(None, query, Value::Null).await;
    assert_eq!(answer.code(), "BAD_REQUEST");
    assert!(!answer.body.to_string().contains("4711471147"), "{}", answer.body);
    let query =
        "mutation($p: Secret!) { logIn(input: { identifier: \"a\", password: $p }) { problems { code } } }";
    let answer = node.ask(None, query, json!({ "p": 4_711_471_147_i64 })).await;
    assert!(!answer.body.to_string().contains("4711471147"), "{}", answer.body);
}

fn json_post(node: &Node, body: String) -> reqwest::RequestBuilder {
    node.request(Method::POST, "/graphql", None).header("content-type", "application/json").body(body)
}

/// The same field, so many times.
fn aliases(count: usize, field: &str) -> String {
    let fields: Vec<_> = (0..count).map(|n| format!("a{n}: {field}")).collect();
    fields.join(" ")
}
