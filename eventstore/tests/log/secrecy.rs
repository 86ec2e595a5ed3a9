//! What a stolen database shows: nothing of what people wrote, and nothing of who they are.

use crate::support::*;
use domain::MessageId;
use eventstore::{
    db::{Db, Dialect},
    testing::{TestDb, on_both},
};
use seal::Key;
use std::{fmt::Write, fs};

const ADDRESS: &str = "Recognisable.Person@guest.example";
const SUBJECT: &str = "A recognisable subject, 7319";
const DRAFT: &str = "A recognisable draft, 7320";

/// Every byte that the database stores, clear or as hexadecimal digits.
async fn stored(test: &TestDb) -> Vec<u8> {
    match test.db.dialect() {
        Dialect::Sqlite => ["test.db", "test.db-wal"]
            .iter()
            .flat_map(|file| fs::read(test.dir.path().join(file)).unwrap())
            .collect(),
        Dialect::Postgres => every_row(&test.db).await.into_bytes(),
    }
}

async fn every_row(db: &Db) -> String {
    let tables = "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = 'public'";
    let mut text = String::new();
    for table in rows(db, tables).await {
        let table = table.text("name").unwrap();
        let sql = format!("SELECT CAST(row_to_json(t) AS TEXT) AS line FROM {table} t");
        for row in db.all(sql, vec![]).await.unwrap() {
            text.push_str(&row.text("line").unwrap());
        }
    }
    text
}

fn holds(stored: &[u8], bytes: &[u8]) -> bool {
    let hex: String = bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    [bytes, hex.as_bytes()].iter().any(|bytes| stored.windows(bytes.len()).any(|window| window == *bytes))
}

/// A44: neither addresses nor subjects nor texts nor the kinds of events are in the database, in no table.
#[tokio::test]
async fn the_database_holds_no_plaintext() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let key = Key::random();
        invite_somebody(&log, id(1), ADDRESS).await;
        begin_draft(&log, id(7), DRAFT).await;
        send_message(&log, MessageId::from_bytes([5; 16]), SUBJECT, Some(key.clone())).await;
        let stored = stored(&test).await;
        let event_id = everything(&log).await[2].event_id;
        assert!(holds(&stored, event_id.as_bytes()), "what is stored would be found");
        let texts = [ADDRESS, "recognisable.person", "guest.example", SUBJECT, DRAFT, "The text below"];
        for text in texts.into_iter().chain(["account.invited", "\"kind\"", "insurer.example"]) {
            assert!(!holds(&stored, text.as_bytes()), "{text}");
        }
        assert!(!holds(&stored, key.expose()), "content keys are in grants alone");
        for id in [uuid(1), uuid(7)] {
            assert!(!holds(&stored, format!("{id}").as_bytes()), "a stream is named by its tag");
        }
    })
    .await;
}
