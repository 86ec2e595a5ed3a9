//! Search in one's own mailbox.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, SEND},
    stage::{Stage, error, on_stage, text},
};
use sealpost::walk::client::Client;
use serde_json::{Value, json};

const SEARCH: &str = "query($text: String!, $first: Int, $after: String, $last: Int, $before: String) \
     { viewer { mailbox { search(text: $text, first: $first, after: $after, last: $last, before: $before) \
     { totalCount pageInfo { hasNextPage hasPreviousPage endCursor startCursor } edges { node { id subject } } } } } }";

async fn page(client: &mut Client, variables: Value) -> Value {
    let answer = client.ask(SEARCH, variables).await.expect("an answer");
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["viewer"]["mailbox"]["search"].clone()
}

fn subjects(page: &Value) -> Vec<&str> {
    let edges = page["edges"].as_array().expect("edges");
    edges.iter().map(|edge| edge["node"]["subject"].as_str().expect("a subject")).collect()
}

/// The subjects of what is found, in order.
async fn found(client: &mut Client, words: &str) -> Vec<String> {
    let page = page(client, json!({ "text": words })).await;
    let subjects: Vec<String> = subjects(&page).into_iter().map(str::to_owned).collect();
    assert_eq!(page["totalCount"], subjects.len());
    subjects
}

async fn write(stage: &Stage, from: &mut Client, to: &str, subject: &str, body: &str) -> String {
    stage.advance("PT1S").await;
    let input = json!({ "idempotencyKey": stage.key(), "to": [to], "subject": subject, "text": body });
    text(&from.act(SEND, input).await.expect("it is sent"), "/message/id")
}

/// N8: words are found in subject, people, names of files and body of what one sent and received, all of them, best first;
/// whatever their case and diacritics, by their beginnings, and in quotation marks side by side.
#[tokio::test]
async fn words_are_found_wherever_they_stand() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        write(stage, &mut clara, GINA, "Body only", "We saw a HÉRON by the lake.").await;
        stage.send_files(&mut clara, GINA, "A file", &["Grey heron.pdf"]).await;
        write(stage, &mut clara, &format!("\"Heron, Harriet\" <{GINA}>"), "A name", "Nothing.").await;
        write(stage, &mut clara, GINA, "Herons", "An older one.").await;
        write(stage, &mut gina, CLARA, "The herons of March", "A newer one; by the lake.").await;
        write(stage, &mut clara, BRUNO, "Not Gina's heron", "By the lake.").await;

        let best_first = ["The herons of March", "Herons", "A name", "A file", "Body only"];
        assert_eq!(found(&mut gina, "hero\u{301}n").await, best_first);
        assert_eq!(found(&mut gina, "heron lak").await, ["The herons of March", "Body only"]);
        assert_eq!(found(&mut gina, "\"herons of\"").await, ["The herons of March"]);
        assert_eq!(found(&mut gina, "heron -- .pdf").await, ["A file"]);
        assert_eq!(found(&mut gina, "harriet").await, ["A name"]);
        assert_eq!(found(&mut gina, "clara@insurer").await.len(), 5, "sender and recipient are people");
        for nothing in ["eron", "heron march swan", "", "?!", "\"of herons\""] {
            assert_eq!(found(&mut gina, nothing).await, [""; 0], "{nothing}");
        }
        assert_eq!(found(&mut clara, "heron").await.len(), 6, "what one sent is found");
        let answer = gina.ask(SEARCH, json!({ "text": "x".repeat(201) })).await.expect("an answer");
        assert_eq!(error(&answer), "BAD_REQUEST", "{answer}");
        let answer = stage.stranger().ask(SEARCH, json!({ "text": "heron" })).await.expect("an answer");
        assert!(answer["data"]["viewer"].is_null(), "{answer}");
    })
    .await;
}

