//! Known events: what was written once is read for as long as the log is kept, so `tests/golden/` does not change.
//!
//! Of every type of event there is the plaintext of its sections (`.json`) and a body sealed once under fixed keys
//! (`.hex`). A new type gets its files by `SEALPOST_BLESS=1 cargo test -p eventstore golden`, which writes missing files
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

fn read(parts: &Parts) -> (Metadata, Event) {
    join(1, &parts.audit, parts.personal.as_deref(), parts.content.as_deref()).expect("a known event")
}

/// K1, A44: an event of every type is written today as it was when its type was new.
#[test]
fn events_are_written_as_ever() {
    for Example { event, parts } in examples() {
        let name = name(&event);
        let written = plain_json(&parts);
        assert_eq!(written["audit"]["t"], name);
        let file = golden(&format!("{name}.json"), || format!("{written:#}\n"));
        assert_eq!(written, serde_json::from_str::<Value>(&file).expect("JSON"), "{name}");
    }
}

/// K1, A44: a body of every type that was sealed when the type was new opens, and means what it meant.
#[test]
fn bodies_are_read_as_ever() {
    for Example { event, parts } in examples() {
        let name = name(&event);
        let opened = open(&golden(&format!("{name}.hex"), || seal(&parts)));
        assert_eq!(plain_json(&opened), plain_json(&parts), "{name}");
        assert_eq!(read(&opened), (meta(), event), "{name}");
    }
}

/// K1: every type of event has its two files, and no file is without its type.
#[test]
fn every_type_has_its_files() {
    // Whatever the other tests have to write is written first.
    events_are_written_as_ever();
    bodies_are_read_as_ever();
    let shown: BTreeSet<String> = examples().iter().map(|example| name(&example.event).to_owned()).collect();
    assert_eq!(shown, known_names());
    let files: BTreeSet<String> = fs::read_dir(folder())
        .expect("tests/golden")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    let policy = "policy.json".to_owned();
    let expected = shown.iter().flat_map(|name| [format!("{name}.json"), format!("{name}.hex")]);
    assert_eq!(files, expected.chain([policy]).collect());
}
