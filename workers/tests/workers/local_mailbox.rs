//! The local mailbox, and what a mail looks like.

use crate::support::{GUEST, NAME, deliver, mail, mails_in};
use app::{AutoSubmitted, Delivery, Leave, MailFile};
use mail_parser::{MessageParser, MimeHeaders};
use std::{fs, os::unix::fs::PermissionsExt};
use tempfile::TempDir;
use workers::Mailer;

/// R13, B29: a mail is marked as automatic, has no return path, comes from do-not-reply, and its headers read back.
#[tokio::test]
async fn a_mail_has_the_headers_of_an_automatic_mail() {
    let folder = TempDir::new().unwrap();
    let mailer = Mailer::maildir(&folder.path().join("mail")).unwrap();
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::Taken);
    let stored = mails_in(&folder.path().join("mail")).pop().unwrap();
    assert!(stored.is_ascii(), "headers and text are encoded: {stored}");
    assert!(stored.starts_with("Return-Path: <>\r\n"), "{stored}");
    assert!(stored.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{stored}");
    assert!(stored.contains("\r\nDate: Mon, 05 Jan 2026 08:00:00 +0000\r\n"), "{stored}");

    let read = MessageParser::default().parse(stored.as_bytes()).unwrap();
    let from = read.from().unwrap().first().unwrap();
    assert_eq!((from.name(), from.address()), (Some(NAME), Some("do-not-reply@insurer.example")));
    assert_eq!(read.to().unwrap().first().unwrap().address(), Some(GUEST));
    assert_eq!(read.subject(), Some(mail(GUEST).subject.as_str()));
    assert_eq!(read.message_id(), Some("00000000-0000-0000-0000-000000000007@insurer.example"));
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), mail(GUEST).text.trim_end());
    assert_eq!(read.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), mail(GUEST).html.trim_end());
    assert_eq!(read.attachment_count(), 0);
    assert!(stored.contains("\r\nContent-Type: multipart/alternative;"), "{stored}");
    assert!(stored.contains("\r\nX-Auto-Response-Suppress: All\r\n"), "{stored}");
    assert!(!stored.contains("List-Unsubscribe") && !stored.contains("Reply-To"), "{stored}");
}

/// R13, B36: an answer is marked as one; where the reader is known, mail programs offer to leave, by one press only over TLS.
#[tokio::test]
async fn a_mail_offers_to_leave() {
    let mailto = "mailto:do-not-reply@insurer.example?subject=unsubscribe%20Kasse";
    for origin in ["https://post.insurer.example", "http://localhost:8080"] {
        let folder = TempDir::new().unwrap();
        let mailer = Mailer::maildir(folder.path()).unwrap();
        let url = format!("{origin}/link/{}", "a-very-long-token".repeat(6));
        let leave = Some(Leave { url: url.clone(), mailto: mailto.to_owned() });
        let answer = app::Mail { leave, automatic: AutoSubmitted::Replied, ..mail(GUEST) };
        assert_eq!(mailer.deliver(&answer).await, Delivery::Taken);
        let stored = mails_in(folder.path()).pop().unwrap();
        let read = MessageParser::default().parse(stored.as_bytes()).unwrap();
        let header =
            |name: &str| read.header_raw(name).map(|value| value.replace("\r\n ", " ").trim().to_owned());
        assert_eq!(header("Auto-Submitted").as_deref(), Some("auto-replied"));
        assert_eq!(header("List-Unsubscribe"), Some(format!("<{mailto}>, <{url}>")), "{stored}");
        // At one click nobody would read what leaving takes away.
        assert_eq!(header("List-Unsubscribe-Post"), None, "{stored}");
    }
}

/// C3: a file comes beside both forms of the text, byte for byte.
#[tokio::test]
async fn a_mail_carries_a_file() {
    let folder = TempDir::new().unwrap();
    let mailer = Mailer::maildir(folder.path()).unwrap();
    let bytes = "<!doctype html>\n<p>Grüße\r\n.\r\n</p>".repeat(100);
    let file = MailFile {
        name: "securedoc.html".to_owned(),
        media_type: "text/html".to_owned(),
        bytes: bytes.clone().into(),
    };
    let carrying = app::Mail { attachment: Some(file), ..mail(GUEST) };
    assert_eq!(mailer.deliver(&carrying).await, Delivery::Taken);
    let stored = mails_in(folder.path()).pop().unwrap();
    let read = MessageParser::default().parse(stored.as_bytes()).unwrap();
    let attached = read.attachment(0).unwrap();
    assert_eq!(attached.attachment_name(), Some("securedoc.html"));
    assert_eq!(attached.contents(), bytes.as_bytes());
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), carrying.text.trim_end());
    assert_eq!(read.attachment_count(), 1);
}

