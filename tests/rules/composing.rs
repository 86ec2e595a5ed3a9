//! New mail: who writes to whom, and how recipients are typed.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER, SEND, folder},
    stage::{INVITE, codes, on_stage, text},
};
use serde_json::{Value, json};

/// A26, B13, R4: a guest writes new mail to the organisation's people and to nobody else; the refusal tells nothing about
/// who is registered; a guest invites nobody.
#[tokio::test]
async fn a_guest_writes_to_the_organisations_people() {
    on_stage(async |stage| {
        stage.enrol("gus@guest.example").await;
        let mut gina = stage.log_in(GINA).await;
        let sent = stage.send(&mut gina, CLARA, "A question").await;
        let mut clara = stage.log_in(CLARA).await;
        assert_eq!(folder(&mut clara, "inbox").await[0]["id"], sent.as_str());

        let mut words = vec![];
        for other in ["gus@guest.example", "nobody@guest.example", "nobody@insurer.example"] {
            let payload = stage.try_send(&mut gina, other, "Another question").await;
            assert_eq!(codes(&payload), ["RECIPIENT_REFUSED"], "{other}: {payload}");
            assert!(payload["message"].is_null() && payload["draft"].is_null(), "{payload}");
            let message = text(&payload, "/problems/0/message");
            assert!(message.contains(other), "{message} does not name {other}");
            words.push(message.replace(other, "somebody"));
        }
        words.dedup();
        assert_eq!(words.len(), 1, "known and unknown addresses are told apart: {words:?}");

        let draft = stage.draft(&mut gina, &Value::Null).await;
        let change = json!({ "to": ["gus@guest.example, nobody@guest.example"] });
        let saved = stage.save(&mut gina, &draft, change).await;
        let check = |index: usize| {
            let check = &saved["draft"]["to"][index];
            (check["isNew"].clone(), check["problem"]["code"].clone())
        };
        assert_eq!(check(0), (json!(false), json!("RECIPIENT_REFUSED")), "{saved}");
        assert_eq!(check(1), check(0), "{saved}");

        let input = json!({ "idempotencyKey": stage.key(), "address": "nobody@guest.example" });
        let invited = gina.attempt(INVITE, input).await.expect("an answer");
        assert_eq!(codes(&invited), ["NOT_ALLOWED"]);

        assert_eq!(folder(&mut gina, "sent").await.len(), 1);
        for other in ["gus@guest.example", "nobody@guest.example", "nobody@insurer.example"] {
            assert!(stage.mails(other).await.is_empty(), "a mail went to {other}");
        }
    })
    .await;
}

/// A6, A27, A28: several recipients in To and Cc, typed as people type them; who is named twice gets the message and its
/// notification once.
#[tokio::test]
async fn recipients_are_typed_as_people_type() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let input = json!({
            "idempotencyKey": stage.key(),
            "to": [
                "bruno@insurer.example ;gina@guest.example,\t\"Example, Admin; of all\" <ADMIN@Insurer.Example> ; ",
                " , Gina Example<gina@guest.example>",
            ],
            "cc": ["Bruno@Insurer.Example,officer@insurer.example", " ; ,"],
            "subject": "To many",
            "text": "The text.",
        });
        let sent = text(&clara.act(SEND, input).await.expect("it is sent"), "/message/id");
        for who in [BRUNO, GINA, ADMINISTRATOR, OFFICER] {
            let mut client = stage.log_in(who).await;
            let inbox = folder(&mut client, "inbox").await;
            assert_eq!(inbox.len(), 1, "{who}");
            assert_eq!(inbox[0]["id"], sent.as_str(), "{who}");
            assert_eq!(stage.mails(who).await.len(), 1, "mails to {who}");
        }
        assert!(stage.mails(CLARA).await.is_empty(), "the sender needs no notification");
        let shown = &folder(&mut clara, "sent").await[0];
        let names: Vec<_> = shown["to"].as_array().expect("a list").iter().map(|to| &to["name"]).collect();
        assert!(names.contains(&&json!("Example, Admin; of all")), "{shown}");
        // Looking once more sends nothing more.
        for who in [BRUNO, GINA, ADMINISTRATOR, OFFICER] {
            assert_eq!(stage.mails(who).await.len(), 1, "mails to {who}");
        }
    })
    .await;
}

