//! The administrator's work: people, their roles, and the mails to them.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    policy::grant,
    stage::{INVITE, OPEN, codes, error, on_stage, text},
};
use domain::{
    event::Actor,
    policy::{Pack, Policy, Role},
};
use projections::audit::{AuditFilter, Kind};
use sealpost::walk::client::Client;
use serde_json::{Value, json};

const PEOPLE: &str = "query($filter: AccountFilter, $first: Int, $after: String, $last: Int, $before: String) { viewer { \
     administration { list: accounts(filter: $filter, first: $first, after: $after, last: $last, before: $before) { \
     totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id primaryAddress } } } } } }";
const INVITATIONS: &str = "query($states: [InvitationState!], $first: Int, $after: String, $last: Int, $before: String) { \
     viewer { administration { list: invitations(states: $states, first: $first, after: $after, last: $last, \
     before: $before) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id \
     address state invitedBy { primaryAddress } } } } } } }";
const MAILS: &str = "query($states: [NotificationState!], $first: Int, $after: String, $last: Int, $before: String) { \
     viewer { administration { list: notifications(states: $states, first: $first, after: $after, last: $last, \
     before: $before) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id \
     address kind state attempts } } } } } }";

async fn list(client: &mut Client, query: &str, variables: Value) -> Value {
    let answer = client.ask(query, variables).await.expect("an answer");
    let found = answer["data"]["viewer"]["administration"]["list"].clone();
    assert!(found.is_object(), "{answer}");
    found
}

fn nodes(page: &Value) -> Vec<Value> {
    page["edges"].as_array().expect("edges").iter().map(|edge| edge["node"].clone()).collect()
}

/// Ids of a list in pages of two, forwards and then backwards: both ways show the same.
async fn both_ways(client: &mut Client, query: &str) -> usize {
    let ids = |page: &Value| nodes(page).iter().map(|node| text(node, "/id")).collect::<Vec<_>>();
    let mut forwards = vec![];
    let mut page = list(client, query, json!({ "first": 2 })).await;
    let total = page["totalCount"].as_u64().expect("a count");
    assert_eq!(page["pageInfo"]["hasPreviousPage"], false);
    loop {
        forwards.extend(ids(&page));
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
        page = list(client, query, json!({ "first": 2, "after": page["pageInfo"]["endCursor"] })).await;
    }
    let mut backwards = vec![];
    let mut page = list(client, query, json!({ "last": 2 })).await;
    loop {
        backwards.splice(0..0, ids(&page));
        if page["pageInfo"]["hasPreviousPage"] != true {
            break;
        }
        page = list(client, query, json!({ "last": 2, "before": page["pageInfo"]["startCursor"] })).await;
    }
    assert_eq!(forwards, backwards);
    assert_eq!(u64::try_from(forwards.len()).ok(), Some(total));
    forwards.len()
}

async fn found(client: &mut Client, filter: Value) -> Vec<String> {
    let page = list(client, PEOPLE, json!({ "filter": filter, "first": 50 })).await;
    assert_eq!(page["totalCount"].as_u64(), page["edges"].as_array().map(|edges| edges.len() as u64));
    let mut all: Vec<_> = nodes(&page).iter().map(|node| text(node, "/primaryAddress")).collect();
    all.sort();
    all
}

async fn id_of(client: &mut Client, address: &str) -> String {
    let page = list(client, PEOPLE, json!({ "filter": { "address": address } })).await;
    text(&page, "/edges/0/node/id")
}

/// One of the mutations that concern an account; gives the whole answer.
async fn on(client: &mut Client, name: &str, fields: &str, input: Value) -> Value {
    let kind = name[..1].to_uppercase() + &name[1..];
    let query = format!(
        "mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {fields} problems {{ code message field }} position }} }}"
    );
    client.ask(&query, json!({ "input": input })).await.expect("an answer")
}

/// The payload of such a mutation.
pub async fn done(client: &mut Client, name: &str, fields: &str, input: Value) -> Value {
    let answer = on(client, name, fields, input).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"][name].clone()
}

