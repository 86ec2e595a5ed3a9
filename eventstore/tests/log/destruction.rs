//! Destroying keys: what can no longer be read, what stays on record, and what a crash in between leaves to be done.

use crate::support::*;
use domain::{
    Event, Timestamp,
    draft::{self, Draft},
    key::{self, Command, VaultKey},
    message::Direction,
};
use eventstore::{
    Log, LogError,
    keys::{KeyError, KeyName, open_grant, seal_grant},
    log::Loaded,
    testing::{TestDb, on_both},
};
use seal::{Key, KeyId};
use std::fs;
use time::{Date, macros::date};

const DAY: Date = date!(2026 - 03 - 06);
const LATER: Timestamp = Timestamp::from_micros(START.micros() + 5_000_000);

fn day(day: Date) -> (KeyName, key::Subject) {
    (KeyName::expiry_day(ORGANISATION, day), key::Subject::ExpiryDay { day })
}

/// What the log says of a key: stream and events, in order.
async fn record(log: &Log) -> Vec<(KeyId, key::Event)> {
    let of_keys = |recorded: eventstore::Recorded| match recorded.event {
        Event::Key(id, event) => Some((KeyId(id.bytes()), event)),
        _ => None,
    };
    everything(log).await.into_iter().filter_map(of_keys).collect()
}

fn requested_and_done(id: KeyId, subject: key::Subject, at: Timestamp) -> Vec<(KeyId, key::Event)> {
    let requested = key::Event::DestructionRequested { subject, at };
    vec![(id, requested), (id, key::Event::Destroyed { at })]
}

/// A21, K5: with the expiry day's key every grant of that day is dead, for every process, and no such key is made again.
#[tokio::test]
async fn a_day_ends_for_everyone() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let (name, subject) = day(DAY);
        let (next_name, _) = day(DAY.next_day().unwrap());
        let mailbox =
            log.vault().obtain(&KeyName::mailbox(ORGANISATION, id(1), Direction::In, 1)).await.unwrap();
        let content = Key::random();
        let mut grants = vec![];
        for name in [name, next_name] {
            let day = log.vault().obtain(&name).await.unwrap();
            grants.push(seal_grant(&mailbox.key, &day.key, id(1), CONTENT_KEY, &content));
        }
        let condemned = log.vault().find(&name).await.unwrap().unwrap().id;
        let before = log.vault().expiry_days_before(ORGANISATION, DAY.next_day().unwrap()).await.unwrap();
        assert_eq!(before, [DAY]);

        log.destroy_key(&name, subject, LATER).await.unwrap();

        for log in [&log, &open_other_log(&test).await] {
            assert!(log.vault().find(&name).await.unwrap().is_none());
            assert!(log.vault().by_id(ORGANISATION, condemned).await.unwrap().is_none());
            assert!(matches!(log.vault().obtain(&name).await, Err(KeyError::Destroyed)));
            let next = log.vault().find(&next_name).await.unwrap().unwrap();
            let mailbox =
                log.vault().obtain(&KeyName::mailbox(ORGANISATION, id(1), Direction::In, 1)).await.unwrap();
            let open = |grant| open_grant(&mailbox.key, &next.key, id(1), CONTENT_KEY, grant);
            assert_eq!(open(&grants[1]), Some(content.clone()));
            assert_eq!(open(&grants[0]), None);
            assert_eq!(record(log).await, requested_and_done(condemned, subject, LATER));
        }
        assert!(
            log.vault().expiry_days_before(ORGANISATION, Date::MAX).await.unwrap()
                == [DAY.next_day().unwrap()]
        );
        let tombstones = fs::read_to_string(test.dir.path().join("keys/tombstones-2026-01-05")).unwrap();
        assert_eq!(tombstones, format!("{condemned} {ORGANISATION} {LATER}\n"));
    })
    .await;
}

/// K5: destroying again, or what never was, is quiet.
#[tokio::test]
async fn destroying_twice_is_quiet() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let (name, subject) = day(DAY);
        log.destroy_key(&name, subject, LATER).await.unwrap();
        assert!(everything(&log).await.is_empty());
        log.vault().obtain(&name).await.unwrap();
        for _ in 0..2 {
            log.destroy_key(&name, subject, LATER).await.unwrap();
            log.finish_destructions(ORGANISATION, LATER).await.unwrap();
        }
        assert_eq!(everything(&log).await.len(), 2);
    })
    .await;
}

