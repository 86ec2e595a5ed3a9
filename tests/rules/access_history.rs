//! Everybody sees who read their mail.

use crate::{
    aliases::join,
    break_glass,
    downloads::{fetch, keep, path},
    house::{BRUNO, CLARA, GINA, SEND},
    policy::grant,
    stage::{FORWARD, REPLY, on_stage, open, text},
};
use domain::policy::Role;
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use workers::JobName;

const HISTORY: &str = "query($messageId: ID, $first: Int, $after: String, $last: Int, $before: String) { viewer { \
     accessHistory(messageId: $messageId, first: $first, after: $after, last: $last, before: $before) { totalCount \
     pageInfo { hasNextPage endCursor } edges { cursor node { id kind byOneself by { address } role at network \
     message { id subject unavailable { reason } } } } } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { id ... on AccessRecord { kind message { id } } } }";
const LEAVE: &str =
    "mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) { problems { code } } }";
const DELETE: &str =
    "mutation($input: DeleteMessageInput!) { deleteMessage(input: $input) { problems { code } } }";

async fn page(client: &mut Client, variables: Value) -> Value {
    let answer = client.ask(HISTORY, variables).await.expect("an answer");
    let page = answer["data"]["viewer"]["accessHistory"].clone();
    assert!(page["edges"].is_array(), "no history: {answer}");
    page
}