pub async fn read(client: &mut Client, query: &str) -> Value {
    let answer = client.ask(query, json!({})).await.expect("an answer");
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

/// Q7, C15: people are found by address, kind, state, role, audience, and by what became of them.
#[tokio::test]
async fn people_are_found() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.audiences = ["broker".to_owned()].into()).await;
        stage.enrol("bo@broker.example").await;
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let mut clara = stage.log_in(CLARA).await;
        let invite = json!({ "idempotencyKey": stage.key(), "address": "new@guest.example" });
        clara.act(INVITE, invite).await.expect("an invitation");
        let bo = id_of(&mut admin, "BO@Broker.Example").await;
        let set = done(
            &mut admin,
            "setAudience",
            "account { audience }",
            json!({ "accountId": bo, "audience": "broker" }),
        );
        assert_eq!(set.await["account"]["audience"], "broker");

        assert_eq!(both_ways(&mut admin, PEOPLE).await, 7);
        let guests = ["bo@broker.example", GINA, "new@guest.example"];
        assert_eq!(found(&mut admin, json!({ "kinds": ["GUEST"] })).await, guests);
        assert_eq!(found(&mut admin, json!({ "states": ["INVITED"] })).await, ["new@guest.example"]);
        assert_eq!(found(&mut admin, json!({ "audiences": ["broker"] })).await, ["bo@broker.example"]);
        let either = json!({ "roles": ["COMPLIANCE_OFFICER", "ADMINISTRATOR"] });
        assert_eq!(found(&mut admin, either).await, [ADMINISTRATOR, OFFICER]);
        let both = json!({ "roles": ["ADMINISTRATOR"], "address": OFFICER });
        assert_eq!(found(&mut admin, both).await, [""; 0]);
        for nothing in [
            json!({ "address": "nobody@guest.example" }),
            json!({ "address": "no address" }),
            json!({ "kinds": [] }),
            json!({ "states": [], "roles": [] }),
            json!({ "subscribed": false }),
            json!({ "undeliverable": true }),
        ] {
            assert_eq!(found(&mut admin, nothing.clone()).await, [""; 0], "{nothing}");
        }
        let dormant = json!({ "dormantSince": "2026-03-02T08:00:00Z", "kinds": ["MEMBER"] });
        assert_eq!(found(&mut admin, dormant).await, [BRUNO, OFFICER], "the others have logged in");
    })
    .await;
}

/// R11, R15: all invitations and all mails are listed with their fate, and page both ways.
#[tokio::test]
async fn invitations_and_mails_are_listed() {
    on_stage(async |stage| {
        let (mut admin, mut clara) = (stage.log_in(ADMINISTRATOR).await, stage.log_in(CLARA).await);
        for address in ["ann@guest.example", "bea@guest.example", "cyn@guest.example"] {
            let invite = json!({ "idempotencyKey": stage.key(), "address": address });
            clara.act(INVITE, invite).await.expect("an invitation");
        }
        assert_eq!(both_ways(&mut admin, INVITATIONS).await, 8);
        let waiting = list(&mut admin, INVITATIONS, json!({ "states": ["SENT", "EXPIRED"] })).await;
        assert_eq!(waiting["totalCount"], 3, "{waiting}");
        for invitation in nodes(&waiting) {
            assert_eq!(
                (&invitation["state"], &invitation["invitedBy"]["primaryAddress"]),
                (&json!("SENT"), &json!(CLARA))
            );
        }
        let queued = list(&mut admin, MAILS, json!({ "states": ["QUEUED"] })).await["totalCount"].clone();
        stage.mails("ann@guest.example").await;
        stage.node.app.wait_for(stage.head()).await.expect("the read models catch up");
        assert_ne!(list(&mut admin, MAILS, json!({ "states": ["QUEUED"] })).await["totalCount"], queued);
        assert!(both_ways(&mut admin, MAILS).await >= 3);
        let sent = list(&mut admin, MAILS, json!({ "states": ["SENT"] })).await;
        let mail = nodes(&sent).into_iter().find(|mail| mail["address"] == "ann@guest.example");
        let mail = mail.unwrap_or_else(|| panic!("no mail to her: {sent}"));
        assert_eq!((&mail["kind"], &mail["attempts"]), (&json!("INVITATION"), &json!(1)));

        let node = "query($id: ID!) { node(id: $id) { __typename id } }";
        for id in [text(&mail, "/id"), text(&nodes(&waiting)[0], "/id")] {
            for (client, sees) in [(&mut admin, true), (&mut stage.log_in(GINA).await, false)] {
                let answer = client.ask(node, json!({ "id": id })).await.expect("an answer");
                assert_eq!(answer["data"]["node"]["id"] == id.as_str(), sees, "{answer}");
            }
        }
    })
    .await;
}

