//! Files: how many, how large, whose, and each once.

use crate::{
    house::{BRUNO, CLARA, GINA, folder},
    raw::Raw,
    resuming::file,
    stage::{on_stage, text},
    tus::{Tus, answered},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// 50 MiB (A39).
const LIMIT_BYTES: u64 = 50 * 1024 * 1024;

/// A39, A40: too large by what is announced is refused before a byte is read; so is an eleventh file.
#[tokio::test]
async fn files_have_limits() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let raw = Raw::log_in(stage, stage.address, CLARA).await;
        let draft = stage.draft(&mut clara, &Value::Null).await;
        let id = text(&draft, "/id");
        let large = raw.announce(&id, "large.bin", LIMIT_BYTES + 1, &stage.key()).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", large.body);
        let tus = Tus::of(&clara, stage.address);
        let fits = tus.create(&id, "fits.bin", 50 * 1024 * 1024, &stage.key()).await;
        let more = raw.announce(&id, "more.bin", 1, &stage.key()).await;
        assert_eq!(more.status, StatusCode::PAYLOAD_TOO_LARGE, "also before it is there: {}", more.body);
        answered(tus.request(Method::DELETE, &fits)).await;
        stage.attach(&clara, &draft, &["0", "1", "2", "3", "4", "5", "6", "7", "8"]).await;
        let sum = raw.announce(&id, "sum.bin", LIMIT_BYTES - 10, &stage.key()).await;
        assert_eq!(sum.status, StatusCode::PAYLOAD_TOO_LARGE, "the files count together: {}", sum.body);
        stage.attach(&clara, &draft, &["9"]).await;
        let eleventh = raw.announce(&id, "eleventh.txt", 1, &stage.key()).await;
        assert_eq!(eleventh.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", eleventh.body);
        let change = json!({ "to": [GINA], "subject": "Ten files" });
        let saved = stage.save(&mut clara, &draft, change).await["draft"].clone();
        text(&stage.send_draft(&mut clara, &saved).await, "/message/id");
        let mut gina = stage.log_in(GINA).await;
        let files = folder(&mut gina, "inbox").await[0]["attachments"].as_array().map(Vec::len);
        assert_eq!(files, Some(10));
    })
    .await;
}

/// A40: the refusal names the limit.
#[tokio::test]
async fn a_refused_file_is_told_the_limit() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let raw = Raw::log_in(stage, stage.address, CLARA).await;
        let draft = stage.draft(&mut clara, &Value::Null).await;
        let large = raw.announce(&text(&draft, "/id"), "large.bin", LIMIT_BYTES + 1, &stage.key()).await;
        assert!(text(&large.body, "/title").contains("50 MiB"), "{}", large.body);
        stage.change_policy(|policy| policy.mail.attachment_count = 3).await;
        stage.attach(&clara, &draft, &["0", "1", "2"]).await;
        let fourth = raw.announce(&text(&draft, "/id"), "fourth.txt", 1, &stage.key()).await;
        let title = text(&fourth.body, "/title");
        assert!(title.contains('3'), "{title}");
    })
    .await;
}

/// A39: the files of the original count in a forward as well.
#[tokio::test]
async fn a_forward_has_no_more_files_than_a_message() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.mail.attachment_count = 3).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let original = stage.send_files(&mut clara, GINA, "Three files", &["0", "1", "2"]).await;
        let forward = stage.draft(&mut gina, &json!({ "forwardOf": original })).await;
        let change = json!({ "to": [BRUNO] });
        let saved = stage.save(&mut gina, &forward, change).await["draft"].clone();
        let raw = Raw::log_in(stage, stage.address, GINA).await;
        let fourth = raw.announce(&text(&saved, "/id"), "fourth.txt", 6, &stage.key()).await;
        assert_eq!(fourth.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", fourth.body);
    })
    .await;
}

/// A39: ten files of 5 MiB are accepted and arrive; one byte more is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_mebibytes_go_with_a_message() {
    const FILE_BYTES: usize = 5 * 1024 * 1024;
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let draft = stage.draft(&mut clara, &Value::Null).await;
        let change = json!({ "to": [GINA], "subject": "Fifty" });
        let saved = stage.save(&mut clara, &draft, change).await["draft"].clone();
        stage.change_policy(|policy| policy.mail.attachment_count = 11).await;
        let (id, tus) = (text(&draft, "/id"), Tus::of(&clara, stage.address));
        let bytes = file(FILE_BYTES);
        for n in 0..10 {
            let path = tus.create(&id, &format!("{n}.bin"), FILE_BYTES, &stage.key()).await;
            assert_eq!(tus.patch(&path, 0, &bytes).await.status, StatusCode::NO_CONTENT);
        }
        let raw = Raw::log_in(stage, stage.address, CLARA).await;
        let byte = raw.announce(&id, "one-more.bin", 1, &stage.key()).await;
        assert_eq!(byte.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", byte.body);
        text(&stage.send_draft(&mut clara, &saved).await, "/message/id");
        let mut gina = stage.log_in(GINA).await;
        let files = &folder(&mut gina, "inbox").await[0]["attachments"];
        let sizes: Option<Vec<_>> =
            files.as_array().map(|files| files.iter().map(|file| file["sizeBytes"].clone()).collect());
        assert_eq!(sizes, Some(vec![json!(FILE_BYTES); 10]));
    })
    .await;
}

/// R7: an upload's key used again for another file, or for another draft, is refused: neither is lost silently.
#[tokio::test]
async fn an_uploads_key_is_for_one_file() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let raw = Raw::log_in(stage, stage.address, CLARA).await;
        let one = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let two = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let key = stage.key();
        assert_eq!(raw.announce(&one, "a.txt", 5, &key).await.status, StatusCode::CREATED);
        assert_eq!(raw.announce(&one, "a.txt", 5, &key).await.status, StatusCode::CREATED, "a repeat");
        for (draft, name, length) in [(&one, "b.txt", 5), (&one, "a.txt", 7), (&two, "a.txt", 5)] {
            let answer = raw.announce(draft, name, length, &key).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{name}, {length} bytes: {}", answer.body);
        }
    })
    .await;
}

/// A2: nobody puts a file on somebody else's draft, or without a session.
#[tokio::test]
async fn a_file_needs_ones_own_draft() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let draft = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let head = stage.head();
        let stranger = Raw::stranger(stage.address).announce(&draft, "a.txt", 5, &stage.key()).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{}", stranger.body);
        assert_eq!(stage.head(), head, "a stranger's request was recorded");
        let bruno = Raw::log_in(stage, stage.address, BRUNO).await;
        let foreign = bruno.announce(&draft, "a.txt", 5, &stage.key()).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{}", foreign.body);
    })
    .await;
}
