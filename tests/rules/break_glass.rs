//! Emergency access: for a reason and a time, alerted, recorded, reviewed.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    policy::grant,
    reviews::{events, sign_off},
    stage::{Stage, codes, error, listed, on_stage, text},
};
use domain::policy::Role;
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use workers::JobName;

const OPEN: &str = "mutation($input: OpenBreakGlassInput!) { openBreakGlass(input: $input) { breakGlass { id reason openedAt \
     endsAt closedAt openedBy { primaryAddress } messages { id } reviews { id } } \
     problems { code message field } position } }";
const READ: &str = "mutation($input: OpenMessageByBreakGlassInput!) { openMessageByBreakGlass(input: $input) \
     { content { text html } problems { code message field } position } }";
const CLOSE: &str = "mutation($input: CloseBreakGlassInput!) { closeBreakGlass(input: $input) \
     { breakGlass { id closedAt } problems { code field } position } }";
const LIST: &str = "query($reviewed: Boolean) { viewer { compliance { breakGlasses(reviewed: $reviewed, first: 20) { totalCount \
     edges { node { id reason closedAt events(first: 50) { totalCount edges { node { id kind reason actor { kind role } } } } \
     reviews { finding by { primaryAddress } } } } } } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { id ... on BreakGlass { reason } } }";
const RECALL: &str =
    "mutation($input: RecallMessageInput!) { recallMessage(input: $input) { problems { code } } }";
const LEAVE: &str =
    "mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) { problems { code } } }";

pub const REASON: &str = "A patient is in danger and nobody can be reached.";

/// Emergency access for an hour; gives the payload.
pub async fn open(stage: &Stage, holder: &mut Client, messages: &[&str]) -> Value {
    let input =
        json!({ "idempotencyKey": stage.key(), "messageIds": messages, "reason": REASON, "period": "PT1H" });
    holder.attempt(OPEN, input).await.expect("an answer")
}

pub async fn read(holder: &mut Client, access: &Value, message: &str) -> Value {
    let input = json!({ "breakGlassId": access, "messageId": message });
    holder.attempt(READ, input).await.expect("an answer")
}

pub async fn close(holder: &mut Client, access: &Value) -> Value {
    holder.attempt(CLOSE, json!({ "breakGlassId": access })).await.expect("an answer")
}

