//! What an organisation's policy makes different.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, SEND, folder},
    stage::{INVITE, REPLY, SEND_DRAFT, codes, drafts, on_stage, text},
};
use domain::{
    address::EmailAddress,
    policy::{Pack, Policy},
};
use serde_json::{Value, json};

const NEW: [&str; 2] = ["ada@guest.example", "eve@other.example"];

/// B10, B11: who is new is listed, and nothing is sent to anybody; the message stays a draft with all that was typed;
/// agreed, they are invited and it goes out.
#[tokio::test]
async fn new_recipients_are_asked_about() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Platform)).await;
        let mut clara = stage.log_in(CLARA).await;
        let input = json!({ "idempotencyKey": stage.key(), "to": [BRUNO, NEW[0]], "cc": [NEW[1]],
            "subject": "To new people", "text": "The text.", "expiresIn": "P7D" });
        let asked = clara.attempt(SEND, input.clone()).await.expect("an answer");
        assert_eq!(codes(&asked), ["NEW_RECIPIENTS"], "{asked}");
        let message = text(&asked, "/problems/0/message");
        assert!(NEW.iter().all(|new| message.contains(new)) && !message.contains(BRUNO), "{message}");
        let draft = &asked["draft"];
        assert_eq!((&draft["subject"], &draft["text"]), (&json!("To new people"), &json!("The text.")));
        assert_eq!((&draft["to"][0]["isNew"], &draft["to"][1]["isNew"]), (&json!(false), &json!(true)));
        let again = clara.attempt(SEND, input).await.expect("an answer");
        assert_eq!(again["draft"]["id"], draft["id"], "a repeat keeps no second draft");
        assert_eq!(codes(&stage.send_draft(&mut clara, draft).await), ["NEW_RECIPIENTS"]);

        let mut bruno = stage.log_in(BRUNO).await;
        assert!(folder(&mut bruno, "inbox").await.is_empty() && folder(&mut clara, "sent").await.is_empty());
        for who in [BRUNO, NEW[0], NEW[1]] {
            assert!(stage.mails(who).await.is_empty(), "a mail went to {who}");
        }
        assert_eq!(drafts(&mut clara).await.len(), 1);

        let agreed = json!({ "idempotencyKey": stage.key(), "draftId": draft["id"], "version": draft["version"],
            "newRecipients": "INVITE" });
        let sent = text(&clara.act(SEND_DRAFT, agreed).await.expect("it is sent"), "/message/id");
        assert_eq!(folder(&mut bruno, "inbox").await[0]["id"], sent.as_str());
        for who in [BRUNO, NEW[0], NEW[1]] {
            assert_eq!(stage.mails(who).await.len(), 1, "mails to {who}");
        }
        assert!(drafts(&mut clara).await.is_empty());
    })
    .await;
}

/// B11: the draft that is kept keeps the shorter life that the sender chose.
#[tokio::test]
async fn a_kept_draft_keeps_its_life() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Platform)).await;
        let mut clara = stage.log_in(CLARA).await;
        let input = json!({ "idempotencyKey": stage.key(), "to": [NEW[0]], "subject": "S", "text": "T", "expiresIn": "P7D" });
        let asked = clara.attempt(SEND, input).await.expect("an answer");
        assert_eq!(asked["draft"]["expiresIn"], "P7D", "{asked}");
    })
    .await;
}

/// C10, C12, C13: in the envelope pack a guest answers the sender, and writes nothing else; mail stays for six months.
#[tokio::test]
async fn guests_of_the_envelope_pack_write_replies() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Envelope)).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let payload = stage.try_send(&mut clara, GINA, "The contract").await;
        let original = text(&payload, "/message/id");
        let six_months = stage.clock.now().plus("P6M".parse().expect("a period")).to_string();
        assert_eq!(payload["message"]["expiresAt"], six_months);

        let answer = gina.ask("{ viewer { capabilities } }", json!({})).await.expect("an answer");
        assert!(!answer["data"]["viewer"]["capabilities"].to_string().contains("COMPOSE"), "{answer}");
        assert_eq!(codes(&stage.try_send(&mut gina, CLARA, "New").await), ["NOT_ALLOWED"]);
        let draft = stage.draft(&mut gina, &Value::Null).await;
        let saved = stage.save(&mut gina, &draft, json!({ "to": [CLARA], "subject": "New" })).await["draft"].clone();
        assert_eq!(codes(&stage.send_draft(&mut gina, &saved).await), ["NOT_ALLOWED"]);
        assert!(folder(&mut gina, "sent").await.is_empty());

        let reply = |cc: Value| json!({ "idempotencyKey": stage.key(), "messageId": original, "cc": cc, "text": "T" });
        let copied = gina.attempt(REPLY, reply(json!([BRUNO]))).await.expect("an answer");
        assert_eq!(codes(&copied), ["RECIPIENT_REFUSED"]);
        gina.act(REPLY, reply(json!([]))).await.expect("the reply goes out");
        assert_eq!(folder(&mut clara, "inbox").await.len(), 1);
    })
    .await;
}

/// B33, B34: a group address gets neither mail nor invitation, from nobody; the sender is told to write to each person.
#[tokio::test]
async fn a_group_address_is_refused() {
    on_stage(async |stage| {
        let group = "Claims@Insurer.Example";
        stage
            .change_policy(|policy| {
                policy
                    .accounts
                    .group_addresses
                    .insert(EmailAddress::parse("claims@insurer.example").expect("an address"));
            })
            .await;
        for who in [CLARA, GINA] {
            let mut client = stage.log_in(who).await;
            let payload = stage.try_send(&mut client, &format!("{BRUNO}, {group}"), "To all").await;
            assert_eq!(codes(&payload), ["GROUP_ADDRESS"], "{who}: {payload}");
            assert!(text(&payload, "/problems/0/message").contains(group), "{payload}");
            assert!(folder(&mut client, "sent").await.is_empty());
        }
        for (who, kind) in [(CLARA, "GUEST"), (ADMINISTRATOR, "MEMBER")] {
            let mut client = stage.log_in(who).await;
            let input = json!({ "idempotencyKey": stage.key(), "address": group, "kind": kind });
            let payload = client.attempt(INVITE, input).await.expect("an answer");
            assert_eq!(codes(&payload), ["GROUP_ADDRESS"], "{who}: {payload}");
        }
        let mut bruno = stage.log_in(BRUNO).await;
        assert!(folder(&mut bruno, "inbox").await.is_empty());
        assert!(stage.mails("claims@insurer.example").await.is_empty());
    })
    .await;
}
