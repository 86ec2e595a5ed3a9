//! Who reads what, and until when.

use crate::{
    house::{BRUNO, CLARA, GINA, folder},
    stage::{CREATE, FORWARD, REPLY, codes, error, on_stage, open, text},
};
use domain::{Timestamp, event::Event, message};
use futures_util::future::join_all;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const NODE: &str =
    "query($id: ID!) { node(id: $id) { id ... on Message { subject unavailable { reason } } } }";

/// A2, B12: without a session nothing is read; nobody reads what is somebody else's, by any way.
#[tokio::test]
async fn nobody_reads_what_is_not_theirs() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let message = stage.send(&mut clara, GINA, "For Gina").await;
        let account = clara.ask("{ viewer { account { id } } }", json!({})).await.expect("an answer");
        let account = text(&account, "/data/viewer/account/id");

        let mut stranger = stage.stranger();
        let query = "{ viewer { mailbox { inbox { edges { node { subject } } } } } }";
        let answer = stranger.ask(query, json!({})).await.expect("an answer");
        assert_eq!((&answer["data"]["viewer"], &answer["errors"]), (&Value::Null, &Value::Null));
        for id in [&message, &account] {
            let answer = stranger.ask(NODE, json!({ "id": id })).await.expect("an answer");
            assert_eq!(answer["data"]["node"], Value::Null, "{answer}");
        }
        for query in [crate::stage::OPEN, FORWARD, REPLY] {
            let mut input = json!({ "messageId": message });
            if query != crate::stage::OPEN {
                input["idempotencyKey"] = json!(stage.key());
                input["text"] = json!("T");
            }
            if query == FORWARD {
                input["to"] = json!([BRUNO]);
            }
            let answer = stranger.ask(query, json!({ "input": input })).await.expect("an answer");
            assert_eq!(error(&answer), "UNAUTHENTICATED", "{answer}");
            let mut bruno = stage.log_in(BRUNO).await;
            let payload = bruno.attempt(query, input).await.expect("an answer");
            assert_eq!(codes(&payload), ["NOT_FOUND"], "{payload}");
            assert!(payload["message"].is_null() && payload["content"].is_null());
        }
        let mut bruno = stage.log_in(BRUNO).await;
        let answer = bruno.ask(NODE, json!({ "id": message })).await.expect("an answer");
        assert_eq!(answer["data"]["node"], Value::Null, "{answer}");
        assert!(folder(&mut bruno, "inbox").await.is_empty());
        for what in ["replyTo", "forwardOf"] {
            let input = json!({ "idempotencyKey": stage.key(), "about": { what: message } });
            assert_eq!(codes(&bruno.attempt(CREATE, input).await.expect("an answer")), ["NOT_FOUND"]);
        }
    })
    .await;
}

/// A2: who is invited and has not registered, or has registered and not activated, does not get in.
#[tokio::test]
async fn nobody_gets_in_before_activation() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, "ada@guest.example", "For Ada").await;
        let mut ada = stage.stranger();
        let payload = ada.log_in("ada@guest.example", "a password of hers").await.expect("an answer");
        assert_eq!(codes(&payload), ["LOGIN_FAILED"]);
        let invitation = stage.mails("ada@guest.example").await[0].token().expect("a link");
        let form = crate::registration::form(&invitation, "ada@guest.example");
        let payload = ada.act(crate::stage::REGISTER, form).await.expect("she registers");
        assert_eq!(payload["next"], "ACTIVATE");
        let payload =
            ada.log_in("ada@guest.example", crate::registration::PASSWORD).await.expect("an answer");
        assert_eq!(codes(&payload), ["LOGIN_FAILED"]);
        let answer = ada.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(answer["data"]["viewer"], Value::Null);
    })
    .await;
}

