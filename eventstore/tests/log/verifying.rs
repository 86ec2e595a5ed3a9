//! Verifying a log in its database: what was changed behind the program's back is found and named.

use crate::support::*;
use domain::{period::Period, verification::Level};
use eventstore::{
    db::{Db, DbSettings, Dialect, Value},
    keys::{LogKey, RootKeyProvider},
    leases::Leases,
    notary::{Anchor, AnchorFile, Notary, NotarySettings, Step},
    testing::{TestDb, on_both},
    verify::{Against, Anchors, Verified, verify},
};
use proof::verdict::Verdict;
use std::path::{Path, PathBuf};
use uuid::Uuid;

const EVENTS: i64 = 600;

fn anchor_file(folder: &Path) -> PathBuf {
    folder.join("keys").join("anchors.jsonl")
}

/// Signs everything, and anchors that.
async fn sign(log: &eventstore::Log, folder: &Path) {
    let root = RootKeyProvider::File(folder.join("root.key"));
    let anchors = AnchorFile::new(anchor_file(folder));
    let key = LogKey { root, folder: folder.join("keys"), origin: None };
    let settings = NotarySettings { key, anchors: anchors.clone(), heartbeat: Period::minutes(10) };
    let leases = Leases::of_node(log.db().clone(), log.clock().clone(), Uuid::from_u128(7));
    match Notary::new(log.clone(), leases, settings).step().await.unwrap() {
        Step::Signed(signed) => {
            anchors
                .append(&Anchor { checkpoint: signed.checkpoint, note: signed.note, replaces: None })
                .unwrap();
        }
        other => panic!("nothing was signed: {other:?}"),
    }
}

/// A log of [`EVENTS`] events in three streams, with checkpoints and anchors at 250 and at its end.
async fn furnished(test: &TestDb) {
    let log = open_log(test).await;
    for mark in 0..EVENTS {
        persist(&log, u128::try_from(mark % 3).unwrap(), mark).await;
        if mark + 1 == 250 {
            sign(&log, test.dir.path()).await;
        }
    }
    sign(&log, test.dir.path()).await;
    log.close().await;
}

/// Against everything that lies outside the database.
fn against(folder: &Path) -> Against {
    let key = LogKey::public(&folder.join("keys")).unwrap().unwrap();
    Against { key, anchors: Anchors::read(&anchor_file(folder)).unwrap(), stale_before: None }
}

async fn verified(test: &TestDb, level: Level) -> Verified {
    let settings = DbSettings { url: test.url.clone(), max_connections: 2 };
    let db = Db::open_read_only(&settings).await.unwrap();
    let verified = verify(&db, &against(test.dir.path()), level, &|_, _, _| {}).await.unwrap();
    db.close().await;
    verified
}

async fn disarm(db: &Db) {
    let drop: &[&str] = match db.dialect() {
        Dialect::Sqlite => &["DROP TRIGGER events_refuse_update", "DROP TRIGGER events_refuse_delete"],
        Dialect::Postgres => &["DROP TRIGGER events_refuse_change ON events"],
    };
    for sql in drop {
        db.run(*sql, vec![]).await.unwrap();
    }
}

/// N1, Q12: a sound log is sound at every level, and nothing in it is changed by looking.
#[tokio::test]
async fn a_sound_log_is_sound_at_every_level() {
    on_both(async |test: TestDb| {
        furnished(&test).await;
        for level in [Level::Signatures, Level::Entries, Level::Bodies] {
            let verified = verified(&test, level).await;
            assert_eq!(verified.findings.count(), 0, "{level}: {}", verified.findings);
            assert_eq!(
                (verified.events, verified.heads),
                (600, 5),
                "two checkpoints, the newest again, two anchors"
            );
            assert_eq!(verified.proven.unwrap().size(), 600);
        }
        let settings = DbSettings { url: test.url.clone(), max_connections: 1 };
        let db = Db::open_read_only(&settings).await.unwrap();
        assert!(db.run("DELETE FROM checkpoints", vec![]).await.is_err(), "it is open for reading alone");
        let stale = Against { stale_before: Some(u64::MAX), ..against(test.dir.path()) };
        let verified = verify(&db, &stale, Level::Entries, &|_, _, _| {}).await.unwrap();
        assert_eq!(verified.verdict(), Verdict::Stale);
    })
    .await;
}

