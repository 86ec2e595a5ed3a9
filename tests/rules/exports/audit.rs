//! The audit as JSON Lines and CSV.

use super::{REQUEST, fetched, file, get, made, make, now, path, request, shown, verified};
use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    stage::{Stage, codes, error, on_stage, open, text},
    unpacking::python,
};
use reqwest::StatusCode;
use sealpost::walk::client::Client;
use serde_json::{Value, json};

const CSV: &str = "import csv, io, json, sys
text = sys.stdin.buffer.read().decode('utf-8')
rows = list(csv.DictReader(io.StringIO(text, newline=''), strict=True))
assert all(None not in row and None not in row.values() for row in rows)
json.dump(rows, sys.stdout)";
const JSON_LINES: &str = "import json, sys
lines = sys.stdin.buffer.read().split(b'\\n')
assert lines.pop() == b''
json.dump([json.loads(line) for line in lines], sys.stdout)";
const EVENTS: &str = "query($filter: AuditFilter) { viewer { compliance { events(filter: $filter, first: 200) { totalCount \
     edges { node { id index kind at outcome reason network policyVersion actor { kind role } subjectAddress } } } } } }";
const EXPORTS: &str = "{ viewer { compliance { exports(first: 10) { totalCount edges { node { id kind reason treeSize \
     requestedBy { primaryAddress } work { state } files { name sizeBytes sha256 downloadUrl } } } } } } }";

/// Things that happen: mail, openings, logins that fail, one under an address that a spreadsheet would compute.
async fn history(stage: &Stage) {
    let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
    let message = stage.send(&mut clara, GINA, "Results").await;
    stage.send(&mut clara, BRUNO, "Others").await;
    open(&mut gina, &message).await;
    for who in [GINA, "=1+1@guest.example", "+1@guest.example"] {
        stage.stranger().log_in(who, "not the password").await.expect("an answer");
    }
}

fn rows(value: &Value) -> Vec<Value> {
    value.as_array().expect("a list").clone()
}

/// E2, E5, N1: the audit is exported as JSON Lines and as CSV. Other programs read both, event for event what the audit shows; who
/// asked, why, and the hashes are on record; and the log's public key vouches for files and log.
#[tokio::test]
async fn the_audit_is_exported() {
    on_stage(async |stage| {
        history(stage).await;
        let mut officer = stage.log_in(OFFICER).await;
        let size = now(stage);
        let asked = request(stage, &mut officer, json!({ "auditJsonLines": {} }), None).await;
        assert_eq!(codes(&asked), [] as [&str; 0]);
        let export = &asked["export"];
        assert_eq!((&export["kind"], &export["reason"]), (&json!("AUDIT_JSON_LINES"), &json!("An enquiry.")));
        assert_eq!((&export["treeSize"], &export["work"]["state"]), (&json!(size), &json!("QUEUED")));
        assert_eq!(export["files"], json!([]));
        let csv = request(stage, &mut officer, json!({ "auditCsv": {} }), Some(size)).await;
        make(stage).await;
        let lines = shown(&mut officer, &text(&asked, "/export/id")).await;
        assert_eq!((&lines["work"]["state"], &lines["work"]["done"]), (&json!("DONE"), &json!(size)));
        assert_eq!(lines["requestedBy"]["primaryAddress"], OFFICER);

        let json_lines = rows(&python(JSON_LINES, &fetched(&officer, &lines, "audit.jsonl").await));
        assert_eq!(json_lines.len() as u64, size, "every event up to that size");
        let indexes: Vec<_> = json_lines.iter().filter_map(|line| line["index"].as_u64()).collect();
        assert_eq!(indexes, (0..size).collect::<Vec<_>>());
        same_as_shown(&mut officer, &json_lines).await;

        let csv = shown(&mut officer, &text(&csv, "/export/id")).await;
        let csv_rows = rows(&python(CSV, &fetched(&officer, &csv, "audit.csv").await));
        assert_eq!(csv_rows.len(), json_lines.len());
        for (row, line) in csv_rows.iter().zip(&json_lines) {
            same(row, line);
        }
        let typed: Vec<_> = csv_rows.iter().filter_map(|row| row["subjectAddress"].as_str()).collect();
        assert!(typed.contains(&"'=1+1@guest.example"), "it would be computed: {typed:?}");
        assert!(!typed.iter().any(|field| field.starts_with('=')), "{typed:?}");

        for (export, name) in [(&lines, "audit.jsonl"), (&csv, "audit.csv")] {
            let manifest = verified(stage, &officer, export).await;
            let listed = |name| {
                let file = file(export, name);
                format!("file {} {} {name}", file["sha256"].as_str().expect("a hash"), file["sizeBytes"])
            };
            assert_eq!(manifest, [listed("filter.json"), listed(name)]);
        }
        on_record(&mut officer, &lines).await;
    })
    .await;
}

