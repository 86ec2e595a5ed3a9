//! Fetching exports, and what becomes of their files.

use super::{end, fetched, file, get, hex, made, make, path, request, shown, try_to_get};
use crate::{
    house::OFFICER,
    stage::{Stage, on_stage, text},
};
use domain::Timestamp;
use eventstore::{db::Dialect, keys::KeyName};
use reqwest::StatusCode;
use serde_json::json;
use std::{fs, path::Path};
use workers::JobName;

/// Files below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let read = |path: std::path::PathBuf| {
        if path.is_dir() { files(&path) } else { vec![fs::read(path).expect("a file")] }
    };
    entries.flat_map(read).collect()
}

/// What lies in the store of attachments.
fn stored(stage: &Stage) -> Vec<Vec<u8>> {
    files(&stage.config.attachments.folder)
}

/// E2, R1: a file comes in parts, and goes on where it stopped; each part is on record before it leaves. HEAD and what is fetched
/// ahead record nothing.
#[tokio::test]
async fn an_export_comes_in_parts() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let export = made(stage, &mut officer, json!({ "auditCsv": {} }), None).await;
        let place = path(&file(&export, "audit.csv")["downloadUrl"]);
        let whole = fetched(&officer, &export, "audit.csv").await;
        let head = stage.head();
        let ahead = get(&officer, stage, &place, &[("sec-purpose", "prefetch")]).await;
        assert_eq!(ahead.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(stage.head(), head, "nothing is recorded");
        let (size, middle) = (whole.len(), whole.len() / 2);
        let mut got = vec![];
        for range in [format!("bytes=0-{}", middle - 1), format!("bytes={middle}-")] {
            let part = get(&officer, stage, &place, &[("range", &range)]).await;
            assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
            got.extend_from_slice(&part.bytes().await.expect("bytes"));
        }
        assert!(got == whole, "the parts are not the whole");
        assert_eq!(stage.head(), head + 2, "each part is on record");
        let beyond = get(&officer, stage, &place, &[("range", &format!("bytes={size}-"))]).await;
        assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        let answer = get(&officer, stage, &place, &[]).await;
        let name = answer.headers()["content-disposition"].to_str().expect("text").to_owned();
        assert!(name.starts_with("attachment; filename=\"audit.csv\""), "{name}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let etag = answer.headers()["etag"].to_str().expect("text").to_owned();
        let owned = get(&officer, stage, &place, &[("if-none-match", &etag)]).await;
        assert_eq!(owned.status(), StatusCode::NOT_MODIFIED);
    })
    .await;
}

/// A44, E5: what lies in the store of an export is sealed; after seven days its key is destroyed and its files are gone, and who
/// asked for it and its hashes stay on record.
#[tokio::test]
async fn an_export_does_not_outlive_its_purpose() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let export = made(stage, &mut officer, json!({ "auditCsv": {} }), None).await;
        let sealed = stored(stage);
        assert_eq!(sealed.len(), 3, "the filter, the audit, the manifest");
        let clear = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("LOGIN");
        assert!(!sealed.iter().any(|bytes| clear(bytes)), "it lies there in clear");
        let id = uuid_of(&text(&export, "/id"));
        let name = KeyName::export(stage.cast.organisation, id);
        let place = path(&file(&export, "audit.csv")["downloadUrl"]);
        let end = end(&export);

        stage.move_to(Timestamp::from_micros(end.micros() - 1)).await;
        expire(stage).await;
        let officer = &mut stage.log_in(OFFICER).await;
        assert_eq!(get(officer, stage, &place, &[]).await.status(), StatusCode::OK);
        stage.move_to(end).await;
        let gone = get(officer, stage, &place, &[]).await;
        assert_eq!(gone.status(), StatusCode::GONE, "whether the job was by or not");
        assert!(gone.text().await.expect("text").contains("ask for it again"));
        assert!(stage.node.app.log().vault().find(&name).await.expect("a vault").is_some());
        expire(stage).await;
        assert!(stage.node.app.log().vault().find(&name).await.expect("a vault").is_none(), "the key is there");
        assert_eq!(stored(stage), [] as [Vec<u8>; 0]);
        assert_eq!(get(officer, stage, &place, &[]).await.status(), StatusCode::GONE);
        let kept = shown(officer, &text(&export, "/id")).await;
        assert_eq!(kept["files"], export["files"], "the hashes stay");
        let query = "{ viewer { compliance { events(filter: { kinds: [KEY_DESTRUCTION_REQUESTED] }, first: 1) \
             { edges { node { reason } } } } } }";
        let answer = officer.ask(query, json!({})).await.expect("an answer");
        assert_eq!(answer["data"]["viewer"]["compliance"]["events"]["edges"][0]["node"]["reason"], "export");
    })
    .await;
}

