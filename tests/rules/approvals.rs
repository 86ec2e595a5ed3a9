//! What needs two persons: asked for by one, decided by another, carried out once (K3).

use crate::{
    house::{BRUNO, CLARA, GINA, OFFICER},
    policy::grant,
    stage::{Stage, codes, error, on_stage, text},
};
use domain::{
    approval::{Approval, Command},
    id::ApprovalId,
    policy::Role,
};
use eventstore::log::StreamName;
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use workers::JobName;

const CHANGE: &str = "mutation($input: ChangePolicyInput!) { changePolicy(input: $input) { policy { version retention \
     { messages } } approval { id action state outcome reason lapsesAt requestedAt requestedBy { primaryAddress } decidedAt \
     comment subject { __typename id } policyDifferences { setting before after } } problems { code message field } \
     position } }";
const DECIDE: &str = "mutation($input: DecideApprovalInput!) { decideApproval(input: $input) { approval { id state outcome \
     decidedBy { primaryAddress } decidedAt comment } problems { code message field } position } }";
const LIST: &str = "query($states: [ApprovalState!], $first: Int, $after: String) { viewer { compliance { approvals( \
     states: $states, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { id state \
     outcome reason comment requestedBy { primaryAddress } } } } } } }";

/// Somebody with these roles, logged in.
pub async fn with_roles(stage: &Stage, who: &str, roles: &[Role]) -> Client {
    for role in roles {
        grant(stage, who, *role).await;
    }
    stage.log_in(who).await
}

pub async fn decide(client: &mut Client, approval: &str, grant: bool) -> Value {
    let input = json!({ "approvalId": approval, "grant": grant, "comment": "Looked at." });
    client.attempt(DECIDE, input).await.expect("an answer")
}

pub async fn carry_out(stage: &Stage) -> i64 {
    let app = &stage.node.app;
    app.wait_for(app.log().head()).await.expect("the read models catch up");
    let ran = stage.node.scheduler.run_now(JobName::CarryOut).await.expect("the job runs");
    let ran = ran.expect("it is this node's");
    assert_eq!(ran.failure, None);
    ran.done_count
}

/// Asks for messages to be kept so long.
async fn keep(client: &mut Client, version: i32, messages: &str) -> Value {
    let changes = json!({ "retention": { "messages": messages } });
    let input = json!({ "version": version, "changes": changes, "reason": "Less to lose" });
    client.attempt(CHANGE, input).await.expect("an answer")
}

async fn listed(client: &mut Client, asked: Value) -> Value {
    let answer = client.ask(LIST, asked).await.expect("an answer");
    let found = answer["data"]["viewer"]["compliance"]["approvals"].clone();
    assert!(found.is_object(), "{answer}");
    found
}

/// The one request with this id, as its list has it.
async fn one(client: &mut Client, id: &str) -> Value {
    let all = listed(client, json!({})).await;
    let edges = all["edges"].as_array().expect("edges");
    let found = edges.iter().map(|edge| &edge["node"]).find(|node| node["id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not in {all}")).clone()
}

async fn today(stage: &Stage) -> (u32, String) {
    let rules = stage.node.app.rules(stage.cast.organisation).await.expect("the rules");
    (rules.policy_version, rules.policy.retention.messages.to_string())
}

