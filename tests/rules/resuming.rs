//! Uploads that are cut and go on, by the tus protocol.

use crate::{
    house::{BRUNO, CLARA, GINA, folder},
    stage::{Stage, codes, on_stage, text},
    tus::{CHUNK_TYPE, Tus, answered, metadata},
};
use domain::{
    Event,
    draft::{self, Draft, State},
    message::Attachment,
};
use eventstore::blobs::Blobs;
use futures_util::TryStreamExt;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
};
use sealpost::{node::Node, walk::client::Client};
use serde_json::{Value, json};

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const REMOVE: &str = "mutation($input: RemoveAttachmentInput!) { removeAttachment(input: $input) \
     { draft { attachments { name } } problems { code } } }";

/// R7, A38: an upload that is cut five times, also by a node that stops, goes on where it was each time, and the file is whole
/// in the end; until then it is shown with how far it is, and its draft is not sent and not lost.
#[tokio::test]
async fn a_cut_upload_goes_on() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let draft = stage.draft(&mut clara, &Value::Null).await;
        let saved =
            stage.save(&mut clara, &draft, json!({ "to": [GINA], "subject": "A scan" })).await["draft"]
                .clone();
        let id = text(&draft, "/id");
        let bytes = file(700_000);
        let key = stage.key();
        let mut tus = Tus::of(&clara, stage.address);
        let path = tus.create(&id, "scan.pdf", bytes.len(), &key).await;
        let mut at = 0;
        for (cut, more) in [1, 65_535, 200_000, 65_537, 300_000].into_iter().enumerate() {
            let (status, mut begun) = tus.begin(&path, at, bytes.len() - at).await;
            assert_eq!(status, 100);
            begun.send(&bytes[at..at + more]).await;
            drop(begun);
            stage.node.app.finish_requests().await;
            at += more;
            assert_eq!(tus.offset(&path).await, at);
            let shown = &attachments(&mut clara).await[0];
            assert_eq!((&shown["uploadedBytes"], &shown["sizeBytes"]), (&at.into(), &bytes.len().into()));
            assert_eq!(codes(&stage.send_draft(&mut clara, &saved).await), ["UPLOAD_INCOMPLETE"]);
            if cut == 2 {
                restart(stage).await;
                clara = Client::new(stage.address)
                    .expect("a client")
                    .with_cookie(clara.cookie().map(str::to_owned));
                tus = Tus::of(&clara, stage.address);
                assert_eq!(tus.create(&id, "scan.pdf", bytes.len(), &key).await, path, "announced again");
                assert_eq!(tus.offset(&path).await, at);
            }
        }
        let last = tus.patch(&path, at, &bytes[at..]).await;
        assert_eq!((last.status, last.text("upload-offset")), (StatusCode::NO_CONTENT, "700000"));
        assert_eq!(attachments(&mut clara).await[0]["uploadedBytes"], 700_000);
        let [stored] = &stored(stage).await[..] else { panic!("one file") };
        assert_eq!(stored.parts.len(), 6);
        assert!(content(stage, stored).await == bytes);

        text(&stage.send_draft(&mut clara, &saved).await, "/message/id");
        assert!(fetched(stage).await == bytes, "as its recipient gets it");
    })
    .await;
}

/// R7: a node that is killed costs what the request brought that was under way; what it left of that is in nobody's way.
#[tokio::test]
async fn a_killed_node_costs_one_request() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let id = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let tus = Tus::of(&clara, stage.address);
        let path = tus.create(&id, "a.txt", 10, &stage.key()).await;
        tus.patch(&path, 0, b"kept").await;
        // As far as it came: two parts begun, one of them stored, none acknowledged.
        stage
            .node
            .app
            .log()
            .db()
            .run("UPDATE files SET parts_begun = 3", vec![])
            .await
            .expect("it is changed");
        let [first] = &files(stage)[..] else { panic!("one part") };
        for left in ["1", "2#1"] {
            std::fs::write(first.with_file_name(left), b"lost").expect("a file");
        }
        assert_eq!(tus.offset(&path).await, 4);
        assert_eq!(tus.patch(&path, 4, b" goes").await.status, StatusCode::NO_CONTENT);
        assert_eq!(tus.patch(&path, 9, b"!").await.status, StatusCode::NO_CONTENT);
        let [stored] = &stored(stage).await[..] else { panic!("one file") };
        assert_eq!(stored.parts, [4, 0, 0, 5, 1]);
        assert_eq!(content(stage, stored).await, b"kept goes!");
    })
    .await;
}

