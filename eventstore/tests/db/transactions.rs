//! Transactions, their durability, and what the dialects do differently.

use crate::{INSERT_LEASE, count, lease};
use eventstore::{
    db::{Db, DbError, DbSettings, Dialect},
    testing::{TestDb, on_both},
};

#[tokio::test]
async fn a_transaction_is_seen_after_its_commit_and_never_after_a_rollback_or_a_drop() {
    on_both(async |test: TestDb| {
        let leases = "SELECT count(*) AS n FROM leases";
        let mut tx = test.db.begin().await.unwrap();
        tx.run(INSERT_LEASE, lease("rolled back")).await.unwrap();
        assert_eq!(tx.one(leases, vec![]).await.unwrap().int("n").unwrap(), 1);
        tx.rollback().await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        tx.run(INSERT_LEASE, lease("dropped")).await.unwrap();
        drop(tx);
        assert_eq!(count(&test.db, leases).await, 0);

        let mut tx = test.db.begin().await.unwrap();
        let returned = tx.one(format!("{INSERT_LEASE} RETURNING name"), lease("kept")).await.unwrap();
        assert_eq!(returned.text("name").unwrap(), "kept");
        assert_eq!(count(&test.db, leases).await, 0);
        tx.commit().await.unwrap();
        assert_eq!(count(&test.db, leases).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_derived_transaction_is_less_durable_and_the_next_one_is_durable_again() {
    on_both(async |test: TestDb| {
        let (durable, derived) = match test.db.dialect() {
            // FULL and NORMAL.
            Dialect::Sqlite => ("2", "1"),
            Dialect::Postgres => ("on", "off"),
        };
        let mode = match test.db.dialect() {
            Dialect::Sqlite => "SELECT CAST(synchronous AS TEXT) AS mode FROM pragma_synchronous",
            Dialect::Postgres => "SELECT current_setting('synchronous_commit') AS mode",
        };
        for _ in 0..2 {
            let mut tx = test.db.begin_derived().await.unwrap();
            assert_eq!(tx.one(mode, vec![]).await.unwrap().text("mode").unwrap(), derived);
            tx.commit().await.unwrap();
            let mut tx = test.db.begin().await.unwrap();
            assert_eq!(tx.one(mode, vec![]).await.unwrap().text("mode").unwrap(), durable);
            tx.commit().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn the_log_is_locked_until_the_transaction_ends() {
    let test = TestDb::postgres().await;
    let held = "SELECT count(*) AS n FROM pg_locks JOIN pg_database d ON d.oid = database
                WHERE locktype = 'advisory' AND datname = current_database()";
    let mut tx = test.db.begin().await.unwrap();
    tx.lock_log().await.unwrap();
    assert_eq!(count(&test.db, held).await, 1);
    tx.commit().await.unwrap();
    assert_eq!(count(&test.db, held).await, 0);
}

#[tokio::test]
async fn a_listener_wakes_when_another_node_announces() {
    on_both(async |test: TestDb| {
        let Some(mut wakeups) = test.db.listener("log").await.unwrap() else {
            assert_eq!(test.db.dialect(), Dialect::Sqlite);
            return;
        };
        let settings = DbSettings { url: test.url.clone(), max_connections: 1 };
        let other = Db::open(&settings).await.unwrap();
        other.announce("log").await.unwrap();
        wakeups.recv().await.unwrap();
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn truncating_leaves_the_write_ahead_log_empty() {
    let test = TestDb::sqlite().await;
    test.db.run(INSERT_LEASE, lease("mail")).await.unwrap();
    let wal = test.dir.path().join("test.db-wal");
    assert_ne!(wal.metadata().unwrap().len(), 0);
    test.db.truncate_wal().await.unwrap();
    assert_eq!(wal.metadata().unwrap().len(), 0);
    TestDb::postgres().await.db.truncate_wal().await.unwrap();
}

#[tokio::test]
async fn reading_calls_cannot_write_on_sqlite() {
    let test = TestDb::sqlite().await;
    let error = test.db.optional(format!("{INSERT_LEASE} RETURNING name"), lease("mail")).await.unwrap_err();
    assert!(matches!(error, DbError::Other(_)), "{error}");
}