async fn expire(stage: &Stage) {
    stage.node.app.wait_for(stage.node.app.log().head()).await.expect("the read models catch up");
    let ran = stage.node.scheduler.run_now(JobName::ExpireMessages).await.expect("the job runs");
    assert_eq!(ran.and_then(|ran| ran.failure), None);
}

/// The export that an id of the API names.
fn uuid_of(id: &str) -> domain::id::ExportId {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let bytes = Base64UrlUnpadded::decode_vec(id).expect("base64url");
    domain::id::ExportId::from_bytes(bytes[1..].try_into().expect("a kind and 16 bytes"))
}

/// E5: what is stored of an export is what was hashed; one byte that is changed is never given out.
#[tokio::test]
async fn a_changed_file_is_not_given() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let export = made(stage, &mut officer, json!({ "auditCsv": {} }), None).await;
        let folder = stage.config.attachments.folder.clone();
        let mut paths = vec![];
        collect(&folder, &mut paths);
        for path in paths {
            let mut bytes = fs::read(&path).expect("a file");
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs::write(&path, bytes).expect("it is changed");
        }
        let place = path(&file(&export, "audit.csv")["downloadUrl"]);
        // It breaks off, whether its head was sent by then or not.
        if let Ok(answer) = try_to_get(&officer, stage, &place, &[]).await {
            assert!(answer.bytes().await.is_err(), "it came whole");
        }
    })
    .await;
}

fn collect(folder: &Path, paths: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect(&path, paths) } else { paths.push(path) }
    }
}

/// K7: what cannot be recorded is neither asked for nor given.
#[tokio::test]
async fn what_cannot_be_recorded_is_not_exported() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let export = made(stage, &mut officer, json!({ "auditCsv": {} }), None).await;
        let place = path(&file(&export, "audit.csv")["downloadUrl"]);
        let db = stage.node.app.log().db();
        let (full, free) = match db.dialect() {
            Dialect::Sqlite => (
                "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END",
                "DROP TRIGGER full",
            ),
            Dialect::Postgres => (
                "ALTER TABLE events ADD CONSTRAINT full_log CHECK (position < 0) NOT VALID",
                "ALTER TABLE events DROP CONSTRAINT full_log",
            ),
        };
        db.run(full, vec![]).await.expect("the log is full");
        let answer = get(&officer, stage, &place, &[]).await;
        assert!(answer.status().is_server_error(), "{}", answer.status());
        assert!(!answer.text().await.expect("text").contains("LOGIN"), "something came");
        let input = json!({ "idempotencyKey": stage.key(), "content": { "auditCsv": {} }, "reason": "Why." });
        let refused = officer.ask(super::REQUEST, json!({ "input": input })).await.expect("an answer");
        assert!(refused["data"].is_null() || refused["data"]["requestExport"].is_null(), "{refused}");
        db.run(free, vec![]).await.expect("there is room again");
        assert_eq!(
            hex(&fetched(&officer, &export, "audit.csv").await),
            text(file(&export, "audit.csv"), "/sha256")
        );
    })
    .await;
}

/// E5, R7: an export whose row of work a crash kept from being written is made all the same; and one that another node has made
/// meanwhile is left alone.
#[tokio::test]
async fn nothing_that_was_asked_for_is_lost() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let asked = request(stage, &mut officer, json!({ "auditCsv": {} }), None).await;
        let db = stage.node.app.log().db();
        db.run("DELETE FROM works", vec![]).await.expect("the row is gone");
        make(stage).await;
        let export = shown(&mut officer, &text(&asked, "/export/id")).await;
        assert_eq!(export["work"]["state"], "DONE");
        let head = stage.head();
        make(stage).await;
        assert_eq!(stage.head(), head, "it is not made again");
    })
    .await;
}
