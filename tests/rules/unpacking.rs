//! Archives and mails as other programs read them.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    process::{Command, Stdio},
};

const NAMES: &str = "import io, json, sys, zipfile
archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
assert archive.testzip() is None
assert all(entry.flag_bits & 0x800 for entry in archive.infolist() if not entry.filename.isascii())
json.dump(archive.namelist(), sys.stdout)";

const MAIL: &str = "import email, email.policy, json, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
body = mail.get_body(('plain',))
files = [{'name': part.get_filename(), 'type': part.get_content_type(), 'bytes': part.get_content().hex()}
         for part in mail.iter_attachments()]
json.dump({'from': str(mail['from']), 'to': str(mail['to']), 'subject': str(mail['subject']),
           'date': mail['date'].datetime.isoformat(), 'headers': mail.keys(), 'text': body.get_content(), 'files': files,
           'defects': [str(defect) for part in mail.walk() for defect in part.defects]}, sys.stdout)";

/// Names in an archive as Python lists them, once it has read all of it.
pub fn names_in_python(zip: &[u8]) -> Vec<String> {
    serde_json::from_value(python(NAMES, zip)).expect("names")
}

/// A mail as Python reads it; its files' bytes in hexadecimal.
pub fn mail(bytes: &[u8]) -> Value {
    python(MAIL, bytes)
}

/// Files by name, as `unzip` unpacks them.
pub fn unzipped(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, out) = (folder.path().join("archive.zip"), folder.path().join("out"));
    fs::write(&archive, zip).expect("the archive is written");
    // Names are UTF-8 where the locale is.
    let ran =
        Command::new("unzip").env("LC_ALL", "C.UTF-8").arg("-q").arg(&archive).arg("-d").arg(&out).output();
    let ran = ran.expect("unzip runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let entries = fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry"));
    let name = |entry: &fs::DirEntry| entry.file_name().into_string().expect("UTF-8");
    entries.map(|entry| (name(&entry), fs::read(entry.path()).expect("a file"))).collect()
}

/// What a program says in JSON of what it is given.
pub fn python(program: &str, input: &[u8]) -> Value {
    let command =
        Command::new("python3").args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut python = command.expect("Python runs");
    // It reads all before it writes.
    python.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    let ran = python.wait_with_output().expect("it ends");
    assert!(ran.status.success(), "Python does not read it");
    serde_json::from_slice(&ran.stdout).expect("JSON")
}
