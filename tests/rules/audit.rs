//! What the compliance officer finds.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    stage::{error, on_stage, open, text},
};
use sealpost::walk::client::Client;
use serde_json::{Value, json};

const EVENTS: &str = "query($filter: AuditFilter) { viewer { compliance { events(filter: $filter, first: 200) { totalCount \
     edges { node { kind outcome reason actor { kind role account { id } } subject { id } message { id } } } } } } }";

async fn events(officer: &mut Client, filter: Value) -> (i64, Vec<Value>) {
    let answer = officer.ask(EVENTS, json!({ "filter": filter })).await.expect("an answer");
    let page = &answer["data"]["viewer"]["compliance"]["events"];
    let edges = page["edges"].as_array().unwrap_or_else(|| panic!("no events: {answer}"));
    let total = page["totalCount"].as_i64().expect("a count");
    (total, edges.iter().map(|edge| edge["node"].clone()).collect())
}

async fn account(client: &mut Client) -> String {
    let answer = client.ask("{ viewer { account { id } } }", json!({})).await.expect("an answer");
    text(&answer, "/data/viewer/account/id")
}

/// Q1: everything that touched a person, by outcome; every access to a message; everything that a person did.
#[tokio::test]
async fn the_audit_is_filtered() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let mut bruno = stage.log_in(BRUNO).await;
        let (clara_id, gina_id) = (account(&mut clara).await, account(&mut gina).await);
        let message = stage.send(&mut clara, GINA, "Touched").await;
        stage.send(&mut clara, BRUNO, "Another").await;
        open(&mut gina, &message).await;
        open(&mut bruno, &message).await;
        for who in [GINA, GINA, BRUNO] {
            stage.stranger().log_in(who, "not the password").await.expect("an answer");
        }
        let mut officer = stage.log_in(OFFICER).await;

        let (total, failed) =
            events(&mut officer, json!({ "subjectIds": [gina_id], "outcomes": ["FAILED"] })).await;
        assert_eq!((total, failed.len()), (2, 2), "{failed:?}");
        for event in &failed {
            assert_eq!((&event["kind"], &event["subject"]["id"]), (&json!("LOGIN_FAILED"), &json!(gina_id)));
            assert_eq!(event["reason"], "wrong_password");
        }
        let (_, done) = events(&mut officer, json!({ "subjectIds": [gina_id], "outcomes": ["DONE"] })).await;
        assert!(done.iter().all(|event| event["outcome"] == "DONE"), "{done:?}");
        let kinds: Vec<_> = done.iter().filter_map(|event| event["kind"].as_str()).collect();
        assert!(kinds.contains(&"MESSAGE_SENT") && kinds.contains(&"SESSION_STARTED"), "{kinds:?}");

        let (_, touched) = events(&mut officer, json!({ "messageIds": [message] })).await;
        let kinds: Vec<_> = touched.iter().filter_map(|event| event["kind"].as_str()).collect();
        assert_eq!(
            kinds,
            ["AUDIT_QUERIED", "MESSAGE_OPENED", "MESSAGE_SENT"],
            "newest first; who may not open it, did not"
        );
        assert_eq!(touched[1]["actor"]["account"]["id"], gina_id);

        let (_, by_clara) =
            events(&mut officer, json!({ "actorIds": [clara_id], "kinds": ["MESSAGE_SENT"] })).await;
        assert_eq!(by_clara.len(), 2);
        for nothing in [
            json!({ "actorIds": [] }),
            json!({ "subjectIds": ["made up"] }),
            json!({ "messageIds": [gina_id] }),
            json!({ "outcomes": [] }),
            json!({ "until": "1999-01-01T00:00:00Z" }),
        ] {
            assert_eq!(events(&mut officer, nothing.clone()).await.0, 0, "{nothing}");
        }
    })
    .await;
}

/// K7: a question to the audit is itself in the audit, with who asked by which right; so is an attempt without the right.
#[tokio::test]
async fn asking_is_recorded() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let officer_id = account(&mut officer).await;
        let questions = json!({ "kinds": ["AUDIT_QUERIED"] });
        let (first, _) = events(&mut officer, questions.clone()).await;
        assert_eq!(first, 1, "the question itself");
        let (second, asked) = events(&mut officer, questions).await;
        assert_eq!(second, 2);
        assert_eq!(asked[0]["actor"]["account"]["id"], officer_id.as_str());
        assert_eq!(asked[0]["actor"]["role"], "COMPLIANCE_OFFICER");

        for who in [CLARA, GINA, ADMINISTRATOR] {
            let mut client = stage.log_in(who).await;
            let answer = client.ask(EVENTS, json!({})).await.expect("an answer");
            assert_eq!(error(&answer), "FORBIDDEN", "{who}: {answer}");
            assert!(answer["data"]["viewer"]["compliance"]["events"].is_null(), "{answer}");
        }
        let (refused, events) = events(&mut officer, json!({ "outcomes": ["REFUSED"] })).await;
        assert_eq!(refused, 3, "{events:?}");
        assert!(events.iter().all(|event| event["kind"] == "ACCESS_REFUSED"), "{events:?}");
    })
    .await;
}