/// R7: of two requests that go on from the same byte one wins, whichever ends first; the other is told so, and the file is as
/// the winner sent it.
#[tokio::test]
async fn one_of_two_requests_wins() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let id = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let tus = Tus::of(&clara, stage.address);
        let path = tus.create(&id, "a.txt", 10, &stage.key()).await;
        let (_, mut slow) = tus.begin(&path, 0, 10).await;
        slow.send(b"slow").await;
        // Both have begun before one of them ends.
        while parts_begun(stage).await == 0 {}
        let (_, mut fast) = tus.begin(&path, 0, 4).await;
        fast.send(b"fast").await;
        assert_eq!(fast.status().await, 204);
        slow.send(b" loser").await;
        assert_eq!(slow.status().await, 409);
        assert_eq!(tus.offset(&path).await, 4);
        assert_eq!(tus.patch(&path, 0, b"late").await.status, StatusCode::CONFLICT);
        assert_eq!(tus.patch(&path, 4, b" wins!").await.status, StatusCode::NO_CONTENT);
        let [stored] = &stored(stage).await[..] else { panic!("one file") };
        assert_eq!(content(stage, stored).await, b"fast wins!");
    })
    .await;
}

/// A39, A40: what cannot fit is refused before a byte of it is read; so is whoever sends a file in too many pieces.
#[tokio::test]
async fn a_body_that_cannot_fit_is_not_read() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let id = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let tus = Tus::of(&clara, stage.address);
        let path = tus.create(&id, "a.txt", 10, &stage.key()).await;
        for (offset, length, refused) in [(0, 11, 413), (1, 2, 409)] {
            let (status, _) = tus.begin(&path, offset, length).await;
            assert_eq!(status, refused, "the body was asked for");
        }
        let chunked = tus
            .request(Method::PATCH, &path)
            .header("Upload-Offset", 0)
            .header(CONTENT_TYPE, CHUNK_TYPE)
            .body(reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(
                "eleven bytes",
            )])));
        assert_eq!(answered(chunked).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(tus.offset(&path).await, 0);

        let begun = "UPDATE files SET parts_begun = 1000";
        stage.node.app.log().db().run(begun, vec![]).await.expect("it is changed");
        let refused = tus.patch(&path, 0, b"one more").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.title().contains("larger pieces"), "{refused:?}");
    })
    .await;
}

