//! Officers sign off what others did.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    policy::grant,
    stage::{codes, error, on_stage, text},
};
use domain::policy::Role;
use sealpost::walk::client::Client;
use serde_json::{Value, json};

const EVENTS: &str = "query($filter: AuditFilter) { viewer { compliance { events(filter: $filter, first: 200) { edges { \
     node { id kind reason actor { role account { primaryAddress } } \
     reviews { id finding comment by { primaryAddress } } } } } } } }";
const SIGN_OFF: &str = "mutation($input: SignOffInput!) { signOff(input: $input) { events { id kind reviews { id at \
     finding comment by { primaryAddress } } } problems { code message field } position } }";
const GRANT: &str = "mutation($input: GrantRoleInput!) { grantRole(input: $input) { problems { code } } }";
const CLOSE: &str =
    "mutation($input: CloseAccountForInput!) { closeAccountFor(input: $input) { problems { code } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id ... on Review { finding comment at } \
     ... on AuditEvent { kind reviews { id } } } }";

pub async fn events(officer: &mut Client, filter: Value) -> Vec<Value> {
    let answer = officer.ask(EVENTS, json!({ "filter": filter })).await.expect("an answer");
    let edges = answer["data"]["viewer"]["compliance"]["events"]["edges"].as_array();
    let edges = edges.unwrap_or_else(|| panic!("no events: {answer}"));
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

pub async fn sign_off(
    officer: &mut Client,
    events: &[&Value],
    finding: &str,
    comment: Option<&str>,
) -> Value {
    let ids: Vec<_> = events.iter().map(|event| text(event, "/id")).collect();
    let input = json!({ "eventIds": ids, "finding": finding, "comment": comment });
    officer.attempt(SIGN_OFF, input).await.expect("an answer")
}

async fn account(client: &mut Client) -> String {
    let answer = client.ask("{ viewer { account { id } } }", json!({})).await.expect("an answer");
    text(&answer, "/data/viewer/account/id")
}

async fn node(client: &mut Client, id: &Value) -> Value {
    client.ask(NODE, json!({ "id": id })).await.expect("an answer")["data"]["node"].clone()
}

/// Q2, Q10: what is done by right of a role waits until somebody signs it off; who did so, when and with which finding is
/// shown with the event, and a second finding beside the first.
#[tokio::test]
async fn a_privileged_act_waits_for_a_review() {
    on_stage(async |stage| {
        let (mut admin, mut clara) = (stage.log_in(ADMINISTRATOR).await, stage.log_in(CLARA).await);
        let (admin_id, clara_id) = (account(&mut admin).await, account(&mut clara).await);
        admin.act(GRANT, json!({ "accountId": clara_id, "role": "APPROVER" })).await.expect("it is granted");
        let mut officer = stage.log_in(OFFICER).await;
        let waiting = json!({ "privileged": true, "reviewed": false, "actorIds": [admin_id] });
        let found = events(&mut officer, waiting.clone()).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["kind"], &found[0]["reviews"]), (&json!("ROLE_GRANTED"), &json!([])));

        let signed = sign_off(&mut officer, &[&found[0]], "IN_ORDER", Some("Agreed with the board.\n")).await;
        assert_eq!(codes(&signed), [""; 0], "{signed}");
        let review = &signed["events"][0]["reviews"][0];
        assert_eq!((&signed["events"][0]["id"], &review["finding"]), (&found[0]["id"], &json!("IN_ORDER")));
        assert_eq!(
            (&review["by"]["primaryAddress"], &review["comment"]),
            (&json!(OFFICER), &json!("Agreed with the board."))
        );
        assert_eq!(events(&mut officer, waiting).await, [Value::Null; 0]);
        let reviewed = events(&mut officer, json!({ "reviewed": true })).await;
        assert_eq!(reviewed.len(), 1, "{reviewed:?}");
        assert_eq!(reviewed[0]["reviews"][0]["id"], review["id"]);

        grant(stage, BRUNO, Role::ComplianceOfficer).await;
        let mut bruno = stage.log_in(BRUNO).await;
        sign_off(&mut bruno, &[&found[0]], "FOLLOW_UP", None).await;
        let findings = events(&mut officer, json!({ "reviewed": true })).await[0]["reviews"].clone();
        assert_eq!(
            (&findings[0]["finding"], &findings[1]["finding"]),
            (&json!("IN_ORDER"), &json!("FOLLOW_UP"))
        );
        assert_eq!(
            (&findings[1]["by"]["primaryAddress"], &findings[1]["comment"]),
            (&json!(BRUNO), &Value::Null)
        );

        let signing = events(&mut officer, json!({ "kinds": ["REVIEWED"] })).await;
        assert_eq!(signing.len(), 2, "{signing:?}");
        assert_eq!(
            (&signing[1]["reason"], &signing[1]["actor"]["role"]),
            (&json!("in_order"), &json!("COMPLIANCE_OFFICER"))
        );
        assert_eq!(node(&mut officer, &review["id"]).await["comment"], "Agreed with the board.");
        assert_eq!(node(&mut officer, &found[0]["id"]).await["reviews"].as_array().map(Vec::len), Some(2));
        for somebody in [&mut admin, &mut clara] {
            assert_eq!(node(somebody, &review["id"]).await, Value::Null);
            assert_eq!(node(somebody, &found[0]["id"]).await, Value::Null);
        }
    })
    .await;
}

