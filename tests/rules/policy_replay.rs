//! A proposed policy over the history: what would be gone, who would gain or lose access. Nothing changes by asking.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    policy::grant,
    stage::{Stage, codes, error, on_stage, open, text},
};
use domain::policy::Role;
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use workers::JobName;

const REPLAY: &str = "mutation($input: ReplayPolicyInput!) { replayPolicy(input: $input) { replay { id work { id state } } \
     problems { code message field } position } }";
const FOUND: &str = "query($id: ID!, $kind: ReplayEffectKind, $first: Int, $after: String, $last: Int) { node(id: $id) { \
     ... on PolicyReplay { work { id state done total failure } differences { setting before after } wouldExpireCount \
     wouldGainCount wouldLoseCount effects(kind: $kind, first: $first, after: $after, last: $last) { totalCount \
     pageInfo { hasNextPage hasPreviousPage endCursor } edges { node { id kind at message { id } \
     account { primaryAddress } } } } } } }";

async fn ask(stage: &Stage, client: &mut Client, changes: Value) -> Value {
    let input = json!({ "idempotencyKey": stage.key(), "changes": changes });
    client.attempt(REPLAY, input).await.expect("an answer")
}

/// Asks, has the job run, and gives the replay.
async fn replayed(stage: &Stage, client: &mut Client, changes: Value) -> Value {
    let id = text(&ask(stage, client, changes).await, "/replay/id");
    stage.node.scheduler.run_now(JobName::ReplayPolicies).await.expect("the job runs").expect("it ran");
    found(client, json!({ "id": id })).await
}

async fn found(client: &mut Client, variables: Value) -> Value {
    let answer = client.ask(FOUND, variables).await.expect("an answer");
    let node = answer["data"]["node"].clone();
    assert!(node.is_object(), "{answer}");
    node
}

fn effects(replay: &Value) -> Vec<(&str, &str)> {
    let edges = replay["effects"]["edges"].as_array().expect("edges");
    edges.iter().map(|edge| effect(&edge["node"])).collect()
}

fn effect(node: &Value) -> (&str, &str) {
    let account = node["account"]["primaryAddress"].as_str();
    (node["kind"].as_str().expect("a kind"), account.unwrap_or("-"))
}

/// N3: under a shorter life messages would be gone and readings refused; under a longer one they would live on for those who
/// had them. The policy and the mail stay as they are.
#[tokio::test]
async fn another_life_of_messages_is_replayed() {
    on_stage(async |stage| {
        grant(stage, CLARA, Role::PolicyAuthor).await;
        let mut bruno = stage.log_in(BRUNO).await;
        let mut gina = stage.log_in(GINA).await;
        let message = stage.send(&mut bruno, GINA, "Results").await;
        open(&mut gina, &message).await;
        stage.advance("P30D").await;
        open(&mut stage.log_in(GINA).await, &message).await;
        stage.advance("P10D").await;
        let mut clara = stage.log_in(CLARA).await;

        let shorter = replayed(stage, &mut clara, json!({ "retention": { "messages": "P20D" } })).await;
        assert_eq!(shorter["work"]["state"], "DONE", "{shorter}");
        assert_eq!(effects(&shorter), [("EXPIRES", "-"), ("LOSES_ACCESS", GINA)]);
        assert_eq!(shorter["effects"]["edges"][0]["node"]["message"]["id"], json!(message));
        assert_eq!(shorter["effects"]["totalCount"], 2);
        let counts = ["wouldExpireCount", "wouldGainCount", "wouldLoseCount"].map(|count| &shorter[count]);
        assert_eq!(counts, [&json!(1), &json!(0), &json!(1)]);
        assert_eq!(
            shorter["differences"],
            json!([{ "setting": "retention.messages", "before": "P60D", "after": "P20D" }])
        );
        let id = &shorter["effects"]["edges"][1]["node"]["id"];
        let one = clara
            .ask("query($id: ID!) { node(id: $id) { ... on ReplayEffect { kind } } }", json!({ "id": id }));
        assert_eq!(one.await.expect("an answer")["data"]["node"]["kind"], "LOSES_ACCESS");
        // Nothing changed: it is read as before.
        open(&mut stage.log_in(GINA).await, &message).await;

        stage.advance("P30D").await;
        let mut clara = stage.log_in(CLARA).await;
        let longer = replayed(stage, &mut clara, json!({ "retention": { "messages": "P90D" } })).await;
        let expected = [("LIVES_ON", "-"), ("GAINS_ACCESS", BRUNO), ("GAINS_ACCESS", GINA)];
        let mut seen = effects(&longer);
        seen[1..].sort_unstable();
        assert_eq!(seen, expected);
        let page = json!({ "id": text(&shorter["work"], "/id"), "first": 1 });
        let work = clara.ask("query($id: ID!) { node(id: $id) { ... on Work { state } } }", page).await;
        assert_eq!(work.expect("an answer")["data"]["node"]["state"], "DONE");
    })
    .await;
}