/// N1: an empty log has nothing signed, and a database that is not there is not made.
#[tokio::test]
async fn nothing_is_proven_of_nothing() {
    on_both(async |test: TestDb| {
        furnished(&test).await;
        let empty = match test.db.dialect() {
            Dialect::Sqlite => TestDb::sqlite().await,
            Dialect::Postgres => TestDb::postgres().await,
        };
        let against = Against { anchors: Anchors::default(), ..against(test.dir.path()) };
        for level in [Level::Signatures, Level::Bodies] {
            let verified = verify(&empty.db, &against, level, &|_, _, _| {}).await.unwrap();
            assert_eq!((verified.verdict(), verified.events), (Verdict::Stale, 0));
        }
        let missing = test.dir.path().join("missing.db");
        let settings = DbSettings { url: format!("sqlite://{}", missing.display()), max_connections: 1 };
        assert!(Db::open_read_only(&settings).await.is_err());
        assert!(!missing.exists());
    })
    .await;
}

/// What was done to the rows, what that comes to, and what the first finding says.
struct Attack {
    what: &'static str,
    level: Level,
    sql: &'static [&'static str],
    verdict: Verdict,
    says: &'static str,
}

const fn attack(
    what: &'static str,
    level: Level,
    sql: &'static [&'static str],
    verdict: Verdict,
    says: &'static str,
) -> Attack {
    Attack { what, level, sql, verdict, says }
}

