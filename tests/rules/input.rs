//! Bad input: a clear answer, and nothing half done.

use crate::{
    house::{CLARA, GINA, SEND, folder},
    raw::Raw,
    stage::{CREATE, FORWARD, OPEN, REPLY, SEND_DRAFT, UPDATE, codes, drafts, error, on_stage, text},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A28, R7: a message that cannot be sent as it is gets a problem that names its field; nothing is recorded, nothing kept.
#[tokio::test]
async fn a_malformed_message_is_refused() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let crowd: Vec<_> = (0..201).map(|n| format!("person{n}@guest.example")).collect();
        let head = stage.head();
        for (field, value, code) in [
            ("to", json!(["not an address"]), "INVALID"),
            ("to", json!([GINA, "gina@guest"]), "INVALID"),
            ("to", json!(["gina@guest.example\r\nBcc: x@y.example"]), "INVALID"),
            ("to", json!(["\"Gina\r\nBcc: x@y.example\" <gina@guest.example>"]), "INVALID"),
            ("to", json!(["gina@guest.example\u{0}"]), "INVALID"),
            ("to", json!([format!("{}@guest.example", "a".repeat(1000))]), "INVALID"),
            ("to", json!([crowd.join(";")]), "INVALID"),
            ("to", json!([]), "REQUIRED"),
            ("to", json!([" ; , "]), "REQUIRED"),
            ("cc", json!(["<>"]), "INVALID"),
            ("subject", json!("s".repeat(999)), "TOO_LONG"),
            ("subject", json!("Lunch\r\nBcc: x@y.example"), "TOO_LONG"),
            ("subject", json!("Lunch\u{0}"), "TOO_LONG"),
            ("text", json!("t".repeat(600 * 1024)), "TOO_LONG"),
            ("expiresIn", json!("PT0S"), "INVALID"),
        ] {
            let mut input = json!({ "idempotencyKey": stage.key(), "to": [GINA], "subject": "S", "text": "T" });
            input[field] = value;
            let payload = clara.attempt(SEND, input).await.expect("an answer");
            assert_eq!(codes(&payload), [code], "{field}: {payload}");
            assert_eq!(payload["problems"][0]["field"], json!([field]), "{payload}");
            assert!(payload["message"].is_null() && payload["draft"].is_null(), "{payload}");
        }
        assert_eq!(stage.head(), head, "something was recorded");
        assert!(folder(&mut clara, "sent").await.is_empty() && drafts(&mut clara).await.is_empty());
        // As long as may be.
        let input = json!({ "idempotencyKey": stage.key(), "to": [GINA], "subject": "s".repeat(998), "text": "t".repeat(512 * 1024) });
        clara.act(SEND, input).await.expect("it is sent");
    })
    .await;
}

/// A27: To and Cc together take as many recipients as one message has.
#[tokio::test]
async fn a_crowd_in_two_fields_is_a_crowd() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let crowd =
            |from: u32, to: u32| (from..to).map(|n| format!("person{n}@guest.example")).collect::<Vec<_>>();
        let input = json!({ "idempotencyKey": stage.key(), "to": crowd(0, 101), "cc": crowd(101, 201),
            "subject": "S", "text": "T" });
        let head = stage.head();
        let payload = clara.attempt(SEND, input).await.expect("an answer");
        assert_eq!(codes(&payload), ["INVALID"], "201 recipients");
        assert_eq!(stage.head(), head, "something was recorded");
    })
    .await;
}

