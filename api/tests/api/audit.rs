//! The officer's questions over the API.

use crate::node::Node;
use eventstore::testing::{TestDb, on_both};
use serde_json::{Value, json};

const ASK: &str = "query($filter: AuditFilter, $first: Int, $last: Int, $after: String) { organisation { name } viewer { compliance { \
     events(filter: $filter, first: $first, last: $last, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { \
     cursor node { id index kind at outcome reason actor { kind role account { primaryAddress } } subject { primaryAddress } \
     message { id sender { primaryAddress } } network policyVersion } } } } } }";

/// Q1, K7: an officer asks who did what; the question is the first event of the next answer.
#[tokio::test]
async fn an_officer_asks() {
    on_both(async |database: TestDb| {
        let node = Node::start(database).await;
        let [ada, _, olga] = node.people().await;
        let id = node.mail(&ada, "bob@out.example", "Subject").await;
        let filter = json!({ "kinds": ["MESSAGE_SENT"], "messageIds": [id] });
        let found = node.ask(Some(&olga), ASK, json!({ "filter": filter })).await;
        let events = "/viewer/compliance/events";
        assert_eq!(found.data(&format!("{events}/totalCount")), 1);
        let event = found.data(&format!("{events}/edges/0/node"));
        assert_eq!(event["kind"], "MESSAGE_SENT");
        assert_eq!(event["actor"]["account"]["primaryAddress"], "ada@own.example");
        assert_eq!(event["message"]["id"], json!(id));
        let all = node.ask(Some(&olga), ASK, json!({ "first": 1 })).await;
        let newest = all.data(&format!("{events}/edges/0/node"));
        assert_eq!(
            (&newest["kind"], &newest["actor"]["role"]),
            (&json!("AUDIT_QUERIED"), &json!("COMPLIANCE_OFFICER"))
        );
        for impossible in
            [json!({ "kinds": ["EXPORTED"] }), json!({ "kinds": [] }), json!({ "actorIds": ["nonsense"] })]
        {
            let nothing = node.ask(Some(&olga), ASK, json!({ "filter": impossible })).await;
            assert_eq!(nothing.data(&format!("{events}/totalCount")), 0, "{impossible}");
        }
        let oldest = node.ask(Some(&olga), ASK, json!({ "last": 1 })).await;
        assert_eq!(oldest.data(&format!("{events}/edges/0/node/kind")), "ORGANISATION_FOUNDED");
        assert_eq!(oldest.data(&format!("{events}/edges/0/node/index")), 0);
    })
    .await;
}

/// K2, K7: who lacks the right gets FORBIDDEN, sees the siblings, and is on record.
#[tokio::test]
async fn others_are_refused_on_record() {
    let node = Node::start(TestDb::sqlite().await).await;
    let [ada, _, olga] = node.people().await;
    let refused = node.ask(Some(&ada), ASK, Value::Null).await;
    assert_eq!(refused.code(), "FORBIDDEN");
    assert_eq!(refused.body["data"]["organisation"]["name"], "Own");
    assert_eq!(refused.body["data"]["viewer"]["compliance"], json!({ "events": null }));
    let filter = json!({ "kinds": ["ACCESS_REFUSED"], "outcomes": ["REFUSED"] });
    let found = node.ask(Some(&olga), ASK, json!({ "filter": filter })).await;
    let actor = found.data("/viewer/compliance/events/edges/0/node/actor/account/primaryAddress");
    assert_eq!(actor, "ada@own.example");
}
