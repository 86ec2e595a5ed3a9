//! Messages are taken back by who sent them.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, SEND, folder},
    stage::{FORWARD, REPLY, Stage, codes, error, listed, on_stage, open, text},
};
use sealpost::walk::client::Client;
use serde_json::{Value, json};

const RECALL: &str = "mutation($input: RecallMessageInput!) { recallMessage(input: $input) \
     { message { id recalledAt recallLimits deliveries { recipient { address } state recalledAt } } \
     problems { code message field } position } }";
const SHOWN: &str = "query($id: ID!) { node(id: $id) { ... on Message { id subject recalledAt recallLimits \
     unavailable { reason } mayReply mayForward forwardOf { id } } } }";
const GUS: &str = "gus@guest.example";

async fn recall(client: &mut Client, message: &str, from: Option<&[&str]>) -> Value {
    let mut input = json!({ "messageId": message });
    if let Some(from) = from {
        input["recipients"] = json!(from);
    }
    client.attempt(RECALL, input).await.expect("an answer")
}

async fn shown(client: &mut Client, message: &str) -> Value {
    let answer = client.ask(SHOWN, json!({ "id": message })).await.expect("an answer");
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["node"].clone()
}

/// New mail to several people; gives its id.
async fn write(stage: &Stage, from: &mut Client, to: &[&str], subject: &str) -> String {
    let input = json!({ "idempotencyKey": stage.key(), "to": to, "subject": subject, "text": "The text.",
        "newRecipients": "INVITE" });
    text(&from.act(SEND, input).await.expect("it is sent"), "/message/id")
}

async fn pass_on(stage: &Stage, from: &mut Client, message: &str, to: &str) -> String {
    let input =
        json!({ "idempotencyKey": stage.key(), "messageId": message, "to": [to], "text": "See below." });
    text(&from.act(FORWARD, input).await.expect("it is forwarded"), "/message/id")
}

/// It reads as recalled, in every way that there is to it.
async fn assert_gone(stage: &Stage, client: &mut Client, message: &str) {
    for name in ["inbox", "sent"] {
        assert!(folder(client, name).await.iter().all(|one| one["id"] != message), "{name} has it");
    }
    let stub = shown(client, message).await;
    assert_eq!(stub["unavailable"]["reason"], "RECALLED", "{stub}");
    assert_eq!(
        (&stub["subject"], &stub["mayReply"], &stub["mayForward"]),
        (&Value::Null, &json!(false), &json!(false))
    );
    assert!(stub["recalledAt"].is_string(), "{stub}");
    let opened = open(client, message).await;
    assert_eq!((codes(&opened), &opened["content"]), (vec!["UNAVAILABLE"], &Value::Null), "{opened}");
    let reply = json!({ "idempotencyKey": stage.key(), "messageId": message, "text": "An answer." });
    assert_eq!(codes(&client.attempt(REPLY, reply).await.expect("an answer")), ["UNAVAILABLE"]);
    let forward = json!({ "idempotencyKey": stage.key(), "messageId": message, "to": [BRUNO] });
    assert_eq!(codes(&client.attempt(FORWARD, forward).await.expect("an answer")), ["UNAVAILABLE"]);
    for about in ["replyTo", "forwardOf"] {
        let input = json!({ "idempotencyKey": stage.key(), "about": { about: message } });
        let payload = client.attempt(crate::stage::CREATE, input).await.expect("an answer");
        assert_eq!(codes(&payload), ["UNAVAILABLE"], "{payload}");
    }
}