/// K7: each look into the administration is on record, and so is each attempt without the right.
#[tokio::test]
async fn looking_is_recorded() {
    on_stage(async |stage| {
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let gina = id_of(&mut admin, GINA).await;
        let all = format!(
            "{{ viewer {{ administration {{ domains organisation {{ name }} account(id: \"{gina}\") {{ id }} \
             invitations {{ totalCount }} notifications {{ totalCount }} policy {{ version }} }} }} }}"
        );
        read(&mut admin, &all).await;
        let mut clara = stage.log_in(CLARA).await;
        for field in ["domains", "accounts { totalCount }", "notifications { totalCount }", "policy { version }"] {
            let query = format!("{{ viewer {{ id administration {{ {field} }} }} }}");
            let answer = clara.ask(&query, json!({})).await.expect("an answer");
            assert_eq!(error(&answer), "FORBIDDEN", "{field}: {answer}");
            assert!(answer["data"]["viewer"]["id"].is_string(), "its siblings are spared: {answer}");
        }
        grant(stage, CLARA, Role::PolicyAuthor).await;
        read(&mut clara, "{ viewer { administration { domains policy { version } } } }").await;
        let people = "{ viewer { administration { accounts { totalCount } } } }";
        assert_eq!(error(&clara.ask(people, json!({})).await.expect("an answer")), "FORBIDDEN");

        let mut officer = stage.log_in(OFFICER).await;
        let asked = "{ viewer { compliance { events(first: 100, filter: { kinds: [AUDIT_QUERIED, ACCESS_REFUSED] }) \
             { edges { node { kind reason actor { role } subject { id } } } } } } }";
        let events = read(&mut officer, asked).await["viewer"]["compliance"]["events"].clone();
        let events = nodes(&events);
        let by = |kind: &str, role: Value| {
            let found = events.iter().filter(|event| event["kind"] == kind && event["actor"]["role"] == role);
            let mut reasons: Vec<_> = found.filter_map(|event| event["reason"].as_str()).collect();
            reasons.sort_unstable();
            reasons
        };
        let looks = ["accounts", "accounts", "invitations", "notifications", "organisation", "organisation", "policy"];
        assert_eq!(by("AUDIT_QUERIED", json!("ADMINISTRATOR")), looks);
        assert_eq!(by("AUDIT_QUERIED", json!("POLICY_AUTHOR")), ["organisation", "policy"]);
        assert_eq!(by("ACCESS_REFUSED", Value::Null), ["administer"; 5]);
        let about_gina = events.iter().filter(|event| event["subject"]["id"] == gina.as_str()).count();
        assert_eq!(about_gina, 2, "by her address and by her id");
    })
    .await;
}

/// K2: who administers does not come to content by any of the ways in.
#[tokio::test]
async fn an_administrator_reads_no_content() {
    on_stage(async |stage| {
        let (mut admin, mut clara) = (stage.log_in(ADMINISTRATOR).await, stage.log_in(CLARA).await);
        let message = stage.send(&mut clara, GINA, "Between us").await;
        let node = "query($id: ID!) { node(id: $id) { id } }";
        let answer = admin.ask(node, json!({ "id": message })).await.expect("an answer");
        assert!(answer["data"]["node"].is_null(), "{answer}");
        let opened = admin.attempt(OPEN, json!({ "messageId": message })).await.expect("an answer");
        assert_eq!((codes(&opened), &opened["content"]), (vec!["NOT_FOUND"], &Value::Null));
        let audit = "{ viewer { compliance { events { totalCount } } } }";
        assert_eq!(error(&admin.ask(audit, json!({})).await.expect("an answer")), "FORBIDDEN");
        let mails = admin.ask(MAILS, json!({ "first": 50 })).await.expect("an answer");
        assert!(!mails.to_string().contains("Between us"), "a notification shows no content");
    })
    .await;
}

