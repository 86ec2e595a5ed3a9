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
