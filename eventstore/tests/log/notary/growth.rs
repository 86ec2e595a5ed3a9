//! How the tree grows and its heads are signed.

use super::*;

/// N1: a tree that grew in steps, by one notary after another, is the tree that grew at once, tile by tile; and every root is
/// the one of the definition.
#[tokio::test]
async fn growth_in_steps_is_growth_at_once() {
    const STEPS: [i64; 12] = [1, 2, 3, 255, 256, 257, 511, 512, 513, 1_000, 4_097, 9_000];
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        for size in STEPS {
            grow(&test.db, size).await;
            let checkpoint = signed(&same_notary(&log, test.dir.path())).await;
            assert_eq!(
                (checkpoint.size, checkpoint.root),
                (size.unsigned_abs(), root_of(size.unsigned_abs()))
            );
        }
        let at_once = TestDb::sqlite().await;
        let other = open_log(&at_once).await;
        grow(&at_once.db, 9_000).await;
        let checkpoint = signed(&notary(&other, at_once.dir.path())).await;
        assert_eq!(checkpoint.root, root_of(9_000));
        let stepwise = tiles(&log, 9_000).await;
        assert!(stepwise == tiles(&other, 9_000).await);
        for (id, hashes) in &stepwise {
            if let Some((_, above)) = stepwise
                .iter()
                .find(|(above, _)| (above.level, above.index) == (id.level + 1, id.index / 256))
                && hashes.len() == 256
            {
                let place = usize::try_from(id.index % 256).unwrap();
                assert_eq!(subtree_hash(hashes), above.get(place).copied());
            }
        }
    })
    .await;
}

/// N1: the leaf of an event is that of its row, appended as every event is; and its proof holds for its checkpoint.
#[tokio::test]
async fn every_event_is_proven_to_be_in_the_log() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        for mark in 0..5 {
            persist(&log, 1, mark).await;
        }
        let key = {
            let notary = notary(&log, test.dir.path());
            let first = signed(&notary).await;
            for mark in 5..300 {
                persist(&log, 1, mark).await;
            }
            let second = signed(&notary).await;
            let proof = log.tree().consistency(5, None).await.unwrap().unwrap();
            assert_eq!((&proof.from, &proof.until), (&first, &second));
            check_consistency((5, &first.root), (300, &second.root), &proof.path).unwrap();
            log.tree().key().await.unwrap().unwrap()
        };
        for index in [0, 4, 5, 255, 256, 299] {
            let proof = log.tree().inclusion(index, None).await.unwrap().unwrap();
            assert_eq!(
                Checkpoint::open(&proof.checkpoint.note, &key).as_ref(),
                Ok(&proof.checkpoint.checkpoint)
            );
            let leaf = leaf_hash(&proof.entry.bytes());
            check_inclusion(&leaf, index, 300, &proof.path, &proof.checkpoint.root).unwrap();
            assert_eq!(proof.entry.leaf(), leaf);
        }
        let earlier = log.tree().inclusion(4, Some(5)).await.unwrap().unwrap();
        check_inclusion(&earlier.entry.leaf(), 4, 5, &earlier.path, &earlier.checkpoint.root).unwrap();
        assert_eq!(log.tree().inclusion(300, None).await.unwrap(), None, "no such leaf");
        assert_eq!(log.tree().inclusion(0, Some(7)).await.unwrap(), None, "no such checkpoint");
        assert_eq!(log.tree().consistency(300, Some(5)).await.unwrap(), None, "the wrong way round");
    })
    .await;
}

/// N1: only what the tree has of a tile is given out, a part of it too, though it is full by now.
#[tokio::test]
async fn tiles_are_given_out_as_wide_as_the_tree_has_them() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        grow(&test.db, 300).await;
        signed(&notary(&log, test.dir.path())).await;
        let tile = async |level, index, width| {
            let path = TilePath { id: TileId { level, index }, width };
            log.tree().tile(path).await.unwrap().map(|hashes| hashes.len())
        };
        assert_eq!(tile(0, 0, 256).await, Some(256));
        assert_eq!(tile(0, 0, 3).await, Some(3));
        assert_eq!(tile(0, 1, 44).await, Some(44));
        assert_eq!(tile(0, 1, 45).await, None);
        assert_eq!(tile(1, 0, 1).await, Some(1));
        assert_eq!(tile(1, 0, 2).await, None);
        assert_eq!(tile(9, 0, 1).await, None);
        assert_eq!(tile(0, u64::MAX, 1).await, None);
        assert_eq!(tile(0, 0, 0).await, None);
    })
    .await;
}

/// N1, Q12: with nothing appended the head is signed anew when its time is over, and when it is of a time that has not come;
/// what a size names stays the note that was signed first.
#[tokio::test]
async fn a_heartbeat_says_that_the_log_lives() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let notary = notary(&log, test.dir.path());
        assert_eq!(notary.step().await.unwrap(), Step::Quiet, "there is nothing to sign");
        assert_eq!(LogKey::public(&test.dir.path().join("keys")).unwrap(), None);
        grow(&test.db, 3).await;
        let first = signed(&notary).await;
        assert_eq!(first.signed_at(), START);
        assert_eq!(notary.step().await.unwrap(), Step::Quiet);
        log.clock().set(Timestamp::from_micros(START.plus(HEARTBEAT).micros() - 1));
        assert_eq!(notary.step().await.unwrap(), Step::Quiet);
        log.clock().set(START.plus(HEARTBEAT));
        let second = signed(&notary).await;
        assert_eq!((second.size, second.root, second.signed_at()), (3, first.root, START.plus(HEARTBEAT)));
        assert_eq!(log.tree().checkpoint(None).await.unwrap(), Some(second));
        assert_eq!(log.tree().checkpoint(Some(3)).await.unwrap(), Some(first));
        log.clock().set(START);
        assert_eq!(signed(&notary).await.signed_at(), START);
        let rows = test.db.all("SELECT tree_size FROM log_checkpoints", vec![]).await.unwrap();
        assert_eq!(rows.len(), 1, "heartbeats take no room");
    })
    .await;
}
