//! Checkpoints in a file outside the database, and a log that was restored.

use super::*;
use eventstore::tree::{Anchored, Departure, Place};
use proof::note::Verifier;

fn anchored(place: Place, tree_size: u64, at: Timestamp) -> Anchored {
    Anchored { place, tree_size, at }
}

/// N1: each tree is anchored once, however often its head is signed, and it is known where.
#[tokio::test]
async fn a_tree_is_anchored_once() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let notary = notary(&log, test.dir.path());
        assert!(!notary.anchor().await.unwrap(), "there is nothing yet");
        grow(&test.db, 3).await;
        let first = signed(&notary).await;
        assert!(notary.anchor().await.unwrap());
        assert!(!notary.anchor().await.unwrap());
        let key = notary.public_key().await.unwrap().unwrap();
        let file = settings(test.dir.path()).anchors;
        let anchor = |signed: &SignedCheckpoint| Anchor {
            checkpoint: signed.checkpoint.clone(),
            note: signed.note.clone(),
            replaces: None,
        };
        assert_eq!(file.last(&key).unwrap(), Some(anchor(&first)));
        log.clock().set(START.plus(HEARTBEAT));
        signed(&notary).await;
        assert!(!notary.anchor().await.unwrap(), "a heartbeat is none of it");
        grow(&test.db, 9).await;
        let second = signed(&notary).await;
        assert!(notary.anchor().await.unwrap());
        assert_eq!(file.last(&key).unwrap(), Some(anchor(&second)));
        let (tree, later) = (log.tree(), START.plus(HEARTBEAT));
        tree.note_anchored(anchored(Place::Webhook, 9, later)).await.unwrap();
        assert_eq!(tree.anchored(3).await.unwrap(), [anchored(Place::File, 3, START)]);
        let both = [anchored(Place::File, 9, later), anchored(Place::Webhook, 9, later)];
        assert_eq!(tree.anchored(9).await.unwrap(), both);
        assert_eq!(tree.last_anchored(Place::File).await.unwrap(), Some(both[0]));
        assert_eq!(tree.last_anchored(Place::Mail).await.unwrap(), None);
        notary.check_anchor().await.unwrap();
    })
    .await;
}

/// A database as it was after five events, and beside it the anchor of one with eight.
async fn put_back(test: &TestDb) -> (TestDb, Verifier, Anchor) {
    let log = open_log(test).await;
    grow(&test.db, 5).await;
    signed(&same_notary(&log, test.dir.path())).await;
    log.close().await;
    let newer = test.copy().await;
    let older = newer.copy().await;
    let log = log_on(open_url(&newer.url).await, newer.dir.path(), Clock::manual(START)).await;
    grow(log.db(), 8).await;
    let notary = same_notary(&log, newer.dir.path());
    signed(&notary).await;
    assert!(notary.anchor().await.unwrap());
    let key = notary.public_key().await.unwrap().unwrap();
    let (from, to) = [&newer, &older].map(|test| settings(test.dir.path()).anchors).into();
    fs::copy(from.path(), to.path()).unwrap();
    let last = from.last(&key).unwrap().unwrap();
    (older, key, last)
}

/// N1, K11: a log that is behind its last anchor, or another one, is given up or brought back; once that is declared it goes on
/// with a line that names what it replaces, and nothing else is ever changed in the file.
#[tokio::test]
async fn a_restored_log_begins_anew_when_that_is_declared() {
    on_both(async |test: TestDb| {
        let (older, key, last) = put_back(&test).await;
        let log = open_log(&older).await;
        let notary = same_notary(&log, older.dir.path());
        let refused = notary.check_anchor().await.unwrap_err().to_string();
        assert!(refused.contains("5 events where 8 were signed"), "{refused}");
        assert!(refused.contains("sealpost log declare-restore"), "{refused}");
        assert!(notary.anchor().await.is_err(), "an older head does not follow a newer one");
        let given_up = notary.given_up().await.unwrap().unwrap();
        assert_eq!((given_up.size, given_up.root, &given_up.anchor), (5, root_of(5), &last));
        assert_eq!(given_up.departure, Departure::Behind { size: 5, known: 8 });

        let file = settings(older.dir.path()).anchors;
        let before = fs::read_to_string(file.path()).unwrap();
        grow(&older.db, 6).await;
        let anew = notary.begin_anew(&last).await.unwrap();
        assert_eq!((anew.size, anew.root), (6, root_of(6)));
        let line = file.last(&key).unwrap().unwrap();
        assert_eq!((line.note, line.replaces), (anew.note.clone(), Some(last.note)));
        assert!(fs::read_to_string(file.path()).unwrap().starts_with(&before));
        assert_eq!(log.tree().anchored(6).await.unwrap().len(), 1);
        notary.check_anchor().await.unwrap();
        assert!(notary.given_up().await.unwrap().is_none());

        grow(&older.db, 9).await;
        let next = same_notary(&log, older.dir.path());
        assert_eq!(signed(&next).await.root, root_of(9));
        assert!(next.anchor().await.unwrap());
        assert_eq!(file.last(&key).unwrap().unwrap().replaces, None);
    })
    .await;
}

/// N1: anchors without the key that could check them are missed, rather than passed over.
#[tokio::test]
async fn anchors_without_their_key_are_not_passed_over() {
    on_both(async |test: TestDb| {
        let (older, ..) = put_back(&test).await;
        let log = open_log(&older).await;
        let notary = same_notary(&log, older.dir.path());
        older.db.run("DELETE FROM log_keys", vec![]).await.unwrap();
        assert!(notary.check_anchor().await.unwrap_err().to_string().contains("declare-restore"));
        fs::remove_file(older.dir.path().join("keys/log.vkey")).unwrap();
        let missed = notary.check_anchor().await.unwrap_err();
        assert!(matches!(missed, NotaryError::Key(LogKeyError::PublicMissing(_))), "{missed}");
    })
    .await;
}
