//! Two who change the rules at once.

use crate::{
    browser::Browser,
    house::{BRUNO, CLARA},
    stage::{Stage, codes, on_stage},
};
use futures_util::future::join;
use serde_json::{Value, json};

const CHANGE: &str = "mutation($input: ChangePolicyInput!) { changePolicy(input: $input) \
     { policy { version sessions { idleLimit } } problems { code message field } position } }";

async fn author(stage: &Stage, who: &str) -> Browser {
    let (app, organisation) = (&stage.node.app, stage.cast.organisation);
    let address = who.parse().expect("an address");
    let account = app.account_at(organisation, &address).await.expect("somebody");
    let steward = app::Steward::Operator(organisation);
    app.grant_role(steward, account, domain::policy::Role::PolicyAuthor).await.expect("the role is granted");
    Browser::log_in(stage, "192.0.2.7", who).await
}

/// K2, Q8: of two policy authors who change the same version at once one does; the other is told of the conflict and shown the
/// policy as it is, and nothing of what they wanted is in force.
#[tokio::test]
async fn two_authors_at_once() {
    on_stage(async |stage| {
        let (mut clara, mut bruno) = (author(stage, CLARA).await, author(stage, BRUNO).await);
        for round in 0..8_i64 {
            let version = stage.node.app.rules(stage.cast.organisation).await.expect("the rules").policy_version;
            let change = |minutes: i64| {
                let limit = format!("PT{minutes}M");
                json!({ "version": version, "changes": { "sessions": { "idleLimit": limit } }, "reason": "Asked for." })
            };
            let (hers, his) = (40 + 2 * round, 41 + 2 * round);
            let (first, second) = join(clara.attempt(CHANGE, change(hers)), bruno.attempt(CHANGE, change(his))).await;
            let (won, lost, limit) = match (codes(&first).as_slice(), codes(&second).as_slice()) {
                ([], ["CONFLICT"]) => (first, second, hers),
                (["CONFLICT"], []) => (second, first, his),
                other => panic!("neither or both: {other:?}"),
            };
            let expected = json!({ "version": version + 1, "sessions": { "idleLimit": format!("PT{limit}M") } });
            assert_eq!(won["policy"], expected, "{won}");
            assert_eq!(lost["policy"], expected, "the loser sees what is in force: {lost}");
            assert_eq!((&lost["problems"][0]["field"], &lost["position"]), (&json!(["version"]), &Value::Null), "{lost}");
            assert!(won["position"].is_string());
        }
    })
    .await;
}
