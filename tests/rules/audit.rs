//! What the compliance officer finds.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    stage::{Stage, error, on_stage, open, text},
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

const ALIAS_FOR: &str = "mutation($input: AddAliasForInput!) { addAliasFor(input: $input) { alias { state } problems { code } } }";
const SET_AUDIENCE: &str = "mutation($input: SetAudienceInput!) { setAudience(input: $input) \
     { account { audience } problems { code } } }";
const COUNTS: &str = "query($filter: AuditFilter, $bucket: Period!) { viewer { compliance \
     { eventCounts(filter: $filter, bucket: $bucket) { from kind count } } } }";

/// An attempt to log in that fails, from somewhere.
async fn fail_from(stage: &Stage, network: &str, who: &str) {
    let mut stranger = stage.stranger().with_header("X-Forwarded-For", network).expect("a header");
    stranger.log_in(who, "not the password").await.expect("an answer");
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["kind"].as_str()).collect()
}

/// Q1: an address finds what touched it, also where nobody has it, and whoever has it or had it, as an alias too.
#[tokio::test]
async fn events_are_found_by_address() {
    on_stage(async |stage| {
        const ALIAS: &str = "c.weber@insurer.example";
        let (mut clara, mut admin) = (stage.log_in(CLARA).await, stage.log_in(ADMINISTRATOR).await);
        let clara_id = account(&mut clara).await;
        let input = json!({ "accountId": clara_id, "address": ALIAS });
        admin.act(ALIAS_FOR, input).await.expect("an alias");
        stage.send(&mut clara, GINA, "From somebody").await;
        fail_from(stage, "198.51.100.9", "nobody@guest.example").await;

        let mut officer = stage.log_in(OFFICER).await;
        let at =
            |addresses: Value| json!({ "addresses": addresses, "kinds": ["MESSAGE_SENT", "LOGIN_FAILED"] });
        let (_, by_alias) = events(&mut officer, at(json!(["C.Weber@INSURER.example"]))).await;
        assert_eq!(kinds(&by_alias), ["MESSAGE_SENT"]);
        let (_, by_address) = events(&mut officer, at(json!([CLARA]))).await;
        assert_eq!(by_address, by_alias);
        let (_, unregistered) = events(&mut officer, at(json!(["nobody@guest.example"]))).await;
        assert_eq!(kinds(&unregistered), ["LOGIN_FAILED"]);
        let (_, either) = events(&mut officer, at(json!(["nobody@guest.example", ALIAS]))).await;
        assert_eq!(kinds(&either), ["LOGIN_FAILED", "MESSAGE_SENT"]);
        assert_eq!(events(&mut officer, at(json!(["never@heard.example"]))).await.0, 0);
        assert_eq!(events(&mut officer, at(json!([]))).await.0, 0);
        let wrong = officer
            .ask(EVENTS, json!({ "filter": { "addresses": ["no address"] } }))
            .await
            .expect("an answer");
        assert_eq!(error(&wrong), "BAD_REQUEST", "{wrong}");

        // Who asked about an address touched whoever has it, and no address stands in the question.
        let asked = json!({ "subjectIds": [clara_id], "kinds": ["AUDIT_QUERIED"] });
        let (touched, _) = events(&mut officer, asked).await;
        assert_eq!(touched, 4, "by alias, by address, by either, and this one");
    })
    .await;
}

/// Q1, Q2: networks of any length, IPv4 and IPv6, find what came from within.
#[tokio::test]
async fn events_are_found_by_network() {
    on_stage(async |stage| {
        for network in ["198.51.100.9", "198.51.101.1", "203.0.113.7", "2001:db8:0:7::9", "2001:db8:1::1"] {
            fail_from(stage, network, GINA).await;
        }
        let mut officer = stage.log_in(OFFICER).await;
        for (networks, found) in [
            (json!(["198.51.100.0/24"]), 1),
            (json!(["198.51.100.0/23"]), 2),
            (json!(["198.51.100.0/23", "203.0.113.7"]), 3),
            (json!(["192.0.0.0/3"]), 3),
            (json!(["2001:db8::/32"]), 2),
            (json!(["2001:db8::/47"]), 2),
            (json!(["2001:db8:0:7::/64"]), 1),
            (json!(["2001:db8:0:7::8/125"]), 1),
            (json!(["2001:db8:0:7::/125"]), 0),
            (json!(["10.0.0.0/8"]), 0),
        ] {
            let (total, _) =
                events(&mut officer, json!({ "networks": networks, "kinds": ["LOGIN_FAILED"] })).await;
            assert_eq!(total, found, "{networks}");
        }
        for (wrong, told) in
            [(json!(["198.51.100.9/24"]), "first address"), (json!(["home"]), "192.0.2.0/24")]
        {
            let answer =
                officer.ask(EVENTS, json!({ "filter": { "networks": wrong } })).await.expect("an answer");
            assert_eq!(error(&answer), "BAD_REQUEST");
            assert!(answer["errors"][0]["message"].as_str().expect("words").contains(told), "{answer}");
        }
        let many = vec!["10.0.0.0/8"; 21];
        let answer = officer.ask(EVENTS, json!({ "filter": { "networks": many } })).await.expect("an answer");
        assert!(
            answer["errors"][0]["message"].as_str().expect("words").contains("20 networks at most"),
            "{answer}"
        );
    })
    .await;
}

