//! Where the root comes from: a file in versions, a systemd credential, a program that keeps it to itself.

use crate::support::*;
use eventstore::{
    Clock,
    keys::{KeyError, KeyFiles, KeyName, RootCommand, RootKeyProvider, Vault},
    testing::{TestDb, on_both},
};
use seal::Key;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use zeroize::Zeroizing;

const PATIENCE: Duration = Duration::from_secs(20);

async fn open(test: &TestDb, root: &RootKeyProvider) -> Result<Vault, KeyError> {
    Vault::open(test.db.clone(), root, &test.dir.path().join("keys"), Clock::manual(START)).await
}

fn write_secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

fn file(folder: &Path) -> RootKeyProvider {
    RootKeyProvider::File(folder.join("root.key"))
}

/// The tests' key management service, with these roots.
fn kms(folder: &Path, roots: &str) -> RootKeyProvider {
    let (script, state) = (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/log/kms.py"), folder.join("kms.json"));
    fs::write(&state, roots).unwrap();
    command(&[script, state.to_str().unwrap()], PATIENCE)
}

fn shell(script: &str, timeout: Duration) -> RootKeyProvider {
    command(&["/bin/sh", "-c", script], timeout)
}

fn command(argv: &[&str], timeout: Duration) -> RootKeyProvider {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    RootKeyProvider::Command(RootCommand::new(argv, timeout).unwrap())
}

/// A44: an epoch key that was sealed before roots had versions opens as ever.
#[tokio::test]
async fn a_folder_of_old_opens() {
    on_both(async |test: TestDb| {
        let root = file(test.dir.path());
        write_secret(&test.dir.path().join("root.key"), "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
        let made = open(&test, &root).await.unwrap().obtain(&KeyName::index(ORGANISATION)).await.unwrap();
        let epoch = test.dir.path().join("keys/000001.epoch");
        let (place, sealed) = (1_i64.to_be_bytes(), fs::read(&epoch).unwrap());
        let key = root.unwrap("epoch", &place, &sealed).await.unwrap().unwrap();
        fs::write(&epoch, seal::seal(&Key::from_bytes([7; 32]), "epoch", &place, &key)).unwrap();
        let found = open(&test, &root).await.unwrap().find(&KeyName::index(ORGANISATION)).await.unwrap();
        assert_eq!(found.unwrap().id, made.id);
    })
    .await;
}

/// A44: the newest version of a root key seals, older ones open, and one that is missed is named.
#[tokio::test]
async fn versions_of_a_root_key_live_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let (path, root) = (folder.path().join("root.key"), file(folder.path()));
    let (first, second) =
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
    write_secret(&path, first);
    let old = root.wrap("label", b"place", b"a secret").await.unwrap();
    write_secret(&path, &format!("1 {first}\n2 {second}\n"));
    assert_eq!(root.newest_version().await.unwrap(), 2);
    let new = root.wrap("label", b"place", b"a secret").await.unwrap();
    for sealed in [&old, &new] {
        let opened = root.unwrap("label", b"place", sealed).await.unwrap().unwrap();
        assert_eq!(*opened, b"a secret");
        assert!(root.unwrap("other", b"place", sealed).await.unwrap().is_none());
        assert!(root.unwrap("label", b"elsewhere", sealed).await.unwrap().is_none());
        assert!(root.unwrap("label", b"place", &sealed[1..]).await.unwrap().is_none());
    }
    write_secret(&path, &format!("2 {second}\n"));
    assert!(root.unwrap("label", b"place", &new).await.unwrap().is_some());
    let missed = root.unwrap("label", b"place", &old).await.unwrap_err();
    assert!(matches!(missed, KeyError::RootVersionMissing { version: 1, .. }), "{missed}");
    write_secret(&path, &format!("1 {second}\n2 {first}\n"));
    assert!(root.unwrap("label", b"place", &new).await.unwrap().is_none(), "another key");
}

/// A44: a credential of systemd is read and never made.
#[tokio::test]
async fn a_credential_is_read_and_never_made() {
    on_both(async |test: TestDb| {
        let path: PathBuf = test.dir.path().join("credential");
        let root = RootKeyProvider::Credential(path.clone());
        assert!(matches!(open(&test, &root).await, Err(KeyError::CredentialMissing(at)) if at == path));
        assert!(!path.exists());
        // systemd's own files may be readable by a group.
        fs::write(&path, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n").unwrap();
        let made = open(&test, &root).await.unwrap().obtain(&KeyName::index(ORGANISATION)).await.unwrap();
        let found = open(&test, &root).await.unwrap().find(&KeyName::index(ORGANISATION)).await.unwrap();
        assert_eq!(found.unwrap().id, made.id);
    })
    .await;
}

/// A44: with a command the root stays where it is; another version wraps from then on, and what was wrapped opens.
#[tokio::test]
async fn a_command_guards_the_root() {
    on_both(async |test: TestDb| {
        let folder = test.dir.path();
        let root = kms(folder, r#"{"1": "aa01"}"#);
        let made = open(&test, &root).await.unwrap().obtain(&KeyName::index(ORGANISATION)).await.unwrap();
        assert!(!folder.join("root.key").exists());
        let root = kms(folder, r#"{"1": "aa01", "2": "bb02"}"#);
        assert_eq!(root.newest_version().await.unwrap(), 2);
        let found = open(&test, &root).await.unwrap().find(&KeyName::index(ORGANISATION)).await.unwrap();
        assert_eq!(found.unwrap().id, made.id);

        let other = open(&test, &kms(folder, r#"{"1": "cc03"}"#)).await.err().unwrap().to_string();
        assert!(other.contains("kms.py failed") && other.contains("not wrapped here"), "{other}");
        let gone = open(&test, &kms(folder, r#"{"2": "bb02"}"#)).await.err().unwrap().to_string();
        assert!(gone.contains("no root of version 1"), "{gone}");
    })
    .await;
}

/// A44: a command that fails, hangs, floods or talks nonsense stops the start, and its error says what it did, no secret.
#[tokio::test]
async fn a_command_that_misbehaves_is_told_of() {
    let test = TestDb::sqlite().await;
    let soon = Duration::from_millis(300);
    for (script, timeout, said) in [
        ("cat >&2; exit 3", PATIENCE, "exit status: 3: …"),
        ("echo 'access denied' >&2; exit 1", PATIENCE, "access denied"),
        ("sleep 30", soon, "did not answer within 300ms"),
        ("yes", PATIENCE, "more than 65536 bytes"),
        ("yes >&2", PATIENCE, "more than 65536 bytes"),
        ("echo hello", PATIENCE, "not the JSON object"),
        ("echo '{}'", PATIENCE, "no version"),
        (r#"echo '{"version": 1, "wrapped": ""}'"#, PATIENCE, "nothing wrapped"),
        (r#"echo '{"version": 1, "wrapped": "?"}'"#, PATIENCE, "nothing wrapped"),
    ] {
        let problem = open(&test, &shell(script, timeout)).await.err().unwrap();
        let KeyError::RootCommand { problem, .. } = &problem else { panic!("{script}: {problem}") };
        assert!(problem.contains(said), "{script}: {problem}");
    }
    let missing = open(&test, &command(&["/nowhere/kms"], PATIENCE)).await.err().unwrap().to_string();
    assert!(missing.contains("/nowhere/kms") && missing.contains("does not start"), "{missing}");
    assert!(!test.dir.path().join("keys/000001.epoch").exists());
}

/// A44: another secret of the program lies beside the epoch keys, sealed under the root: made once, for nobody else's eyes.
#[tokio::test]
async fn another_secret_lies_beside_the_epochs() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let root = file(folder.path());
    write_secret(&folder.path().join("root.key"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let files = KeyFiles::new(root.clone(), &keys);
    assert!(files.existing_secret("signer").await.unwrap().is_none());
    let fresh = |byte: u8| move || Zeroizing::new(vec![byte; 32]);
    let made = files.secret("signer", fresh(1)).await.unwrap();
    let again = KeyFiles::new(root, &keys).secret("signer", fresh(2)).await.unwrap();
    assert_eq!((*made).clone(), vec![1; 32]);
    assert_eq!(made, again);
    let path = keys.join("signer.key");
    let sealed = fs::read(&path).unwrap();
    assert!(!sealed.windows(8).any(|window| window == [1; 8]));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 1, "nothing is left beside it");
    fs::copy(&path, keys.join("other.key")).unwrap();
    assert!(
        matches!(files.existing_secret("other").await, Err(KeyError::WrongRoot(_))),
        "its name belongs to it"
    );
}
