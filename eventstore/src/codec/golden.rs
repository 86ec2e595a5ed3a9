//! Known events: what was written once is read for as long as the log is kept, so `tests/golden/` does not change.
//!
//! Of every type of event there is the plaintext of its sections (`.json`) and a body sealed once under fixed keys
//! (`.hex`). A field that came later shows in files of its own, such as `account.logged_in+factor`: it is written only where
//! there is something to say, and so the first files stand. A new type gets its files by `SEALPOST_BLESS=1 cargo test -p eventstore golden`, which writes missing files
//! and touches no others. A type that changed its shape gets a new version, an upcaster and files of its own.

mod examples;
mod names;

use super::{Parts, join};
use domain::{Actor, Event, Metadata, policy::Role};
use examples::{Example, examples};
use names::{known_names, name};
use seal::{
    Key, KeyId,
    event::{Class, Header, Section, SectionKind, parse_body, seal_body},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    env,
    fmt::Write,
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

const HEADER: Header = Header {
    class: Class::Domain,
    organisation: 7,
    stream: [0x10; 16],
    version: 3,
    event_id: [0x20; 16],
    recorded_at: 1_767_600_000_123_456, // 2026-01-05T08:00:00.123456Z
};

fn meta() -> Metadata {
    Metadata {
        by: Actor::Person { account: examples::id(0xA1), role: Some(Role::Administrator) },
        session: Some(examples::id(0xA2)),
        policy: Some(4),
    }
}

fn key(kind: SectionKind) -> Key {
    Key::from_bytes([kind as u8; 32])
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
}

/// The file's text; made anew only where there is none, and only when asked to.
fn golden(file: &str, make: impl FnOnce() -> String) -> String {
    /// One at a time: tests run side by side.
    static WRITING: Mutex<()> = Mutex::new(());
    let path = folder().join(file);
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    if !path.exists() && env::var_os("SEALPOST_BLESS").is_some() {
        fs::write(&path, make()).expect("a file in tests/golden");
    }
    fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!("tests/golden/{file} is missing; run SEALPOST_BLESS=1 cargo test -p eventstore golden, and commit it")
    })
}

fn sections(parts: &Parts) -> [(SectionKind, Option<&[u8]>); 3] {
    [
        (SectionKind::Audit, Some(&parts.audit)),
        (SectionKind::Personal, parts.personal.as_deref()),
        (SectionKind::Content, parts.content.as_deref()),
    ]
}

fn plain_json(parts: &Parts) -> Value {
    let [audit, personal, content] = sections(parts).map(|(_, bytes)| {
        bytes.map_or(Value::Null, |bytes| serde_json::from_slice(bytes).expect("a section is JSON"))
    });
    json!({ "audit": audit, "personal": personal, "content": content })
}

fn seal(parts: &Parts) -> String {
    let keys = sections(parts).map(|(kind, _)| key(kind));
    let present = sections(parts).into_iter().zip(&keys);
    let sealed: Vec<Section<'_>> = present
        .filter_map(|((kind, bytes), key)| {
            Some(Section { kind, key_id: KeyId([kind as u8; 16]), key, plaintext: bytes? })
        })
        .collect();
    let mut text = seal_body(&HEADER, &sealed).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    });
    text.push('\n');
    text
}

fn open(hex: &str) -> Parts {
    let digits: Vec<u8> = hex.trim().bytes().collect();
    let byte = |pair: &[u8]| {
        u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal digits")
    };
    let body: Vec<u8> = digits.chunks(2).map(byte).collect();
    let mut parts = Parts { audit: vec![], personal: None, content: None };
    for section in parse_body(&body).expect("a body") {
        let plain = section.open(&HEADER, &key(section.kind)).expect("the key that sealed it").to_vec();
        match section.kind {
            SectionKind::Audit => parts.audit = plain,
            SectionKind::Personal => parts.personal = Some(plain),
            SectionKind::Content => parts.content = Some(plain),
        }
    }
    parts
}

/// The files' name, without what follows the last dot.
fn file(example: &Example) -> String {
    let name = name(&example.event);
    example.with.map_or(name.to_owned(), |field| format!("{name}+{field}"))
}

fn read(parts: &Parts) -> (Metadata, Event) {
    join(1, &parts.audit, parts.personal.as_deref(), parts.content.as_deref()).expect("a known event")
}

/// K1, A44: an event of every type is written today as it was when its type was new.
#[test]
fn events_are_written_as_ever() {
    for example in examples() {
        let file = file(&example);
        let written = plain_json(&example.parts);
        assert_eq!(written["audit"]["t"], name(&example.event));
        let kept = golden(&format!("{file}.json"), || format!("{written:#}\n"));
        assert_eq!(written, serde_json::from_str::<Value>(&kept).expect("JSON"), "{file}");
    }
}

/// K1, A44: a body of every type that was sealed when the type was new opens, and means what it meant.
#[test]
fn bodies_are_read_as_ever() {
    for example in examples() {
        let file = file(&example);
        let opened = open(&golden(&format!("{file}.hex"), || seal(&example.parts)));
        assert_eq!(plain_json(&opened), plain_json(&example.parts), "{file}");
        assert_eq!(read(&opened), (meta(), example.event), "{file}");
    }
}

/// K1: every type of event has its two files, and no file is without its type.
#[test]
fn every_type_has_its_files() {
    // Whatever the other tests have to write is written first.
    events_are_written_as_ever();
    bodies_are_read_as_ever();
    let examples = examples();
    let first = examples.iter().filter(|example| example.with.is_none());
    let shown: BTreeSet<String> = first.map(|example| name(&example.event).to_owned()).collect();
    assert_eq!(shown, known_names().into_iter().collect());
    let files: BTreeSet<String> = fs::read_dir(folder())
        .expect("tests/golden")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    let policy = "policy.json".to_owned();
    let expected = examples.iter().map(file).flat_map(|file| [format!("{file}.json"), format!("{file}.hex")]);
    assert_eq!(files, expected.chain([policy]).collect());
}

/// K1: an event is read by its name alone, so no two types share one, be they in different groups of an account's events.
#[test]
fn no_two_types_share_a_name() {
    let mut names = known_names();
    names.sort();
    let told = names.len();
    names.dedup();
    assert_eq!(names.len(), told);
}
