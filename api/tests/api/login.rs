//! Sessions over the API.

use crate::node::{Node, PASSWORD};
use domain::account::Kind;
use eventstore::testing::{TestDb, on_both};
use reqwest::Method;
use serde_json::{Value, json};

/// A9, B27: login sets a cookie that is bound to the host; logout ends the session and takes the cookie away.
#[tokio::test]
async fn a_session_begins_and_ends() {
    on_both(async |database: TestDb| {
        let node = Node::start(database).await;
        node.person("ada@own.example", Kind::Member).await;
        let query = "mutation($p: Secret!) { logIn(input: { identifier: \"ada@own.example\", password: $p }) { \
             viewer { id account { primaryAddress kind roles state lockout { until } } capabilities \
             session { current idleEndsAt endsAt network device } sessions { id } } problems { code } position } }";
        let answer = node.ask(None, query, json!({ "p": PASSWORD })).await;
        assert_eq!(answer.data("/logIn/viewer/account/primaryAddress"), "ada@own.example");
        assert_eq!(answer.data("/logIn/viewer/account/kind"), "MEMBER");
        assert_eq!(answer.data("/logIn/viewer/session/current"), true);
        assert_eq!(answer.data("/logIn/viewer/session/network"), "127.0.0.1");
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        for part in ["__Host-sealpost=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let cookie = cookie.split(';').next().unwrap();
        let position = answer.text("/logIn/position");
        let seen = node.request(Method::POST, "/graphql", Some(cookie)).header("sealpost-at-least", position);
        let seen = node.send(seen.json(&json!({ "query": "{ viewer { id } }" }))).await;
        assert!(seen.data("/viewer/id").is_string());

        let out = node.ask(Some(cookie), "mutation { logOut(input: {}) { endedSessionId problems { code } } }", Value::Null);
        let out = out.await;
        assert!(out.data("/logOut/endedSessionId").is_string());
        assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        let over = node.ask(Some(cookie), "{ organisation { name } viewer { id } }", Value::Null).await;
        assert_eq!(over.code(), "SESSION_ENDED");
        assert_eq!(over.body["data"], json!({ "organisation": { "name": "Own" }, "viewer": null }));
        assert!(over.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    })
    .await;
}

/// A9, R4: one answer to every failed login, and it is a problem, not an error.
#[tokio::test]
async fn a_failed_login_says_nothing() {
    let node = Node::start(TestDb::sqlite().await).await;
    node.person("ada@own.example", Kind::Member).await;
    let query = "mutation($i: String!) { logIn(input: { identifier: $i, password: \"wrong\" }) { \
         viewer { id } problems { code message field } position } }";
    let wrong = node.ask(None, query, json!({ "i": "ada@own.example" })).await.data("/logIn");
    let unknown = node.ask(None, query, json!({ "i": "nobody@else.example" })).await.data("/logIn");
    assert_eq!(wrong, unknown);
    assert_eq!(wrong["problems"][0]["code"], "LOGIN_FAILED");
}

/// B14: what needs a person says so by its code; strangers see nothing and get no error for asking who they are.
#[tokio::test]
async fn strangers_get_codes() {
    let node = Node::start(TestDb::sqlite().await).await;
    assert_eq!(node.ask(None, "{ viewer { id } }", Value::Null).await.data("/viewer"), Value::Null);
    let out = node.ask(None, "mutation { logOut(input: {}) { position } }", Value::Null).await;
    assert_eq!(out.code(), "UNAUTHENTICATED");
    let made_up = node.ask(Some("__Host-sealpost=made-up"), "{ viewer { id } }", Value::Null).await;
    assert_eq!(made_up.code(), "SESSION_ENDED");
    let behind = node.request(Method::POST, "/graphql", None).header("sealpost-at-least", "nonsense");
    let behind = node.send(behind.json(&json!({ "query": "{ __typename }" }))).await;
    assert_eq!(behind.code(), "BAD_REQUEST");
}

/// A3, R10: a form's mistakes are problems of its fields, and an unknown link is nothing.
#[tokio::test]
async fn registering_answers_with_problems() {
    let node = Node::start(TestDb::sqlite().await).await;
    let input = json!({ "invitationToken": "x", "address": "no address", "password": "p", "profile": {} });
    let query = "mutation($input: RegisterInput!) { register(input: $input) { next problems { code field } position } }";
    let answer = node.ask(None, query, json!({ "input": input })).await;
    assert_eq!(answer.data("/register/problems"), json!([{ "code": "INVALID", "field": ["address"] }]));
    let link = node.ask(None, "{ link(token: \"x\") { state } }", Value::Null).await;
    assert_eq!(link.data("/link"), Value::Null);
    let activated = "mutation { activateAccount(input: { token: \"x\" }) { activated problems { code } } }";
    let answer = node.ask(None, activated, Value::Null).await;
    assert_eq!(
        answer.data("/activateAccount"),
        json!({ "activated": false, "problems": [{ "code": "LINK_INVALID" }] })
    );
}
