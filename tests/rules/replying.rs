//! Replies and forwards: what they begin with, and whom they may reach.

use crate::{
    house::{BRUNO, CLARA, GINA, folder},
    stage::{FORWARD, REPLY, codes, listed, on_stage, open, text},
};
use serde_json::{Value, json};

const GUS: &str = "gus@guest.example";

/// A29, A30: a message received can be answered; the draft's To is the sender, its subject `Re: …`, and it is sent as it is.
/// A33, A34, A35, A38: it can be forwarded; To is empty, Cc is the sender, and its files go along with those added.
#[tokio::test]
async fn replies_and_forwards_are_prefilled() {
    on_stage(async |stage| {
        stage.enrol(GUS).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let original = stage.send_files(&mut clara, GINA, "The contract", &["one.txt", "two.txt"]).await;
        let received = &folder(&mut gina, "inbox").await[0];
        assert_eq!((&received["mayReply"], &received["mayForward"]), (&json!(true), &json!(true)));

        let reply = stage.draft(&mut gina, &json!({ "replyTo": original })).await;
        assert_eq!(reply["subject"], "Re: The contract");
        assert_eq!(reply["to"][0]["address"], CLARA);
        assert_eq!((reply["to"].as_array().map(Vec::len), &reply["cc"]), (Some(1), &json!([])));
        let saved = stage.save(&mut gina, &reply, json!({ "text": "Thank you." })).await["draft"].clone();
        let sent = stage.send_draft(&mut gina, &saved).await;
        let answer = listed(&mut clara, "inbox", &text(&sent, "/message/id")).await;
        assert_eq!(answer["attachments"], json!([]), "a reply carries no files of the original");

        let forward = stage.draft(&mut gina, &json!({ "forwardOf": original })).await;
        assert_eq!(forward["subject"], "Fwd: The contract");
        assert_eq!(forward["to"], json!([]));
        assert_eq!(forward["cc"][0]["address"], CLARA);
        stage.attach(&gina, &forward, &["three.txt"]).await;
        let change = json!({ "to": [GUS], "text": "For you." });
        let saved = stage.save(&mut gina, &forward, change).await["draft"].clone();
        let sent = text(&stage.send_draft(&mut gina, &saved).await, "/message/id");
        for who in [GUS, CLARA] {
            let mut client = stage.log_in(who).await;
            let arrived = listed(&mut client, "inbox", &sent).await;
            let names = arrived["attachments"].as_array().expect("files").iter().map(|file| &file["name"]);
            let mut names: Vec<_> = names.filter_map(Value::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["one.txt", "three.txt", "two.txt"], "{who}");
            let shown = open(&mut client, &sent).await;
            assert!(text(&shown, "/content/text").contains("The text."), "{shown}");
        }
    })
    .await;
}

/// A31, A32, A34: replies and forwards reach the organisation's people and registered people of one's own domain, whatever
/// its case; all others are refused by name, and nothing is sent.
#[tokio::test]
async fn the_rule_for_replies_and_forwards() {
    on_stage(async |stage| {
        for guest in [GUS, "olaf@other.example", "sub@mail.guest.example"] {
            stage.enrol(guest).await;
        }
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let original = stage.send(&mut clara, GINA, "The contract").await;
        let reply = |cc: &str| json!({ "idempotencyKey": stage.key(), "messageId": original, "cc": [cc], "text": "T" });
        let forward = |to: &str| json!({ "idempotencyKey": stage.key(), "messageId": original, "to": [to], "text": "T" });
        for allowed in [BRUNO, "BRUNO@INSURER.EXAMPLE", GUS, "Gus@GUEST.Example", CLARA] {
            let payload = gina.attempt(REPLY, reply(allowed)).await.expect("an answer");
            assert!(payload["message"]["id"].is_string(), "reply, Cc {allowed}: {payload}");
            let payload = gina.attempt(FORWARD, forward(allowed)).await.expect("an answer");
            assert!(payload["message"]["id"].is_string(), "forward to {allowed}: {payload}");
        }
        let mut gus = stage.log_in(GUS).await;
        assert_eq!(folder(&mut gus, "inbox").await.len(), 4);
        let sent = folder(&mut gina, "sent").await.len();
        let outside = ["olaf@other.example", "sub@mail.guest.example", "nobody@guest.example", "x@insurer.example.com"];
        for refused in outside {
            for (query, input) in [(REPLY, reply(refused)), (FORWARD, forward(refused))] {
                let payload = gina.attempt(query, input).await.expect("an answer");
                assert_eq!(codes(&payload), ["RECIPIENT_REFUSED"], "{refused}: {payload}");
                assert!(text(&payload, "/problems/0/message").contains(refused), "{payload}");
            }
        }
        let mixed = format!("{GUS}, {}, {}", outside[0], outside[2]);
        let payload = gina.attempt(REPLY, reply(&mixed)).await.expect("an answer");
        assert_eq!(codes(&payload), ["RECIPIENT_REFUSED"; 2], "each is named: {payload}");
        assert_eq!(folder(&mut gina, "sent").await.len(), sent, "something was sent");
        assert_eq!(folder(&mut gus, "inbox").await.len(), 4);
    })
    .await;
}

/// A32: people of a public mailbox provider are strangers to each other.
#[tokio::test]
async fn a_public_mailbox_domain_is_no_domain_of_ones_own() {
    on_stage(async |stage| {
        for guest in ["one@gmail.com", "two@gmail.com"] {
            stage.enrol(guest).await;
        }
        let (mut clara, mut one) = (stage.log_in(CLARA).await, stage.log_in("one@gmail.com").await);
        let original = stage.send(&mut clara, "one@gmail.com", "The contract").await;
        let input = json!({ "idempotencyKey": stage.key(), "messageId": original, "cc": ["two@gmail.com"], "text": "T" });
        let payload = one.attempt(REPLY, input).await.expect("an answer");
        assert_eq!(codes(&payload), ["RECIPIENT_REFUSED"]);
        let input = json!({ "idempotencyKey": stage.key(), "messageId": original, "to": ["two@GMail.com"], "text": "T" });
        let payload = one.attempt(FORWARD, input).await.expect("an answer");
        assert_eq!(codes(&payload), ["RECIPIENT_REFUSED"]);
        let input = json!({ "idempotencyKey": stage.key(), "messageId": original, "text": "To you alone." });
        assert!(one.act(REPLY, input).await.is_ok(), "the sender can be answered");
    })
    .await;
}
