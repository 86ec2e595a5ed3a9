//! The policy author's work: settings, their bounds, their history.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    stage::{Stage, codes, error, on_stage, text},
};
use domain::policy::Role;
use sealpost::walk::client::Client;
use serde_json::{Value, json};

const CHANGE: &str = "mutation($input: ChangePolicyInput!) { changePolicy(input: $input) { policy { id version reason \
     sessions { idleLimit } accounts { aliases audiences } changes { setting before after } } \
     problems { code message field } position } }";
const HISTORY: &str = "query($first: Int, $after: String, $last: Int, $before: String) { viewer { administration { \
     policyHistory(first: $first, after: $after, last: $last, before: $before) { totalCount pageInfo { hasNextPage \
     hasPreviousPage endCursor startCursor } edges { node { version since until reason changedBy { primaryAddress } \
     changes { setting before after } } } } } } }";

/// A policy author at work.
async fn author(stage: &Stage, who: &str) -> Client {
    grant(stage, who, Role::PolicyAuthor).await;
    stage.log_in(who).await
}

pub async fn grant(stage: &Stage, who: &str, role: Role) {
    let (app, organisation) = (&stage.node.app, stage.cast.organisation);
    let account = app.account_at(organisation, &who.parse().expect("an address")).await.expect("somebody");
    app.grant_role(organisation, account, role).await.expect("the role is granted");
}

fn input(version: i32, changes: &Value) -> Value {
    json!({ "version": version, "changes": changes, "reason": "A test" })
}

async fn change(client: &mut Client, version: i32, changes: Value) -> Value {
    client.attempt(CHANGE, input(version, &changes)).await.expect("an answer")
}

async fn history(client: &mut Client, page: Value) -> Value {
    let answer = client.ask(HISTORY, page).await.expect("an answer");
    let found = answer["data"]["viewer"]["administration"]["policyHistory"].clone();
    assert!(found.is_object(), "{answer}");
    found
}

fn versions(page: &Value) -> Vec<i64> {
    let edges = page["edges"].as_array().expect("edges");
    edges.iter().filter_map(|edge| edge["node"]["version"].as_i64()).collect()
}

/// B16, Q8: an author shortens the idle limit; it counts at once, and the history says what, who, when and why.
#[tokio::test]
async fn a_setting_is_changed() {
    on_stage(async |stage| {
        let mut clara = author(stage, CLARA).await;
        let mut gina = stage.log_in(GINA).await;
        stage.advance("PT1M").await;
        let changed = change(&mut clara, 1, json!({ "sessions": { "idleLimit": "PT5M" } })).await;
        assert_eq!(codes(&changed), [""; 0], "{changed}");
        assert_eq!(changed["policy"]["version"], 2);
        assert_eq!(changed["policy"]["sessions"]["idleLimit"], "PT5M");
        let difference = json!([{ "setting": "sessions.idleLimit", "before": "PT30M", "after": "PT5M" }]);
        assert_eq!(changed["policy"]["changes"], difference);

        let page = history(&mut clara, json!({ "first": 10 })).await;
        assert_eq!((versions(&page), &page["totalCount"]), (vec![2, 1], &json!(2)));
        let (today, before) = (&page["edges"][0]["node"], &page["edges"][1]["node"]);
        assert_eq!(
            (&today["changedBy"]["primaryAddress"], &today["reason"]),
            (&json!(CLARA), &json!("A test"))
        );
        assert_eq!(today["changes"], difference);
        assert_eq!((&today["until"], &before["until"]), (&Value::Null, &today["since"]));
        assert_eq!((&before["changedBy"], &before["changes"]), (&Value::Null, &json!([])));

        stage.advance("PT6M").await;
        let answer = gina.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
    })
    .await;
}

