//! Rows that somebody changed behind the program's back are refused when they are read.

use crate::support::*;
use eventstore::{
    LogError, Position,
    db::{Db, Dialect, Value},
    testing::{TestDb, on_both},
};
use seal::event::body_hash;

/// What an attacker with every right on the database can do.
async fn disarm(db: &Db) {
    let drop = match db.dialect() {
        Dialect::Sqlite => "DROP TRIGGER events_refuse_update",
        Dialect::Postgres => "DROP TRIGGER events_refuse_change ON events",
    };
    db.run(drop, vec![]).await.unwrap();
}

async fn body(db: &Db, position: Position) -> Vec<u8> {
    let sql = "SELECT body FROM events WHERE position = $1";
    db.one(sql, vec![position.into()]).await.unwrap().bytes("body").unwrap()
}

async fn set(db: &Db, column: &str, value: Value, position: Position) {
    let sql = format!("UPDATE events SET {column} = $1 WHERE position = $2");
    assert_eq!(db.run(sql, vec![value, position.into()]).await.unwrap(), 1);
}

async fn set_body(db: &Db, body: &[u8], position: Position) {
    set(db, "body", body.into(), position).await;
    set(db, "body_hash", body_hash(body).into(), position).await;
}

async fn assert_refused(log: &eventstore::Log, at: Position, what: &str) {
    let problem = log.read_after(0, 10).await.expect_err(what);
    assert!(matches!(problem, LogError::Open { position, .. } if position == at), "{what}: {problem}");
}

/// K1, A44: one flipped bit anywhere in a body is found, in sealed bytes as well as in the names of their keys.
#[tokio::test]
async fn a_flipped_bit_is_found() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        persist(&log, 1, 0).await;
        persist(&log, 2, 0).await;
        disarm(&test.db).await;
        let written = body(&test.db, 2).await;
        for index in (0..written.len()).step_by(9) {
            let mut changed = written.clone();
            changed[index] ^= 1;
            set(&test.db, "body", changed.into(), 2).await;
            assert_refused(&log, 2, &format!("byte {index}")).await;
        }
        set(&test.db, "body", written.into(), 2).await;
        assert_eq!(everything(&log).await.len(), 2);
    })
    .await;
}

/// K1, A44: who makes the hash fit is found by the seal: in the skeleton, at the end, and in what is cut off or added.
#[tokio::test]
async fn a_body_with_a_fitting_hash_is_found() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        persist(&log, 1, 0).await;
        persist(&log, 2, 0).await;
        disarm(&test.db).await;
        let written = body(&test.db, 2).await;
        let flipped = |index: usize| {
            let mut body = written.clone();
            body[index] ^= 0x80;
            body
        };
        let changes = [
            ("the count of sections", flipped(0)),
            ("the skeleton's key", flipped(2)),
            ("the skeleton's nonce", flipped(22)),
            ("the skeleton's commitment", flipped(46)),
            ("the skeleton", flipped(100)),
            ("the last tag", flipped(written.len() - 1)),
            ("cut short", written[..written.len() - 1].to_vec()),
            ("made longer", [written.as_slice(), &[0]].concat()),
            ("nothing", vec![]),
        ];
        for (what, changed) in changes {
            set_body(&test.db, &changed, 2).await;
            assert_refused(&log, 2, what).await;
        }
    })
    .await;
}

/// K1, K8: two rows' bodies exchanged, and every clear column changed, are found, since the seal covers them.
#[tokio::test]
async fn moved_and_relabelled_rows_are_found() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        for mark in [0, 1, 2] {
            persist(&log, 1, mark).await;
        }
        disarm(&test.db).await;
        let (second, third) = (body(&test.db, 2).await, body(&test.db, 3).await);
        set_body(&test.db, &third, 2).await;
        set_body(&test.db, &second, 3).await;
        assert_refused(&log, 2, "exchanged bodies").await;
        set_body(&test.db, &second, 2).await;
        assert_refused(&log, 3, "exchanged bodies").await;
        set_body(&test.db, &third, 3).await;

        let row = test.db.one("SELECT * FROM events WHERE position = 2", vec![]).await.unwrap();
        let later = row.int("recorded_at").unwrap() + 1;
        let changes: [(&str, Value, Value); 6] = [
            ("recorded_at", later.into(), row.int("recorded_at").unwrap().into()),
            ("version", 9.into(), 2.into()),
            ("class", 2.into(), 1.into()),
            ("organisation", 2.into(), 1.into()),
            ("stream", [0_u8; 16].into(), row.bytes16("stream").unwrap().into()),
            ("event_id", [0_u8; 16].into(), row.bytes16("event_id").unwrap().into()),
        ];
        for (column, changed, written) in changes {
            set(&test.db, column, changed, 2).await;
            assert_refused(&log, 2, column).await;
            set(&test.db, column, written, 2).await;
        }
        assert_eq!(everything(&log).await.len(), 3);
    })
    .await;
}
