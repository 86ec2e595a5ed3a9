//! What the notary has outside the database: its key and its anchors.

use super::*;

/// N1: the signing key is made once, sealed, for nobody else's eyes; two logs never share a name; another key does not
/// continue the log, and its name never changes.
#[tokio::test]
async fn the_signing_key_is_made_once() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let folder = test.dir.path().join("keys");
        grow(&test.db, 2).await;
        let first = signed(&notary(&log, test.dir.path())).await;
        let public = LogKey::public(&folder).unwrap().unwrap();
        assert_eq!(log.tree().key().await.unwrap(), Some(public.clone()));
        assert_eq!(Checkpoint::open(&first.note, &public).as_ref(), Ok(&first.checkpoint));
        assert!(first.origin.starts_with("sealpost/") && first.origin.len() == 25, "{}", first.origin);
        let sealed = fs::read(folder.join("log.key")).unwrap();
        let own = settings(test.dir.path()).key;
        assert_eq!(own.open(Some(&public)).await.unwrap().verifier(), public);
        assert_eq!(fs::read(folder.join("log.key")).unwrap(), sealed, "it is the same one");

        let named = LogKey { origin: Some("insurer.example/log".into()), ..own.clone() };
        let refused = named.open(Some(&public)).await.unwrap_err().to_string();
        assert!(refused.contains(&first.origin) && refused.contains("notary.origin"), "{refused}");
        let elsewhere = LogKey { folder: test.dir.path().join("other"), ..named };
        assert!(matches!(elsewhere.open(Some(&public)).await, Err(LogKeyError::Missing(_))));
        assert_eq!(elsewhere.open(None).await.unwrap().name(), "insurer.example/log");
        assert!(matches!(elsewhere.open(Some(&public)).await, Err(LogKeyError::Other(_))));
        let bad = LogKey { origin: Some("a name".into()), folder: test.dir.path().join("third"), ..own };
        assert!(matches!(bad.open(None).await, Err(LogKeyError::Name(_))));

        fs::remove_file(folder.join("log.key")).unwrap();
        grow(&test.db, 3).await;
        let fresh = log_on(open_url(&test.url).await, test.dir.path(), Clock::manual(START.plus(HEARTBEAT)));
        let refused = notary(&fresh.await, test.dir.path()).step().await.unwrap_err();
        assert!(matches!(refused, NotaryError::Key(LogKeyError::Missing(_))), "{refused}");
    })
    .await;
}

/// N1: a file of anchors is read from its last line, whoever's it is must sign it, and a line that a crash cut short is none.
#[tokio::test]
async fn anchors_are_read_from_the_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = AnchorFile::new(folder.path().join("new/anchors.jsonl"));
    let signer = proof::note::Signer::new("a.example", &[3; 32]).unwrap();
    let key = signer.verifier();
    assert_eq!(file.last(&key).unwrap(), None);
    let anchor = |size, replaces| {
        let checkpoint = Checkpoint { origin: "a.example".into(), size, root: [1; 32], signed_at: Some(2) };
        Anchor { note: checkpoint.sign(&signer), checkpoint, replaces }
    };
    for size in 1..100 {
        file.append(&anchor(size, None)).unwrap();
        assert_eq!(file.last(&key).unwrap(), Some(anchor(size, None)));
    }
    let whole = fs::read(file.path()).unwrap();
    assert_eq!(whole.split_inclusive(|byte| *byte == b'\n').count(), 99);
    let restored = anchor(7, Some(anchor(99, None).note));
    file.append(&restored).unwrap();
    let longer = fs::read(file.path()).unwrap();
    assert!(longer.starts_with(&whole));
    for cut in [whole.len() + 1, longer.len() - 1] {
        fs::write(file.path(), &longer[..cut]).unwrap();
        assert_eq!(file.last(&key).unwrap(), Some(anchor(99, None)));
        file.append(&restored).unwrap();
        assert_eq!(fs::read(file.path()).unwrap(), longer);
    }
    let stranger = proof::note::Signer::new("a.example", &[4; 32]).unwrap().verifier();
    assert!(file.last(&stranger).unwrap_err().to_string().contains("not this log's"));
    fs::write(file.path(), b"{}\n").unwrap();
    assert!(file.last(&key).unwrap_err().to_string().contains("damaged"));
    fs::write(file.path(), vec![b'x'; 20_000]).unwrap();
    assert!(file.last(&key).is_err() && file.append(&restored).is_err());
    assert_eq!(fs::read(file.path()).unwrap().len(), 20_000, "nothing is thrown away that is not understood");
}
