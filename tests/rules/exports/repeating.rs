//! The same export is the same, whenever and wherever it is made, and however often it was interrupted.

use super::{fetched, made, make, now, request, shown, sign};
use crate::{
    house::{CLARA, GINA, OFFICER},
    stage::{Stage, on_stage, open, text},
};
use app::{ExportContent, OperatorExport};
use domain::{
    Metadata,
    audit::{Audit, Command, Question},
    event::Actor,
    id::InquiryId,
};
use eventstore::Commit;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use workers::JobName;

/// Names, sizes and hashes.
fn hashes(export: &Value) -> Vec<Value> {
    let files = export["files"].as_array().expect("files");
    files.iter().map(|file| json!([file["name"], file["sizeBytes"], file["sha256"]])).collect()
}

/// Events of no consequence, in commits of a thousand.
async fn fill(stage: &Stage, thousands: u32) {
    let log = stage.node.app.log();
    let meta = Metadata::by(Actor::Operator);
    for _ in 0..thousands {
        let mut changes = vec![];
        for _ in 0..1_000 {
            let inquiry: InquiryId = log.clock().new_id();
            let loaded = log.load::<Audit>(stage.cast.organisation, inquiry.uuid()).await.expect("a stream");
            let ask = Command::Ask { question: Question::default(), at: log.now() };
            changes.push(loaded.decide(ask).expect("nothing is refused"));
        }
        log.append(Commit::new(stage.cast.organisation, &meta, changes)).await.expect("it is written");
    }
    // Read models take longer than a person would wait.
    let mut patience = 0..60;
    while stage.node.app.wait_for(log.head()).await.is_err() {
        patience.next().expect("the read models catch up");
    }
}

/// E6: the same export at the same size of the log has the same bytes, manifest and all: later, when the log has grown; after
/// the read model was built anew; and from the command line.
#[tokio::test]
async fn the_same_export_is_the_same() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let message = stage.send(&mut clara, GINA, "Results").await;
        let mut officer = stage.log_in(OFFICER).await;
        let size = now(stage);
        let kinds = json!({ "auditJsonLines": {} });
        let first = made(stage, &mut officer, kinds.clone(), Some(size)).await;
        open(&mut gina, &message).await;
        stage.send(&mut clara, GINA, "More").await;
        stage.advance("PT5M").await;
        let mut officer = stage.log_in(OFFICER).await;
        let later = made(stage, &mut officer, kinds.clone(), Some(size)).await;
        assert_eq!(hashes(&later), hashes(&first));
        assert_eq!(hashes(&first).len(), 3);

        stage.node.app.models().rebuild("audit", |_, _| {}).await.expect("it is rebuilt");
        let rebuilt = made(stage, &mut officer, kinds.clone(), Some(size)).await;
        assert_eq!(hashes(&rebuilt), hashes(&first));
        let grown = made(stage, &mut officer, kinds, None).await;
        assert_ne!(hashes(&grown), hashes(&first));

        let export = OperatorExport {
            organisation: stage.cast.organisation,
            content: ExportContent::AuditJsonLines(projections::audit::AuditFilter::default()),
            tree_size: Some(size),
            reason: "An enquiry.".into(),
        };
        let mut bytes = vec![];
        let written = stage.node.app.export_by_operator(export, &mut bytes).await.expect("it is written");
        assert!(
            bytes == fetched(&officer, &first, "audit.jsonl").await,
            "the command line writes other bytes"
        );
        assert_eq!((written.events, written.tree_size), (size, size));
        assert_eq!(json!(written.file.sha256.to_string()), first["files"][1]["sha256"]);
    })
    .await;
}

/// E2, E6, R7: an export that is stopped in the middle, by a shutdown or a crash, goes on where it was, and comes to the same.
#[tokio::test]
async fn an_interrupted_export_goes_on() {
    on_stage(async |stage| {
        fill(stage, 6).await;
        let mut officer = stage.log_in(OFFICER).await;
        let (size, content) = (now(stage), json!({ "auditCsv": {} }));
        let whole = made(stage, &mut officer, content.clone(), Some(size)).await;

        let asked = request(stage, &mut officer, content, Some(size)).await;
        let id = text(&asked, "/export/id");
        sign(stage).await;
        let app = &stage.node.app;
        let (db, go_on) = (app.log().db(), CancellationToken::new());
        let begun = async {
            let sql = "SELECT COUNT(*) AS found FROM works WHERE state = 'running' AND done > 0";
            while db.one(sql, vec![]).await.expect("a count").int("found").expect("a number") == 0 {}
        };
        // Whoever is dropped here is in the middle of a step: it is as if the program had died.
        tokio::select! {
            made = app.make_exports(&go_on) => panic!("it was not interrupted: {made:?}"),
            () = begun => {}
        }
        let half = shown(&mut officer, &id).await;
        assert_eq!((&half["work"]["state"], &half["work"]["done"]), (&json!("RUNNING"), &json!(5_000)));
        let stopped = CancellationToken::new();
        stopped.cancel();
        assert_eq!(app.make_exports(&stopped).await.expect("it stops"), 0);
        make(stage).await;
        let resumed = shown(&mut officer, &id).await;
        assert_eq!(resumed["work"]["state"], "DONE", "{resumed}");
        assert_eq!(super::file(&resumed, "audit.csv")["sha256"], super::file(&whole, "audit.csv")["sha256"]);
        fetched(&officer, &resumed, "audit.csv").await;
    })
    .await;
}

/// N1, E6: nothing is signed of a log that its newest checkpoint does not reach; the export waits for it.
#[tokio::test]
async fn an_export_waits_for_the_notary() {
    on_stage(async |stage| {
        let mut officer = stage.log_in(OFFICER).await;
        let asked = request(stage, &mut officer, json!({ "auditCsv": {} }), None).await;
        let id = text(&asked, "/export/id");
        for _ in 0..2 {
            let ran = stage.node.scheduler.run_now(JobName::MakeExports).await.expect("the job runs");
            assert_eq!(ran.and_then(|ran| ran.failure), None);
            let waits = shown(&mut officer, &id).await;
            assert_eq!((&waits["work"]["state"], &waits["files"]), (&json!("RUNNING"), &json!([])));
        }
        make(stage).await;
        assert_eq!(shown(&mut officer, &id).await["work"]["state"], "DONE");
    })
    .await;
}
