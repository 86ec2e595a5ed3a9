//! A root that another program guards, such as a client of a key management service.
//!
//! The program is started for each question. It reads one JSON object from its standard input and writes one to its standard
//! output; binary values are base64url without padding. An exit status other than 0 is a refusal, and standard error says why.
//!
//! ```text
//! {"operation":"version"}                                             → {"version":3}
//! {"operation":"wrap","label":"epoch","key":"…"}                      → {"version":3,"wrapped":"…"}
//! {"operation":"unwrap","label":"epoch","version":3,"wrapped":"…"}    → {"key":"…"}
//! ```

use crate::keys::KeyError;
use base64ct::{Base64UrlUnpadded, Encoding};
use seal::Key;
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};
use tokio::task::spawn_blocking;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The program that guards the root.
#[derive(Debug, Clone)]
pub struct RootCommand {
    /// Absolute path and arguments. No shell reads them.
    argv: Vec<String>,
    /// How long it may take.
    timeout: Duration,
}

/// What it may write: an answer is some hundred bytes.
const ANSWER_BYTES: u64 = 64 * 1024;
/// What is shown of its complaint.
const COMPLAINT_CHARACTERS: usize = 300;
/// A run of so many letters and digits may be a key, and is not shown.
const SECRET_CHARACTERS: usize = 20;

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "operation")]
enum Question<'a> {
    Version,
    Wrap { label: &'a str, key: &'a str },
    Unwrap { label: &'a str, version: u32, wrapped: &'a str },
}

#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct Answer {
    version: Option<u32>,
    wrapped: Option<String>,
    key: Option<String>,
}

impl RootCommand {
    /// A program by its absolute path, with its arguments; `None` when the path is missing or relative.
    #[must_use]
    pub fn new(argv: Vec<String>, timeout: Duration) -> Option<Self> {
        argv.first().is_some_and(|program| program.starts_with('/')).then_some(Self { argv, timeout })
    }

    pub(super) fn program(&self) -> &str {
        &self.argv[0]
    }

    /// The newest version of its root.
    pub(super) async fn version(&self) -> Result<u32, KeyError> {
        let answer = self.ask(&Question::Version).await?;
        answer.version.ok_or_else(|| self.failed("its answer has no version"))
    }

    /// A key, wrapped under its newest root; with that version.
    pub(super) async fn wrap(&self, label: &str, key: &Key) -> Result<(u32, Vec<u8>), KeyError> {
        let key = Zeroizing::new(Base64UrlUnpadded::encode_string(key.expose()));
        let answer = self.ask(&Question::Wrap { label, key: &key }).await?;
        let wrapped = answer.wrapped.as_deref().and_then(|text| Base64UrlUnpadded::decode_vec(text).ok());
        match (answer.version, wrapped) {
            (Some(version), Some(wrapped)) if !wrapped.is_empty() => Ok((version, wrapped)),
            _ => Err(self.failed("its answer has no version, or nothing wrapped in base64url")),
        }
    }