/// R16: the sender takes a message back from one recipient and from all, before and after reading; it says what that cannot
/// undo, before and after; who still has it keeps it, and so does the sender. Nobody else recalls.
#[tokio::test]
async fn a_sender_takes_a_message_back() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let mut bruno = stage.log_in(BRUNO).await;
        let sent = write(stage, &mut clara, &[GINA, BRUNO, ADMINISTRATOR], "To three").await;
        assert_eq!(shown(&mut clara, &sent).await["recallLimits"], json!([]), "nothing left yet");
        assert_eq!(stage.mails(GINA).await.len(), 1);
        open(&mut gina, &sent).await;
        let limits = shown(&mut clara, &sent).await["recallLimits"].clone();
        assert_eq!(limits, json!(["OPENED", "NOTIFICATION"]));

        // Not by others, not from others.
        let mut stranger = stage.log_in(crate::house::OFFICER).await;
        let head = stage.head();
        assert!(shown(&mut gina, &sent).await["recallLimits"].is_null(), "they are for the sender");
        assert_eq!(codes(&recall(&mut gina, &sent, None).await), ["NOT_FOUND"]);
        assert_eq!(codes(&recall(&mut stranger, &sent, None).await), ["NOT_FOUND"]);
        let other = recall(&mut clara, &sent, Some(&[GUS])).await;
        assert_eq!(codes(&other), ["INVALID"], "{other}");
        assert!(text(&other, "/problems/0/message").contains(GUS));
        assert_eq!(codes(&recall(&mut clara, &sent, Some(&["no address"])).await), ["INVALID"]);
        assert_eq!(codes(&recall(&mut clara, &sent, Some(&[])).await), ["REQUIRED"]);
        let answer = stage.stranger().ask(RECALL, json!({ "input": { "messageId": sent } })).await;
        assert_eq!(error(&answer.expect("an answer")), "UNAUTHENTICATED");
        assert_eq!(stage.head(), head, "something was recorded");

        // From one who read it.
        let done = recall(&mut clara, &sent, Some(&["GINA@guest.example"])).await;
        assert!(codes(&done).is_empty() && done["message"]["recalledAt"].is_null(), "{done}");
        assert_eq!(done["message"]["recallLimits"], limits);
        let deliveries = done["message"]["deliveries"].as_array().expect("deliveries");
        for delivery in deliveries {
            let recalled = delivery["recipient"]["address"] == GINA;
            assert_eq!(delivery["state"] == "RECALLED", recalled, "{delivery}");
            assert_eq!(delivery["recalledAt"].is_string(), recalled, "{delivery}");
        }
        assert_gone(stage, &mut gina, &sent).await;
        assert_eq!(unread(&mut gina).await, 0);
        assert!(open(&mut bruno, &sent).await["content"]["text"].is_string(), "the others keep it");

        // From all, one of whom never read it; again is quiet.
        assert_eq!(unread(&mut stage.log_in(ADMINISTRATOR).await).await, 1);
        let done = recall(&mut clara, &sent, None).await;
        assert!(done["message"]["recalledAt"].is_string(), "{done}");
        let mut administrator = stage.log_in(ADMINISTRATOR).await;
        assert_eq!(unread(&mut administrator).await, 0);
        for client in [&mut bruno, &mut administrator] {
            assert_gone(stage, client, &sent).await;
        }
        let head = stage.head();
        assert!(codes(&recall(&mut clara, &sent, None).await).is_empty());
        assert_eq!(stage.head(), head, "something was recorded");
        assert_eq!(listed(&mut clara, "sent", &sent).await["subject"], "To three");
        assert!(open(&mut clara, &sent).await["content"]["text"].is_string(), "the sender keeps it");

        // What was never announced is not announced any more, and what is over is over.
        let late = write(stage, &mut clara, &[GINA], "Over soon").await;
        stage.advance("P60D").await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        assert_eq!(codes(&recall(&mut clara, &late, None).await), ["UNAVAILABLE"]);
        assert_eq!(shown(&mut gina, &late).await["unavailable"]["reason"], "EXPIRED");
    })
    .await;
}

/// R16: with a message go the copies that whoever lost it passed on, and the copies of those; the forwarder loses theirs. What
/// others passed on stays.
#[tokio::test]
async fn what_was_passed_on_is_taken_back_too() {
    on_stage(async |stage| {
        stage.enrol(GUS).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let (mut bruno, mut gus) = (stage.log_in(BRUNO).await, stage.log_in(GUS).await);
        let mut administrator = stage.log_in(ADMINISTRATOR).await;
        let sent = write(stage, &mut clara, &[GINA, BRUNO], "To two").await;
        let by_gina = pass_on(stage, &mut gina, &sent, GUS).await;
        let by_gus = pass_on(stage, &mut gus, &by_gina, ADMINISTRATOR).await;
        let by_bruno = pass_on(stage, &mut bruno, &sent, ADMINISTRATOR).await;
        open(&mut administrator, &by_gus).await;

        let done = recall(&mut clara, &sent, Some(&[GINA])).await;
        assert!(codes(&done).is_empty(), "{done}");
        assert!(done["message"]["recallLimits"].as_array().expect("limits").contains(&json!("FORWARDED")));
        assert_gone(stage, &mut gina, &sent).await;
        for client in [&mut gina, &mut gus] {
            assert_gone(stage, client, &by_gina).await;
        }
        for client in [&mut gus, &mut administrator] {
            assert_gone(stage, client, &by_gus).await;
        }
        for (client, message) in [(&mut bruno, &sent), (&mut administrator, &by_bruno)] {
            assert!(open(client, message).await["content"]["text"].is_string(), "others keep theirs");
        }
        let done = recall(&mut clara, &sent, None).await;
        assert!(codes(&done).is_empty(), "{done}");
        for client in [&mut bruno, &mut administrator] {
            assert_gone(stage, client, &by_bruno).await;
        }
    })
    .await;
}

/// R16, B43, B48: a recipient is named by any address of theirs, also by one that was another account's when the message went
/// out; whoever took that account's mail over loses it, and what they passed on.
#[tokio::test]
async fn a_recipient_is_named_by_any_address() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.aliases = true).await;
        let mut clara = stage.log_in(CLARA).await;
        stage.enrol(GUS).await;
        let sent = write(stage, &mut clara, &[GUS], "For Gus").await;
        // Bruno takes over the account that Gus had.
        let mut bruno = stage.log_in(BRUNO).await;
        stage.take_over(&mut bruno, GUS).await;
        let passed_on = pass_on(stage, &mut bruno, &sent, ADMINISTRATOR).await;
        let done = recall(&mut clara, &sent, Some(&[BRUNO])).await;
        assert!(codes(&done).is_empty() && done["message"]["recalledAt"].is_string(), "{done}");
        assert_gone(stage, &mut bruno, &sent).await;
        assert_gone(stage, &mut stage.log_in(ADMINISTRATOR).await, &passed_on).await;
    })
    .await;
}

async fn unread(client: &mut Client) -> i64 {
    let answer = client.ask("{ viewer { mailbox { unreadCount } } }", json!({})).await.expect("an answer");
    answer["data"]["viewer"]["mailbox"]["unreadCount"]
        .as_i64()
        .unwrap_or_else(|| panic!("no count: {answer}"))
}