/// K3, K10: who wants to keep mail for a shorter time asks, and cannot agree alone, with both roles in one hand; another person
/// does, and then it counts. Both are in the history, and what was decided stays so.
#[tokio::test]
async fn a_shorter_retention_needs_two_persons() {
    on_stage(async |stage| {
        let mut clara = with_roles(stage, CLARA, &[Role::PolicyAuthor, Role::Approver]).await;
        grant(stage, BRUNO, Role::Approver).await;
        let longer = keep(&mut clara, 1, "P61D").await;
        assert!(longer["approval"].is_null() && longer["policy"]["version"] == 2, "{longer}");

        let asked = keep(&mut clara, 2, "P30D").await;
        assert!(codes(&asked).is_empty(), "{asked}");
        assert_eq!(asked["policy"], json!({ "version": 2, "retention": { "messages": "P61D" } }));
        let request = &asked["approval"];
        let expected = [
            ("action", json!("SHORTEN_RETENTION")),
            ("state", json!("PENDING")),
            ("outcome", Value::Null),
            ("reason", json!("Less to lose")),
            ("requestedBy", json!({ "primaryAddress": CLARA })),
            ("requestedAt", json!("2026-03-02T09:00:00Z")),
            ("lapsesAt", json!("2026-03-09T09:00:00Z")),
            (
                "policyDifferences",
                json!([{ "setting": "retention.messages", "before": "P61D", "after": "P30D" }]),
            ),
        ];
        for (field, value) in expected {
            assert_eq!(request[field], value, "{field}: {request}");
        }
        assert_eq!(request["subject"]["__typename"], "Policy");
        let id = text(request, "/id");
        let head = stage.head();
        assert_eq!(keep(&mut clara, 2, "P30D").await["approval"]["id"], *id, "it waits already");
        assert_eq!(codes(&decide(&mut clara, &id, true).await), ["SECOND_PERSON_NEEDED"]);
        assert_eq!(codes(&decide(&mut clara, &id, false).await), ["SECOND_PERSON_NEEDED"]);
        assert_eq!((today(stage).await, stage.head() > head), ((2, "P61D".into()), true));

        stage.advance("PT1H").await;
        let mut bruno = stage.log_in(BRUNO).await;
        let decided = decide(&mut bruno, &id, true).await;
        assert!(codes(&decided).is_empty(), "{decided}");
        let expected = json!({
            "id": id, "state": "APPROVED", "outcome": "DONE", "decidedBy": { "primaryAddress": BRUNO },
            "decidedAt": "2026-03-02T10:00:00Z", "comment": "Looked at.",
        });
        assert_eq!(decided["approval"], expected);
        assert_eq!(today(stage).await, (3, "P30D".into()));
        let versions = stage.node.app.policy_versions(stage.cast.organisation).await.expect("the history");
        assert_eq!(versions[0].reason.as_deref(), Some("Less to lose"));

        let head = stage.head();
        assert!(codes(&decide(&mut bruno, &id, true).await).is_empty(), "again is quiet");
        assert_eq!(codes(&decide(&mut bruno, &id, false).await), ["CONFLICT"]);
        let mut gina = with_roles(stage, GINA, &[Role::Approver]).await;
        assert_eq!(codes(&decide(&mut gina, &id, true).await), ["CONFLICT"], "somebody was faster");
        assert_eq!(today(stage).await.0, 3);
        assert_eq!(carry_out(stage).await, 0);
        let looked = stage.head() - head;
        assert!(looked <= 6, "{looked} events, where logins and looks alone are recorded");
    })
    .await;
}

/// K3: what was granted is not done over what somebody changed meanwhile; that is said at once, and stands at the request.
#[tokio::test]
async fn what_changed_meanwhile_is_not_overwritten() {
    on_stage(async |stage| {
        let mut clara = with_roles(stage, CLARA, &[Role::PolicyAuthor]).await;
        let mut bruno = with_roles(stage, BRUNO, &[Role::Approver]).await;
        let id = text(&keep(&mut clara, 1, "P30D").await, "/approval/id");
        stage.change_policy(|policy| policy.mail.attachment_count = 9).await;
        let decided = decide(&mut bruno, &id, true).await;
        assert_eq!(codes(&decided), ["CONFLICT"], "{decided}");
        assert_eq!(decided["approval"]["outcome"], "STALE");
        assert_eq!(decided["approval"]["state"], "APPROVED");
        assert_eq!(today(stage).await, (2, "P60D".into()));
        assert_eq!(carry_out(stage).await, 0);
        assert_eq!(one(&mut bruno, &id).await["outcome"], "STALE");
        assert_eq!(codes(&keep(&mut clara, 1, "P30D").await), ["CONFLICT"], "nor is it asked for");
    })
    .await;
}