/// A6: the same mail handed over twice lies there once.
#[tokio::test]
async fn a_repeated_mail_lies_there_once() {
    let folder = TempDir::new().unwrap();
    let mailer = Mailer::maildir(folder.path()).unwrap();
    deliver(&mailer, GUEST).await;
    deliver(&mailer, GUEST).await;
    assert_eq!(mails_in(folder.path()).len(), 1);
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
}

/// The mails carry links that open accounts: nobody else on the machine reads them.
#[tokio::test]
async fn nobody_else_reads_the_mailbox() {
    let folder = TempDir::new().unwrap();
    let mailbox = folder.path().join("mail");
    let mailer = Mailer::maildir(&mailbox).unwrap();
    deliver(&mailer, GUEST).await;
    let new = mailbox.join("new");
    let file = fs::read_dir(&new).unwrap().next().unwrap().unwrap().path();
    for path in [mailbox, new, file] {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}

/// An address whose domain is not ASCII is written in ASCII, so that every relay takes it.
#[tokio::test]
async fn a_domain_beyond_ascii_is_written_in_ascii() {
    let folder = TempDir::new().unwrap();
    let mailer = Mailer::maildir(folder.path()).unwrap();
    assert_eq!(deliver(&mailer, "Bob@bücher.example").await, Delivery::Taken);
    let stored = mails_in(folder.path()).pop().unwrap();
    assert!(stored.contains("\r\nTo: Bob@xn--bcher-kva.example\r\n"), "{stored}");
}

/// G1: an address that no mail can have fails for good instead of being tried for days.
#[tokio::test]
async fn a_sender_that_is_no_address_never_leaves() {
    let folder = TempDir::new().unwrap();
    let mailer = Mailer::maildir(folder.path()).unwrap();
    let mut bad = mail(GUEST);
    bad.from = "do-not-reply".to_owned();
    assert_eq!(mailer.deliver(&bad).await, Delivery::Never(None));
    assert!(mails_in(folder.path()).is_empty());
}

/// A line break in a name or subject does not become a header of its own.
#[tokio::test]
async fn nobody_smuggles_a_header_in() {
    let folder = TempDir::new().unwrap();
    let mailer = Mailer::maildir(folder.path()).unwrap();
    let (mut sly_name, mut sly_subject) = (mail(GUEST), mail(GUEST));
    sly_name.from_name = "Kasse\r\nBcc: eve@evil.example".to_owned();
    sly_subject.subject = "Hello\nBcc: eve@evil.example\n\ntext".to_owned();
    assert_eq!(mailer.deliver(&sly_name).await, Delivery::Never(None));
    assert_eq!(mailer.deliver(&sly_subject).await, Delivery::Never(None));
    assert!(mails_in(folder.path()).is_empty());
}

/// A name of any letters and signs is one name in the head.
#[tokio::test]
async fn a_name_of_any_signs_is_one_name() {
    for name in
        ["Krüger & Söhne, \"Die Kasse\"", "a\\b", "<eve@evil.example>", "健康保険", "x@y, eve@evil.example"]
    {
        let folder = TempDir::new().unwrap();
        let mailer = Mailer::maildir(folder.path()).unwrap();
        let named = app::Mail { from_name: name.to_owned(), subject: name.to_owned(), ..mail(GUEST) };
        assert_eq!(mailer.deliver(&named).await, Delivery::Taken);
        let stored = mails_in(folder.path()).pop().unwrap();
        let read = MessageParser::default().parse(stored.as_bytes()).unwrap();
        let from: Vec<_> = read.from().unwrap().iter().map(|from| (from.name(), from.address())).collect();
        assert_eq!(from, [(Some(name), Some("do-not-reply@insurer.example"))], "{stored}");
        assert_eq!(read.subject(), Some(name));
    }
}

/// G1: a mailbox that cannot be written is a reason to try again.
#[tokio::test]
async fn a_mailbox_that_is_gone_is_tried_again() {
    let folder = TempDir::new().unwrap();
    let mailer = Mailer::maildir(&folder.path().join("mail")).unwrap();
    fs::remove_dir_all(folder.path().join("mail")).unwrap();
    assert_eq!(deliver(&mailer, GUEST).await, Delivery::NotNow(None));
}
