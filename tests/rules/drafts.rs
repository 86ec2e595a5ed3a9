//! What is being written.

use crate::{
    house::{BRUNO, CLARA, GINA, folder},
    stage::{SEND_DRAFT, UPDATE, codes, drafts, on_stage, text},
};
use serde_json::{Value, json};

const DISCARD: &str = "mutation($input: DiscardDraftInput!) { discardDraft(input: $input) { discardedDraftId problems { code } } }";

/// A36, R5: a draft is saved with versions; what is left out stays; a stale save is a conflict that overwrites nothing.
#[tokio::test]
async fn a_stale_save_overwrites_nothing() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let begun = stage.draft(&mut clara, &Value::Null).await;
        let first = stage.save(&mut clara, &begun, json!({ "subject": "One", "to": ["half an addr"] })).await;
        let first = &first["draft"];
        assert_eq!(first["to"][0]["typed"], "half an addr", "what was typed is kept");
        let second =
            stage.save(&mut clara, first, json!({ "text": "Two", "to": [GINA] })).await["draft"].clone();
        assert_eq!((&second["subject"], &second["text"]), (&json!("One"), &json!("Two")));

        let mut window = stage.log_in(CLARA).await;
        let head = stage.head();
        let stale = stage.save(&mut window, first, json!({ "text": "Overwritten" })).await;
        assert_eq!(codes(&stale), ["CONFLICT"]);
        assert_eq!(
            (&stale["draft"]["text"], &stale["draft"]["version"]),
            (&second["text"], &second["version"])
        );
        let sent = stage.send_draft(&mut window, first).await;
        assert_eq!(codes(&sent), ["CONFLICT"], "what was not seen is not sent: {sent}");
        assert_eq!(stage.head(), head, "something was recorded");
        assert_eq!(drafts(&mut clara).await[0]["text"], "Two");
    })
    .await;
}

/// A36: the Drafts folder shows one's own drafts, last saved first; a draft thrown away or sent is gone; nobody else has it.
#[tokio::test]
async fn the_drafts_folder() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let older = stage.draft(&mut clara, &Value::Null).await;
        stage.advance("PT1M").await;
        let newer = stage.draft(&mut clara, &Value::Null).await;
        let ids = |list: Vec<Value>| list.iter().map(|draft| draft["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(drafts(&mut clara).await), [newer["id"].clone(), older["id"].clone()]);
        stage.advance("PT1M").await;
        let saved =
            stage.save(&mut clara, &older, json!({ "subject": "S", "to": [GINA] })).await["draft"].clone();
        assert_eq!(ids(drafts(&mut clara).await), [older["id"].clone(), newer["id"].clone()]);

        let mut bruno = stage.log_in(BRUNO).await;
        assert!(drafts(&mut bruno).await.is_empty());
        let head = stage.head();
        let foreign = json!({ "draftId": older["id"], "version": saved["version"], "text": "Not mine" });
        assert_eq!(codes(&bruno.attempt(UPDATE, foreign).await.expect("an answer")), ["NOT_FOUND"]);
        assert_eq!(codes(&stage.send_draft(&mut bruno, &saved).await), ["NOT_FOUND"]);
        let discard = json!({ "draftId": older["id"] });
        assert_eq!(codes(&bruno.attempt(DISCARD, discard).await.expect("an answer")), ["NOT_FOUND"]);
        let seen = bruno.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": older["id"] })).await;
        assert_eq!(seen.expect("an answer")["data"]["node"], Value::Null);
        assert_eq!(stage.head(), head, "something was recorded");

        let gone = clara.act(DISCARD, json!({ "draftId": newer["id"] })).await.expect("it is thrown away");
        assert_eq!(gone["discardedDraftId"], newer["id"]);
        text(&stage.send_draft(&mut clara, &saved).await, "/message/id");
        assert!(drafts(&mut clara).await.is_empty());
        for gone in [&newer, &saved] {
            assert_eq!(codes(&stage.save(&mut clara, gone, json!({ "text": "Again" })).await), ["NOT_FOUND"]);
        }
    })
    .await;
}

/// R7: what fails leaves the draft as it was, and sends nothing.
#[tokio::test]
async fn a_failed_send_keeps_the_draft() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let begun = stage.draft(&mut clara, &Value::Null).await;
        let empty = stage.send_draft(&mut clara, &begun).await;
        assert_eq!((codes(&empty), &empty["draft"]["id"]), (vec!["REQUIRED"], &begun["id"]), "{empty}");
        let change = json!({ "to": [GINA, "half an addr"], "subject": "S", "text": "T" });
        let saved = stage.save(&mut clara, &begun, change).await["draft"].clone();
        let failed = stage.send_draft(&mut clara, &saved).await;
        assert_eq!((codes(&failed), &failed["draft"]["version"]), (vec!["INVALID"], &saved["version"]));
        assert!(folder(&mut clara, "sent").await.is_empty());
        let mended = stage.save(&mut clara, &saved, json!({ "to": [GINA] })).await["draft"].clone();
        let key = stage.key();
        let input = json!({ "idempotencyKey": key, "draftId": mended["id"], "version": mended["version"] });
        let sent = clara.act(SEND_DRAFT, input.clone()).await.expect("it is sent");
        let again = clara.act(SEND_DRAFT, input).await.expect("a repeat is answered");
        assert_eq!(sent["message"]["id"], again["message"]["id"]);
        assert_eq!(folder(&mut clara, "sent").await.len(), 1);
        assert_eq!(stage.mails(GINA).await.len(), 1);
    })
    .await;
}

