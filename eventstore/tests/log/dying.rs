//! A process that dies in the middle of a key's end: whoever comes next finishes it.

use crate::support::*;
use domain::{
    Event, Timestamp,
    id::VaultKeyId,
    key::{self, Subject},
};
use eventstore::{
    Clock, Log,
    db::Dialect,
    keys::{KeyName, tombstones},
    testing::{TestDb, on_both},
};
use seal::KeyId;
use std::{
    env, fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, ExitStatus, Stdio},
};
use time::{Date, macros::date};

const URL: &str = "SEALPOST_DYING_URL";
const FOLDER: &str = "SEALPOST_DYING_FOLDER";
const PLACE: &str = "SEALPOST_DIE_AT";
const SIGABRT: i32 = 6;
/// Every step of a destruction, in order.
const PLACES: [&str; 5] =
    ["key condemned", "tombstone written", "row deleted", "pages wiped", "end recorded"];
const DAY: Date = date!(2026 - 03 - 06);
/// Another day, so that a second tombstone would be in another file.
const LATER: Timestamp = Timestamp::from_micros(START.micros() + 86_400_000_000);

fn doomed() -> (KeyName, Subject) {
    (KeyName::expiry_day(ORGANISATION, DAY), Subject::ExpiryDay { day: DAY })
}

/// Destroys the doomed key, and dies on the way if it is told to. The tests below run this one in a process of its own; on its own it does
/// nothing.
#[tokio::test]
#[ignore = "the process that dies"]
async fn destroyer() {
    let (Ok(url), Ok(folder)) = (env::var(URL), env::var(FOLDER)) else {
        return;
    };
    let log = log_on(open_url(&url).await, Path::new(&folder), Clock::manual(START)).await;
    let (name, subject) = doomed();
    log.destroy_key(&name, subject, START).await.unwrap();
}

/// How the destroyer came to its end.
fn destroy(test: &TestDb, die_at: &str) -> ExitStatus {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "dying::destroyer"])
        .env(URL, &test.url)
        .env(FOLDER, test.dir.path())
        .env(PLACE, die_at)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    output.status
}

/// What finishes a destruction that was interrupted.
#[derive(Clone, Copy, Debug)]
enum By {
    /// Whoever wanted it asks again.
    NextCall,
    /// The job, which knows the announcement from the log.
    Job,
}

async fn finish(log: &Log, id: KeyId, by: By) {
    let (name, subject) = doomed();
    match by {
        By::NextCall => log.destroy_key(&name, subject, LATER).await.unwrap(),
        By::Job => {
            log.finish_destructions(ORGANISATION, LATER).await.unwrap();
            log.finish_destruction(ORGANISATION, VaultKeyId::from_bytes(id.0), LATER).await.unwrap();
        }
    }
}

/// K5: wherever the process dies, the key's end is announced once, noted once outside the database, on no page of it, and
/// recorded once; by the next call as well as by the job.
#[tokio::test]
async fn a_destruction_is_finished_wherever_it_was_interrupted() {
    on_both(async |test: TestDb| {
        assert!(destroy(&test, "nowhere").success(), "with nothing to destroy it lives");
        for by in [By::NextCall, By::Job] {
            for place in PLACES {
                interrupted(&TestDb::like(&test).await, place, by).await;
            }
        }
    })
    .await;
}

async fn interrupted(test: &TestDb, place: &str, by: By) {
    let log = open_log(test).await;
    let (name, subject) = doomed();
    let spared = log.vault().obtain(&KeyName::index(ORGANISATION)).await.unwrap().id;
    let id = log.vault().obtain(&name).await.unwrap().id;
    let sealed = sealed(test, id).await;
    assert_eq!(destroy(test, place).signal(), Some(SIGABRT), "it dies at {place}");

    // Another process, as after a restart.
    let log = open_other_log(test).await;
    for _ in 0..2 {
        finish(&log, id, by).await;
        let of_keys = everything(&log).await.into_iter().filter_map(|recorded| match recorded.event {
            Event::Key(stream, event) => Some((stream.bytes(), event)),
            _ => None,
        });
        let events: Vec<_> = of_keys.collect();
        let end = if place == "end recorded" { START } else { LATER };
        let requested = key::Event::DestructionRequested { subject, at: START };
        let expected = [(id.0, requested), (id.0, key::Event::Destroyed { at: end })];
        assert_eq!(events, expected, "{place}, {by:?}");
        let noted = tombstones(log.vault().files().folder()).unwrap();
        assert_eq!(noted.keys().collect::<Vec<_>>(), [&id]);
        assert_eq!(lines(log.vault().files().folder()), 1, "{place}, {by:?}");
        assert!(log.vault().find(&name).await.unwrap().is_none(), "{place}");
        assert!(log.vault().by_id(ORGANISATION, spared).await.unwrap().is_some(), "{place}");
        let recorded = "SELECT count(*) AS n FROM destroyed_keys WHERE recorded = TRUE";
        assert_eq!(count(&test.db, recorded, vec![]).await, 1, "{place}, {by:?}");
        assert!(!is_on_disk(test, &sealed), "{place}, {by:?}");
    }
}

async fn sealed(test: &TestDb, id: KeyId) -> Vec<u8> {
    let sql = "SELECT sealed FROM vault WHERE key_id = $1";
    test.db.one(sql, vec![id.0.into()]).await.unwrap().bytes("sealed").unwrap()
}

/// Lines of all tombstones, each key's as often as it was written.
fn lines(folder: &Path) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let tombstones = files.filter(|path| path.to_string_lossy().contains("tombstones"));
    tombstones.map(|path| fs::read_to_string(path).unwrap().lines().count()).sum()
}

/// Whether SQLite's files hold these bytes. What PostgreSQL keeps of a deleted row is for VACUUM and its archives.
fn is_on_disk(test: &TestDb, bytes: &[u8]) -> bool {
    test.db.dialect() == Dialect::Sqlite
        && ["test.db", "test.db-wal"].iter().any(|file| {
            let stored = fs::read(test.dir.path().join(file)).unwrap_or_default();
            stored.windows(bytes.len()).any(|window| window == bytes)
        })
}