/// K2: roles are given and taken by administrators; those that would join content and administration stay apart, and
/// the last administrator stays.
#[tokio::test]
async fn roles_stay_apart() {
    on_stage(async |stage| {
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let [me, clara, officer] = [ADMINISTRATOR, CLARA, OFFICER];
        let (me, clara) = (id_of(&mut admin, me).await, id_of(&mut admin, clara).await);
        let officer = id_of(&mut admin, officer).await;
        let role = |account: &str, role: &str| json!({ "accountId": account, "role": role });
        let fields = "account { id roles }";

        let granted = done(&mut admin, "grantRole", fields, role(&clara, "APPROVER")).await;
        assert_eq!(granted["account"]["roles"], json!(["APPROVER"]), "{granted}");
        let refused = done(&mut admin, "grantRole", fields, role(&officer, "ADMINISTRATOR")).await;
        assert_eq!((codes(&refused), &refused["account"]), (vec!["NOT_ALLOWED"], &Value::Null));
        let refused = done(&mut admin, "grantRole", fields, role(&me, "BREAK_GLASS")).await;
        assert_eq!(codes(&refused), ["NOT_ALLOWED"]);
        let refused = done(&mut admin, "revokeRole", fields, role(&me, "ADMINISTRATOR")).await;
        assert_eq!(codes(&refused), ["NOT_ALLOWED"], "the last one stays");
        let close = json!({ "accountId": me, "reason": "None" });
        let refused = done(&mut admin, "closeAccountFor", "account { id }", close).await;
        assert_eq!(codes(&refused), ["NOT_ALLOWED"], "by no other way either");
        for account in ["made up", granted["position"].as_str().expect("a position")] {
            let nobody = done(&mut admin, "grantRole", fields, role(account, "APPROVER")).await;
            assert_eq!(codes(&nobody), ["NOT_FOUND"]);
        }

        done(&mut admin, "grantRole", fields, role(&clara, "ADMINISTRATOR")).await;
        let mut second = stage.log_in(CLARA).await;
        let revoked = done(&mut second, "revokeRole", fields, role(&me, "ADMINISTRATOR")).await;
        assert_eq!(revoked["account"]["roles"], json!([]), "{revoked}");
        let answer = on(&mut admin, "grantRole", fields, role(&me, "ADMINISTRATOR")).await;
        assert_eq!(error(&answer), "FORBIDDEN", "it counts at once: {answer}");
    })
    .await;
}

