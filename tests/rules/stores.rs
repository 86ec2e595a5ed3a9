//! Other people's programs at either end of a file: a tus client that uploads it, and a server that speaks S3 and keeps it.

use crate::{
    house::CLARA,
    python::{self, S3},
    resuming::{attachments, file, stored},
    stage::{Stage, on_stage, text},
    tus::{Tus, answered},
};
use eventstore::blobs::{BlobError, Blobs, Bucket};
use futures_util::TryStreamExt;
use reqwest::{Method, StatusCode};
use sealpost::{
    config::{Attachments, Config, Store},
    node::Node,
};
use serde_json::{Value, json};
use std::ops::Range;

/// Uploads the first half of a file, forgets everything but where it is, and goes on.
const TUSPY: &str = r#"
import sys
from tusclient.client import TusClient
url, cookie, draft, key, path = sys.argv[1:]
client = TusClient(url, headers={"Cookie": cookie, "Sealpost-Request": "1", "Idempotency-Key": key})
about = {"draft": draft, "filename": "Prüfung.bin", "filetype": "application/x-test"}
half = client.uploader(path, chunk_size=70_000, metadata=about)
half.upload(stop_at=140_000)
rest = client.uploader(path, chunk_size=70_000, url=half.url)
assert rest.offset == 140_000, rest.offset
rest.upload()
"#;

/// R7, A38: an existing tus client (tuspy) uploads a file in pieces, and goes on with one that it broke off.
#[tokio::test]
async fn an_existing_client_uploads() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let draft = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let path = stage.config.attachments.folder.with_file_name("upload.bin");
        std::fs::write(&path, file(333_333)).expect("a file");
        let (url, cookie) =
            (format!("http://{}/upload", stage.address), clara.cookie().expect("a session").to_owned());
        let key = stage.key();
        tokio::task::spawn_blocking(move || {
            python::run(TUSPY, &[&url, &cookie, &draft, &key, path.to_str().expect("text")])
        })
        .await
        .expect("it uploads");
        let shown = &attachments(&mut clara).await[0];
        assert_eq!(
            (&shown["name"], &shown["mediaType"]),
            (&json!("Prüfung.bin"), &json!("application/x-test"))
        );
        assert_eq!((&shown["sizeBytes"], &shown["uploadedBytes"]), (&json!(333_333), &json!(333_333)));
        let blobs = Blobs::directory(&stage.config.attachments.folder).expect("a folder");
        assert!(opened(&blobs, stage, 0..333_333).await == file(333_333));
    })
    .await;
}

/// A44, R7: attachments lie sealed in a bucket of S3, pass through it in pieces, are cut and go on, open by ranges, and leave
/// nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_lie_in_a_bucket() {
    const MIB: usize = 1 << 20;
    let s3 = S3::start();
    let url = format!("{}/sealed", s3.endpoint);
    let created = reqwest::Client::new().put(&url).send().await.expect("an answer");
    assert_eq!(created.status(), StatusCode::OK);
    let (s3, url) = (&s3, &url);
    on_stage(async |stage| {
        let attachments = Attachments {
            store: Store::S3,
            bucket: Some("sealed".into()),
            endpoint: Some(s3.endpoint.clone()),
            prefix: Some("of/sealpost".into()),
            access_key_id: Some("somebody".into()),
            secret_access_key: Some("something".into()),
            allow_http: true,
            ..Attachments::default()
        };
        let config = Config { attachments, ..stage.config.clone() };
        let node = Node::open(config, stage.clock.clone()).await.expect("a second node opens");
        let address = node.start_server().await.expect("it listens");
        let mut clara = stage.log_in(CLARA).await;
        let draft = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        let tus = Tus::of(&clara, address);
        let bytes = file(12 * MIB);
        let path = tus.create(&draft, "large.bin", bytes.len(), &stage.key()).await;
        let cut = 11 * MIB + 17;
        let (_, mut begun) = tus.begin(&path, 0, bytes.len()).await;
        begun.send(&bytes[..cut]).await;
        drop(begun);
        node.app.finish_requests().await;
        assert_eq!(tus.offset(&path).await, cut);
        assert_eq!(tus.patch(&path, cut, &bytes[cut..]).await.status, StatusCode::NO_CONTENT);
        let blobs = Blobs::bucket(&bucket(s3)).expect("a bucket");
        for range in [0..12 * MIB, 5 * MIB - 1..5 * MIB + 1, cut - 1..cut + 1, 12 * MIB - 1..12 * MIB] {
            let wanted = range.start as u64..range.end as u64;
            assert!(opened(&blobs, stage, wanted).await == bytes[range.clone()], "{range:?}");
        }
        let raw = reqwest::get(format!("{url}/{}", keys(url).await[0])).await.expect("an answer");
        let raw = raw.bytes().await.expect("bytes");
        assert!(!raw.windows(100).any(|window| window == &bytes[..100]), "it lies there unsealed");

        let half = tus.create(&draft, "half.bin", 100, &stage.key()).await;
        tus.patch(&half, 0, b"half").await;
        assert_eq!(keys(url).await.len(), 3);
        assert_eq!(answered(tus.request(Method::DELETE, &half)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(keys(url).await.len(), 2);
        let [stored] = &stored(stage).await[..] else { panic!("one file") };
        blobs.delete_all(&stored.blob).await.expect("it is deleted");
        assert!(keys(url).await.is_empty());
        let gone = blobs.open(stored, 0..1).try_collect::<Vec<_>>().await;
        assert!(matches!(gone, Err(BlobError::NotFound)), "{gone:?}");
        node.stop().await;
    })
    .await;
}

fn bucket(s3: &S3) -> Bucket {
    Bucket {
        name: "sealed".into(),
        region: "us-east-1".into(),
        endpoint: Some(s3.endpoint.clone()),
        prefix: Some("of/sealpost".into()),
        access_key_id: "somebody".into(),
        secret_access_key: "something".into(),
    }
}

/// What lies in a bucket.
async fn keys(url: &str) -> Vec<String> {
    let list = reqwest::get(format!("{url}?list-type=2")).await.expect("an answer");
    let list = list.text().await.expect("a list");
    list.split("<Key>").skip(1).filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned())).collect()
}

/// A range of the newest draft's one file.
async fn opened(blobs: &Blobs, stage: &Stage, range: Range<u64>) -> Vec<u8> {
    let [stored] = &stored(stage).await[..] else { panic!("one file") };
    let chunks: Vec<_> = blobs.open(stored, range).try_collect().await.expect("it opens");
    chunks.concat()
}
