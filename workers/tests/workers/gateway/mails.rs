//! Mails: what is handed over is what was sent, once it is whole, and acknowledged once it is durable.

use super::*;
use std::time::Duration;
use tokio::time::timeout;

/// G2, G4: a pipelined mail is handed over with its envelope, octet by octet what was sent.
#[tokio::test(start_paused = true)]
async fn a_mail_is_handed_over_as_it_was_sent() {
    let desk = Desk::new();
    let gateway = gateway(&desk);
    let session = format!(
        "{HELLO}MAIL FROM:<> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<gina@guest.example>\r\nRCPT TO:<nobody@guest.example>\r\n\
         RCPT TO:<Bob@Guest.example>\r\nRCPT TO:<gina@guest.example>\r\nRCPT TO:<PostMaster>\r\nDATA\r\n\
         Subject: ü\r\n\r\n..dot\r\n.\r\nQUIT\r\n"
    );
    let replies = told(&gateway, session).await;
    let expected = [
        "250 LIMITS",
        "250 2.1.0",
        "250 2.1.5",
        "550 5.1.1",
        "250 2.1.5",
        "250 2.1.5",
        "250 2.1.5",
        "354 end",
        "250 2.6.0",
        "221 2.0.0",
    ];
    assert_eq!(replies, expected);
    assert_eq!(desk.only_mail(), "Subject: ü\r\n\r\n.dot\r\n");
    let mail = desk.mails().remove(0);
    assert_eq!(mail.sender, None);
    assert_eq!(mail.recipients, ["gina@guest.example", "Bob@Guest.example", "postmaster"]);
    assert_eq!((mail.helo.as_str(), mail.tls), ("mail.insurer.example", false));
    let debug = format!("{mail:?}");
    assert!(!debug.contains("gina") && !debug.contains("Subject"), "{debug}");
}

/// G2: nothing is acknowledged before it is durable.
#[tokio::test(start_paused = true)]
async fn the_acknowledgement_waits() {
    let desk = Desk::closed();
    let gateway = gateway(&desk);
    let mut peer = greeted(&gateway).await;
    peer.says(ENVELOPE).await;
    for expected in ["250 2.1.0", "250 2.1.5", "354 end"] {
        assert_eq!(status(&peer.reply().await), expected);
    }
    peer.says("text\r\n.\r\n").await;
    assert!(timeout(Duration::from_secs(200), peer.reply()).await.is_err());
    desk.open.add_permits(1);
    assert_eq!(status(&peer.reply().await), "250 2.6.0");
}

/// G2: what cannot be taken right now stays with the sending server, and what is behind it stays here.
#[tokio::test(start_paused = true)]
async fn an_error_is_not_the_mails() {
    fn refused() -> Reception {
        let text = "no such MIME part\r\n250 ü".to_owned();
        Reception::Refused { code: 554, enhanced: "5.6.0", text }
    }
    fn broken() -> Result<Reception, Error> {
        Err(Error::Internal("the disk of clara@insurer.example is full".into()))
    }
    let session = format!("{HELLO}{ENVELOPE}text\r\n.\r\n{ENVELOPE}text\r\n.\r\n");
    for (answer, expected) in [
        (broken as fn() -> _, "451 4.3.0"),
        (|| Err(Error::Busy), "451 4.3.0"),
        (|| Ok(refused()), "554 5.6.0"),
    ] {
        let desk = Desk::answering(answer);
        let replies = told(&gateway(&desk), &session).await;
        assert_eq!((replies[4].as_str(), replies[8].as_str()), (expected, expected), "{replies:?}");
        assert_eq!(desk.mails().len(), 2, "the dialogue goes on");
    }
    let never = Desk::closed();
    assert_eq!(told(&gateway(&never), &session).await[4], "451 4.3.0", "a peer is not kept waiting for good");
}

/// G4: two servers that disagree on the end of a mail cannot be played off against each other (SMTP smuggling).
#[tokio::test(start_paused = true)]
async fn no_mail_is_smuggled_in() {
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\n\r.\r\n", "\n", "\r"] {
        let desk = Desk::new();
        let session = format!(
            "{HELLO}{ENVELOPE}innocent{end}MAIL FROM:<boss@insurer.example>\r\nRCPT TO:<gina@guest.example>\r\nDATA\r\n\
             pay this\r\n.\r\nNOOP\r\n"
        );
        let replies = told(&gateway(&desk), session).await;
        let expected = ["250 LIMITS", "250 2.1.0", "250 2.1.5", "354 end", "550 5.6.11", "250 2.0.0"];
        assert_eq!(replies, expected, "{end:?}");
        assert!(desk.mails().is_empty(), "{end:?}");
    }
}

/// G4: a mail that is cut off is not handed over, wherever the cut is.
#[tokio::test(start_paused = true)]
async fn a_mail_that_is_cut_off_is_none() {
    let desk = Desk::new();
    let gateway = gateway(&desk);
    let whole = format!("{HELLO}{ENVELOPE}text\r\n.\r\n");
    for cut in 0..whole.len() {
        told(&gateway, &whole[..cut]).await;
        assert!(desk.mails().is_empty(), "cut after {cut} octets");
    }
    told(&gateway, &whole).await;
    assert_eq!(desk.only_mail(), "text\r\n");
}

/// G4: a mail may be empty; NUL octets and lines beyond all measure are refused, long lines are not.
#[tokio::test(start_paused = true)]
async fn odd_mails_are_taken_or_refused_as_a_whole() {
    let long = format!("{}\r\n", "x".repeat(20_000));
    for (mail, expected) in [
        ("", "250 2.6.0"),
        ("\r\n", "250 2.6.0"),
        (&long, "250 2.6.0"),
        ("a\0b\r\n", "550 5.6.0"),
        (&"y".repeat(MIB - 2), "550 5.6.0"),
    ] {
        let desk = Desk::new();
        let mail = if mail.ends_with('y') { format!("{mail}\r\n") } else { mail.to_owned() };
        let replies = told(&gateway(&desk), format!("{HELLO}{ENVELOPE}{mail}.\r\n")).await;
        assert_eq!(replies[4], expected);
        if expected.starts_with("250") {
            assert_eq!(desk.only_mail(), mail);
        }
    }
}

/// G2: a mail that goes in circles, because what is passed on is handed over again, ends.
#[tokio::test(start_paused = true)]
async fn a_mail_does_not_go_in_circles() {
    let hop = "received: from a\r\n\tby b\r\nX-Received: no\r\n";
    for (hops, expected) in [(50, "250 2.6.0"), (51, "554 5.4.6")] {
        let mail = format!("{}\r\nReceived: in the text\r\n", hop.repeat(hops));
        let replies = told(&gateway(&Desk::new()), format!("{HELLO}{ENVELOPE}{mail}.\r\n")).await;
        assert_eq!(replies[4], expected, "{hops}");
    }
}