/// A18, B26, B41, C15, K9: what an administrator does for one person.
#[tokio::test]
async fn a_person_is_helped() {
    on_stage(async |stage| {
        stage
            .change_policy(|policy| {
                *policy = Policy::from_pack(Pack::Platform);
                policy.accounts.audiences = ["broker".to_owned()].into();
            })
            .await;
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let gina = id_of(&mut admin, GINA).await;
        let account = || json!({ "accountId": gina });

        for _ in 0..5 {
            stage.stranger().log_in(GINA, "not the password").await.expect("an answer");
        }
        let locked = stage.stranger().log_in(GINA, stage.password(GINA)).await.expect("an answer");
        assert_eq!(codes(&locked), ["LOGIN_FAILED"]);
        let released =
            done(&mut admin, "releaseLockout", "account { state lockout { until } }", account()).await;
        assert_eq!(released["account"], json!({ "state": "ACTIVE", "lockout": null }), "{released}");
        stage.log_in(GINA).await;

        let before = stage.mails(GINA).await.len();
        let ask = json!({ "accountId": gina, "idempotencyKey": stage.key() });
        let asked = done(&mut admin, "requestPasswordLinkFor", "account { id }", ask).await;
        assert_eq!((codes(&asked), &asked["account"]["id"]), (vec![], &json!(gina)), "{asked}");
        assert_eq!(stage.mails(GINA).await.len(), before + 1, "only she gets the link");
        stage.log_in(GINA).await;

        let audience = |audience: Value| json!({ "accountId": gina, "audience": audience });
        let set = done(&mut admin, "setAudience", "account { audience }", audience(json!("broker"))).await;
        assert_eq!(set["account"]["audience"], "broker", "{set}");
        let unknown = done(&mut admin, "setAudience", "account { id }", audience(json!("press"))).await;
        assert_eq!(
            (codes(&unknown), &unknown["problems"][0]["field"]),
            (vec!["INVALID"], &json!(["audience"]))
        );
        let none = done(&mut admin, "setAudience", "account { audience }", audience(Value::Null)).await;
        assert_eq!(none["account"]["audience"], Value::Null, "{none}");

        let promoted = done(&mut admin, "promoteToMember", "account { kind }", account()).await;
        assert_eq!(promoted["account"]["kind"], "MEMBER", "{promoted}");
        let member = done(&mut admin, "setAudience", "account { id }", audience(json!("broker"))).await;
        assert_eq!(codes(&member), ["NOT_ALLOWED"]);

        let close = json!({ "accountId": gina, "reason": "Left the practice" });
        let closed = done(&mut admin, "closeAccountFor", "account { state }", close).await;
        assert_eq!(closed["account"]["state"], "CLOSED", "{closed}");
        let role =
            done(&mut admin, "grantRole", "account { id }", json!({ "accountId": gina, "role": "APPROVER" }));
        assert_eq!(codes(&role.await), ["NOT_ALLOWED"], "who left gets no role");
    })
    .await;
}

/// K2, K7: nobody else does any of it.
#[tokio::test]
async fn administering_needs_the_role() {
    on_stage(async |stage| {
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let account = id_of(&mut admin, GINA).await;
        let key = stage.key();
        let acts = [
            ("releaseLockout", json!({ "accountId": account })),
            ("requestPasswordLinkFor", json!({ "accountId": account, "idempotencyKey": key })),
            ("addAliasFor", json!({ "accountId": account, "address": "g@guest.example" })),
            ("promoteToMember", json!({ "accountId": account })),
            ("setAudience", json!({ "accountId": account, "audience": null })),
            ("grantRole", json!({ "accountId": account, "role": "ADMINISTRATOR" })),
            ("revokeRole", json!({ "accountId": account, "role": "ADMINISTRATOR" })),
            ("closeAccountFor", json!({ "accountId": account, "reason": "none" })),
            ("updateOrganisation", json!({ "name": "Mine" })),
            ("claimDomain", json!({ "domain": "mine.example" })),
            ("releaseDomain", json!({ "domain": "insurer.example" })),
        ];
        for who in [GINA, BRUNO, OFFICER] {
            let mut client = stage.log_in(who).await;
            for (name, input) in &acts {
                let before = stage.head();
                let answer = on(&mut client, name, "__typename", input.clone()).await;
                assert_eq!(error(&answer), "FORBIDDEN", "{who} {name}: {answer}");
                assert_eq!(stage.head(), before + 1, "{who} {name}: the refusal alone is on record");
            }
        }
    })
    .await;
}

/// K2, K7: a member is invited by right of a role, and the event says by which.
#[tokio::test]
async fn a_member_is_invited_by_a_role() {
    on_stage(async |stage| {
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        admin
            .act(
                INVITE,
                json!({ "idempotencyKey": stage.key(), "address": "new@insurer.example", "kind": "MEMBER" }),
            )
            .await
            .expect("it goes");
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let question = AuditFilter { kinds: vec![Kind::Invited], ..AuditFilter::default() }.into();
        let mut events = app.audit_by_operator(organisation, &question, Some(1)).await.expect("the audit");
        let invited = events.next().await.expect("events").expect("the invitation").remove(0);
        assert!(matches!(invited.by, Actor::Person { role: Some(Role::Administrator), .. }), "{invited:?}");
    })
    .await;
}
