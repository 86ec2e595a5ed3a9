//! The log's checkpoints outside the database: in the file, and at a web address that is told.

use crate::support::node;
use eventstore::{
    keys::{LogKey, RootKeyProvider},
    leases::Leases,
    notary::{AnchorFile, Notary, NotarySettings, Step},
    testing::{TestDb, on_both},
    tree::Place,
};
use std::{
    fs,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use workers::{Anchoring, JobName, Outcome, Webhook};

/// Takes one request (RFC 9112) and answers it; gives head and body.
async fn converse(stream: TcpStream, status: &str) -> (String, String) {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// N1: a checkpoint goes into the file and to the webhook, exactly as it was signed, once; what the webhook did not take it
/// gets soon after.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_goes_where_it_is_to_be_anchored() {
    on_both(async |test: TestDb| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/witness", listener.local_addr().unwrap());
        let taken = Arc::<Mutex<Vec<(String, String)>>>::default();
        let taking = taken.clone();
        let peer = tokio::spawn(async move {
            for status in ["503 Service Unavailable", "307 Temporary Redirect", "204 No Content", "200 OK"] {
                let (stream, _) = listener.accept().await.unwrap();
                let request = converse(stream, status).await;
                taking.lock().unwrap().push(request);
            }
        });
        let node = node(&test).await;
        let (log, folder) = (node.app.log(), test.dir.path().join("keys"));
        let file = folder.join("anchors.jsonl");
        let root = RootKeyProvider::File(test.dir.path().join("root.key"));
        let settings = NotarySettings {
            key: LogKey { root, folder, origin: Some("insurer.example/log".into()) },
            anchors: AnchorFile::new(&file),
            heartbeat: "PT10M".parse().unwrap(),
        };
        let leases = Leases::new(log.db().clone(), log.clock().clone());
        let notary = Arc::new(Notary::new(log.clone(), leases, settings));
        let anchoring = Anchoring::new(notary.clone(), Some(Webhook::new(&url).unwrap()));
        let scheduler = node.scheduler.clone().with_anchoring(anchoring);
        let run = async || scheduler.run_now(JobName::Anchor).await.unwrap().unwrap();
        assert_eq!(run().await.outcome, Outcome::Ok, "nothing is signed yet");

        node.found().await;
        let Step::Signed(first) = notary.step().await.unwrap() else { panic!("nothing was signed") };
        for answer in ["503", "307"] {
            let ran = run().await;
            assert_eq!(ran.outcome, Outcome::Retry);
            let failure = ran.failure.unwrap();
            assert!(failure.contains(answer) && !failure.contains("witness"), "{failure}");
        }
        assert_eq!(run().await.done_count, 1);
        assert_eq!(run().await.done_count, 0, "it was taken");
        let places: Vec<_> =
            log.tree().anchored(first.size).await.unwrap().iter().map(|anchored| anchored.place).collect();
        assert_eq!(places, [Place::File, Place::Webhook]);

        node.found().await;
        let Step::Signed(second) = notary.step().await.unwrap() else { panic!("nothing was signed") };
        assert_eq!(run().await.done_count, 2);
        peer.await.unwrap();
        let taken = taken.lock().unwrap();
        let notes: Vec<_> = taken.iter().map(|(_, note)| note).collect();
        assert_eq!(notes, [&first.note, &first.note, &first.note, &second.note]);
        let head = taken[0].0.to_ascii_lowercase();
        assert!(head.starts_with("post /witness http/1.1\r\n"), "{head}");
        assert!(head.contains("content-type: text/plain; charset=utf-8\r\n"), "{head}");
        let lines = [&first.note, &second.note].map(|note| format!("{{\"note\":{note:?}}}\n"));
        assert_eq!(fs::read_to_string(&file).unwrap(), lines.concat());
    })
    .await;
}
