//! Files that nobody has any more.

use crate::{
    house::{BRUNO, CLARA, GINA},
    resuming::{attachments, files},
    stage::{FORWARD, Stage, on_stage, text},
    tus::Tus,
};
use eventstore::db::Value as Column;
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use std::{fs, time::Duration};
use workers::JobName;

const DISCARD: &str =
    "mutation($input: DiscardDraftInput!) { discardDraft(input: $input) { problems { code } } }";
const REMOVE: &str =
    "mutation($input: RemoveAttachmentInput!) { removeAttachment(input: $input) { problems { code } } }";

/// A21, A38: files that were given up, detached, discarded or are over go, each a day after it came at the earliest; what a draft
/// or a message has stays, and what a forward shares goes with the last of them. Doing it again does nothing.
#[tokio::test]
async fn files_that_nobody_has_are_deleted() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let message = stage.send_files(&mut clara, GINA, "Shared", &["sent.txt"]).await;
        let key = stage.key();
        let forward = json!({ "idempotencyKey": key, "messageId": message, "to": [BRUNO], "text": "See" });
        text(&gina.act(FORWARD, forward).await.expect("an answer"), "/message/id");
        let detached = stage.draft(&mut clara, &Value::Null).await;
        stage.attach(&clara, &detached, &["detached.txt"]).await;
        let file = text(&attachments(&mut clara).await[0], "/id");
        clara.act(REMOVE, json!({ "attachmentId": file })).await.expect("an answer");
        let discarded = stage.draft(&mut clara, &Value::Null).await;
        stage.attach(&clara, &discarded, &["discarded.txt"]).await;
        half(stage, &clara, &discarded).await;
        clara.act(DISCARD, json!({ "draftId": discarded["id"] })).await.expect("an answer");
        stage.advance("PT1M").await;
        let living = stage.draft(&mut clara, &Value::Null).await;
        stage.attach(&clara, &living, &["living.txt"]).await;
        half(stage, &clara, &living).await;

        for (after, collected, left) in
            [("PT23H", 0, 6), ("P1D", 3, 3), ("P4D", 0, 3), ("P3D", 1, 2), ("P51D", 0, 2), ("P2D", 1, 1)]
        {
            stage.advance(after).await;
            assert_eq!(collect(stage).await, collected, "after {after} more");
            assert_eq!(collect(stage).await, 0, "once is enough");
            assert_eq!(files(stage).len(), left, "after {after} more");
        }
        let mut clara = stage.log_in(CLARA).await;
        assert_eq!(attachments(&mut clara).await[0]["name"], "living.txt");
    })
    .await;
}

/// A21: a crash in the middle of deleting leaves something to go on with; a write that was interrupted is cleared; what came with
/// a mail that is held stays until it is decided on; and what the read models do not know yet costs nobody a file.
#[tokio::test]
async fn deleting_goes_on_after_a_crash() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let draft = stage.draft(&mut clara, &Value::Null).await;
        stage.attach(&clara, &draft, &["a.txt"]).await;
        half(stage, &clara, &draft).await;
        clara.act(DISCARD, json!({ "draftId": draft["id"] })).await.expect("an answer");
        let [one, two] = &files(stage)[..] else { panic!("two files") };
        fs::remove_file(one).expect("as far as the crash came");
        let interrupted = two.with_file_name("0#1");
        let file = fs::File::create(&interrupted).expect("a file");
        let at = u64::try_from(stage.clock.now().micros()).expect("after 1970");
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_micros(at)).expect("it is dated");
        held(stage).await;
        stage.advance("P2D").await;
        assert_eq!(collect(stage).await, 3);
        assert!(files(stage).is_empty());

        stage.node.app.log().db().run("UPDATE rm_rule_hits SET waits = NULL", vec![]).await.expect("decided");
        assert_eq!(collect(stage).await, 1);
    })
    .await;
}

async fn collect(stage: &Stage) -> i64 {
    let app = &stage.node.app;
    app.wait_for(app.log().head()).await.expect("the read models catch up");
    let ran = stage.node.scheduler.run_now(JobName::CollectGarbage).await.expect("the job runs");
    let ran = ran.expect("it is this node's");
    assert_eq!(ran.failure, None);
    ran.done_count
}

/// An upload of which half arrives.
async fn half(stage: &Stage, client: &Client, draft: &Value) {
    let tus = Tus::of(client, stage.address);
    let path = tus.create(&text(draft, "/id"), "half.txt", 10, &stage.key()).await;
    tus.patch(&path, 0, b"half ").await;
}

/// A file that came with a mail, and the mail, which waits for a decision.
async fn held(stage: &Stage) {
    let values = || -> Vec<Column> {
        let [organisation, at] = [i64::from(stage.cast.organisation.0), stage.clock.now().micros()];
        vec![organisation.into(), [7; 16].into(), at.into()]
    };
    for insert in [
        "INSERT INTO files (organisation, file, place, length, received, parts, parts_begun, created_at, attached) \
         VALUES ($1, $2, '00/held', 1, 1, '[]', 0, $3, TRUE)",
        "INSERT INTO rm_rule_hits (organisation, intake, position, at, rule, action, hits, waits) \
         VALUES ($1, $2, 1, $3, $2, 'hold', 1, 'decision')",
    ] {
        stage.node.app.log().db().run(insert, values()).await.expect("it is there");
    }
}