/// N3: effects are paged both ways and by kind; a replay that a node left goes on behind the last message that it looked at.
#[tokio::test]
async fn effects_are_paged_and_a_replay_goes_on() {
    on_stage(async |stage| {
        let mut bruno = stage.log_in(BRUNO).await;
        for number in 0..5 {
            stage.send(&mut bruno, GINA, &format!("Letter {number}")).await;
        }
        stage.advance("P30D").await;
        let mut officer = stage.log_in(OFFICER).await;
        let changes = json!({ "retention": { "messages": "P20D" } });
        let all = replayed(stage, &mut officer, changes.clone()).await;
        assert_eq!(all["wouldExpireCount"], 5, "{all}");
        let id = text(
            &officer
                .attempt(REPLAY, json!({ "idempotencyKey": "replay-twice", "changes": changes }))
                .await
                .expect("an answer"),
            "/replay/id",
        );
        let again =
            officer.attempt(REPLAY, json!({ "idempotencyKey": "replay-twice", "changes": changes })).await;
        assert_eq!(text(&again.expect("an answer"), "/replay/id"), id, "the same key, the same replay");

        // As a node left it that stopped after two messages.
        let db = stage.node.app.log().db();
        let rows =
            db.all("SELECT sent_at, message FROM rm_messages ORDER BY sent_at, message LIMIT 2", vec![]);
        let second = rows.await.expect("messages").pop().expect("two");
        let place = [
            &second.int("sent_at").expect("a time").to_be_bytes()[..],
            &second.bytes("message").expect("an id"),
            &7_i64.to_be_bytes(),
        ]
        .concat();
        let left =
            "UPDATE works SET state = 'running', done = 2, total = 5, place = $1 WHERE state = 'queued'";
        db.run(left, vec![place.into()]).await.expect("it is so");
        stage.node.scheduler.run_now(JobName::ReplayPolicies).await.expect("the job runs").expect("it ran");
        let first = found(&mut officer, json!({ "id": id, "kind": "EXPIRES", "first": 2 })).await;
        assert_eq!((&first["work"]["done"], &first["wouldExpireCount"]), (&json!(5), &json!(3)));
        assert_eq!(first["effects"]["edges"].as_array().expect("edges").len(), 2);
        let info = &first["effects"]["pageInfo"];
        assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(true), &json!(false)));
        let rest = json!({ "id": id, "kind": "EXPIRES", "first": 2, "after": info["endCursor"] });
        let rest = found(&mut officer, rest).await;
        assert_eq!(rest["effects"]["edges"].as_array().expect("edges").len(), 1);
        let backwards = found(&mut officer, json!({ "id": id, "last": 1 })).await;
        assert_eq!(backwards["effects"]["edges"][0]["node"]["id"], rest["effects"]["edges"][0]["node"]["id"]);
        let none = found(&mut officer, json!({ "id": id, "kind": "LIVES_ON" })).await;
        assert_eq!(none["effects"]["totalCount"], 0);
    })
    .await;
}

/// N3, K2, K7: bad proposals are refused with their place; who has no right is refused, and sees no replay.
#[tokio::test]
async fn a_replay_is_refused_where_it_must_be() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let bad = ask(stage, &mut officer, json!({ "retention": { "messages": "PT1H" } })).await;
        assert_eq!(codes(&bad), ["POLICY_INVALID"], "{bad}");
        let future = json!({ "idempotencyKey": stage.key(), "changes": {}, "from": "2090-01-01T00:00:00Z" });
        let future = officer.attempt(REPLAY, future).await.expect("an answer");
        assert_eq!((codes(&future), &future["problems"][0]["field"]), (vec!["INVALID"], &json!(["from"])));

        let seen = replayed(stage, &mut officer, json!({})).await;
        assert_eq!((&seen["wouldExpireCount"], &seen["differences"]), (&json!(0), &json!([])));
        let work = text(&seen["work"], "/id");
        let mut administrator = stage.log_in(ADMINISTRATOR).await;
        let input = json!({ "input": { "idempotencyKey": stage.key(), "changes": {} } });
        let refused = administrator.ask(REPLAY, input).await.expect("an answer");
        assert_eq!(error(&refused), "FORBIDDEN", "{refused}");
        let hidden =
            administrator.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": work })).await;
        assert!(hidden.expect("an answer")["data"]["node"].is_null());
    })
    .await;
}
