//! The table of events: bulk inserts, and nothing but inserts.

use eventstore::{
    db::{Db, DbError, Dialect, EventRow},
    testing::{TestDb, on_both},
};
use uuid::Uuid;

fn event(position: i64) -> EventRow {
    EventRow {
        position,
        organisation: 1,
        class: 0,
        stream: [5; 16],
        version: position,
        event_id: Uuid::from_u128(position.unsigned_abs().into()).into_bytes(),
        recorded_at: 1_700_000_000_000_000,
        body: format!("sealed {position}").into_bytes(),
        body_hash: [9; 32],
    }
}

async fn append(db: &Db, rows: &[EventRow]) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    tx.lock_log().await?;
    tx.insert_events(rows).await?;
    tx.commit().await
}

async fn positions(db: &Db) -> Vec<i64> {
    let rows = db.all("SELECT position FROM events ORDER BY position", vec![]).await.unwrap();
    rows.iter().map(|row| row.int("position").unwrap()).collect()
}

#[tokio::test]
async fn a_thousand_events_are_inserted_at_once() {
    on_both(async |test: TestDb| {
        let rows: Vec<EventRow> = (1..=1000).map(event).collect();
        append(&test.db, &rows).await.unwrap();
        append(&test.db, &[]).await.unwrap();
        assert_eq!(positions(&test.db).await, (1..=1000).collect::<Vec<i64>>());

        let last = test.db.one("SELECT * FROM events WHERE position = $1", vec![1000.into()]).await.unwrap();
        let read = EventRow {
            position: last.int("position").unwrap(),
            organisation: last.int("organisation").unwrap(),
            class: last.int("class").unwrap(),
            stream: last.bytes16("stream").unwrap(),
            version: last.int("version").unwrap(),
            event_id: last.bytes16("event_id").unwrap(),
            recorded_at: last.int("recorded_at").unwrap(),
            body: last.bytes("body").unwrap(),
            body_hash: last.bytes32("body_hash").unwrap(),
        };
        assert_eq!(read, event(1000));
    })
    .await;
}

#[tokio::test]
async fn a_batch_with_one_taken_version_inserts_nothing() {
    on_both(async |test: TestDb| {
        append(&test.db, &[event(1)]).await.unwrap();
        let taken = EventRow { version: 1, ..event(3) };
        let error = append(&test.db, &[event(2), taken]).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        assert_eq!(positions(&test.db).await, [1]);
    })
    .await;
}

/// K1: the database itself refuses to change or remove an event, by whatever statement.
#[tokio::test]
async fn events_cannot_be_changed_or_removed() {
    on_both(async |test: TestDb| {
        append(&test.db, &[event(1), event(2)]).await.unwrap();
        let mut refused =
            vec!["UPDATE events SET class = 1 WHERE position = 1", "DELETE FROM events WHERE position = 2"];
        refused.push(match test.db.dialect() {
            Dialect::Sqlite => "INSERT OR REPLACE INTO events SELECT * FROM events WHERE position = 1",
            Dialect::Postgres => "TRUNCATE events",
        });
        for statement in refused {
            let error = test.db.run(statement, vec![]).await.unwrap_err().to_string();
            assert!(error.contains("K1: events are append-only"), "{statement}: {error}");
        }
        assert_eq!(positions(&test.db).await, [1, 2]);
    })
    .await;
}
