//! A real relay: Postfix, which keeps what it takes in its queue.

use crate::{
    peer::{Habit, Peer},
    support::{GUEST, deliver, mail},
};
use app::{Delivery, Mail, MailFile};
use std::{
    net::TcpListener,
    process::{Command, Output},
};
use tempfile::TempDir;
use workers::{Mailer, MailerError, Security, SmtpSettings};

/// A relay of this test, stopped with the value.
pub struct Relay {
    folder: TempDir,
    pub port: u16,
}

impl Relay {
    pub fn start() -> Self {
        let relay = Self { folder: TempDir::new().unwrap(), port: free_port() };
        relay.script("start", &[&relay.port.to_string()]);
        relay
    }

    pub fn mailer(&self) -> Mailer {
        Mailer::smtp(&settings(self.port)).unwrap()
    }

    /// What it took: envelope, headers, text.
    pub fn mails(&self) -> String {
        String::from_utf8_lossy(&self.script("mails", &[]).stdout).into_owned()
    }

    fn script(&self, action: &str, more: &[&str]) -> Output {
        let output = self.command(action, more).output().expect("tests/postfix.sh can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn command(&self, action: &str, more: &[&str]) -> Command {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postfix.sh"));
        command.arg(action).arg(self.folder.path()).args(more);
        command
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // A test that failed has said why already.
        drop(self.command("stop", &[]).output());
    }
}

/// G1, R13: the relay takes a mail, with an empty return path and its marks; what it refuses is told apart by whether
/// trying again helps.
#[tokio::test]
async fn a_relay_answers_for_each_mail() {
    let relay = Relay::start();
    let mailer = Mailer::smtp(&settings(relay.port)).unwrap();
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::Taken);
    assert_eq!(deliver(&mailer, "nobody@guest.example").await, Delivery::Never(Some(550)));
    assert_eq!(deliver(&mailer, "later@guest.example").await, Delivery::NotNow(Some(450)));
    let no_login = deliver(&mailer, "stranger@guest.example").await;
    assert_eq!(no_login, Delivery::NotNow(Some(530)), "the operator can mend that");
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::Taken, "a refusal does not spoil the connection");

    let taken = relay.mails();
    let lines: Vec<_> = taken.lines().map(str::trim_end).collect();
    let count = |line: &str| lines.iter().filter(|found| **found == line).count();
    assert_eq!(count("sender:"), 2, "the return path is empty: {taken}");
    assert_eq!(count("recipient: bob@guest.example"), 2, "{taken}");
    assert_eq!(count("Auto-Submitted: auto-generated"), 2, "{taken}");
    let message_id = "Message-ID: <00000000-0000-0000-0000-000000000007@insurer.example>";
    assert_eq!(count(message_id), 2, "a repeat can be told: {taken}");
}

/// G1, A41: a mail that is larger than the relay takes is refused for good, and why is known.
#[tokio::test]
async fn a_mail_that_is_too_large_is_told_apart() {
    let relay = Relay::start();
    let file = MailFile {
        name: "large.bin".to_owned(),
        media_type: "application/octet-stream".to_owned(),
        bytes: vec![b'x'; POSTFIX_LIMIT_BYTES].into(),
    };
    let large = Mail { attachment: Some(file), ..mail(GUEST) };
    assert_eq!(relay.mailer().deliver(&large).await, Delivery::Never(Some(552)));
    assert_eq!(relay.mails(), "");

    // Others say it in the status alone.
    let peer = Peer::start(0, Habit::FindsThemTooLarge).await;
    let mailer = Mailer::smtp(&settings(peer.port)).unwrap();
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::Never(Some(552)));
}

/// G1: an address beyond ASCII that the relay cannot take is not tried for days, and holds up no other mail.
#[tokio::test]
async fn an_address_that_the_relay_cannot_take() {
    let peer = Peer::start(0, Habit::Takes).await;
    let mailer = Mailer::smtp(&settings(peer.port)).unwrap();
    assert_eq!(deliver(&mailer, "jürgen@guest.example").await, Delivery::Never(None));
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::Taken);
}

/// The largest mail that Postfix takes unless it is told otherwise (`message_size_limit`).
const POSTFIX_LIMIT_BYTES: usize = 10_240_000;

/// G1: a relay that goes away in the middle of a mail gets it again, whole.
#[tokio::test]
async fn a_relay_that_dies_in_the_middle_of_a_mail() {
    let peer = Peer::start(0, Habit::DiesOnce).await;
    let mailer = Mailer::smtp(&settings(peer.port)).unwrap();
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::NotNow(None));
    assert_eq!(peer.take(), [""; 0]);
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::Taken);
    let taken = peer.take();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].contains("Message-ID: <00000000-0000-0000-0000-000000000007@insurer.example>"));
}

/// G1: where TLS is asked for and the relay has none, nothing is sent in the clear.
#[tokio::test]
async fn nothing_leaves_without_the_tls_that_was_asked_for() {
    let relay = Relay::start();
    for security in [Security::StartTls, Security::Tls] {
        let mailer = Mailer::smtp(&SmtpSettings { security, ..settings(relay.port) }).unwrap();
        assert_eq!(deliver(&mailer, GUEST).await, Delivery::NotNow(None), "{security:?}");
    }
    assert_eq!(relay.mails(), "");
}

/// G1: a relay that is down is tried again.
#[tokio::test]
async fn a_relay_that_is_down_is_tried_again() {
    let mailer = Mailer::smtp(&settings(free_port())).unwrap();
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::NotNow(None));
}

/// G1: a password is never sent over an open connection, and half of a login is a mistake.
#[test]
fn a_password_needs_tls_and_a_name() {
    let named = SmtpSettings { username: Some("post".to_owned()), ..settings(25) };
    let both = SmtpSettings { password: Some("secret".into()), ..named.clone() };
    let open = Mailer::smtp(&both).unwrap_err();
    assert!(matches!(open, MailerError::OpenPassword), "{open}");
    let half = Mailer::smtp(&SmtpSettings { security: Security::Tls, ..named }).unwrap_err();
    assert!(matches!(half, MailerError::HalfCredentials), "{half}");
    assert!(!format!("{both:?}").contains("secret"));
}

pub fn settings(port: u16) -> SmtpSettings {
    SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        username: None,
        password: None,
    }
}

/// A port on which nobody listens.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
