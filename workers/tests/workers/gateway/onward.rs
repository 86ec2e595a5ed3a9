//! Mails that go on as they are: through a real relay, and into the local mailbox.

use crate::{
    relay::{Relay, free_port, settings},
    support::mails_in,
};
use app::{Delivery, Onward};
use tempfile::TempDir;
use workers::Mailer;

/// Dots, eight-bit text, folded and odd headers: nothing of it may change.
const MAIL: &str = "Received: from a ([192.0.2.1])\r\n\tby b with ESMTP;\r\n\tMon, 02 Mar 2026 09:00:00 +0000\r\n\
     subject:Grüße\r\nX-Odd:   spaces  \r\n\r\n.\r\n..\r\n.dot\r\nZeile ü\r\n";

async fn pass(mailer: &Mailer, sender: Option<&str>, recipients: &[&str]) -> Delivery {
    let recipients: Vec<_> = recipients.iter().map(|recipient| (*recipient).to_owned()).collect();
    mailer.pass(sender, &recipients, MAIL.as_bytes()).await
}

/// G2, G4: a mail goes on through the relay octet by octet, in its own envelope; what the relay refuses is told apart.
#[tokio::test]
async fn a_mail_goes_on_as_it_is() {
    let relay = Relay::start();
    let mailer = Mailer::smtp(&settings(relay.port)).unwrap();
    let sender = Some("clara@insurer.example");
    let both = ["gina@guest.example", "Bob.X+y@guest.example"];
    assert_eq!(pass(&mailer, sender, &both).await, Delivery::Taken);
    assert_eq!(
        pass(&mailer, sender, &["gina@guest.example", "nobody@guest.example"]).await,
        Delivery::Never(Some(550))
    );
    assert_eq!(pass(&mailer, sender, &["later@guest.example"]).await, Delivery::NotNow(Some(450)));
    for no_address in ["nobody", "a b@guest.example", "a@b@guest.example", ""] {
        assert_eq!(pass(&mailer, sender, &[no_address]).await, Delivery::Never(None), "{no_address}");
    }
    assert_eq!(pass(&mailer, None, &["gina@guest.example"]).await, Delivery::Taken);

    let taken = relay.mails();
    let count = |line: &str| taken.lines().filter(|found| found.trim_end_matches('\r') == line).count();
    assert_eq!(count("sender: clara@insurer.example"), 1, "{taken}");
    assert_eq!(count("sender:") + count("sender: "), 1, "{taken}");
    assert_eq!((count("recipient: gina@guest.example"), count("recipient: Bob.X+y@guest.example")), (2, 1));
    let text = MAIL.replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap();
    let taken = taken.replace('\r', "");
    assert_eq!(taken.matches(body).count(), 2, "{taken}");
    // The relay puts headers in that a mail lacks, below its own and above these.
    assert_eq!(taken.matches(&head[..head.find("X-Odd").unwrap()]).count(), 2, "{taken}");
}

/// G2: a relay that is down is tried again, by whoever handed the mail over.
#[tokio::test]
async fn a_relay_that_is_down_takes_it_later() {
    let mailer = Mailer::smtp(&settings(free_port())).unwrap();
    assert_eq!(pass(&mailer, None, &["gina@guest.example"]).await, Delivery::NotNow(None));
}

/// G2: without a relay a mail is kept, with its envelope on top, once however often it was handed over.
#[tokio::test]
async fn without_a_relay_a_mail_is_kept() {
    let folder = TempDir::new().unwrap();
    let mailer = Mailer::maildir(folder.path()).unwrap();
    for _ in 0..2 {
        assert_eq!(
            pass(&mailer, Some("clara@insurer.example"), &["gina@guest.example"]).await,
            Delivery::Taken
        );
    }
    let expected =
        format!("Return-Path: <clara@insurer.example>\r\nDelivered-To: gina@guest.example\r\n{MAIL}");
    assert_eq!(mails_in(folder.path()), [expected]);
    assert_eq!(pass(&mailer, None, &["gina@guest.example"]).await, Delivery::Taken);
    assert_eq!(pass(&mailer, None, &["bob@guest.example"]).await, Delivery::Taken);
    assert_eq!(mails_in(folder.path()).len(), 2 + 1);
}