/// K3: a refusal ends a request, and so does a week without a decision, whether the job has been by or not.
#[tokio::test]
async fn a_request_ends() {
    on_stage(async |stage| {
        let mut clara = with_roles(stage, CLARA, &[Role::PolicyAuthor]).await;
        let mut bruno = with_roles(stage, BRUNO, &[Role::Approver]).await;
        let refused = text(&keep(&mut clara, 1, "P30D").await, "/approval/id");
        let decided = decide(&mut bruno, &refused, false).await;
        assert_eq!(decided["approval"]["state"], "REFUSED", "{decided}");
        assert_eq!(codes(&decide(&mut bruno, &refused, true).await), ["CONFLICT"]);
        let old = text(&keep(&mut clara, 1, "P30D").await, "/approval/id");
        assert_ne!(old, refused, "it can be asked for again");

        stage.advance("P7D").await;
        let mut bruno = stage.log_in(BRUNO).await;
        assert_eq!(codes(&decide(&mut bruno, &old, true).await), ["CONFLICT"], "its time is over");
        assert_eq!(one(&mut bruno, &old).await["state"], "PENDING");
        assert_eq!(carry_out(stage).await, 1);
        assert_eq!(carry_out(stage).await, 0);
        assert_eq!(one(&mut bruno, &old).await["state"], "LAPSED");
        assert_eq!(codes(&decide(&mut bruno, &old, true).await), ["CONFLICT"]);
        assert_eq!(today(stage).await, (1, "P60D".into()));
    })
    .await;
}

/// K3: a crash right after the decision leaves nothing undone: the job carries it out, once, and by the decider's right.
#[tokio::test]
async fn a_job_carries_out_what_a_crash_left() {
    on_stage(async |stage| {
        let mut clara = with_roles(stage, CLARA, &[Role::PolicyAuthor]).await;
        let mut bruno = with_roles(stage, BRUNO, &[Role::Approver]).await;
        let id = text(&keep(&mut clara, 1, "P30D").await, "/approval/id");
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let approval = pending(stage).await;
        let by = app.account_at(organisation, &BRUNO.parse().expect("an address")).await.expect("Bruno");
        let meta = domain::Metadata::by(domain::Actor::Person { account: by, role: Some(Role::Approver) });
        let at = stage.clock.now();
        let decide = || Command::Decide { by, requester_now: None, granted: true, comment: None, at };
        let decided = app.log().execute::<Approval>(organisation, approval.uuid(), &meta, decide).await;
        decided.expect("the log takes it").expect("it is granted");
        app.models().wait_for(app.log().head(), &["approvals"]).await.expect("it is known");
        assert_eq!(one(&mut bruno, &id).await["outcome"], Value::Null);
        assert_eq!(today(stage).await, (1, "P60D".into()));

        assert_eq!(carry_out(stage).await, 1);
        assert_eq!(today(stage).await, (2, "P30D".into()));
        assert_eq!(one(&mut bruno, &id).await["outcome"], "DONE");
        assert_eq!(carry_out(stage).await, 0);
        let versions = app.policy_versions(organisation).await.expect("the history");
        assert_eq!(versions[0].changed_by, Some(by));
    })
    .await;
}

/// The id of the one request that waits, as the log has it.
async fn pending(stage: &Stage) -> ApprovalId {
    let action = projections::approvals::ApprovalAction::ShortenRetention;
    let found = stage.node.app.models().approvals_pending(stage.cast.organisation, action).await;
    let [row] = &found.expect("the requests")[..] else { panic!("one request waits") };
    row.approval
}

