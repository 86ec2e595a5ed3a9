//! Requests that are repeated, and reading what one has just done.

use crate::{
    house::{BRUNO, CLARA, GINA, SEND, folder},
    raw::Raw,
    stage::{CREATE, FORWARD, REPLY, codes, drafts, on_stage, text},
};
use futures_util::future::join_all;
use reqwest::StatusCode;
use sealpost::node::Node;
use serde_json::json;
use std::collections::BTreeSet;

/// R7: the same key gives the same message and one notification; for another input it is refused.
#[tokio::test]
async fn a_key_acts_once() {
    on_stage(async |stage| {
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let key = stage.key();
        let input =
            |text: &str| json!({ "idempotencyKey": key, "to": [GINA], "subject": "Once", "text": text });
        let first = clara.act(SEND, input("T")).await.expect("it is sent");
        let again = clara.act(SEND, input("T")).await.expect("a repeat is answered");
        assert_eq!(first["message"], again["message"]);
        let head = stage.head();
        let other = clara.attempt(SEND, input("Another text")).await.expect("an answer");
        assert_eq!(
            (codes(&other), &other["problems"][0]["field"]),
            (vec!["IDEMPOTENCY_KEY_REUSED"], &json!(["idempotencyKey"]))
        );
        assert_eq!(stage.head(), head, "something was recorded");
        let elsewhere = bruno.act(SEND, input("T")).await.expect("a key is its person's own");
        assert_ne!(elsewhere["message"]["id"], first["message"]["id"]);
        let mut gina = stage.log_in(GINA).await;
        assert_eq!(folder(&mut gina, "inbox").await.len(), 2);
        assert_eq!(stage.mails(GINA).await.len(), 2);

        let message = first["message"]["id"].clone();
        let reply = json!({ "idempotencyKey": stage.key(), "messageId": message, "text": "T" });
        let forward =
            json!({ "idempotencyKey": stage.key(), "messageId": message, "to": [BRUNO], "text": "T" });
        for (query, input) in [(REPLY, reply), (FORWARD, forward)] {
            let first = gina.act(query, input.clone()).await.expect("it is sent");
            let again = gina.act(query, input.clone()).await.expect("a repeat is answered");
            assert_eq!(text(&first, "/message/id"), text(&again, "/message/id"));
            let mut other = input;
            other["text"] = json!("Another text");
            let other = gina.attempt(query, other).await.expect("an answer");
            assert_eq!(codes(&other), ["IDEMPOTENCY_KEY_REUSED"]);
        }
        let input = json!({ "idempotencyKey": stage.key() });
        let first = gina.act(CREATE, input.clone()).await.expect("a draft");
        assert_eq!(gina.act(CREATE, input).await.expect("a repeat is answered")["draft"], first["draft"]);
        assert_eq!(drafts(&mut gina).await.len(), 1);
    })
    .await;
}

/// R7: twenty requests at once with one key make one message, and each is told which.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_act_once() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let input = json!({ "idempotencyKey": stage.key(), "to": [GINA, "ada@guest.example"], "subject": "Once", "text": "T" });
        let at_once = (0..20).map(|_| {
            let (mut client, input) = (clara.clone(), input.clone());
            async move { client.attempt(SEND, input).await.expect("an answer") }
        });
        let answers = join_all(at_once).await;
        let ids: BTreeSet<_> = answers.iter().map(|payload| text(payload, "/message/id")).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(folder(&mut clara, "sent").await.len(), 1);
        for who in [GINA, "ada@guest.example"] {
            assert_eq!(stage.mails(who).await.len(), 1, "mails to {who}");
        }
    })
    .await;
}

/// R7: twenty requests at once to begin one draft begin one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_begin_one_draft() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let input = json!({ "idempotencyKey": stage.key() });
        let at_once = (0..20).map(|_| {
            let (mut client, input) = (clara.clone(), input.clone());
            async move { client.attempt(CREATE, input).await.expect("an answer") }
        });
        let ids: BTreeSet<_> =
            join_all(at_once).await.iter().map(|payload| text(payload, "/draft/id")).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(drafts(&mut clara).await.len(), 1);
    })
    .await;
}

/// R17: whoever names the position of what was done sees it, on another node too; a position that nobody gave out is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_is_seen() {
    on_stage(async |stage| {
        let second =
            Node::open(stage.config.clone(), stage.clock.clone()).await.expect("a second node opens");
        second.start_projections();
        let address = second.start_server().await.expect("it listens");
        let there = Raw::log_in(stage, address, CLARA).await;
        let mut clara = stage.log_in(CLARA).await;
        let query = "{ viewer { mailbox { sent(first: 1) { edges { node { id } } } } } }";
        for n in 0..5 {
            stage.advance("PT1S").await;
            let sent = stage.try_send(&mut clara, GINA, &format!("Message {n}")).await;
            let position = text(&sent, "/position");
            let seen = there.ask(query, &[("Sealpost-At-Least", &position)]).await;
            let newest = text(&seen.body, "/data/viewer/mailbox/sent/edges/0/node/id");
            assert_eq!(newest, text(&sent, "/message/id"));
        }
        for made_up in ["", "1", "AAAA", &"A".repeat(64)] {
            let answer = there.ask(query, &[("Sealpost-At-Least", made_up)]).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{made_up:?}: {}", answer.body);
            assert!(text(&answer.body, "/errors/0/message").contains("Sealpost-At-Least"), "{}", answer.body);
        }
        second.stop().await;
    })
    .await;
}