/// Every line says what the audit says.
async fn same_as_shown(officer: &mut Client, lines: &[Value]) {
    let filter = json!({ "kinds": ["LOGIN_FAILED", "MESSAGE_SENT", "ORGANISATION_FOUNDED", "ROLE_GRANTED"] });
    let answer = officer.ask(EVENTS, json!({ "filter": filter })).await.expect("an answer");
    let shown = rows(&answer["data"]["viewer"]["compliance"]["events"]["edges"]);
    assert!(shown.len() > 6, "{answer}");
    for event in shown.iter().map(|edge| &edge["node"]) {
        let line = &lines[usize::try_from(event["index"].as_u64().expect("an index")).expect("small")];
        for field in ["kind", "at", "outcome", "reason", "network", "policyVersion", "subjectAddress"] {
            assert_eq!(line[field], event[field], "{field} of {line}");
        }
        for field in ["kind", "role"] {
            assert_eq!(line["actor"][field], event["actor"][field], "{field} of {line}");
        }
    }
    assert!(lines.iter().any(|line| line["network"] == "127.0.0.1"), "{lines:?}");
}

/// A row of CSV has what the line of JSON has.
fn same(row: &Value, line: &Value) {
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let cell = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"));
    for name in ["index", "id", "at", "kind", "outcome", "subjects", "messages", "network", "policyVersion"] {
        assert_eq!(cell(name), plain(&line[name]), "{name} of {line}");
    }
    for (name, field) in [("actorKind", "kind"), ("actorAccount", "account"), ("actorRole", "role")] {
        assert_eq!(cell(name), plain(&line["actor"][field]), "{name} of {line}");
    }
    for name in ["reason", "subjectAddress"] {
        let text = cell(name);
        assert_eq!(text.strip_prefix('\'').unwrap_or(text), plain(&line[name]), "{name} of {line}");
    }
}

/// That it was asked for, made and fetched.
async fn on_record(officer: &mut Client, export: &Value) {
    let filter = json!({ "kinds": ["EXPORTED", "EXPORT_DOWNLOADED"] });
    let answer = officer.ask(EVENTS, json!({ "filter": filter })).await.expect("an answer");
    let events = rows(&answer["data"]["viewer"]["compliance"]["events"]["edges"]);
    let told: Vec<_> = events.iter().rev().map(|edge| &edge["node"]).collect();
    let kinds: Vec<_> = told.iter().map(|event| (text(event, "/kind"), event["reason"].clone())).collect();
    let exported = |reason: &str| ("EXPORTED".to_owned(), json!(reason));
    let downloaded = ("EXPORT_DOWNLOADED".to_owned(), Value::Null);
    let (asked, made) = (exported("requested"), exported("finished"));
    assert_eq!(kinds[..4], [asked.clone(), asked, made.clone(), made]);
    assert_eq!(kinds[4..], vec![downloaded; 4], "the two files and their manifests");
    assert_eq!(told[0]["actor"], json!({ "kind": "PERSON", "role": "COMPLIANCE_OFFICER" }));
    assert_eq!(told[2]["actor"]["kind"], "WORKER");
    assert_eq!(told[4]["actor"], json!({ "kind": "PERSON", "role": "COMPLIANCE_OFFICER" }));
    let answer = officer.ask(EXPORTS, json!({})).await.expect("an answer");
    let listed = &answer["data"]["viewer"]["compliance"]["exports"];
    assert_eq!(listed["totalCount"], 2, "{answer}");
    let all = rows(&listed["edges"]);
    let found = all.iter().find(|edge| edge["node"]["id"] == export["id"]).expect("it is listed");
    assert_eq!(found["node"]["files"], export["files"]);
}

/// E2: a filter narrows an export as it narrows the audit; the filter is a file of the export.
#[tokio::test]
async fn a_filter_narrows_an_export() {
    on_stage(async |stage| {
        history(stage).await;
        let mut officer = stage.log_in(OFFICER).await;
        let filter =
            json!({ "kinds": ["LOGIN_FAILED"], "outcomes": ["FAILED"], "from": "2026-03-02T09:00:00Z" });
        let export = made(stage, &mut officer, json!({ "auditJsonLines": filter }), None).await;
        assert_eq!((&export["work"]["done"], &export["work"]["total"]), (&json!(3), &json!(3)));
        let lines = rows(&python(JSON_LINES, &fetched(&officer, &export, "audit.jsonl").await));
        assert!(lines.len() == 3 && lines.iter().all(|line| line["kind"] == "LOGIN_FAILED"), "{lines:?}");
        let said: Value =
            serde_json::from_slice(&fetched(&officer, &export, "filter.json").await).expect("JSON");
        assert_eq!(said, json!({ "kind": "AUDIT_JSON_LINES", "filter": filter }));
        let nothing = made(stage, &mut officer, json!({ "auditCsv": { "messageIds": [] } }), None).await;
        let csv = fetched(&officer, &nothing, "audit.csv").await;
        let lines = String::from_utf8(csv).expect("text").lines().count();
        assert_eq!(lines, 1, "the names of the columns alone");
    })
    .await;
}