const ATTACKS: [Attack; 22] = [
    attack(
        "the newest checkpoint forged",
        Level::Signatures,
        &["UPDATE log_tree SET latest = replace(latest, '600', '601')"],
        Verdict::Tampered,
        "does not count",
    ),
    attack(
        "an older checkpoint for a larger tree",
        Level::Signatures,
        &["UPDATE log_checkpoints SET tree_size = 599 WHERE tree_size = 250"],
        Verdict::Tampered,
        "is stored as that of 599 events",
    ),
    attack(
        "no checkpoints",
        Level::Signatures,
        &[
            "DELETE FROM log_checkpoints",
            "UPDATE log_tree SET latest = NULL, size = 0",
            "DELETE FROM log_tiles",
        ],
        Verdict::RolledBack,
        "the anchor of 250 events",
    ),
    attack(
        "the tree taken back",
        Level::Signatures,
        &["UPDATE log_tree SET size = 300"],
        Verdict::RolledBack,
        "of 600 events",
    ),
    attack(
        "the row of the tree gone",
        Level::Entries,
        &["DELETE FROM log_tree"],
        Verdict::Tampered,
        "log_tree is missing",
    ),
    attack(
        "a tile changed",
        Level::Signatures,
        &["UPDATE log_tiles SET hashes = (SELECT hashes FROM log_tiles WHERE level = 0 AND tile = 1) \
           WHERE level = 0 AND tile = 0"],
        Verdict::Tampered,
        "the stored tiles do not fit each other around the checkpoint of 250 events",
    ),
    attack(
        "a tile changed, and the rows not",
        Level::Entries,
        &["UPDATE log_tiles SET hashes = (SELECT hashes FROM log_tiles WHERE level = 0 AND tile = 1) \
           WHERE level = 0 AND tile = 0"],
        Verdict::Tampered,
        "event 1 (leaf 0",
    ),
    attack(
        "a tile of the upper level changed",
        Level::Entries,
        &[
            "UPDATE log_tiles SET hashes = (SELECT substr(hashes, 1, 64) FROM log_tiles WHERE level = 0 AND tile = 1) \
           WHERE level = 1",
        ],
        Verdict::Tampered,
        "the stored tile 0 of level 1 has another hash over events 1 to 256",
    ),
    attack(
        "a tile gone",
        Level::Entries,
        &["DELETE FROM log_tiles WHERE level = 0 AND tile = 2"],
        Verdict::Tampered,
        "the stored tile 2 of level 0 is missing",
    ),
    attack(
        "another public key",
        Level::Entries,
        &["UPDATE log_keys SET vkey = 'a+b+c'"],
        Verdict::Tampered,
        "the public key in the database is not the log's",
    ),
    attack(
        "two rows exchanged",
        Level::Entries,
        &[
            "UPDATE events SET position = -1 WHERE position = 100",
            "UPDATE events SET position = 100 WHERE position = 200",
            "UPDATE events SET position = 200 WHERE position = -1",
        ],
        Verdict::Tampered,
        "event 100 (leaf 99",
    ),
    attack(
        "one gone from the middle",
        Level::Entries,
        &["DELETE FROM events WHERE position = 77"],
        Verdict::Tampered,
        "event 77 (leaf 76): it is missing",
    ),
    attack(
        "the gap closed",
        Level::Entries,
        &[
            "DELETE FROM events WHERE position = 77",
            "UPDATE events SET position = -position WHERE position > 77",
            "UPDATE events SET position = -position - 1 WHERE position < 0",
        ],
        Verdict::RolledBack,
        "event 77 (leaf 76",
    ),
    attack(
        "the last ten cut off",
        Level::Entries,
        &["DELETE FROM events WHERE position > 590"],
        Verdict::RolledBack,
        "the tree has 600 leaves, and the last event is 590",
    ),
    attack(
        "the last ten cut off, and the tree made to fit",
        Level::Signatures,
        &[
            "DELETE FROM events WHERE position > 590",
            "UPDATE log_tree SET size = 590, latest = NULL",
            "DELETE FROM log_checkpoints WHERE tree_size > 590",
        ],
        Verdict::RolledBack,
        "the anchor of 600 events",
    ),
    attack(
        "cut off and regrown",
        Level::Entries,
        &[
            "DELETE FROM events WHERE position > 590",
            "INSERT INTO events SELECT position + 10, organisation, class, stream, version + 100, event_id, \
             recorded_at + 1, body, body_hash FROM events WHERE position > 580",
        ],
        Verdict::Tampered,
        "event 591 (leaf 590",
    ),
    attack(
        "a row put in",
        Level::Entries,
        &[
            "UPDATE events SET position = -position WHERE position > 300",
            "UPDATE events SET position = 1 - position WHERE position < 0",
            "INSERT INTO events SELECT 301, organisation, class, stream, version + 1000, event_id, recorded_at, body, \
             body_hash FROM events WHERE position = 300",
        ],
        Verdict::Tampered,
        "event 301 (leaf 300",
    ),
    attack(
        "a row put before the beginning",
        Level::Entries,
        &[
            "INSERT INTO events SELECT 0, organisation, class, stream, version + 1000, event_id, recorded_at, body, \
           body_hash FROM events WHERE position = 300",
        ],
        Verdict::Tampered,
        "1 rows are before the beginning",
    ),
    attack(
        "a row put far behind the end",
        Level::Entries,
        &[
            "INSERT INTO events SELECT 9000000000, organisation, class, stream, version + 1000, event_id, recorded_at, \
           body, body_hash FROM events WHERE position = 300",
        ],
        Verdict::Tampered,
        "events 601 to 8999999999 are missing",
    ),
    attack(
        "a time changed",
        Level::Entries,
        &["UPDATE events SET recorded_at = recorded_at - 3600000000 WHERE position = 500"],
        Verdict::Tampered,
        "event 500 (leaf 499",
    ),
    attack(
        "two bodies exchanged",
        Level::Bodies,
        &["UPDATE events SET body = (SELECT body FROM events WHERE position = 21) WHERE position = 20"],
        Verdict::Tampered,
        "event 20 (leaf 19",
    ),
    attack(
        "two bodies exchanged with their hashes",
        Level::Entries,
        &["UPDATE events SET body = (SELECT body FROM events WHERE position = 21), \
             body_hash = (SELECT body_hash FROM events WHERE position = 21) WHERE position = 20"],
        Verdict::Tampered,
        "event 20 (leaf 19",
    ),
];

