//! What an operator can get wrong: each gives a clear error that says what to do, and nothing half done.

mod program;

use domain::OrganisationId;
use eventstore::{
    Clock,
    testing::{TestDb, on_both},
};
use program::sealpost;
use projections::audit::AuditFilter;
use sealpost::{
    config::{Config, Database},
    demo,
    node::Node,
};
use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};
use workers::JobName;

fn says(output: &Output, words: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it should have failed");
    assert!(text.contains(words), "it should have said `{words}`, it said: {text}");
}

/// What a program prints that did what it was asked for.
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A node on a test's database.
async fn node_on(test: &TestDb) -> Node {
    let listen = "127.0.0.1:0".parse().expect("an address");
    let database = Database { url: test.url.clone(), max_connections: 4 };
    let config = Config { database, ..Config::in_folder(test.dir.path(), listen) };
    let node = Node::open(config, Clock::System).await.expect("the node opens");
    node.start_projections();
    node
}

/// A database that a node has used: it holds keys.
async fn used(test: &TestDb) {
    said(&sealpost(test.dir.path(), &test.url, &["projections", "status"]));
    // A first organisation makes the first keys of the vault.
    let node = node_on(test).await;
    demo::people_of(&node, "http://localhost").await.expect("people are enrolled");
    node.stop().await;
}

/// A44: without its root key, or with another one, a node does not start, and says which key it needs.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_with_its_own_root_key_alone() {
    on_both(async |test: TestDb| {
        used(&test).await;
        let folder = test.dir.path();
        let (root, aside) = (folder.join("root.key"), folder.join("aside.key"));
        let status = |words| says(&sealpost(folder, &test.url, &["projections", "status"]), words);

        fs::rename(&root, &aside).expect("the key moves");
        status("is missing; restore it");
        assert!(!root.exists(), "a new key was made for old data");

        fs::write(&root, "A".repeat(43)).expect("another key");
        fs::set_permissions(&root, fs::Permissions::from_mode(0o600)).expect("its mode");
        status("use the root key that this database was begun with");

        fs::set_permissions(&root, fs::Permissions::from_mode(0o644)).expect("its mode");
        status("chmod 600");

        fs::rename(&aside, &root).expect("the key moves back");
        fs::rename(folder.join("keys"), folder.join("elsewhere")).expect("the folder moves");
        status("restore that folder");
    })
    .await;
}

/// Something happens, and it is signed and anchored.
async fn sign(test: &TestDb) {
    let node = node_on(test).await;
    let organisation = OrganisationId(1);
    node.app.audit_by_operator(organisation, &AuditFilter::default()).await.expect("the audit answers");
    node.notary.step().await.expect("it is signed");
    let ran =
        node.scheduler.run_now(JobName::Anchor).await.expect("the job runs").expect("nobody else runs it");
    assert_eq!(ran.failure, None);
    let log = node.app.log().clone();
    node.stop().await;
    // So that it can be copied.
    log.db().close().await;
}

/// K11, N1: a database from a backup is behind its last anchor; no node starts with it until the restore is declared, with a
/// reason. That is in the log of each organisation, and the anchor that was given up stands in the file of anchors.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_starts_once_that_is_declared() {
    on_both(async |test: TestDb| {
        used(&test).await;
        Box::pin(sign(&test)).await;
        let older = test.copy().await;
        Box::pin(sign(&test)).await;
        let file = |test: &TestDb| test.dir.path().join("keys/anchors.jsonl");
        fs::copy(file(&test), file(&older)).expect("the anchors are kept");
        let anchors = fs::read_to_string(file(&test)).expect("the anchors");

        let run = |arguments: &[&str]| sealpost(older.dir.path(), &older.url, arguments);
        for command in [&["serve"][..], &["jobs"], &["projections", "status"], &["audit"]] {
            says(&run(command), "sealpost log declare-restore");
        }
        assert!(said(&run(&["log", "status"])).contains("does NOT continue its last anchor"));
        says(&run(&["log", "declare-restore", "--reason", " "]), "Give a reason");
        let declared = said(&run(&["log", "declare-restore", "--reason", "The disk died."]));
        says(&run(&["log", "declare-restore", "--reason", "Again."]), "no restore to declare");
        assert!(said(&run(&["log", "status"])).contains("The log continues its last anchor."));
        let found = said(&run(&["audit", "--kind", "RESTORE_DECLARED"]));
        assert_eq!(found.lines().count(), 2, "a heading and one event: {found}");
        assert!(found.contains("RESTORE_DECLARED") && found.contains("operator"), "{found}");

        let lines = fs::read_to_string(file(&older)).expect("the anchors");
        let added = lines.strip_prefix(&anchors).expect("nothing before was changed");
        let added: serde_json::Value = serde_json::from_str(added).expect("one line");
        let given_up: serde_json::Value =
            serde_json::from_str(anchors.lines().last().expect("a line")).expect("JSON");
        assert_eq!(added["replaces"], given_up["note"]);
        assert!(declared.ends_with(added["note"].as_str().expect("a note")), "{declared}");
        Box::pin(sign(&older)).await;
    })
    .await;
}

/// K11: a database that a newer program has migrated is left alone.
#[tokio::test]
async fn a_newer_database_is_left_alone() {
    on_both(async |test: TestDb| {
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (999999, 'from the future', TRUE, $1, 0)";
        test.db.run(newer, vec![vec![0u8; 48].into()]).await.expect("the row is written");
        for command in [&["migrate"][..], &["serve"]] {
            says(&sealpost(test.dir.path(), &test.url, command), "run the newer program");
        }
    })
    .await;
}

#[tokio::test]
async fn an_empty_database_asks_to_be_migrated() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("new.db").display());
    says(&sealpost(folder.path(), &url, &["serve"]), "sealpost migrate");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    on_both(async |test: TestDb| {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("its address").to_string();
        let folder = test.dir.path();
        let output = Command::new(env!("CARGO_BIN_EXE_sealpost"))
            .arg("serve")
            .env("SEALPOST_LISTEN", &address)
            .env("SEALPOST_DATABASE__URL", &test.url)
            .env("SEALPOST_KEYS__ROOT_FILE", folder.join("root.key"))
            .env("SEALPOST_KEYS__FOLDER", folder.join("keys"))
            .env("SEALPOST_ATTACHMENTS__FOLDER", folder.join("attachments"))
            .env("SEALPOST_MAIL__FOLDER", folder.join("mail"))
            .output()
            .expect("the program starts");
        says(&output, &address);
    })
    .await;
}

/// A45: plain HTTP outside loopback is refused, with the way out.
#[test]
fn plain_http_stays_on_loopback() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("sealpost.toml");
    fs::write(&config, "listen = \"0.0.0.0:8080\"\n").expect("a configuration");
    let config = config.to_str().expect("a name");
    says(&sealpost(folder.path(), "sqlite://none.db", &["serve", "--config", config]), "behind_tls_proxy");
}

#[test]
fn an_unknown_key_of_the_configuration_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("sealpost.toml");
    fs::write(&config, "[database]\nadress = \"x\"\n").expect("a configuration");
    let config = config.to_str().expect("a name");
    let output = sealpost(folder.path(), "sqlite://none.db", &["migrate", "--config", config]);
    says(&output, "adress");
    says(&output, "max_connections");
}