/// K5, A44: a draft's text is gone with its key; that there was a draft is not, and nothing can be saved to it.
#[tokio::test]
async fn a_draft_ends_with_its_key() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        begin_draft(&log, id(7), "Half a thought").await;
        let held = log.draft_keys(ORGANISATION, id(7)).await.unwrap();
        let before: Loaded<Draft> = log.load_with(ORGANISATION, uuid(7), &held).await.unwrap();
        let name = KeyName::draft(ORGANISATION, id(7));
        log.destroy_key(&name, key::Subject::Draft { draft: id(7) }, LATER).await.unwrap();

        let keys = log.draft_keys(ORGANISATION, id(7)).await.unwrap();
        let after: Loaded<Draft> = log.load_with(ORGANISATION, uuid(7), &keys).await.unwrap();
        let text = |loaded: &Loaded<Draft>| match &loaded.state {
            draft::State::Open(open) => open.text.value().cloned(),
            draft::State::Absent | draft::State::Closed => panic!("the draft was begun"),
        };
        assert!(text(&before).is_some());
        assert_eq!((text(&after), after.version), (None, 1));
        let save =
            || draft::Command::Save { version: 1, text: draft::Text::default(), expires_in: None, at: LATER };
        let saved = log.execute::<Draft>(ORGANISATION, uuid(7), &meta(), save).await;
        assert!(matches!(saved, Err(LogError::Key(KeyError::Destroyed))));
        let discard = || draft::Command::Discard { at: LATER };
        assert!(log.execute::<Draft>(ORGANISATION, uuid(7), &meta(), discard).await.unwrap().is_ok());
    })
    .await;
}

/// Condemns a key and deletes it, as far as a process comes that is killed before it records the end.
async fn destroy_and_crash(test: &TestDb, name: &KeyName, subject: key::Subject) -> KeyId {
    let log = open_other_log(test).await;
    let id = log.vault().find(name).await.unwrap().unwrap().id;
    let stream = uuid::Uuid::from_bytes(id.0);
    let condemn = || Command::Condemn { subject, at: LATER };
    log.execute::<VaultKey>(ORGANISATION, stream, &meta(), condemn).await.unwrap().unwrap();
    let mut tx = log.db().begin().await.unwrap();
    let note = "INSERT INTO destroyed_keys \
         (key_id, organisation, purpose, owner, generation, destroyed_at, recorded) \
         SELECT key_id, organisation, purpose, owner, generation, 5, FALSE FROM vault WHERE key_id = $1";
    assert_eq!(tx.run(note, vec![id.0.into()]).await.unwrap(), 1);
    tx.run("DELETE FROM vault WHERE key_id = $1", vec![id.0.into()]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// K5: a crash between the deletion and its record is finished, once.
#[tokio::test]
async fn a_crash_after_the_deletion_is_finished() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let (name, subject) = day(DAY);
        log.vault().obtain(&name).await.unwrap();
        let gone = destroy_and_crash(&test, &name, subject).await;
        for _ in 0..2 {
            log.finish_destructions(ORGANISATION, LATER).await.unwrap();
            assert_eq!(record(&log).await, requested_and_done(gone, subject, LATER));
        }
        assert!(log.vault().find(&name).await.unwrap().is_none(), "memory forgets it too");
        let open = "SELECT count(*) AS n FROM destroyed_keys WHERE recorded = FALSE";
        assert_eq!(count(&test.db, open, vec![]).await, 0);
    })
    .await;
}

/// K5: a crash between the announcement and the deletion is finished by destroying again, once.
#[tokio::test]
async fn a_crash_before_the_deletion_is_finished() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let (name, subject) = day(DAY);
        let id = log.vault().obtain(&name).await.unwrap().id;
        let condemn = || Command::Condemn { subject, at: START };
        let stream = uuid::Uuid::from_bytes(id.0);
        log.execute::<VaultKey>(ORGANISATION, stream, &meta(), condemn).await.unwrap().unwrap();
        log.destroy_key(&name, subject, LATER).await.unwrap();
        let requested = key::Event::DestructionRequested { subject, at: START };
        assert_eq!(record(&log).await, [(id, requested), (id, key::Event::Destroyed { at: LATER })]);
    })
    .await;
}

/// Whether these bytes are in SQLite's file or in its write-ahead log.
fn is_on_disk(test: &TestDb, bytes: &[u8]) -> bool {
    ["test.db", "test.db-wal"].iter().any(|file| {
        let stored = fs::read(test.dir.path().join(file)).unwrap();
        stored.windows(bytes.len()).any(|window| window == bytes)
    })
}

async fn sealed_key(test: &TestDb, id: KeyId) -> Vec<u8> {
    let sql = "SELECT sealed FROM vault WHERE key_id = $1";
    test.db.one(sql, vec![id.0.into()]).await.unwrap().bytes("sealed").unwrap()
}

/// K5: a destroyed key's bytes are in no file of the database, even when a crash came between.
#[tokio::test]
async fn a_destroyed_key_is_on_no_page() {
    let test = TestDb::sqlite().await;
    let log = open_log(&test).await;
    let (name, subject) = day(DAY);
    let sealed = sealed_key(&test, log.vault().obtain(&name).await.unwrap().id).await;
    assert!(is_on_disk(&test, &sealed));
    log.destroy_key(&name, subject, LATER).await.unwrap();
    assert!(!is_on_disk(&test, &sealed));

    let (name, subject) = day(DAY.next_day().unwrap());
    let sealed = sealed_key(&test, log.vault().obtain(&name).await.unwrap().id).await;
    destroy_and_crash(&test, &name, subject).await;
    assert!(is_on_disk(&test, &sealed));
    log.finish_destructions(ORGANISATION, LATER).await.unwrap();
    assert!(!is_on_disk(&test, &sealed));
}