/// E5, R7: an export is asked for with a reason, of a size that the log has had, once for each key.
#[tokio::test]
async fn an_export_is_asked_for_properly() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let head = stage.head();
        for (size, reason, field) in [
            (None, "", "reason"),
            (None, "x\u{7}", "reason"),
            (Some(0), "Why.", "treeSize"),
            (Some(-1), "Why.", "treeSize"),
            (Some(head + 1), "Why.", "treeSize"),
        ] {
            let key = stage.key();
            let input = json!({ "idempotencyKey": key, "content": { "auditCsv": {} }, "treeSize": size, "reason": reason });
            let refused = officer.attempt(REQUEST, input).await.expect("an answer");
            assert_eq!(refused["problems"][0]["code"], "INVALID", "{size:?} {reason:?}: {refused}");
            assert_eq!(refused["problems"][0]["field"], json!([field]));
            assert_eq!(refused["export"], Value::Null);
        }
        assert_eq!(stage.head(), head, "nothing was recorded");

        let (key, content) = (stage.key(), json!({ "auditCsv": { "kinds": ["LOGIN_FAILED"] } }));
        let input = json!({ "idempotencyKey": key, "content": content, "reason": "Why." });
        let asked = officer.act(REQUEST, input.clone()).await.expect("it is asked for");
        let again = officer.act(REQUEST, input.clone()).await.expect("it is asked for again");
        assert_eq!(asked["export"]["id"], again["export"]["id"]);
        assert_eq!(stage.head(), head + 1, "once");
        let mut other = input;
        other["reason"] = "Another.".into();
        let reused = officer.attempt(REQUEST, other).await.expect("an answer");
        assert_eq!(codes(&reused), ["IDEMPOTENCY_KEY_REUSED"]);
        for _ in 1..20 {
            let asked = request(stage, &mut officer, content.clone(), None).await;
            assert_eq!(codes(&asked), [] as [&str; 0]);
        }
        let busy = request(stage, &mut officer, content, None).await;
        assert_eq!(codes(&busy), ["NOT_ALLOWED"], "as many as can wait");
    })
    .await;
}

/// K2, K7: nobody but officers asks for exports, sees or fetches them; that somebody tried is on record.
#[tokio::test]
async fn exports_are_for_officers() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let export = made(stage, &mut officer, json!({ "auditCsv": {} }), None).await;
        let place = path(&file(&export, "audit.csv")["downloadUrl"]);
        let input = json!({ "idempotencyKey": stage.key(), "content": { "auditCsv": {} }, "reason": "Why." });
        for who in [ADMINISTRATOR, BRUNO, GINA] {
            let mut client = stage.log_in(who).await;
            for (query, variables) in [(REQUEST, json!({ "input": input })), (EXPORTS, json!({}))] {
                let head = stage.head();
                let answer = client.ask(query, variables).await.expect("an answer");
                assert_eq!(error(&answer), "FORBIDDEN", "{who}: {answer}");
                assert_eq!(stage.head(), head + 1, "{who}: that is on record");
            }
            assert_eq!(shown(&mut client, &text(&export, "/id")).await, Value::Null, "{who}");
            let head = stage.head();
            let answer = get(&client, stage, &place, &[]).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{who}");
            assert_eq!(stage.head(), head + 1, "{who}: that is on record");
            let never = get(&client, stage, "/download/export/MgAAAAAAAAAAAAAAAAAAAAA/1", &[]).await;
            let (theirs, nobodys) = (answer.text().await.expect("text"), never.text().await.expect("text"));
            assert_eq!(theirs, nobodys, "{who} can tell what is there from what is not");
        }
        let stranger = get(&stage.stranger(), stage, &place, &[]).await;
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
        for part in ["0", "4", "x", "-1", "99999999999"] {
            let place =
                place.rsplit_once('/').map(|(export, _)| format!("{export}/{part}")).expect("a place");
            assert_eq!(get(&officer, stage, &place, &[]).await.status(), StatusCode::NOT_FOUND, "{part}");
        }
    })
    .await;
}
