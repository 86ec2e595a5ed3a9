//! A database that is put back from a backup: what was destroyed since stays destroyed.

use crate::support::*;
use domain::{Event, event::Subject, key, message::Direction};
use eventstore::{
    LogError,
    keys::{KeyError, KeyName},
    testing::{TestDb, on_both},
};
use std::{fs, path::PathBuf};
use time::macros::date;

/// Keys of every kind that is destroyed, with what is said of their end.
fn doomed() -> Vec<(KeyName, key::Subject)> {
    let account = id(1);
    let day = date!(2026 - 03 - 06);
    vec![
        (KeyName::expiry_day(ORGANISATION, day), key::Subject::ExpiryDay { day }),
        (KeyName::draft(ORGANISATION, id(7)), key::Subject::Draft { draft: id(7) }),
        (KeyName::held(ORGANISATION, id(8)), key::Subject::Held { intake: id(8) }),
        (KeyName::export(ORGANISATION, id(9)), key::Subject::Export { export: id(9) }),
        (KeyName::credential(ORGANISATION, account), key::Subject::Credentials { account }),
        (
            KeyName::mailbox(ORGANISATION, account, Direction::In, 3),
            key::Subject::IncomingMailbox { account, generation: 3 },
        ),
        (
            KeyName::mailbox(ORGANISATION, account, Direction::Out, 4),
            key::Subject::OutgoingMailbox { account, generation: 4 },
        ),
        (
            KeyName::subject(ORGANISATION, Subject::Account(account)),
            key::Subject::Personal { owner: account.uuid() },
        ),
    ]
}

fn tombstone_files(test: &TestDb) -> Vec<PathBuf> {
    let files = fs::read_dir(test.dir.path().join("keys")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_string_lossy().contains("tombstones")).collect()
}

/// K5, K11: a database of before the destruction is put back beside the tombstones of after it: each key is destroyed again, which
/// is on record with what it was for, and nothing else is lost; once.
#[tokio::test]
async fn what_was_destroyed_since_a_backup_stays_destroyed() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let spared = KeyName::mailbox(ORGANISATION, id(2), Direction::In, 1);
        for name in doomed().iter().map(|(name, _)| name).chain([&spared]) {
            log.vault().obtain(name).await.unwrap();
        }
        log.close().await;
        let backup = test.copy().await;
        let log = open_other_log(&test).await;
        for (name, subject) in doomed() {
            log.destroy_key(&name, subject, START).await.unwrap();
        }
        for file in tombstone_files(&test) {
            fs::copy(&file, backup.dir.path().join("keys").join(file.file_name().unwrap())).unwrap();
        }

        let log = open_log(&backup).await;
        for (name, _) in doomed() {
            assert!(log.vault().find(&name).await.unwrap().is_some(), "the backup has it");
        }
        assert_eq!(log.replay_tombstones(START).await.unwrap(), 8);
        for (name, subject) in doomed() {
            assert!(log.vault().find(&name).await.unwrap().is_none(), "{subject:?}");
            assert!(matches!(log.vault().obtain(&name).await, Err(KeyError::Destroyed)), "{subject:?}");
        }
        assert!(log.vault().find(&spared).await.unwrap().is_some());
        let events = everything(&log).await;
        for (_, subject) in doomed() {
            let requested = Event::Key(
                events
                    .iter()
                    .find_map(|recorded| match &recorded.event {
                        Event::Key(key, key::Event::DestructionRequested { subject: of, .. })
                            if *of == subject =>
                        {
                            Some(*key)
                        }
                        _ => None,
                    })
                    .unwrap_or_else(|| panic!("{subject:?} is on record")),
                key::Event::Destroyed { at: START },
            );
            assert!(events.iter().any(|recorded| recorded.event == requested), "{subject:?}");
        }
        assert_eq!(log.replay_tombstones(START).await.unwrap(), 0, "once is enough");
        assert_eq!(everything(&log).await.len(), events.len());
        assert_eq!(tombstone_files(&backup).len(), 1);
    })
    .await;
}

/// K5: a tombstone that is none, or that names a key which is never destroyed, stops the replay, and nothing is destroyed.
#[tokio::test]
async fn a_damaged_tombstone_destroys_nothing() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let index = log.vault().obtain(&KeyName::index(ORGANISATION)).await.unwrap().id;
        let day = log.vault().obtain(&doomed()[0].0).await.unwrap().id;
        let file = test.dir.path().join("keys/tombstones-2026-01-05");
        let line = |id| format!("{id} {ORGANISATION} {START}\n");
        fs::write(&file, format!("{}and {}", line(day), line(day))).unwrap();
        let damaged = log.replay_tombstones(START).await.unwrap_err();
        assert!(matches!(damaged, LogError::Key(KeyError::Tombstone { line: 2, .. })), "{damaged}");
        fs::write(&file, line(index)).unwrap();
        let forged = log.replay_tombstones(START).await.unwrap_err();
        assert!(matches!(forged, LogError::Key(KeyError::Indestructible(id)) if id == index), "{forged}");
        assert!(log.vault().by_id(ORGANISATION, index).await.unwrap().is_some());
        assert!(log.vault().by_id(ORGANISATION, day).await.unwrap().is_some());
        assert!(everything(&log).await.is_empty());
    })
    .await;
}