/// Q8: each setting that cannot be is a problem at its own path, and then nothing changes.
#[tokio::test]
async fn every_wrong_setting_is_named() {
    on_stage(async |stage| {
        let mut clara = author(stage, CLARA).await;
        let wrong = json!({
            "retention": { "keyBackups": "P91D" },
            "sessions": { "idleLimit": "P2D", "lockoutThreshold": 2 },
            "mail": { "guestCompose": "BY_AUDIENCE" },
        });
        let refused = change(&mut clara, 1, wrong).await;
        assert_eq!(refused["policy"], Value::Null);
        assert!(codes(&refused).iter().all(|code| *code == "POLICY_INVALID"), "{refused}");
        let fields: Vec<_> = refused["problems"].as_array().expect("problems").iter().map(|p| &p["field"]).collect();
        assert_eq!(
            fields,
            [
                &json!(["changes", "retention", "keyBackups"]),
                &json!(["changes", "sessions", "idleLimit"]),
                &json!(["changes", "sessions", "absoluteLimit"]),
                &json!(["changes", "sessions", "lockoutThreshold"]),
                &json!(["changes", "mail", "guestCompose"]),
            ]
        );
        let unread = json!({
            "accounts": { "groupAddresses": ["info@insurer.example", "none"], "publicMailboxDomains": [""] },
            "sessions": { "exemptNetworks": ["192.0.2.7/24"], "lockoutThreshold": -3 },
        });
        let refused = change(&mut clara, 1, unread).await;
        let fields: Vec<_> = refused["problems"].as_array().expect("problems").iter().map(|p| &p["field"]).collect();
        assert_eq!(
            fields,
            [
                &json!(["changes", "accounts", "groupAddresses", "1"]),
                &json!(["changes", "accounts", "publicMailboxDomains", "0"]),
                &json!(["changes", "sessions", "exemptNetworks", "0"]),
                &json!(["changes", "sessions", "lockoutThreshold"]),
            ]
        );
        let long = json!({ "version": 1, "changes": { "accounts": { "aliases": true } }, "reason": "a".repeat(501) });
        let refused = clara.attempt(CHANGE, long).await.expect("an answer");
        assert_eq!((codes(&refused), &refused["problems"][0]["field"]), (vec!["TOO_LONG"], &json!(["reason"])));
        assert_eq!(versions(&history(&mut clara, json!({})).await), [1]);
    })
    .await;
}

/// Q8: of two authors who change the policy at once one is heard; the other gets a conflict, and the policy as it is.
#[tokio::test]
async fn two_authors_do_not_overwrite_each_other() {
    on_stage(async |stage| {
        let (mut clara, mut bruno) = (author(stage, CLARA).await, author(stage, BRUNO).await);
        let (a, b) = tokio::join!(
            change(&mut clara, 1, json!({ "sessions": { "idleLimit": "PT10M" } })),
            change(&mut bruno, 1, json!({ "sessions": { "idleLimit": "PT20M" } })),
        );
        let (won, lost) = if codes(&a).is_empty() { (a, b) } else { (b, a) };
        assert_eq!((codes(&won), codes(&lost)), (vec![], vec!["CONFLICT"]));
        assert_eq!(won["policy"]["version"], 2);
        assert_eq!((&lost["policy"]["id"], &lost["policy"]["version"]), (&won["policy"]["id"], &json!(2)));
        assert_eq!(lost["policy"]["sessions"], won["policy"]["sessions"]);
        let idle = won["policy"]["sessions"]["idleLimit"].clone();
        let stale = change(&mut bruno, 1, json!({ "sessions": { "idleLimit": "PT1S" } })).await;
        assert_eq!((codes(&stale), &stale["policy"]["sessions"]["idleLimit"]), (vec!["CONFLICT"], &idle));
    })
    .await;
}