/// Q2, K9: a comment is the organisation's and stays when the account of whoever wrote it is closed.
#[tokio::test]
async fn a_comment_outlives_its_reviewer() {
    on_stage(async |stage| {
        grant(stage, BRUNO, Role::ComplianceOfficer).await;
        let mut bruno = stage.log_in(BRUNO).await;
        let bruno_id = account(&mut bruno).await;
        let found = events(&mut bruno, json!({ "kinds": ["ROLE_GRANTED"] })).await;
        sign_off(&mut bruno, &[&found[0]], "FOLLOW_UP", Some("Ask who asked for it.")).await;
        let close = json!({ "accountId": bruno_id, "reason": "Left" });
        stage.log_in(ADMINISTRATOR).await.act(CLOSE, close).await.expect("it is closed");
        let reviewed = events(&mut stage.log_in(OFFICER).await, json!({ "reviewed": true })).await;
        assert_eq!(reviewed[0]["reviews"][0]["comment"], "Ask who asked for it.", "{reviewed:?}");
    })
    .await;
}

/// Q2, Q10: nobody signs off what they did; the refusal names it, and the others of the same sign-off wait as well.
#[tokio::test]
async fn own_acts_are_signed_off_by_somebody_else() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        events(&mut officer, json!({})).await;
        let asked = events(&mut officer, json!({ "kinds": ["AUDIT_QUERIED"] })).await;
        let granted = events(&mut officer, json!({ "kinds": ["ROLE_GRANTED"] })).await;
        let before = stage.head();
        let refused = sign_off(&mut officer, &[&granted[0], &asked[0], &asked[1]], "IN_ORDER", None).await;
        assert_eq!(codes(&refused), ["NOT_ALLOWED", "NOT_ALLOWED"], "{refused}");
        assert_eq!(
            (&refused["problems"][0]["field"], &refused["problems"][1]["field"]),
            (&json!(["eventIds", "1"]), &json!(["eventIds", "2"]))
        );
        assert_eq!((&refused["events"], &refused["position"]), (&json!([]), &Value::Null));
        assert_eq!(stage.head(), before, "nothing is recorded");
        grant(stage, BRUNO, Role::ComplianceOfficer).await;
        let mut bruno = stage.log_in(BRUNO).await;
        let signed = sign_off(&mut bruno, &[&granted[0], &asked[0], &asked[1]], "IN_ORDER", None).await;
        assert_eq!(codes(&signed), [""; 0], "{signed}");
    })
    .await;
}

/// Q2, K7: a sign-off has bounds, names what is there, and is an officer's right; who tried without it is on record.
#[tokio::test]
async fn a_sign_off_is_looked_at() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let granted = events(&mut officer, json!({ "kinds": ["ROLE_GRANTED"] })).await;
        let (one, none) = (&granted[0], json!({ "id": "made up" }));
        for (events, comment, code, field) in [
            (vec![], None, "INVALID", json!(["eventIds"])),
            (vec![one; 501], None, "INVALID", json!(["eventIds"])),
            (vec![one], Some("a".repeat(2001)), "TOO_LONG", json!(["comment"])),
            (vec![one, &none], None, "NOT_FOUND", json!(["eventIds", "1"])),
        ] {
            let refused = sign_off(&mut officer, &events, "IN_ORDER", comment.as_deref()).await;
            assert_eq!((codes(&refused), &refused["problems"][0]["field"]), (vec![code], &field));
        }
        let most = sign_off(&mut officer, &[one; 500], "IN_ORDER", Some(&"a".repeat(2000))).await;
        assert_eq!(codes(&most), [""; 0], "{most}");
        for who in [ADMINISTRATOR, CLARA, GINA] {
            let input = json!({ "input": { "eventIds": [one["id"]], "finding": "IN_ORDER" } });
            let answer = stage.log_in(who).await.ask(SIGN_OFF, input).await.expect("an answer");
            assert_eq!(error(&answer), "FORBIDDEN", "{who}: {answer}");
        }
        assert_eq!(events(&mut officer, json!({ "kinds": ["ACCESS_REFUSED"] })).await.len(), 3);
    })
    .await;
}
