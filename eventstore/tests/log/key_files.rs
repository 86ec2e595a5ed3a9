//! The root key and the epoch keys: made once, for nobody else's eyes, and missed when they are not there.

use crate::support::*;
use eventstore::{
    Clock,
    db::Db,
    keys::{KeyError, KeyName, RootKeyProvider, Vault},
    testing::{TestDb, on_both},
};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

fn root(test: &TestDb) -> PathBuf {
    test.dir.path().join("root.key")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Makes the files, and one key that depends on them.
async fn begin(test: &TestDb) {
    let vault = open_vault(test.db.clone(), test.dir.path()).await.unwrap();
    vault.obtain(&KeyName::index(ORGANISATION)).await.unwrap();
}

async fn open(test: &TestDb) -> Result<Vault, KeyError> {
    open_vault(test.db.clone(), test.dir.path()).await
}

/// A44: an empty database gets a root key and an epoch key, which nobody but the owner can read, and opens with them again.
#[tokio::test]
async fn an_empty_database_gets_its_keys() {
    on_both(async |test: TestDb| {
        let made = open(&test).await.unwrap().obtain(&KeyName::index(ORGANISATION)).await.unwrap();
        let text = fs::read_to_string(root(&test)).unwrap();
        assert_eq!(text.len(), 43);
        for file in [root(&test), test.dir.path().join("keys/000001.epoch")] {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
        let found = open(&test).await.unwrap().find(&KeyName::index(ORGANISATION)).await.unwrap().unwrap();
        assert!(found.key == made.key && found.id == made.id);
        assert_eq!(fs::read_to_string(root(&test)).unwrap(), text);
    })
    .await;
}

/// A44: a key is made once, whoever asks at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_once() {
    on_both(async |test: TestDb| {
        begin(&test).await;
        let name = KeyName::credential(ORGANISATION, id(1));
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let vault = open(&test).await.unwrap();
            asking.spawn(async move { vault.obtain(&name).await.unwrap().id });
        }
        let mut ids = asking.join_all().await;
        ids.dedup();
        assert_eq!(ids.len(), 1);
    })
    .await;
}

/// A44: without its root key a database with data does not open, and no new root key is made in its place.
#[tokio::test]
async fn a_missing_root_key_is_missed() {
    on_both(async |test: TestDb| {
        begin(&test).await;
        fs::remove_file(root(&test)).unwrap();
        assert!(matches!(open(&test).await, Err(KeyError::RootMissing(path)) if path == root(&test)));
        assert!(!root(&test).exists());
    })
    .await;
}

/// A44: another database's root key is told apart from a damaged one.
#[tokio::test]
async fn a_wrong_root_key_is_refused() {
    on_both(async |test: TestDb| {
        begin(&test).await;
        let right = fs::read_to_string(root(&test)).unwrap();
        let epoch = test.dir.path().join("keys/000001.epoch");
        fs::write(root(&test), "A".repeat(43)).unwrap();
        assert!(matches!(open(&test).await, Err(KeyError::WrongRoot(path)) if path == epoch));
        for malformed in
            ["", "A", &right[..42], &format!("{right}A"), "not a key at all, not a key at all, not a key"]
        {
            fs::write(root(&test), malformed).unwrap();
            assert!(matches!(open(&test).await, Err(KeyError::RootMalformed(_))), "{malformed}");
        }
        fs::write(root(&test), format!("{right}\n")).unwrap();
        assert!(open(&test).await.is_ok(), "a line end does not matter");
    })
    .await;
}

/// A44: a root key that others can read is refused until that is put right.
#[tokio::test]
async fn an_exposed_root_key_is_refused() {
    on_both(async |test: TestDb| {
        begin(&test).await;
        for exposed in [0o640, 0o604, 0o644, 0o660] {
            fs::set_permissions(root(&test), Permissions::from_mode(exposed)).unwrap();
            assert!(matches!(open(&test).await, Err(KeyError::RootExposed(path)) if path == root(&test)));
        }
        fs::set_permissions(root(&test), Permissions::from_mode(0o400)).unwrap();
        assert!(open(&test).await.is_ok());
    })
    .await;
}

/// A44: a database with data needs the epoch keys it was written under.
#[tokio::test]
async fn missing_epoch_keys_are_missed() {
    on_both(async |test: TestDb| {
        begin(&test).await;
        let folder = test.dir.path().join("keys");
        fs::rename(&folder, test.dir.path().join("elsewhere")).unwrap();
        assert!(matches!(open(&test).await, Err(KeyError::EpochsMissing(path)) if path == folder));
        assert!(!folder.exists());
    })
    .await;
}

/// A44: an empty database does not make use of another's epoch keys, which it would renew and delete.
#[tokio::test]
async fn a_folder_belongs_to_one_database() {
    on_both(async |test: TestDb| {
        open(&test).await.unwrap();
        open(&test).await.expect("it was begun, though it has no key yet");
        let other = TestDb::like(&test).await;
        let mixed = open_vault(other.db.clone(), test.dir.path()).await;
        let folder = test.dir.path().join("keys");
        assert!(matches!(mixed, Err(KeyError::EpochsOfOthers(path)) if path == folder));
    })
    .await;
}

/// A44: the keys of one database do not open another.
#[tokio::test]
async fn the_keys_of_another_database_are_refused() {
    on_both(async |test: TestDb| {
        let other = TestDb::sqlite().await;
        begin(&test).await;
        begin(&other).await;
        let mixed: Result<Vault, KeyError> = open_vault(test.db.clone(), other.dir.path()).await;
        assert!(matches!(mixed, Err(KeyError::Unopenable(1))));
    })
    .await;
}

/// A44: a key whose row was exchanged with another's does not open.
#[tokio::test]
async fn exchanged_keys_are_found() {
    on_both(async |test: TestDb| {
        begin(&test).await;
        let name = KeyName::credential(ORGANISATION, id(1));
        open(&test).await.unwrap().obtain(&name).await.unwrap();
        let exchange =
            "UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE purpose = 6) WHERE purpose = 1";
        assert_eq!(test.db.run(exchange, vec![]).await.unwrap(), 1);
        // The start looks at one key, whichever it is.
        let found = match open(&test).await {
            Ok(vault) => vault.find(&KeyName::index(ORGANISATION)).await.map(drop),
            Err(problem) => Err(problem),
        };
        assert!(matches!(found, Err(KeyError::Unopenable(1))));
    })
    .await;
}

/// A44: the root key can come from the environment, and is asked for by the variable's name when it is not there.
#[tokio::test]
async fn an_unset_variable_is_named() {
    let test = TestDb::sqlite().await;
    let unset = RootKeyProvider::Environment("SEALPOST_NO_SUCH_ROOT_KEY".to_owned());
    let db: Db = test.db.clone();
    let opened = Vault::open(db, &unset, &test.dir.path().join("keys"), Clock::manual(START)).await;
    assert!(matches!(opened, Err(KeyError::RootUnset(name)) if name == "SEALPOST_NO_SUCH_ROOT_KEY"));
}
