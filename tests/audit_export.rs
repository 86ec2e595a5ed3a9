//! `sealpost audit export`: the audit into a file, by the command line.

mod program;

use eventstore::testing::{TestDb, on_both};
use program::sealpost;
use sha2::{Digest, Sha256};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// What the program says, and whether it did what it was told.
#[track_caller]
fn told(database: &TestDb, arguments: &[&str]) -> (bool, String) {
    let output = sealpost(database.dir.path(), &database.url, arguments);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[track_caller]
fn runs(database: &TestDb, arguments: &[&str]) -> String {
    let (ran, said) = told(database, arguments);
    assert!(ran, "{arguments:?}: {said}");
    said
}

fn hash(path: &Path) -> String {
    let bytes = fs::read(path).expect("the file");
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.map(|byte| format!("{byte:02x}")).concat()
}

fn found(database: &TestDb) {
    let organisation = [
        ("--name", "Lakeside"),
        ("--portal-url", "https://mail.insurer.example"),
        ("--do-not-reply", "do-not-reply@insurer.example"),
        ("--domain", "insurer.example"),
        ("--administrator", "admin@insurer.example"),
    ];
    let arguments = organisation.iter().flat_map(|(name, value)| [*name, *value]);
    runs(database, &["org", "found"].into_iter().chain(arguments).collect::<Vec<_>>());
}

/// E2, E5, E6, K7: the command line writes the audit into a file of its own, as JSON Lines or CSV; says its hash, which the same
/// size of the log gives again; and is on record.
#[tokio::test]
async fn the_audit_is_written_into_a_file() {
    on_both(async |database: TestDb| {
        found(&database);
        let place = |name: &str| database.dir.path().join(name);
        let export = |form: &str, name: &str, more: &[&str]| {
            let path = place(name).to_string_lossy().into_owned();
            told(&database, &[&["audit", "export", form, &path, "--reason", "An enquiry."], more].concat())
        };
        let (ran, said) = export("--jsonl", "first.jsonl", &[]);
        assert!(ran && said.contains("events up to log size"), "{said}");
        let text = fs::read_to_string(place("first.jsonl")).expect("a file");
        assert!(text.lines().next().expect("a line").contains("\"kind\":\"ORGANISATION_FOUNDED\""), "{text}");
        let size = text.lines().count().to_string();
        assert!(said.contains(&format!("{size} events up to log size {size} ")), "{said}");
        assert!(said.contains(&hash(&place("first.jsonl"))), "{said}");
        let mode = fs::metadata(place("first.jsonl")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "others can read it");

        let (_, again) = export("--jsonl", "again.jsonl", &["--tree-size", &size]);
        assert_eq!(hash(&place("again.jsonl")), hash(&place("first.jsonl")), "{again}");
        let (_, later) = export("--csv", "later.csv", &["--kind", "EXPORTED"]);
        let csv = fs::read_to_string(place("later.csv")).expect("a file");
        assert_eq!(csv.lines().count(), 5, "asked for and made, twice: {csv}\n{later}");
        assert!(csv.lines().skip(1).all(|line| line.contains(",EXPORTED,DONE,")), "{csv}");
        let table = runs(&database, &["audit", "--kind", "EXPORTED"]);
        assert_eq!(table.matches("operator").count(), 6, "{table}");
    })
    .await;
}

/// E2: what cannot be written says why, and leaves nothing that looks like an export.
#[tokio::test]
async fn a_file_is_not_written_over() {
    on_both(async |database: TestDb| {
        found(&database);
        let path = database.dir.path().join("audit.csv");
        let path = path.to_string_lossy();
        let refuses = |arguments: &[&str], why: &str| {
            let (ran, said) = told(&database, &[&["audit", "export"], arguments].concat());
            assert!(!ran && said.contains(why), "{arguments:?}: {said}");
        };
        let why = ["--reason", "An enquiry."];
        refuses(&[&["--csv", &path], &why[..], &["--tree-size", "9999"]].concat(), "Name a size of the log");
        assert!(!Path::new(&*path).exists(), "it leaves a file");
        refuses(&["--csv", &path, "--reason", " "], "Give a reason");
        refuses(
            &[&["--csv", &path], &why[..], &["--organisation", "7"]].concat(),
            "there is no organisation 7",
        );
        refuses(&[&["--csv", &path], &why[..], &["--kind", "LOGGED"]].concat(), "LOGGED is no kind of event");
        refuses(&["--csv", &path], "--reason");
        refuses(&why, "--jsonl");
        refuses(&[&["--csv", &path, "--jsonl", &path], &why[..]].concat(), "cannot be used with");
        assert!(!Path::new(&*path).exists(), "it leaves a file");
        fs::write(&*path, "kept").expect("a file");
        refuses(&[&["--csv", &path], &why[..]].concat(), "is there already");
        assert_eq!(fs::read_to_string(&*path).expect("a file"), "kept");
    })
    .await;
}