/// A28: lists as people paste them: names with separators, comments, groups (RFC 5322), domains of any script; what is not
/// understood is named, with what was typed, and nothing goes out.
#[tokio::test]
async fn recipients_are_pasted_from_anywhere() {
    on_stage(async |stage| {
        stage.enrol("jörg@bücher.example").await;
        let mut clara = stage.log_in(CLARA).await;
        let input = json!({
            "idempotencyKey": stage.key(),
            "to": ["Board: bruno@insurer.example (at work; not at home), \"Example, Gina; (jr)\" <gina@guest.example>;"],
            "cc": ["J\u{f6}rg <jörg@XN--BCHER-KVA.example>"],
            "subject": "To many",
            "text": "The text.",
        });
        let sent = text(&clara.act(SEND, input).await.expect("it is sent"), "/message/id");
        for who in [BRUNO, GINA, "jörg@bücher.example"] {
            let mut client = stage.log_in(who).await;
            assert_eq!(folder(&mut client, "inbox").await[0]["id"], sent.as_str(), "{who}");
        }
        let head = stage.head();
        for wrong in ["bruno@insurer.example (at work", "<bruno@insurer.example> <gina@guest.example>", "Board:;"] {
            let payload = stage.try_send(&mut clara, wrong, "Nothing").await;
            assert_eq!(codes(&payload), ["INVALID"], "{wrong}: {payload}");
            let typed = wrong.trim_end_matches(';');
            assert!(text(&payload, "/problems/0/message").contains(typed), "{payload}");
        }
        assert_eq!(stage.head(), head, "something was recorded");
    })
    .await;
}

/// A1, A27, B10: a message takes 200 recipients in To and Cc, registered or new, and each gets a mail of their own.
#[tokio::test]
async fn two_hundred_recipients() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let people = |from: u32, to: u32| (from..to).map(|n| format!("person{n}@guest.example")).collect::<Vec<_>>();
        let input = json!({ "idempotencyKey": stage.key(), "to": [GINA, people(1, 100).join("; ")], "cc": people(100, 200),
            "subject": "To all", "text": "The text." });
        let sent = text(&clara.act(SEND, input).await.expect("it is sent"), "/message/id");
        let query = "query($id: ID!) { node(id: $id) { ... on Message { to { address } cc { address } deliveries { state } } } }";
        let shown = clara.ask(query, json!({ "id": sent })).await.expect("an answer");
        let message = &shown["data"]["node"];
        let count = |field: &str| message[field].as_array().map(Vec::len);
        assert_eq!((count("to"), count("cc"), count("deliveries")), (Some(100), Some(100), Some(200)));
        for who in [GINA, "person1@guest.example", "person199@guest.example"] {
            assert_eq!(stage.mails(who).await.len(), 1, "mails to {who}");
        }
    })
    .await;
}

/// A20, C13: mail ends when the policy says, or sooner if its sender wants, never later; six months are six of the calendar,
/// also from the end of a long month.
#[tokio::test]
async fn mail_ends_in_time() {
    on_stage(async |stage| {
        let ends = async |stage: &crate::stage::Stage, wanted: Value| {
            let mut clara = stage.log_in(CLARA).await;
            let input = json!({ "idempotencyKey": stage.key(), "to": [GINA], "subject": "S", "text": "T", "expiresIn": wanted });
            text(&clara.act(SEND, input).await.expect("it is sent"), "/message/expiresAt")
        };
        let after = |stage: &crate::stage::Stage, period: &str| {
            stage.clock.now().plus(period.parse().expect("a period")).to_string()
        };
        for (wanted, counts) in [(Value::Null, "P60D"), (json!("P7D"), "P7D"), (json!("PT1H"), "PT1H"), (json!("P61D"), "P60D"), (json!("P1M"), "P1M")] {
            assert_eq!(ends(stage, wanted.clone()).await, after(stage, counts), "{wanted}");
        }
        stage.change_policy(|policy| policy.retention.messages = "P6M".parse().expect("a period")).await;
        for (sent, end) in [("P31D", "2026-10-02T"), ("P151D", "2027-02-28T"), ("P1D", "2027-03-01T")] {
            stage.advance(sent).await;
            let shown = ends(stage, Value::Null).await;
            assert!(shown.starts_with(end), "sent at {}: {shown}", stage.clock.now());
        }
        assert_eq!(ends(stage, json!("P1Y")).await, after(stage, "P6M"));
    })
    .await;
}