/// C15: an audience finds what touched its guests while they belonged to it.
#[tokio::test]
async fn events_are_found_by_audience() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.audiences = ["broker".into(), "member".into()].into()).await;
        let (mut admin, mut gina) = (stage.log_in(ADMINISTRATOR).await, stage.log_in(GINA).await);
        let gina_id = account(&mut gina).await;
        for audience in [json!("broker"), json!("member"), Value::Null] {
            let input = json!({ "accountId": gina_id, "audience": audience });
            admin.act(SET_AUDIENCE, input).await.expect("an audience");
            fail_from(stage, "198.51.100.9", GINA).await;
        }
        let mut officer = stage.log_in(OFFICER).await;
        let of = |audiences: Value| json!({ "audiences": audiences, "kinds": ["LOGIN_FAILED", "AUDIENCE_CHANGED"] });
        let (_, brokers) = events(&mut officer, of(json!(["broker"]))).await;
        assert_eq!(kinds(&brokers), ["AUDIENCE_CHANGED", "LOGIN_FAILED", "AUDIENCE_CHANGED"], "moving on touches both");
        let (_, both) = events(&mut officer, of(json!(["broker", "member"]))).await;
        assert_eq!(both.len(), 5);
        assert_eq!(events(&mut officer, of(json!(["nobody"]))).await.0, 0);
    })
    .await;
}

/// Q2: a chart of failed logins by day; what has no bounds is refused with words that say what to ask instead.
#[tokio::test]
async fn events_are_counted_for_charts() {
    on_stage(async |stage| {
        fail_from(stage, "198.51.100.9", GINA).await;
        stage.advance("P1D").await;
        for _ in 0..2 {
            fail_from(stage, "203.0.113.7", GINA).await;
        }
        let mut officer = stage.log_in(OFFICER).await;
        let filter = json!({ "kinds": ["LOGIN_FAILED"] });
        let chart = async |officer: &mut Client, filter: &Value, bucket: &str| {
            let answer =
                officer.ask(COUNTS, json!({ "filter": filter, "bucket": bucket })).await.expect("an answer");
            answer["data"]["viewer"]["compliance"]["eventCounts"].clone()
        };
        let bar = |from: &str, count: u32| json!({ "from": from, "kind": "LOGIN_FAILED", "count": count });
        let by_day = [bar("2026-03-02T00:00:00Z", 1), bar("2026-03-03T00:00:00Z", 2)];
        assert_eq!(chart(&mut officer, &filter, "P1D").await, json!(by_day));
        assert_eq!(chart(&mut officer, &filter, "P1M").await, json!([bar("2026-03-01T00:00:00Z", 3)]));
        let from_there = json!({ "kinds": ["LOGIN_FAILED"], "networks": ["203.0.113.0/24"] });
        assert_eq!(chart(&mut officer, &from_there, "PT1H").await, json!([bar("2026-03-03T09:00:00Z", 2)]));
        let late = json!({ "kinds": ["LOGIN_FAILED"], "from": "2026-03-02T09:00:01Z" });
        assert_eq!(chart(&mut officer, &late, "P1D").await, json!([bar("2026-03-03T00:00:00Z", 2)]));
        for (bucket, code, told) in [
            ("PT1M", "LIMIT_EXCEEDED", "400 buckets"),
            ("P1M1D", "BAD_REQUEST", "not both"),
            ("PT0S", "BAD_REQUEST", "has a length"),
        ] {
            let answer = officer.ask(COUNTS, json!({ "bucket": bucket })).await.expect("an answer");
            assert_eq!(error(&answer), code, "{answer}");
            assert!(answer["errors"][0]["message"].as_str().expect("words").contains(told), "{answer}");
        }
        let mut clara = stage.log_in(CLARA).await;
        let answer = clara.ask(COUNTS, json!({ "bucket": "P1D" })).await.expect("an answer");
        assert_eq!(error(&answer), "FORBIDDEN");
    })
    .await;
}