/// N1, K1: what somebody with every right on the database does to rows, tiles and checkpoints is found and named, with the
/// verdict that says what it was.
#[tokio::test]
async fn what_is_done_to_the_database_is_found() {
    on_both(async |test: TestDb| {
        furnished(&test).await;
        for Attack { what, level, sql, verdict, says } in &ATTACKS {
            let copy = test.copy().await;
            disarm(&copy.db).await;
            for statement in *sql {
                copy.db.run(*statement, vec![]).await.unwrap();
            }
            let verified = verified(&copy, *level).await;
            println!("{what}, found at the level of {level}:\n{}", verified.findings);
            assert_eq!(verified.verdict(), *verdict, "{what}");
            assert!(verified.findings.to_string().contains(says), "{what}: {}", verified.findings);
        }
    })
    .await;
}

/// N1: one byte in any field of a row, and the row is named.
#[tokio::test]
async fn a_flipped_byte_in_any_field_is_found() {
    on_both(async |test: TestDb| {
        furnished(&test).await;
        let copy = test.copy().await;
        disarm(&copy.db).await;
        let row = copy.db.one("SELECT * FROM events WHERE position = 333", vec![]).await.unwrap();
        let number = |column: &str| row.int(column).unwrap();
        let bytes = |column: &str| row.bytes(column).unwrap();
        let flipped = |column: &str| {
            let mut bytes = bytes(column);
            bytes[3] ^= 1;
            Value::from(bytes)
        };
        let fields: [(&str, Value, Value); 8] = [
            ("organisation", (number("organisation") ^ 1).into(), number("organisation").into()),
            ("class", (number("class") ^ 3).into(), number("class").into()),
            ("version", (number("version") ^ 0x100).into(), number("version").into()),
            ("recorded_at", (number("recorded_at") ^ 1).into(), number("recorded_at").into()),
            ("stream", flipped("stream"), bytes("stream").into()),
            ("event_id", flipped("event_id"), bytes("event_id").into()),
            ("body_hash", flipped("body_hash"), bytes("body_hash").into()),
            ("body", flipped("body"), bytes("body").into()),
        ];
        for (column, changed, written) in fields {
            let set = format!("UPDATE events SET {column} = $1 WHERE position = 333");
            copy.db.run(set.clone(), vec![changed]).await.unwrap();
            let verified = verified(&copy, Level::Bodies).await;
            println!("{column}:\n{}", verified.findings);
            assert_eq!(verified.verdict(), Verdict::Tampered, "{column}");
            let first = &verified.findings.first()[0];
            assert_eq!(first.place.map(|place| place.position), Some(333), "{column}: {first}");
            copy.db.run(set, vec![written]).await.unwrap();
        }
        assert_eq!(verified(&copy, Level::Bodies).await.verdict(), Verdict::Sound);
    })
    .await;
}

/// N1: a backup that is put in the place of the log is sound in itself; what was anchored since tells.
#[tokio::test]
async fn an_older_database_is_told_by_its_anchors() {
    on_both(async |test: TestDb| {
        furnished(&test).await;
        let newer = test.copy().await;
        let log =
            log_on(open_url(&newer.url).await, newer.dir.path(), eventstore::Clock::manual(START)).await;
        persist(&log, 1, 9_999).await;
        sign(&log, newer.dir.path()).await;
        log.close().await;
        let anchors = Anchors::read(&anchor_file(newer.dir.path())).unwrap();
        let settings = DbSettings { url: test.url.clone(), max_connections: 2 };
        let db = Db::open_read_only(&settings).await.unwrap();
        for (anchors, verdict) in [(Anchors::default(), Verdict::Sound), (anchors, Verdict::RolledBack)] {
            let against = Against { anchors, ..against(test.dir.path()) };
            let verified = verify(&db, &against, Level::Entries, &|_, _, _| {}).await.unwrap();
            assert_eq!(verified.verdict(), verdict, "{}", verified.findings);
        }
    })
    .await;
}
