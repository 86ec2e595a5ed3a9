//! N1: the small program that checks a bundle with nothing but the log's key.

mod common;

use common::{Log, key};
use proof::bundle::LogWriter;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A folder for one test, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-check"));
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn bundle(log: &Log) -> Vec<u8> {
    let mut writer = LogWriter::begin(vec![], &key().verifier(), log.size(), false).unwrap();
    for (entry, _) in &log.events {
        writer.entry(entry, &[]).unwrap();
    }
    writer.checkpoint(&log.note(log.size())).unwrap();
    writer.finish().unwrap()
}

/// N1: the exit code says what came out, and the report says of which log and up to where.
#[test]
fn exit_codes_say_what_came_out() {
    let folder = Folder::new("exit-codes");
    let log = Log::of(300);
    let sound = folder.write("sound", bundle(&log));
    let vkey = key().verifier().to_string();
    let key_file = folder.write("key", format!("{vkey}\n"));
    for key in [&vkey, &key_file] {
        let (code, said) = run(&[&sound, "--key", key]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("the checkpoint of 300 events signed at 2023-11-14T22:18:20"), "{said}");
        assert!(said.ends_with("result       sound\n"), "{said}");
    }
    let anchors = folder.write("anchors", log.note(100) + &log.note(300));
    assert_eq!(run(&[&sound, "--key", &vkey, "--anchor", &anchors]).0, 0);

    let mut bytes = bundle(&log);
    bytes[1_000] ^= 1;
    assert_eq!(run(&[&folder.write("tampered", &bytes), "--key", &vkey]).0, 2);
    assert_eq!(run(&[&folder.write("short", &bytes[..1_000]), "--key", &vkey]).0, 2);
    let shorter = folder.write("shorter", bundle(&Log::of(200)));
    assert_eq!(run(&[&shorter, "--key", &vkey, "--anchor", &anchors]).0, 3);
    let mut other = Log::of(300);
    other.events.swap(5, 6);
    let (code, said) = run(&[&folder.write("other", bundle(&other)), "--key", &vkey, "--anchor", &anchors]);
    assert_eq!(code, 4, "{said}");
    assert_eq!(run(&[&sound, "--key", &vkey, "--max-age", "1h"]).0, 5);
}

/// N1: what is asked wrongly is explained, and never taken for a sound log.
#[test]
fn what_is_asked_wrongly_is_explained() {
    let folder = Folder::new("usage");
    let sound = folder.write("sound", bundle(&Log::of(3)));
    let vkey = key().verifier().to_string();
    let wrong: [&[&str]; 9] = [
        &[],
        &[&sound],
        &["--key", &vkey],
        &[&sound, "--key"],
        &[&sound, "--key", "nothing"],
        &[&sound, &sound, "--key", &vkey],
        &[&sound, "--key", &vkey, "--max-age", "soon"],
        &[&sound, "--key", &vkey, "--anchor", "missing"],
        &["missing", "--key", &vkey],
    ];
    for arguments in wrong {
        let (code, said) = run(arguments);
        assert_eq!(code, 64, "{arguments:?}: {said}");
        assert!(said.contains("sealpost-check BUNDLE --key KEY"), "{said}");
    }
    assert_eq!(run(&[&folder.write("letter", "Dear auditor"), "--key", &vkey]).0, 1);
    assert_eq!(run(&["--help"]).0, 0);
}