/// K3: what the command line wants to keep for a shorter time needs a second person too; nobody's account stands for it.
#[tokio::test]
async fn the_command_line_asks_as_well() {
    on_stage(async |stage| {
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let mut policy = app.rules(organisation).await.expect("the rules").policy.clone();
        policy.retention.key_backups = "P7D".parse().expect("a period");
        let change = async |reason: Option<&str>| {
            app.change_policy(organisation, &policy, 1, reason.map(Into::into)).await
        };
        assert!(matches!(change(None).await, Err(app::Error::Problems(_))), "it needs a reason");
        let asked = change(Some("Sooner gone")).await.expect("it is asked for");
        assert!(matches!(asked.value, app::PolicyChange::Awaits(_)), "{asked:?}");
        let mut bruno = with_roles(stage, BRUNO, &[Role::Approver]).await;
        let waiting = listed(&mut bruno, json!({ "states": ["PENDING"] })).await;
        let request = &waiting["edges"][0]["node"];
        assert_eq!((&request["requestedBy"], &request["reason"]), (&Value::Null, &json!("Sooner gone")));
        let decided = decide(&mut bruno, &text(request, "/id"), true).await;
        assert_eq!(decided["approval"]["outcome"], "DONE", "{decided}");
        assert_eq!(today(stage).await.0, 2);
    })
    .await;
}

/// K3, B43: whose account joined the approver's since is no second person.
#[tokio::test]
async fn one_person_with_two_accounts_is_one_person() {
    on_stage(async |stage| {
        const GUS: &str = "gus@guest.example";
        stage.change_policy(|policy| policy.accounts.aliases = true).await;
        stage.enrol(GUS).await;
        let mut gus = with_roles(stage, GUS, &[Role::PolicyAuthor]).await;
        let id = text(&keep(&mut gus, 2, "P30D").await, "/approval/id");
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let account = app.account_at(organisation, &GUS.parse().expect("an address")).await.expect("Gus");
        app.revoke_role(organisation, account, Role::PolicyAuthor).await.expect("the role is taken");
        let mut bruno = with_roles(stage, BRUNO, &[Role::Approver]).await;
        stage.take_over(&mut bruno, GUS).await;
        assert_eq!(codes(&decide(&mut bruno, &id, true).await), ["SECOND_PERSON_NEEDED"]);
        let mut clara = with_roles(stage, CLARA, &[Role::Approver]).await;
        assert_eq!(decide(&mut clara, &id, true).await["approval"]["outcome"], "DONE");
    })
    .await;
}