/// K2, K7: settings are for policy authors; another's attempt is refused and on record.
#[tokio::test]
async fn only_authors_change_the_policy() {
    on_stage(async |stage| {
        for who in [ADMINISTRATOR, BRUNO, GINA, OFFICER] {
            let mut client = stage.log_in(who).await;
            let variables = json!({ "input": input(1, &json!({ "sessions": { "idleLimit": "PT1H" } })) });
            let answer = client.ask(CHANGE, variables).await.expect("an answer");
            assert_eq!(error(&answer), "FORBIDDEN", "{who}: {answer}");
        }
        let mut officer = stage.log_in(OFFICER).await;
        let refusals = "{ viewer { compliance { events(first: 10, filter: { kinds: [ACCESS_REFUSED] }) \
             { edges { node { reason } } } } } }";
        let answer = officer.ask(refusals, json!({})).await.expect("an answer");
        let edges = answer["data"]["viewer"]["compliance"]["events"]["edges"].as_array().expect("events");
        assert_eq!(edges.len(), 4, "{answer}");
        assert!(edges.iter().all(|edge| edge["node"]["reason"] == "author_policy"), "{answer}");
    })
    .await;
}

/// Q8: the history pages both ways; a version is found by its id, by those who may see it.
#[tokio::test]
async fn the_history_pages_both_ways() {
    on_stage(async |stage| {
        let mut clara = author(stage, CLARA).await;
        for (version, limit) in [(1, "PT10M"), (2, "PT20M"), (3, "PT40M"), (4, "PT50M")] {
            let changed = change(&mut clara, version, json!({ "sessions": { "idleLimit": limit } })).await;
            assert_eq!(changed["policy"]["version"], version + 1, "{changed}");
        }
        let first = history(&mut clara, json!({ "first": 2 })).await;
        assert_eq!((versions(&first), &first["pageInfo"]["hasNextPage"]), (vec![5, 4], &json!(true)));
        let next = history(&mut clara, json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(versions(&next), [3, 2]);
        let back = history(&mut clara, json!({ "last": 2, "before": next["pageInfo"]["startCursor"] })).await;
        assert_eq!((versions(&back), &back["pageInfo"]["hasPreviousPage"]), (vec![5, 4], &json!(false)));
        let oldest = history(&mut clara, json!({ "last": 1 })).await;
        assert_eq!(versions(&oldest), [1]);

        let policy = "{ viewer { administration { policy { id version } } } }";
        let answer = clara.ask(policy, json!({})).await.expect("an answer");
        let id = text(&answer, "/data/viewer/administration/policy/id");
        let node =
            "query($id: ID!) { node(id: $id) { id ... on Policy { version mail { attachmentBytes } } } }";
        for (who, sees) in [(CLARA, true), (OFFICER, true), (ADMINISTRATOR, true), (GINA, false)] {
            let mut client = stage.log_in(who).await;
            let answer = client.ask(node, json!({ "id": id })).await.expect("an answer");
            assert_eq!(answer["data"]["node"]["version"] == 5, sees, "{who}: {answer}");
            assert_eq!(answer["data"]["node"].is_null(), !sees, "{who}: {answer}");
        }
    })
    .await;
}

/// B40, C15, N6: aliases are switched on, audiences are named, and a pack is where it can start again from.
#[tokio::test]
async fn a_pack_and_lists_are_replaced() {
    on_stage(async |stage| {
        let mut clara = author(stage, CLARA).await;
        let lists = json!({ "accounts": { "aliases": true, "audiences": ["broker", "press"] } });
        let changed = change(&mut clara, 1, lists).await;
        let accounts = json!({ "aliases": true, "audiences": ["broker", "press"] });
        assert_eq!(changed["policy"]["accounts"], accounts, "{changed}");
        let again = json!({ "pack": "PORTAL", "sessions": { "idleLimit": "PT45M" } });
        let changed = change(&mut clara, 2, again).await;
        assert_eq!(changed["policy"]["accounts"], json!({ "aliases": false, "audiences": [] }), "{changed}");
        assert_eq!(changed["policy"]["sessions"]["idleLimit"], "PT45M");
    })
    .await;
}