/// N8: pages show each message once, in both directions, also when more is found meanwhile.
#[tokio::test]
async fn what_is_found_comes_in_pages() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        for n in 0..5 {
            write(stage, &mut clara, GINA, &format!("Letter {n}"), "About herons.").await;
        }
        let first = page(&mut gina, json!({ "text": "heron", "first": 2 })).await;
        assert_eq!((subjects(&first), &first["totalCount"]), (vec!["Letter 4", "Letter 3"], &json!(5)));
        assert_eq!(first["pageInfo"]["hasNextPage"], true);
        // One that is better, and one that is newer: both before the cursor.
        write(stage, &mut clara, GINA, "Herons", "In the subject.").await;
        write(stage, &mut clara, GINA, "Letter 5", "About herons.").await;
        let after = &first["pageInfo"]["endCursor"];
        let second = page(&mut gina, json!({ "text": "heron", "first": 3, "after": after })).await;
        assert_eq!(subjects(&second), ["Letter 2", "Letter 1", "Letter 0"]);
        let more = |page: &Value| {
            (page["pageInfo"]["hasPreviousPage"].clone(), page["pageInfo"]["hasNextPage"].clone())
        };
        assert_eq!(more(&second), (json!(true), json!(false)));
        let before = &second["pageInfo"]["startCursor"];
        let back = page(&mut gina, json!({ "text": "heron", "last": 3, "before": before })).await;
        assert_eq!(subjects(&back), ["Letter 5", "Letter 4", "Letter 3"]);
        assert_eq!(more(&back), (json!(true), json!(true)));
        let answer =
            gina.ask(SEARCH, json!({ "text": "heron", "after": "made up" })).await.expect("an answer");
        assert_eq!(error(&answer), "BAD_REQUEST", "{answer}");
    })
    .await;
}

/// A20, A21, B38, N8, R16: what expired, was taken back, deleted or lost by leaving is never found; nor is a draft, nor what
/// somebody else has.
#[tokio::test]
async fn what_is_gone_is_not_found() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let draft = stage.draft(&mut gina, &Value::Null).await;
        stage.save(&mut gina, &draft, json!({ "subject": "A heron in a draft" })).await;
        let taken_back = write(stage, &mut clara, GINA, "Heron, taken back", "T").await;
        let deleted = write(stage, &mut clara, GINA, "Heron, deleted", "T").await;
        write(stage, &mut clara, GINA, "Heron, kept", "T").await;
        stage.advance("PT1S").await;
        let over = json!({ "idempotencyKey": stage.key(), "to": [GINA], "subject": "Heron, over", "text": "T", "expiresIn": "PT1H" });
        clara.act(SEND, over).await.expect("it is sent");
        assert_eq!(found(&mut gina, "heron").await.len(), 4);

        let recall = "mutation($input: RecallMessageInput!) { recallMessage(input: $input) { problems { code } } }";
        clara.act(recall, json!({ "messageId": taken_back })).await.expect("it is taken back");
        let delete = "mutation($input: DeleteMessageInput!) { deleteMessage(input: $input) { problems { code } } }";
        gina.act(delete, json!({ "messageId": deleted })).await.expect("it is deleted");
        assert_eq!(found(&mut gina, "heron").await, ["Heron, over", "Heron, kept"]);
        stage.advance("PT29M").await;
        assert_eq!(found(&mut gina, "heron").await.len(), 2);
        stage.advance("PT29M").await;
        assert_eq!(found(&mut gina, "heron").await.len(), 2);
        stage.advance("PT1M59S").await;
        assert_eq!(found(&mut gina, "heron").await.len(), 2);
        stage.advance("PT1S").await;
        assert_eq!(found(&mut gina, "heron").await, ["Heron, kept"]);
        let mut clara = stage.log_in(CLARA).await;
        assert_eq!(found(&mut clara, "heron").await.len(), 3, "the sender keeps what was taken back");
        let leave = "mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) { unsubscribed problems { code } } }";
        gina.act(leave, json!({})).await.expect("she leaves");
        assert_eq!(found(&mut gina, "heron").await, [""; 0]);
        let mut administrator = stage.log_in(ADMINISTRATOR).await;
        assert_eq!(found(&mut administrator, "heron").await, [""; 0], "nobody searches others' mail");
    })
    .await;
}