/// A36: more recipients than a message takes are refused as a whole; the draft and the folder stay as they were.
#[tokio::test]
async fn too_many_recipients_do_not_spoil_a_draft() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let begun = stage.draft(&mut clara, &Value::Null).await;
        let crowd: Vec<_> = (0..201).map(|n| format!("person{n}@guest.example")).collect();
        let head = stage.head();
        let refused = stage.save(&mut clara, &begun, json!({ "to": [crowd.join(", ")] })).await;
        assert_eq!(codes(&refused), ["INVALID"], "{refused}");
        assert_eq!(stage.head(), head, "the save was refused, and yet recorded");
        assert_eq!(drafts(&mut clara).await[0]["version"], begun["version"]);
    })
    .await;
}

/// A36, A37, R5: a draft survives the session's end: after the next login it is as it was, its version still counts, and it goes
/// out. A draft whose original was taken back or expired meanwhile is kept, and says why it cannot be sent.
#[tokio::test]
async fn a_draft_outlives_its_session_and_its_original() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let [stays, taken_back] =
            [stage.send(&mut clara, GINA, "Stays").await, stage.send(&mut clara, GINA, "Taken back").await];
        let mut answers = vec![];
        for (what, message) in [("replyTo", &stays), ("replyTo", &taken_back), ("forwardOf", &taken_back)] {
            let begun = stage.draft(&mut gina, &json!({ what: message })).await;
            let change = json!({ "to": [CLARA], "text": "Half a thought" });
            answers.push(stage.save(&mut gina, &begun, change).await["draft"].clone());
        }
        let recall =
            "mutation($input: RecallMessageInput!) { recallMessage(input: $input) { problems { code } } }";
        clara.act(recall, json!({ "messageId": taken_back })).await.expect("it is taken back");
        for draft in &answers[1..] {
            let failed = stage.send_draft(&mut gina, draft).await;
            assert_eq!(
                (codes(&failed), &failed["draft"]["id"]),
                (vec!["UNAVAILABLE"], &draft["id"]),
                "{failed}"
            );
        }

        stage.advance("PT31M").await;
        let save = json!({ "draftId": answers[0]["id"], "version": answers[0]["version"], "text": "Lost" });
        let ended = gina.ask(UPDATE, json!({ "input": save })).await.expect("an answer");
        assert_eq!(crate::stage::error(&ended), "SESSION_ENDED", "{ended}");
        let mut gina = stage.log_in(GINA).await;
        let mut texts: Vec<_> = drafts(&mut gina).await.iter().map(|draft| draft["text"].clone()).collect();
        texts.dedup();
        assert_eq!(texts, [json!("Half a thought")]);
        let whole =
            stage.save(&mut gina, &answers[0], json!({ "text": "A whole one" })).await["draft"].clone();
        assert_eq!(whole["version"], 3, "{whole}");
        text(&stage.send_draft(&mut gina, &whole).await, "/message/id");

        let late = stage.draft(&mut gina, &json!({ "replyTo": stays })).await;
        stage.advance("P60D").await;
        let mut gina = stage.log_in(GINA).await;
        let failed = stage.send_draft(&mut gina, &late).await;
        assert_eq!((codes(&failed), &failed["draft"]["id"]), (vec!["UNAVAILABLE"], &late["id"]), "{failed}");
        assert_eq!(drafts(&mut gina).await.len(), 3);
    })
    .await;
}

/// R5, R7: of two windows that save one version at once, one wins; the other is shown what stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_windows_save_at_once() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let begun = stage.draft(&mut clara, &Value::Null).await;
        let save = |text: &'static str| {
            let (mut window, draft) = (clara.clone(), begun.clone());
            async move {
                let input = json!({ "draftId": draft["id"], "version": draft["version"], "text": text });
                window.attempt(UPDATE, input).await.expect("an answer")
            }
        };
        let (one, other) = tokio::join!(save("One"), save("Other"));
        let (won, lost) = if codes(&one).is_empty() { (one, other) } else { (other, one) };
        assert_eq!((codes(&won).len(), codes(&lost)), (0, vec!["CONFLICT"]), "{won} {lost}");
        assert_eq!(lost["draft"], won["draft"]);
        assert_eq!(won["draft"]["version"], 2);
    })
    .await;
}
