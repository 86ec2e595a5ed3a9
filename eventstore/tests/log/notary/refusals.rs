//! What a notary does not sign, and what cannot be proven.

use super::*;

/// N1, K1: what was cut off, exchanged, or regrown after the tree covered it is noticed before anything more is signed.
#[tokio::test]
async fn a_changed_log_is_not_signed() {
    const ATTACKS: [(&str, &[&str]); 6] = [
        ("the last ten cut off", &["DELETE FROM events WHERE position > 290"]),
        ("all cut off", &["DELETE FROM events"]),
        ("the last one changed", &["UPDATE events SET recorded_at = 1 WHERE position = 300"]),
        ("one from the middle of what is new", &["DELETE FROM events WHERE position = 305"]),
        (
            "a tile changed",
            &["UPDATE log_tiles SET hashes = (SELECT substr(hashes, 1, 32) FROM log_tiles \
          WHERE level = 0 AND tile = 0) WHERE level = 1"],
        ),
        ("the tree put back", &["UPDATE log_tree SET size = 256", "DELETE FROM events WHERE position > 256"]),
    ];
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        grow(&test.db, 300).await;
        signed(&notary(&log, test.dir.path())).await;
        grow(&test.db, 310).await;
        log.close().await;
        for (what, statements) in ATTACKS {
            let copy = test.copy().await;
            let log = open_log(&copy).await;
            attack(&copy.db, statements).await;
            log.clock().set(START.plus(HEARTBEAT));
            let refused = notary(&log, copy.dir.path()).step().await.expect_err(what);
            assert!(refused.is_refusal(), "{what}: {refused}");
            let latest = log.tree().checkpoint(None).await.unwrap().unwrap();
            assert_eq!(latest.size, 300, "{what}");
        }
        // Truncated and regrown: other events at the same places.
        let copy = test.copy().await;
        let log = open_log(&copy).await;
        attack(&copy.db, &["DELETE FROM events WHERE position > 290"]).await;
        log.clock().set(START.plus(HEARTBEAT));
        let regrown: Vec<EventRow> =
            (291..=320).map(|position| EventRow { recorded_at: 5, ..row(position) }).collect();
        let mut tx = copy.db.begin_append().await.unwrap();
        tx.insert_events(&regrown).await.unwrap();
        tx.commit().await.unwrap();
        let refused = notary(&log, copy.dir.path()).step().await.unwrap_err();
        assert!(matches!(refused, NotaryError::Rewritten(300)), "{refused}");
    })
    .await;
}

/// N1: an older database in the place of the newer one, whole and sound in itself, is noticed by its last anchor.
#[tokio::test]
async fn an_older_database_is_noticed_by_its_anchor() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        grow(&test.db, 5).await;
        signed(&same_notary(&log, test.dir.path())).await;
        log.close().await;
        let newer = test.copy().await;
        let older = newer.copy().await;
        let log = log_on(open_url(&newer.url).await, newer.dir.path(), Clock::manual(START)).await;
        grow(log.db(), 8).await;
        let last = signed(&same_notary(&log, newer.dir.path())).await;
        let anchor = Anchor { checkpoint: last.checkpoint.clone(), note: last.note.clone(), replaces: None };
        settings(older.dir.path()).anchors.append(&anchor).unwrap();

        let log = open_log(&older).await;
        grow(&older.db, 7).await;
        let refused = same_notary(&log, older.dir.path()).step().await.unwrap_err().to_string();
        assert!(refused.contains("its last anchor") && refused.contains("declare-restore"), "{refused}");
        assert_eq!(log.tree().checkpoint(None).await.unwrap().unwrap().size, 5);
        // It grows beyond that size, with other events.
        let other = EventRow { recorded_at: 1, ..row(8) };
        let mut tx = older.db.begin_append().await.unwrap();
        tx.insert_events(&[other]).await.unwrap();
        tx.commit().await.unwrap();
        let refused = same_notary(&log, older.dir.path()).step().await.unwrap_err();
        assert!(matches!(refused, NotaryError::NotContinued { .. }), "{refused}");
    })
    .await;
}

/// N1: a running notary remembers what it signed, should everything else be put back.
#[tokio::test]
async fn a_running_notary_remembers_what_it_signed() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        grow(&test.db, 5).await;
        let notary = notary(&log, test.dir.path());
        signed(&notary).await;
        let emptied = [
            "DELETE FROM events",
            "DELETE FROM log_tiles",
            "DELETE FROM log_checkpoints",
            "UPDATE log_tree SET size = 0, latest = NULL",
        ];
        attack(&test.db, &emptied).await;
        let other = EventRow { recorded_at: 1, ..row(1) };
        let mut tx = test.db.begin_append().await.unwrap();
        tx.insert_events(&[other]).await.unwrap();
        tx.commit().await.unwrap();
        let refused = notary.step().await.unwrap_err().to_string();
        assert!(refused.contains("what this node signed last"), "{refused}");
    })
    .await;
}

/// N1: checkpoints in the database that another key signed are not continued.
#[tokio::test]
async fn a_forged_checkpoint_is_not_continued() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        grow(&test.db, 5).await;
        let first = signed(&notary(&log, test.dir.path())).await;
        let stranger = proof::note::Signer::new(&first.origin, &[1; 32]).unwrap();
        let forged = first.checkpoint.sign(&stranger);
        let forge = "UPDATE log_tree SET latest = $1, fencing_token = 0";
        test.db.run(forge, vec![forged.into()]).await.unwrap();
        log.clock().set(START.plus(HEARTBEAT));
        let refused = notary(&log, test.dir.path()).step().await.unwrap_err();
        assert!(matches!(refused, NotaryError::Forged), "{refused}");
    })
    .await;
}

/// N1: a tile that is gone is named, and nothing is made up for it.
#[tokio::test]
async fn a_missing_tile_is_named() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        grow(&test.db, 600).await;
        signed(&notary(&log, test.dir.path())).await;
        test.db.run("DELETE FROM log_tiles WHERE level = 0 AND tile = 1", vec![]).await.unwrap();
        let missing = log.tree().inclusion(300, None).await.unwrap_err();
        assert!(matches!(missing, TreeError::Damaged(missing) if missing.0 == TileId { level: 0, index: 1 }));
    })
    .await;
}