async fn list(client: &mut Client, reviewed: Option<bool>) -> Vec<Value> {
    let answer = client.ask(LIST, json!({ "reviewed": reviewed })).await.expect("an answer");
    let page = &answer["data"]["viewer"]["compliance"]["breakGlasses"];
    let edges = page["edges"].as_array().unwrap_or_else(|| panic!("no list: {answer}"));
    assert_eq!(page["totalCount"], edges.len());
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

/// Bruno may open content in an emergency, and there is a message that is not his.
async fn in_danger(stage: &Stage) -> (Client, String) {
    grant(stage, BRUNO, Role::BreakGlass).await;
    let mut clara = stage.log_in(CLARA).await;
    let message = stage.send_files(&mut clara, GINA, "Dosage", &["plan.txt"]).await;
    (stage.log_in(BRUNO).await, message)
}

/// K6, K7, Q10: emergency access is opened with a reason, shows what a message says, is on record with each look, and waits
/// until all of it was signed off.
#[tokio::test]
async fn an_emergency() {
    on_stage(async |stage| {
        let (mut bruno, message) = in_danger(stage).await;
        let opened = open(stage, &mut bruno, &[&message]).await;
        assert_eq!(codes(&opened), [""; 0], "{opened}");
        let access = &opened["breakGlass"];
        assert_eq!((&access["reason"], &access["openedBy"]["primaryAddress"]), (&json!(REASON), &json!(BRUNO)));
        assert_eq!((&access["endsAt"], &access["messages"][0]["id"]), (&json!("2026-03-02T10:00:00Z"), &json!(message)));

        let content = read(&mut bruno, &access["id"], &message).await["content"].clone();
        let shown = text(&content, "/text");
        for part in ["Subject:     Dosage", "To:          gina@guest.example", "Attachment:  plan.txt (6 bytes)", "\r\nThe text."] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        let mut officer = stage.log_in(OFFICER).await;
        let touched = events(&mut officer, json!({ "messageIds": [message], "privileged": true, "kinds": ["MESSAGE_OPENED", "BREAK_GLASS_OPENED"] })).await;
        assert_eq!(touched.len(), 2, "{touched:?}");
        assert_eq!((&touched[0]["kind"], &touched[0]["actor"]["role"]), (&json!("MESSAGE_OPENED"), &json!("BREAK_GLASS")));
        assert_eq!(touched[0]["actor"]["account"]["primaryAddress"], BRUNO);
        assert_eq!(listed(&mut stage.log_in(GINA).await, "inbox", &message).await["openedAt"], Value::Null, "she did not open it");

        let waiting = list(&mut officer, Some(false)).await;
        assert_eq!(waiting[0]["id"], access["id"], "{waiting:?}");
        let first = &waiting[0]["events"]["edges"][1]["node"];
        assert_eq!(first["kind"], "BREAK_GLASS_OPENED", "newest first");
        sign_off(&mut officer, &[first], "IN_ORDER", None).await;
        assert_eq!(list(&mut officer, Some(true)).await, [Value::Null; 0], "it goes on");
        assert_ne!(close(&mut bruno, &access["id"]).await["breakGlass"]["closedAt"], Value::Null);
        assert_eq!(list(&mut officer, Some(true)).await, [Value::Null; 0], "not all of it is signed off");
        let waiting = list(&mut officer, Some(false)).await;
        let done: Vec<_> = waiting[0]["events"]["edges"].as_array().expect("edges").iter().map(|edge| &edge["node"]).collect();
        let kinds: Vec<_> = done.iter().map(|event| (event["kind"].as_str(), event["reason"].as_str())).collect();
        assert_eq!(
            kinds,
            [
                (Some("BREAK_GLASS_CLOSED"), Some("by_hand")),
                (Some("MESSAGE_OPENED"), Some("break_glass")),
                (Some("BREAK_GLASS_OPENED"), None),
            ]
        );
        sign_off(&mut officer, &done[..2], "FOLLOW_UP", Some("The plan must be changed.")).await;
        assert_eq!(list(&mut officer, Some(false)).await, [Value::Null; 0]);
        let reviewed = list(&mut officer, Some(true)).await;
        let findings: Vec<_> = reviewed[0]["reviews"].as_array().expect("reviews").iter().map(|review| &review["finding"]).collect();
        assert_eq!(findings, ["IN_ORDER", "FOLLOW_UP"]);
    })
    .await;
}

/// K6, R12: every compliance officer is mailed that there is an emergency, and nothing of it; nobody else is.
#[tokio::test]
async fn officers_are_alerted() {
    on_stage(async |stage| {
        let (mut bruno, message) = in_danger(stage).await;
        grant(stage, CLARA, Role::ComplianceOfficer).await;
        open(stage, &mut bruno, &[&message]).await;
        for officer in [OFFICER, CLARA] {
            let mails = stage.mails(officer).await;
            let alert =
                mails.iter().find(|mail| mail.subject.starts_with("Emergency access")).expect("an alert");
            assert!(alert.text.contains("2026-03-02T10:00:00Z"), "{}", alert.text);
            for said in [REASON, "Dosage", BRUNO, CLARA, GINA, message.as_str()] {
                assert!(!alert.text.contains(said), "{said} is in {}", alert.text);
            }
        }
        for other in [BRUNO, GINA, ADMINISTRATOR] {
            let alerted =
                stage.mails(other).await.into_iter().any(|mail| mail.subject.starts_with("Emergency"));
            assert!(!alerted, "{other}");
        }
    })
    .await;
}

/// K6: without anybody who is alerted there is no emergency access.
#[tokio::test]
async fn nobody_breaks_glass_unseen() {
    on_stage(async |stage| {
        let (mut bruno, message) = in_danger(stage).await;
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let officer =
            app.account_at(organisation, &OFFICER.parse().expect("an address")).await.expect("an officer");
        app.revoke_role(organisation, officer, Role::ComplianceOfficer).await.expect("it is taken");
        // One's own eyes do not count.
        grant(stage, BRUNO, Role::ComplianceOfficer).await;
        let refused = open(stage, &mut bruno, &[&message]).await;
        assert_eq!(
            (codes(&refused), &refused["breakGlass"]),
            (vec!["NOT_ALLOWED"], &Value::Null),
            "{refused}"
        );
    })
    .await;
}

/// K6: a reason of 20 to 500 characters, eight hours at most, 1 to 100 messages that are there.
#[tokio::test]
async fn an_emergency_has_bounds() {
    on_stage(async |stage| {
        let (mut bruno, message) = in_danger(stage).await;
        let input = |messages: &[&str], reason: &str, period: &str| {
            json!({ "idempotencyKey": stage.key(), "messageIds": messages, "reason": reason, "period": period })
        };
        let one = [message.as_str()];
        let before = stage.head();
        for (input, field) in [
            (input(&one, &"a".repeat(19), "PT1H"), json!(["reason"])),
            (input(&one, &"a".repeat(501), "PT1H"), json!(["reason"])),
            (input(&one, REASON, "PT8H1S"), json!(["period"])),
            (input(&one, REASON, "PT0S"), json!(["period"])),
            (input(&one, REASON, "P1M"), json!(["period"])),
            (input(&[], REASON, "PT1H"), json!(["messageIds"])),
            (input(&[&message; 101], REASON, "PT1H"), json!(["messageIds"])),
            (input(&[&message, "made up"], REASON, "PT1H"), json!(["messageIds", "1"])),
        ] {
            let refused = bruno.attempt(OPEN, input).await.expect("an answer");
            assert_eq!(refused["problems"][0]["field"], field, "{refused}");
        }
        assert_eq!(stage.head(), before, "nothing is recorded");
        for (reason, period) in [("a".repeat(20), "PT8H"), ("a".repeat(500), "PT1S")] {
            bruno.act(OPEN, input(&[&message; 100], &reason, period)).await.expect("it is opened");
        }
    })
    .await;
}

/// K2, K6, K7: it is the right of one role, and of nobody who administers; what one person opened is nobody else's; without
/// the role it is worth nothing at once.
#[tokio::test]
async fn an_emergency_is_one_persons() {
    on_stage(async |stage| {
        let (mut bruno, message) = in_danger(stage).await;
        let access = open(stage, &mut bruno, &[&message]).await["breakGlass"]["id"].clone();
        let mut clara = stage.log_in(CLARA).await;
        let other = stage.send(&mut clara, GINA, "Another").await;
        assert_eq!(codes(&read(&mut bruno, &access, &other).await), ["NOT_ALLOWED"]);
        assert_eq!(codes(&read(&mut bruno, &access, "made up").await), ["NOT_FOUND"]);

        let input = json!({ "input": { "breakGlassId": access, "messageId": message } });
        for who in [ADMINISTRATOR, OFFICER, GINA] {
            let answer = stage.log_in(who).await.ask(READ, input.clone()).await.expect("an answer");
            assert_eq!(error(&answer), "FORBIDDEN", "{who}: {answer}");
        }
        for who in [ADMINISTRATOR, GINA] {
            let mut client = stage.log_in(who).await;
            assert_eq!(error(&client.ask(LIST, json!({})).await.expect("an answer")), "FORBIDDEN", "{who}");
            let found = client.ask(NODE, json!({ "id": access })).await.expect("an answer");
            assert_eq!(found["data"]["node"], Value::Null, "{who}");
        }
        let mut officer = stage.log_in(OFFICER).await;
        assert_eq!(events(&mut officer, json!({ "kinds": ["ACCESS_REFUSED"] })).await.len(), 5);

        grant(stage, CLARA, Role::BreakGlass).await;
        assert_eq!(codes(&read(&mut clara, &access, &message).await), ["NOT_FOUND"]);
        assert_eq!(codes(&close(&mut clara, &access).await), ["NOT_FOUND"]);
        assert_eq!(list(&mut clara, None).await, [Value::Null; 0], "nor are its reasons hers to read");
        assert_eq!(list(&mut bruno, None).await.len(), 1);
        let shown = bruno.ask(NODE, json!({ "id": access })).await.expect("an answer");
        assert_eq!(shown["data"]["node"]["reason"], REASON);

        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let holder = app.account_at(organisation, &BRUNO.parse().expect("an address")).await.expect("Bruno");
        app.revoke_role(organisation, holder, Role::BreakGlass).await.expect("it is taken");
        assert_eq!(error(&bruno.ask(READ, input).await.expect("an answer")), "FORBIDDEN");
    })
    .await;
}

/// K6: at its end it gives access to nothing, whether the job ran or not; then it is closed, by time.
#[tokio::test]
async fn an_emergency_ends() {
    on_stage(async |stage| {
        let (_, message) = in_danger(stage).await;
        // Bruno works on, so that his session lives.
        stage.change_policy(|policy| policy.sessions.idle_limit = "PT8H".parse().expect("a period")).await;
        let mut bruno = stage.log_in(BRUNO).await;
        let access = open(stage, &mut bruno, &[&message]).await["breakGlass"]["id"].clone();
        stage.advance("PT59M59S").await;
        assert_eq!(codes(&read(&mut bruno, &access, &message).await), [""; 0]);
        stage.advance("PT1S").await;
        assert_eq!(codes(&read(&mut bruno, &access, &message).await), ["UNAVAILABLE"]);
        for _ in 0..2 {
            let ran = stage.node.scheduler.run_now(JobName::CloseBreakGlass).await.expect("the job runs");
            assert_eq!(ran.and_then(|ran| ran.failure), None);
        }
        let mut officer = stage.log_in(OFFICER).await;
        let closed = events(&mut officer, json!({ "kinds": ["BREAK_GLASS_CLOSED"] })).await;
        assert_eq!(closed.len(), 1, "{closed:?}");
        assert_eq!((&closed[0]["reason"], &closed[0]["actor"]["role"]), (&json!("time"), &Value::Null));
        let head = stage.head();
        assert_eq!(codes(&close(&mut bruno, &access).await), [""; 0], "again changes nothing");
        assert_eq!(codes(&read(&mut bruno, &access, &message).await), ["UNAVAILABLE"]);
        assert!(
            events(&mut officer, json!({ "kinds": ["MESSAGE_OPENED"] })).await.len() == 1,
            "since {head}"
        );
    })
    .await;
}

/// K6, B38, R16: what a recipient left behind and what was taken back can be read in an emergency; what expired cannot.
#[tokio::test]
async fn an_emergency_reaches_what_stands() {
    on_stage(async |stage| {
        let (mut bruno, message) = in_danger(stage).await;
        let mut clara = stage.log_in(CLARA).await;
        let recalled = stage.send(&mut clara, GINA, "Taken back").await;
        clara.act(RECALL, json!({ "messageId": recalled })).await.expect("it is recalled");
        stage.log_in(GINA).await.act(LEAVE, json!({})).await.expect("she leaves");
        let access = open(stage, &mut bruno, &[&message, &recalled]).await["breakGlass"]["id"].clone();
        for message in [&message, &recalled] {
            let shown = read(&mut bruno, &access, message).await;
            assert!(text(&shown, "/content/text").contains("The text."), "{shown}");
        }
        stage.advance("P60D").await;
        let mut bruno = stage.log_in(BRUNO).await;
        let access = open(stage, &mut bruno, &[&message]).await["breakGlass"]["id"].clone();
        let head = stage.head();
        let refused = read(&mut bruno, &access, &message).await;
        assert_eq!((codes(&refused), &refused["content"]), (vec!["UNAVAILABLE"], &Value::Null), "{refused}");
        assert_eq!(stage.head(), head, "what was not shown is not on record as shown");
    })
    .await;
}

/// R7, K6: the same request again is the same access; the key for another request is refused.
#[tokio::test]
async fn an_emergency_is_opened_once() {
    on_stage(async |stage| {
        let (mut bruno, message) = in_danger(stage).await;
        let mut input = json!({ "idempotencyKey": stage.key(), "messageIds": [message], "reason": REASON, "period": "PT1H" });
        let first = bruno.act(OPEN, input.clone()).await.expect("it is opened");
        let again = bruno.act(OPEN, input.clone()).await.expect("it was opened");
        assert_eq!((&first["breakGlass"]["id"], &first["position"]), (&again["breakGlass"]["id"], &again["position"]));
        input["period"] = json!("PT2H");
        let refused = bruno.attempt(OPEN, input).await.expect("an answer");
        assert_eq!(codes(&refused), ["IDEMPOTENCY_KEY_REUSED"]);
        assert_eq!(list(&mut bruno, None).await.len(), 1);
    })
    .await;
}