/// Everything done with one's mail, newest first.
async fn history(client: &mut Client, message: Option<&str>) -> Vec<Value> {
    let page = page(client, json!({ "messageId": message, "first": 100 })).await;
    let edges = page["edges"].as_array().expect("edges");
    assert_eq!(page["totalCount"], edges.len());
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

/// What was done, by whom, and whether by oneself.
fn said(history: &[Value]) -> Vec<(&str, Option<&str>, bool)> {
    let one = |access: &Value| access["byOneself"] == true;
    history
        .iter()
        .map(|access| {
            (access["kind"].as_str().expect("a kind"), access["by"]["address"].as_str(), one(access))
        })
        .collect()
}

async fn node(client: &mut Client, id: &Value) -> Value {
    client.ask(NODE, json!({ "id": id })).await.expect("an answer")["data"]["node"].clone()
}

/// N7: whatever anybody does with a message is told to its sender and to each recipient, newest first, with who it was; from
/// where is told of one's own acts alone. Nobody else is told.
#[tokio::test]
async fn everybody_sees_who_read_their_mail() {
    on_stage(async |stage| {
        stage.enrol("zoe@guest.example").await;
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let mut gina = stage.stranger().with_header("x-forwarded-for", "192.0.2.7").expect("a header");
        gina.log_in(GINA, stage.password(GINA)).await.expect("an answer");
        let input = json!({ "idempotencyKey": stage.key(), "to": [GINA, BRUNO], "subject": "Seen", "text": "The text." });
        let message = text(&clara.act(SEND, input).await.expect("it is sent"), "/message/id");
        assert_eq!(history(&mut clara, None).await, [Value::Null; 0], "nobody looked yet");

        open(&mut gina, &message).await;
        let places = keep(&mut gina, &message).await["downloads"].clone();
        for place in ["textUrl", "printUrl"] {
            let headers = [("x-forwarded-for", "192.0.2.7")];
            assert_eq!(fetch(&gina, stage, &path(&places[place]), &headers).await.status(), 200);
        }
        let reply = json!({ "idempotencyKey": stage.key(), "messageId": message, "text": "Thanks." });
        let reply = text(&gina.act(REPLY, reply).await.expect("it is answered"), "/message/id");
        let forward = json!({ "idempotencyKey": stage.key(), "messageId": message, "to": [CLARA], "text": "See below." });
        bruno.act(FORWARD, forward).await.expect("it is passed on");

        let expected = |own: &str| {
            let did = |kind: &'static str, who: &'static str| (kind, Some(who), who == own);
            [did("FORWARDED", BRUNO), did("REPLIED", GINA), did("PRINTED", GINA), did("DOWNLOADED", GINA), did("OPENED", GINA)]
        };
        for (who, client) in [(CLARA, &mut clara), (GINA, &mut gina), (BRUNO, &mut bruno)] {
            let all = history(client, Some(&message)).await;
            assert_eq!(said(&all), expected(who), "{who}");
            for access in &all {
                assert_eq!(access["network"].is_string(), access["byOneself"] == true, "{who}: {access}");
                assert_eq!((&access["message"]["subject"], &access["role"]), (&json!("Seen"), &Value::Null));
            }
            if who == GINA {
                assert_eq!(all[4]["network"], "192.0.2.7");
            }
        }
        open(&mut clara, &reply).await;
        assert_eq!(said(&history(&mut gina, None).await)[0], ("OPENED", Some(CLARA), false), "her answer is her mail");
        assert_eq!(said(&history(&mut clara, Some(&reply)).await), [("OPENED", Some(CLARA), true)]);

        let mut zoe = stage.log_in("zoe@guest.example").await;
        let all = history(&mut gina, Some(&message)).await;
        assert_eq!(history(&mut zoe, Some(&message)).await, [Value::Null; 0]);
        assert_eq!(history(&mut zoe, None).await, [Value::Null; 0]);
        assert_eq!(history(&mut gina, Some("made up")).await, [Value::Null; 0]);
        assert_eq!(node(&mut zoe, &all[0]["id"]).await, Value::Null);
        assert_eq!(node(&mut gina, &all[0]["id"]).await["kind"], "FORWARDED");
        assert_eq!(node(&mut gina, &all[0]["id"]).await["message"]["id"], message);
    })
    .await;
}

/// N7: the history is paged both ways, and shows the same.
#[tokio::test]
async fn the_history_is_paged() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let messages = [stage.send(&mut clara, GINA, "One").await, stage.send(&mut clara, GINA, "Two").await];
        for message in messages.iter().chain(&messages).chain(&messages[..1]) {
            open(&mut gina, message).await;
        }
        let whole: Vec<_> =
            history(&mut clara, None).await.iter().map(|access| access["id"].clone()).collect();
        assert_eq!(whole.len(), 5);
        let ids = |page: &Value| -> Vec<Value> {
            page["edges"].as_array().expect("edges").iter().map(|edge| edge["node"]["id"].clone()).collect()
        };
        let first = page(&mut clara, json!({ "first": 2 })).await;
        assert_eq!((ids(&first), &first["pageInfo"]["hasNextPage"]), (whole[..2].to_vec(), &json!(true)));
        let rest = page(&mut clara, json!({ "first": 9, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!((ids(&rest), &rest["pageInfo"]["hasNextPage"]), (whole[2..].to_vec(), &json!(false)));
        let last = page(&mut clara, json!({ "last": 2 })).await;
        assert_eq!(ids(&last), whole[3..]);
        let before = page(&mut clara, json!({ "last": 2, "before": last["edges"][0]["cursor"] })).await;
        assert_eq!(ids(&before), whole[1..3]);
    })
    .await;
}

/// N7, K6: what is read in an emergency is told to sender and recipients, by the role alone.
#[tokio::test]
async fn an_emergency_is_told_to_those_whose_mail_it_is() {
    on_stage(async |stage| {
        grant(stage, BRUNO, Role::BreakGlass).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let mut bruno = stage.log_in(BRUNO).await;
        let message = stage.send(&mut clara, GINA, "Dosage").await;
        let access = break_glass::open(stage, &mut bruno, &[&message]).await["breakGlass"]["id"].clone();
        assert_eq!(history(&mut gina, None).await, [Value::Null; 0], "nothing was read yet");
        break_glass::read(&mut bruno, &access, &message).await;
        for somebody in [&mut gina, &mut clara] {
            let all = history(somebody, None).await;
            assert_eq!(said(&all), [("BREAK_GLASS", None, false)]);
            assert_eq!((&all[0]["role"], &all[0]["network"]), (&json!("BREAK_GLASS"), &Value::Null));
            assert_eq!(all[0]["message"]["id"], message.as_str());
        }
        assert_eq!(history(&mut bruno, None).await, [Value::Null; 0], "it is not his mail");
    })
    .await;
}

/// N7, A20, B38: that somebody read one's mail is told also when it was deleted, when its time is over, and to who left.
#[tokio::test]
async fn the_history_outlives_the_mail() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let (kept, deleted) =
            (stage.send(&mut clara, GINA, "Kept").await, stage.send(&mut clara, GINA, "Deleted").await);
        for message in [&kept, &deleted] {
            open(&mut gina, message).await;
        }
        gina.act(DELETE, json!({ "messageId": deleted })).await.expect("it is deleted");
        let all = history(&mut gina, Some(&deleted)).await;
        assert_eq!((said(&all), &all[0]["message"]), (vec![("OPENED", Some(GINA), true)], &Value::Null));
        gina.act(LEAVE, json!({})).await.expect("she leaves");
        let mut gina = stage.log_in(GINA).await;
        let all = history(&mut gina, Some(&kept)).await;
        assert_eq!(said(&all), [("OPENED", Some(GINA), true)]);
        assert_eq!(
            (&all[0]["message"]["subject"], &all[0]["message"]["unavailable"]["reason"]),
            (&Value::Null, &json!("REVOKED"))
        );

        stage.advance("P61D").await;
        let ran = stage.node.scheduler.run_now(JobName::ExpireMessages).await.expect("the job runs");
        assert_eq!(ran.and_then(|ran| ran.failure), None);
        let all = history(&mut stage.log_in(CLARA).await, Some(&kept)).await;
        assert_eq!(said(&all), [("OPENED", Some(GINA), false)]);
        assert_eq!(all[0]["message"]["unavailable"]["reason"], "EXPIRED");
    })
    .await;
}

/// N7, B43: what an account did and received that joined another is its person's own.
#[tokio::test]
async fn the_history_joins_with_the_account() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let (mut bruno, mut gina) = (stage.log_in(BRUNO).await, stage.log_in(GINA).await);
        let message = stage.send(&mut bruno, GINA, "For Gina").await;
        open(&mut gina, &message).await;
        join(stage, &mut clara, GINA).await;
        open(&mut clara, &message).await;
        let all = history(&mut clara, Some(&message)).await;
        assert_eq!(said(&all), [("OPENED", Some(CLARA), true), ("OPENED", Some(CLARA), true)]);
        assert!(all.iter().all(|access| access["network"].is_string()), "{all:?}");
        let all = history(&mut bruno, Some(&message)).await;
        assert_eq!(said(&all), [("OPENED", Some(CLARA), false), ("OPENED", Some(CLARA), false)]);
        clara.act(LEAVE, json!({})).await.expect("she leaves");
        assert_eq!(
            said(&history(&mut stage.log_in(CLARA).await, Some(&message)).await).len(),
            2,
            "both stay hers"
        );
    })
    .await;
}