/// R7: a request that no working client sends gets an error with a code; nothing is recorded.
#[tokio::test]
async fn a_malformed_request_is_refused() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let raw = Raw::log_in(stage, stage.address, CLARA).await;
        let head = stage.head();
        let input = |change: Value| {
            let mut input =
                json!({ "idempotencyKey": stage.key(), "to": [GINA], "subject": "S", "text": "T" });
            for (name, value) in change.as_object().expect("an object") {
                input[name] = value.clone();
            }
            input
        };
        for change in [
            json!({ "bcc": ["x@y.example"] }),
            json!({ "idempotencyKey": "short" }),
            json!({ "idempotencyKey": "k".repeat(65) }),
            json!({ "idempotencyKey": "with a blank" }),
            json!({ "subject": null }),
            json!({ "text": 7 }),
            json!({ "expiresIn": "sixty days" }),
            json!({ "newRecipients": "PERHAPS" }),
        ] {
            let answer = clara.ask(SEND, json!({ "input": input(change.clone()) })).await.expect("an answer");
            assert_eq!(error(&answer), "BAD_REQUEST", "{change}: {answer}");
        }
        for (query, code) in [
            ("{ viewer { password } }".to_owned(), "BAD_REQUEST"),
            ("{ viewer {".to_owned(), "BAD_REQUEST"),
            (format!("{{ viewer {}id{} }}", "{ account ".repeat(60), " }".repeat(60)), "LIMIT_EXCEEDED"),
        ] {
            assert_eq!(error(&raw.ask(&query, &[]).await.body), code, "{query}");
        }
        let large = raw.send(
            json!({ "query": "{ viewer { id } }", "variables": { "x": "x".repeat(2_000_000) } }).to_string(),
        );
        let large = large.await;
        assert_eq!((large.status, error(&large.body)), (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED"));
        for body in ["", "{", "null", "7", "{\"query\": 7}", "[]"] {
            let answer = raw.send(body.to_owned()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:?}: {}", answer.body);
            text(&answer.body, "/errors/0/message");
        }
        assert_eq!(stage.head(), head, "something was recorded");
    })
    .await;
}

/// A2, R4: an id that is malformed, made up, or of something else is not found; nothing is recorded.
#[tokio::test]
async fn unknown_ids_are_not_found() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let draft = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let message = stage.send(&mut clara, GINA, "S").await;
        let head = stage.head();
        let with_key = |mut input: Value| {
            input["idempotencyKey"] = json!(stage.key());
            input
        };
        let others = ["", "x", "'; DROP TABLE events;--", "../../etc/passwd", "BQ", &"A".repeat(5000)];
        for id in others.into_iter().chain([draft.as_str()]) {
            for (query, input) in [
                (OPEN, json!({ "messageId": id })),
                (REPLY, with_key(json!({ "messageId": id, "text": "T" }))),
                (FORWARD, with_key(json!({ "messageId": id, "to": [GINA] }))),
                (CREATE, with_key(json!({ "about": { "replyTo": id } }))),
            ] {
                let payload = clara.attempt(query, input).await.expect("an answer");
                assert_eq!(codes(&payload), ["NOT_FOUND"], "{id}: {payload}");
            }
        }
        for id in others.into_iter().chain([message.as_str()]) {
            for (query, input) in [
                (UPDATE, json!({ "draftId": id, "version": 1, "text": "T" })),
                (SEND_DRAFT, with_key(json!({ "draftId": id, "version": 1 }))),
            ] {
                let payload = clara.attempt(query, input).await.expect("an answer");
                assert_eq!(codes(&payload), ["NOT_FOUND"], "{id}: {payload}");
            }
        }
        for version in [-1, 0, 2, i32::MAX] {
            let payload =
                clara.attempt(UPDATE, json!({ "draftId": draft, "version": version, "text": "T" })).await;
            let payload = payload.expect("an answer");
            assert!(["CONFLICT", "INVALID"].contains(&codes(&payload)[0]), "{version}: {payload}");
        }
        for id in others {
            let answer = clara.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
            let answer = answer.expect("an answer");
            assert_eq!((&answer["data"]["node"], &answer["errors"]), (&Value::Null, &Value::Null), "{id}");
        }
        assert_eq!(stage.head(), head, "something was recorded");
    })
    .await;
}