/// A38, A39: an upload under way counts against the limit until it is given up, by the protocol or by taking the file off the
/// draft; then nothing is left of it. Nobody else can do so.
#[tokio::test]
async fn an_upload_is_given_up() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.mail.attachment_count = 2).await;
        let (mut clara, bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let id = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let (tus, foreign) = (Tus::of(&clara, stage.address), Tus::of(&bruno, stage.address));
        let one = tus.create(&id, "one.txt", 10, &stage.key()).await;
        assert_eq!(tus.patch(&one, 0, b"half ").await.status, StatusCode::NO_CONTENT);
        let two = tus.create(&id, "two.txt", 10, &stage.key()).await;
        let third = || {
            tus.request(Method::POST, "/upload")
                .header("Upload-Length", 10)
                .header("Upload-Metadata", metadata(&[("draft", &id), ("name", "three.txt")]))
                .header("Idempotency-Key", "the-third-file")
        };
        assert_eq!(answered(third()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        for method in [Method::DELETE, Method::HEAD] {
            assert_eq!(answered(foreign.request(method, &one)).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(answered(tus.request(Method::DELETE, &one)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(tus.head(&one).await.status, StatusCode::NOT_FOUND);
        assert_eq!(tus.patch(&one, 5, b"more ").await.status, StatusCode::NOT_FOUND);
        assert_eq!(files(stage).len(), 0);
        assert_eq!(answered(third()).await.status, StatusCode::CREATED);

        let pending = attachments(&mut clara).await.into_iter().find(|file| file["name"] == "two.txt");
        let pending = text(&pending.expect("it is shown"), "/id");
        let removed = clara.act(REMOVE, json!({ "attachmentId": pending })).await.expect("an answer");
        assert_eq!(removed["draft"]["attachments"], json!([{ "name": "three.txt" }]));
        assert_eq!(tus.head(&two).await.status, StatusCode::NOT_FOUND);

        let whole = tus.create(&id, "whole.txt", 5, &stage.key()).await;
        tus.patch(&whole, 0, b"bytes").await;
        let delete = tus.request(Method::POST, &whole).header("X-HTTP-Method-Override", "DELETE");
        assert_eq!(answered(delete).await.status, StatusCode::NO_CONTENT);
        assert_eq!(attachments(&mut clara).await.len(), 1, "taken off again");
    })
    .await;
}

/// R7, A38: the protocol is tus 1.0, core, creation and termination, to the letter; names and types are made harmless.
#[tokio::test]
async fn the_protocol_is_tus() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let id = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let tus = Tus::of(&clara, stage.address);
        let spoken = answered(tus.request(Method::OPTIONS, "/upload")).await;
        assert_eq!(spoken.status, StatusCode::NO_CONTENT);
        assert_eq!(
            (spoken.text("tus-version"), spoken.text("tus-extension")),
            ("1.0.0", "creation,termination")
        );

        let said = metadata(&[
            ("draft", &id),
            ("filename", "..\\a\u{202e}\"b\".PDF"),
            ("filetype", "Application/PDF"),
        ]);
        let create = |key: &'static str| {
            let create = tus.request(Method::POST, "/upload").header("Upload-Metadata", &said);
            create.header("Idempotency-Key", key)
        };
        let deferred = answered(create("deferred").header("Upload-Defer-Length", 1)).await;
        assert_eq!(deferred.status, StatusCode::BAD_REQUEST);
        assert!(deferred.title().contains("Upload-Length"), "{deferred:?}");
        for wrong in ["-1", "1.5", "much", "99999999999999999999"] {
            let answer = answered(create("wrong-length").header("Upload-Length", wrong)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        let created = answered(create("the-file").header("Upload-Length", 3)).await;
        assert_eq!((created.status, created.text("tus-resumable")), (StatusCode::CREATED, "1.0.0"));
        let path = created.text(LOCATION.as_str()).to_owned();
        let head = tus.head(&path).await;
        assert_eq!((head.status, head.text("cache-control")), (StatusCode::OK, "no-store"));
        assert_eq!((head.text("upload-offset"), head.text("upload-length")), ("0", "3"));
        assert_eq!(head.text("upload-metadata"), said);
        let mistyped = tus.request(Method::PATCH, &path).header("Upload-Offset", 0).body("abc");
        assert_eq!(answered(mistyped).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let version = HeaderMap::from_iter([(TUS_RESUMABLE, HeaderValue::from_static("2.0.0"))]);
        let later = tus.request(Method::PATCH, &path).headers(version);
        let later = answered(later).await;
        assert_eq!(later.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(later.text("tus-version"), "1.0.0");
        assert_eq!(tus.patch(&path, 0, b"").await.text("upload-offset"), "0", "nothing came of nothing");
        let overridden = tus.request(Method::POST, &path).header("X-HTTP-Method-Override", "PATCH");
        let overridden = overridden.header("Upload-Offset", 0).header(CONTENT_TYPE, CHUNK_TYPE).body("abc");
        assert_eq!(answered(overridden).await.text("upload-offset"), "3");

        let empty = answered(create("empty-file").header("Upload-Length", 0)).await;
        assert_eq!((empty.status, empty.text("upload-offset")), (StatusCode::CREATED, "0"));
        let shown = attachments(&mut clara).await;
        for (shown, size) in shown.iter().zip([3, 0]) {
            assert_eq!((&shown["name"], &shown["mediaType"]), (&json!("ab.PDF"), &json!("application/pdf")));
            assert_eq!((&shown["sizeBytes"], &shown["uploadedBytes"]), (&json!(size), &json!(size)));
        }
        let stored = stored(stage).await;
        assert_eq!((shown.len(), stored.len()), (2, 2));
        assert!(content(stage, &stored[1]).await.is_empty());
    })
    .await;
}

/// R7: a node that dies between a file's last byte and its event loses neither: the file is attached when the draft is sent.
#[tokio::test]
async fn a_whole_file_is_attached_at_the_latest_when_it_is_sent() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let draft = stage.draft(&mut clara, &Value::Null).await;
        let saved =
            stage.save(&mut clara, &draft, json!({ "to": [GINA], "subject": "S" })).await["draft"].clone();
        let tus = Tus::of(&clara, stage.address);
        let path = tus.create(&text(&draft, "/id"), "a.txt", 6, &stage.key()).await;
        tus.patch(&path, 0, b"all").await;
        let died = "UPDATE files SET received = 6, parts = '[3,3]'";
        stage.node.app.log().db().run(died, vec![]).await.expect("it is changed");
        assert_eq!(tus.offset(&path).await, 6);
        text(&stage.send_draft(&mut clara, &saved).await, "/message/id");
        let mut gina = stage.log_in(GINA).await;
        assert_eq!(folder(&mut gina, "inbox").await[0]["attachments"][0]["name"], "a.txt");
    })
    .await;
}

/// Bytes that differ from place to place.
pub fn file(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

/// The files of the newest draft, as its writer sees them.
pub async fn attachments(client: &mut Client) -> Vec<Value> {
    let query = "{ viewer { mailbox { drafts(first: 1) { edges { node { attachments \
                 { id name mediaType sizeBytes uploadedBytes } } } } } } }";
    let answer = client.ask(query, json!({})).await.expect("an answer");
    let files = answer["data"]["viewer"]["mailbox"]["drafts"]["edges"][0]["node"]["attachments"].as_array();
    files.unwrap_or_else(|| panic!("no draft: {answer}")).clone()
}

/// The files of the newest draft, as the log has them.
pub async fn stored(stage: &Stage) -> Vec<Attachment> {
    let (log, organisation) = (stage.node.app.log(), stage.cast.organisation);
    let all = log.read_after(0, 10_000).await.expect("the log opens");
    let draft = all.into_iter().rev().find_map(|recorded| match recorded.event {
        Event::Draft(draft, draft::Event::Saved { version: 1, .. }) => Some(draft),
        _ => None,
    });
    let draft = draft.expect("a draft was begun");
    let keys = log.draft_keys(organisation, draft).await.expect("the vault opens");
    let loaded = log.load_with::<Draft>(organisation, draft.uuid(), &keys).await.expect("the log opens");
    let State::Open(writing) = loaded.state else { panic!("it is not open") };
    writing.attachments.iter().map(|(_, _, file)| file.value().expect("its key lives").clone()).collect()
}

/// The first file of the newest message, as the guest fetches it.
async fn fetched(stage: &Stage) -> Vec<u8> {
    let mut gina = stage.log_in(GINA).await;
    let query =
        "{ viewer { mailbox { inbox(first: 1) { edges { node { attachments { downloadUrl } } } } } } }";
    let answer = gina.ask(query, json!({})).await.expect("an answer");
    let url = text(&answer, "/data/viewer/mailbox/inbox/edges/0/node/attachments/0/downloadUrl");
    let path = url.find("/download/").map(|start| &url[start..]).expect("a path");
    let response = Tus::of(&gina, stage.address).request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    response.bytes().await.expect("a file").to_vec()
}

/// What a file says, opened from the folder of attachments.
async fn content(stage: &Stage, file: &Attachment) -> Vec<u8> {
    let blobs = Blobs::directory(&stage.config.attachments.folder).expect("a folder");
    let chunks: Vec<_> = blobs.open(file, 0..file.size_bytes).try_collect().await.expect("it opens");
    chunks.concat()
}

async fn parts_begun(stage: &Stage) -> i64 {
    let row = stage.node.app.log().db().one("SELECT parts_begun FROM files", vec![]).await;
    row.and_then(|row| row.int("parts_begun")).expect("one upload")
}

/// All files in the folder of attachments.
pub fn files(stage: &Stage) -> Vec<std::path::PathBuf> {
    let mut folders = vec![stage.config.attachments.folder.clone()];
    let mut files = vec![];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Another node takes over; sessions and uploads outlive the change.
async fn restart(stage: &mut Stage) {
    let next = Node::open(stage.config.clone(), stage.clock.clone()).await.expect("the node opens");
    std::mem::replace(&mut stage.node, next).stop().await;
    stage.node.start_projections();
    stage.address = stage.node.start_server().await.expect("the server listens");
}