/// A20, A21: a microsecond before its end a message opens; at its end it is gone for sender and recipient, by every way and
/// before any job has run.
#[tokio::test]
async fn a_message_ends_to_the_microsecond() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let message = stage.send(&mut clara, GINA, "Sixty days").await;
        let answer = clara.ask(
            "query($id: ID!) { node(id: $id) { ... on Message { expiresAt } } }",
            json!({ "id": message }),
        );
        let expires_at = text(&answer.await.expect("an answer"), "/data/node/expiresAt");
        let expires_at: Timestamp = OffsetDateTime::parse(&expires_at, &Rfc3339).expect("a time").into();
        assert_eq!(expires_at, stage.clock.now().plus("P60D".parse().expect("a period")));

        stage.move_to(Timestamp::from_micros(expires_at.micros() - 1)).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let draft = stage.draft(&mut gina, &json!({ "forwardOf": message })).await;
        let saved = stage.save(&mut gina, &draft, json!({ "to": [BRUNO] })).await["draft"].clone();
        for client in [&mut clara, &mut gina] {
            assert_eq!(text(&open(client, &message).await, "/content/text"), "The text.");
        }
        stage.move_to(expires_at).await;
        for (client, name) in [(&mut clara, "sent"), (&mut gina, "inbox")] {
            assert!(folder(client, name).await.is_empty(), "{name} still lists it");
            let payload = open(client, &message).await;
            assert_eq!((codes(&payload), &payload["content"]), (vec!["UNAVAILABLE"], &Value::Null));
            assert_eq!(payload["message"]["subject"], Value::Null, "{payload}");
            let answer = client.ask(NODE, json!({ "id": message })).await.expect("an answer");
            assert_eq!(answer["data"]["node"]["unavailable"]["reason"], "EXPIRED", "{answer}");
            assert_eq!(answer["data"]["node"]["subject"], Value::Null);
            for what in ["replyTo", "forwardOf"] {
                let input = json!({ "idempotencyKey": stage.key(), "about": { what: message } });
                let payload = client.attempt(CREATE, input).await.expect("an answer");
                assert!(payload["draft"].is_null() && !codes(&payload).is_empty(), "{what}: {payload}");
            }
        }
        let late = stage.send_draft(&mut gina, &saved).await;
        assert!(late["message"].is_null() && !codes(&late).is_empty(), "a forward came too late: {late}");
    })
    .await;
}

/// R2: lists open nothing; many openings at once are recorded once as the first, and the first time stays.
#[tokio::test]
async fn the_first_opening_is_recorded_once() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let message = stage.send(&mut clara, GINA, "Open me").await;
        assert_eq!(folder(&mut gina, "inbox").await[0]["openedAt"], Value::Null);
        let at_once = (0..8).map(|_| {
            let (mut client, message) = (gina.clone(), message.clone());
            async move { open(&mut client, &message).await }
        });
        for payload in join_all(at_once).await {
            assert_eq!(text(&payload, "/content/text"), "The text.");
        }
        let first_at = folder(&mut gina, "inbox").await[0]["openedAt"].clone();
        assert_eq!(first_at, stage.clock.now().to_string());
        stage.advance("PT5M").await;
        assert_eq!(open(&mut gina, &message).await["message"]["openedAt"], first_at);
        let query = "query($id: ID!) { node(id: $id) { ... on Message { deliveries { openedAt } } } }";
        let seen = clara.ask(query, json!({ "id": message })).await.expect("an answer");
        assert_eq!(seen["data"]["node"]["deliveries"][0]["openedAt"], first_at);

        let events = stage.node.app.log().read_after(0, 10_000).await.expect("the log");
        let openings = events.iter().filter_map(|recorded| match &recorded.event {
            Event::Message(_, message::Event::Opened { first, .. }) => Some(*first),
            _ => None,
        });
        let openings: Vec<_> = openings.collect();
        assert_eq!(openings.len(), 9, "every opening is recorded");
        assert_eq!(openings.iter().filter(|first| **first).count(), 1, "{openings:?}");
        assert!(openings[0]);
    })
    .await;
}