    /// The key that it wrapped under that version.
    pub(super) async fn unwrap(&self, label: &str, version: u32, wrapped: &[u8]) -> Result<Key, KeyError> {
        let wrapped = Base64UrlUnpadded::encode_string(wrapped);
        let answer = self.ask(&Question::Unwrap { label, version, wrapped: &wrapped }).await?;
        let bytes = answer.key.as_deref().and_then(|text| Base64UrlUnpadded::decode_vec(text).ok());
        let key = bytes.map(Zeroizing::new).and_then(|bytes| Key::try_from(bytes.as_slice()).ok());
        key.ok_or_else(|| self.failed("its answer has no key of 32 bytes in base64url"))
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Answer, KeyError> {
        let question = Zeroizing::new(serde_json::to_vec(question).expect("a question is plain data"));
        let command = self.clone();
        let answered = spawn_blocking(move || command.converse(question)).await;
        let answer = answered.unwrap_or_else(|_| Err("it could not be waited for".to_owned()));
        let answer = answer.map_err(|problem| self.failed(&problem))?;
        serde_json::from_slice(&answer)
            .map_err(|_| self.failed("its answer is not the JSON object that was asked for"))
    }

    /// Asks, and gives what it wrote; or in words what went wrong. Blocks until it has ended or its time is over.
    fn converse(&self, question: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, String> {
        let spawned = Command::new(self.program())
            .args(&self.argv[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = Running(spawned.map_err(|problem| format!("it does not start: {problem}"))?);
        if let Some(mut stdin) = child.0.stdin.take() {
            // One that does not listen says why by its status.
            thread::spawn(move || stdin.write_all(&question));
        }
        let (answer, complaint) = (read(child.0.stdout.take()), read(child.0.stderr.take()));
        let late = || format!("it did not answer within {:?}", self.timeout);
        let complaint = complaint.recv_timeout(self.timeout).map_err(|_| late())??;
        let answer = answer.recv_timeout(self.timeout).map_err(|_| late())??;
        let status = child.end(self.timeout).ok_or_else(late)?;
        if status.success() {
            return Ok(answer);
        }
        Err(format!("{status}: {}", shown(&String::from_utf8_lossy(&complaint))))
    }

    fn failed(&self, problem: &str) -> KeyError {
        KeyError::RootCommand { program: self.program().to_owned(), problem: problem.to_owned() }
    }
}

/// The program while it runs; killed when nobody waits for it any more.
struct Running(Child);

/// How often it is looked at whether it has ended, once it has written everything.
const LOOK: Duration = Duration::from_millis(5);

impl Running {
    #[expect(clippy::disallowed_methods, reason = "a thread that may block waits for another process")]
    fn end(&mut self, patience: Duration) -> Option<ExitStatus> {
        let looks = patience.as_millis() / LOOK.as_millis() + 1;
        for _ in 0..looks {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Some(status);
            }
            thread::sleep(LOOK);
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both are quiet when it has ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Reads all in a thread of its own, so that neither pipe fills up while the other is read.
fn read(from: Option<impl Read + Send + 'static>) -> Receiver<Result<Zeroizing<Vec<u8>>, String>> {
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(bounded(from)));
    receiver
}

fn bounded(from: Option<impl Read>) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut read = Zeroizing::new(vec![]);
    if let Some(from) = from {
        let all = from.take(ANSWER_BYTES + 1).read_to_end(&mut read);
        all.map_err(|problem: io::Error| problem.to_string())?;
    }
    if read.len() as u64 > ANSWER_BYTES {
        return Err(format!("it wrote more than {ANSWER_BYTES} bytes"));
    }
    Ok(read)
}

/// A complaint without line ends, and without anything that could be a key.
fn shown(complaint: &str) -> String {
    let could_be_a_key = |word: &str| {
        let run = |part: &str| part.chars().count() >= SECRET_CHARACTERS;
        word.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_'))).any(run)
    };
    let words = complaint.split_whitespace().map(|word| if could_be_a_key(word) { "…" } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    text.chars().filter(|c| !c.is_control()).take(COMPLAINT_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A44: a complaint is shown as far as it holds no secret.
    #[test]
    fn a_complaint_is_shown_without_secrets() {
        assert_eq!(shown("no such key\n  (403)\u{7}"), "no such key (403)");
        let key = Base64UrlUnpadded::encode_string(&[7; 32]);
        assert_eq!(shown(&format!("cannot wrap {{\"key\":\"{key}\"}}: denied")), "cannot wrap … denied");
        assert_eq!(shown(&"a ".repeat(1000)).chars().count(), COMPLAINT_CHARACTERS);
    }

    /// A44: a program is named by its absolute path, so that no search path decides which one it is.
    #[test]
    fn a_program_has_an_absolute_path() {
        let named = |argv: &[&str]| {
            RootCommand::new(argv.iter().map(|word| (*word).to_owned()).collect(), Duration::from_secs(1))
        };
        assert!(named(&["/usr/bin/kms", "--key", "1"]).is_some());
        assert!(named(&["kms"]).is_none() && named(&[]).is_none());
    }
}
