//! Messages are deleted from one's own mailbox.

use crate::{
    house::{BRUNO, CLARA, GINA, OFFICER, folder},
    stage::{REPLY, codes, listed, on_stage, open, text},
};
use serde_json::{Value, json};

const DELETE: &str = "mutation($input: DeleteMessageInput!) { deleteMessage(input: $input) \
     { deletedMessageId problems { code message field } position } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { id } viewer { mailbox { unreadCount inbox { totalCount } \
     sent { totalCount } search(text: \"contract\") { totalCount } } } }";
const KINDS: &str =
    "{ viewer { compliance { events(filter: { kinds: [MESSAGE_DELETED] }) { edges { node { kind } } } } } }";

/// A21, N8, R17: what somebody deletes is gone from their lists, counts, search and reach at once; the other side keeps theirs,
/// the audit knows of it, and an open page of theirs is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_is_gone_for_oneself() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let mut bruno = stage.log_in(BRUNO).await;
        let sent = stage.send(&mut clara, &format!("{GINA}, {BRUNO}"), "The contract").await;
        let counts = async |client: &mut sealpost::walk::client::Client| {
            let answer = client.ask(NODE, json!({ "id": sent })).await.expect("an answer");
            let mailbox = &answer["data"]["viewer"]["mailbox"];
            assert!(answer["errors"].is_null(), "{answer}");
            let count = |path: &str| mailbox.pointer(path).and_then(Value::as_i64).expect("a count");
            (
                answer["data"]["node"]["id"].is_string(),
                count("/unreadCount"),
                count("/inbox/totalCount"),
                count("/sent/totalCount"),
                count("/search/totalCount"),
            )
        };
        assert_eq!(counts(&mut gina).await, (true, 1, 1, 0, 1));
        let mut officer = stage.log_in(OFFICER).await;
        let mut news = gina.news().await.expect("she listens");
        let head = stage.head();
        let delete = json!({ "messageId": sent });
        let foreign = officer.attempt(DELETE, delete.clone()).await.expect("an answer");
        assert_eq!(codes(&foreign), ["NOT_FOUND"], "{foreign}");
        assert_eq!(stage.head(), head, "something was recorded");

        let gone = gina.act(DELETE, delete.clone()).await.expect("it is deleted");
        assert_eq!(gone["deletedMessageId"], sent.as_str());
        assert_eq!(counts(&mut gina).await, (false, 0, 0, 0, 0));
        assert_eq!(codes(&open(&mut gina, &sent).await), ["NOT_FOUND"]);
        let reply = json!({ "idempotencyKey": stage.key(), "messageId": sent, "text": "An answer." });
        assert_eq!(codes(&gina.attempt(REPLY, reply).await.expect("an answer")), ["NOT_FOUND"]);
        assert_eq!(codes(&gina.attempt(DELETE, delete.clone()).await.expect("an answer")), ["NOT_FOUND"]);
        let told = news.next().await.expect("she is told");
        assert_eq!((&told["kind"], &told["unreadCount"]), (&json!("GONE"), &json!(0)), "{told}");
        assert_eq!(told["message"]["id"], sent.as_str());

        assert_eq!(counts(&mut bruno).await, (true, 1, 1, 0, 1));
        assert!(open(&mut bruno, &sent).await["content"]["text"].is_string());
        clara.act(DELETE, delete).await.expect("the sender deletes theirs");
        assert_eq!(counts(&mut clara).await, (false, 0, 0, 0, 0));
        assert_eq!(listed(&mut bruno, "inbox", &sent).await["subject"], "The contract");

        let audit = officer.ask(KINDS, json!({})).await.expect("an answer");
        let events = audit["data"]["viewer"]["compliance"]["events"]["edges"].as_array();
        assert_eq!(events.map(Vec::len), Some(2), "{audit}");
    })
    .await;
}

/// A21, R16: what one wrote to oneself goes from both folders; what one passed on stays with whoever got it.
#[tokio::test]
async fn ones_own_side_goes_as_a_whole() {
    on_stage(async |stage| {
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let note = stage.send(&mut clara, CLARA, "A note to myself").await;
        clara.act(DELETE, json!({ "messageId": note })).await.expect("it is deleted");
        for name in ["inbox", "sent"] {
            assert!(folder(&mut clara, name).await.is_empty(), "{name}");
        }
        let original = stage.send(&mut clara, BRUNO, "The contract").await;
        let input =
            json!({ "idempotencyKey": stage.key(), "messageId": original, "to": [GINA], "text": "See." });
        let passed_on =
            text(&bruno.act(crate::stage::FORWARD, input).await.expect("it is sent"), "/message/id");
        for message in [&original, &passed_on] {
            bruno.act(DELETE, json!({ "messageId": message })).await.expect("it is deleted");
        }
        let mut gina = stage.log_in(GINA).await;
        assert!(open(&mut gina, &passed_on).await["content"]["text"].is_string());
        let over = stage.send(&mut clara, GINA, "Over soon").await;
        stage.advance("P60D").await;
        let mut gina = stage.log_in(GINA).await;
        let late = gina.attempt(DELETE, json!({ "messageId": over })).await.expect("an answer");
        assert_eq!(codes(&late), ["UNAVAILABLE"], "{late}");
    })
    .await;
}