/// K2, K7: who has neither role sees and decides nothing, and the attempt is on record; who asked sees their own request. Looking
/// is on record as well.
#[tokio::test]
async fn requests_are_for_officers_and_approvers() {
    on_stage(async |stage| {
        let mut clara = with_roles(stage, CLARA, &[Role::PolicyAuthor]).await;
        let id = text(&keep(&mut clara, 1, "P30D").await, "/approval/id");
        let second = text(&keep(&mut clara, 1, "P29D").await, "/approval/id");
        let (mut gina, mut officer) = (stage.log_in(GINA).await, stage.log_in(OFFICER).await);
        let node = "query($id: ID!) { node(id: $id) { id ... on Approval { state } } viewer { capabilities } }";
        let seen = async |client: &mut Client| client.ask(node, json!({ "id": id })).await.expect("an answer")["data"].clone();
        for (client, sees) in [(&mut gina, false), (&mut clara, true), (&mut officer, true)] {
            let found = seen(client).await;
            assert_eq!(found["node"]["state"] == "PENDING", sees, "{found}");
            assert!(!found["viewer"]["capabilities"].as_array().expect("a list").contains(&json!("APPROVE")));
            let input = json!({ "input": { "approvalId": id, "grant": true } });
            let answer = client.ask(DECIDE, input).await.expect("an answer");
            assert_eq!(error(&answer), "FORBIDDEN", "{answer}");
        }
        for client in [&mut gina, &mut clara] {
            let answer = client.ask(LIST, json!({})).await.expect("an answer");
            assert_eq!(error(&answer), "FORBIDDEN", "{answer}");
        }
        let answer = stage.stranger().ask(DECIDE, json!({ "input": { "approvalId": id, "grant": true } })).await;
        assert_eq!(error(&answer.expect("an answer")), "UNAUTHENTICATED");
        let mut bruno = with_roles(stage, BRUNO, &[Role::Approver]).await;
        assert!(seen(&mut bruno).await["viewer"]["capabilities"].as_array().expect("a list").contains(&json!("APPROVE")));
        assert_eq!(codes(&decide(&mut bruno, "nonsense", true).await), ["NOT_FOUND"]);

        let head = stage.head();
        let page = listed(&mut bruno, json!({ "first": 1 })).await;
        assert_eq!((stage.head() - head, &page["totalCount"]), (1, &json!(2)), "{page}");
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        let rest = listed(&mut bruno, json!({ "first": 1, "after": page["pageInfo"]["endCursor"] })).await;
        let ids: Vec<_> = [&page, &rest].iter().map(|page| text(page, "/edges/0/node/id")).collect();
        assert!(ids.contains(&id) && ids.contains(&second), "{ids:?}");
        assert_eq!(listed(&mut bruno, json!({ "states": ["LAPSED"] })).await["totalCount"], 0);
        assert_eq!(listed(&mut bruno, json!({ "states": [] })).await["totalCount"], 0);
        let kinds = "{ viewer { compliance { events(filter: { kinds: [APPROVAL_REQUESTED, AUDIT_QUERIED] }, first: 50) \
             { edges { node { kind reason actor { role } } } } } } }";
        let answer = officer.ask(kinds, json!({})).await.expect("an answer");
        let events = answer["data"]["viewer"]["compliance"]["events"]["edges"].as_array().expect("events").clone();
        let count = |kind: &str, reason: &str, role: &str| {
            let of = |event: &&Value| {
                let node = &event["node"];
                node["kind"] == kind && node["reason"] == reason && node["actor"]["role"] == role
            };
            events.iter().filter(of).count()
        };
        assert_eq!(count("APPROVAL_REQUESTED", "shorten_retention", "POLICY_AUTHOR"), 2, "{answer}");
        assert_eq!(count("AUDIT_QUERIED", "approvals", "APPROVER"), 5, "{answer}");
        assert_eq!(count("AUDIT_QUERIED", "approvals", "COMPLIANCE_OFFICER"), 1, "{answer}");
    })
    .await;
}

/// K3: a request's words outlive the account of whoever wrote them, and are not in its skeleton.
#[tokio::test]
async fn the_words_belong_to_the_organisation() {
    on_stage(async |stage| {
        let mut clara = with_roles(stage, CLARA, &[Role::PolicyAuthor]).await;
        let id = text(&keep(&mut clara, 1, "P30D").await, "/approval/id");
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let approval = pending(stage).await;
        let key =
            eventstore::keys::KeyName::subject(organisation, domain::event::Subject::Record(approval.uuid()));
        assert!(
            app.log().vault().find(&key).await.expect("the vault").is_some(),
            "the record has a key of its own"
        );
        let close =
            "mutation($input: CloseAccountInput!) { closeAccount(input: $input) { problems { code } } }";
        clara.act(close, json!({ "password": stage.password(CLARA) })).await.expect("the account is closed");
        let mut officer = stage.log_in(OFFICER).await;
        assert_eq!(one(&mut officer, &id).await["reason"], "Less to lose");
        let stream = StreamName { category: "approval", id: approval.uuid() };
        let keys = eventstore::log::ContentKeys::none();
        let events = app.log().read_stream(organisation, stream, 0, &keys).await.expect("the stream");
        assert_eq!(events.len(), 1);
    })
    .await;
}
