//! What becomes of notifications whose relay is down, refuses them, or has them answered by programs.

use crate::{
    peer::{Habit, Peer},
    relay::{Relay, free_port, settings},
    support::{GUEST, MEMBER, node_with},
};
use domain::account::Kind;
use eventstore::testing::on_both;
use projections::notifications::NotificationState;
use std::collections::BTreeSet;
use workers::{JobName, Mailer, Outcome};

/// G1, A6: while the relay is down nothing is lost and nothing given up; when it is back everything goes out, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_down_for_an_hour() {
    on_both(async |test| {
        let port = free_port();
        let node = node_with(&test, Mailer::smtp(&settings(port)).unwrap()).await;
        let viewer = node.found().await;
        node.enrol(viewer.organisation, Kind::Guest, GUEST).await;
        let mut messages = vec![];
        for to in [GUEST, "cy@guest.example", GUEST, "dee@guest.example"] {
            messages.push(node.send(&viewer, to).await);
        }
        for _ in 0..60 {
            let ran = node.run_now(JobName::SendNotifications).await;
            assert!(ran.done_count == 0 && ran.outcome != Outcome::Failed, "{ran:?}");
            node.pass("PT1M");
        }
        let (waiting, _) = node.app.models().outbox_depth().await.unwrap();
        assert_eq!(waiting, 4, "two notifications and two invitations");

        let peer = Peer::start(port, Habit::Takes).await;
        let mut taken = vec![];
        for _ in 0..3 {
            assert_eq!(node.run_now(JobName::SendNotifications).await.outcome, Outcome::Ok);
            taken.extend(peer.take());
            node.pass("PT1H20M");
        }
        let message_ids: BTreeSet<_> = taken
            .iter()
            .filter_map(|mail| mail.lines().find(|line| line.starts_with("Message-ID:")))
            .collect();
        assert_eq!((taken.len(), message_ids.len()), (4, 4), "{taken:?}");
        assert_eq!(node.app.models().outbox_depth().await.unwrap().0, 0);
        for message in [messages[0], messages[2]] {
            let told = node.told(&viewer, message).await;
            assert_eq!((told.len(), told[0].state), (1, NotificationState::Sent));
        }
    })
    .await;
}

/// A41, R15: what the relay refuses for good is on record with its reply, and the sender is told, once, without a word of
/// what it was; what it refuses for now is tried again, and nobody is told.
#[tokio::test(flavor = "multi_thread")]
async fn the_sender_is_told_what_cannot_be_delivered() {
    on_both(async |test| {
        let relay = Relay::start();
        let node = node_with(&test, relay.mailer()).await;
        let viewer = node.found().await;
        for guest in ["nobody@guest.example", "later@guest.example"] {
            node.enrol(viewer.organisation, Kind::Guest, guest).await;
        }
        let (lost, late) = (
            node.send(&viewer, "nobody@guest.example").await,
            node.send(&viewer, "later@guest.example").await,
        );
        for _ in 0..3 {
            assert_eq!(node.run_now(JobName::SendNotifications).await.outcome, Outcome::Ok);
        }
        let late = node.told(&viewer, late).await;
        assert_eq!((late[0].state, late[0].last_reply), (NotificationState::Deferred, Some(450)));
        let told = node.told(&viewer, lost).await;
        let to_guest = told.iter().find(|row| row.sender.is_some()).unwrap();
        assert_eq!((to_guest.state, to_guest.last_reply), (NotificationState::Failed, Some(550)));
        let to_sender = told.iter().find(|row| row.recipient == Some(viewer.account)).unwrap();
        assert_eq!((told.len(), to_sender.state), (2, NotificationState::Sent));

        let mails = relay.mails();
        let to: Vec<_> = mails.lines().filter_map(|line| line.strip_prefix("recipient: ")).collect();
        assert_eq!(to, [MEMBER], "{mails}");
        assert!(mails.contains("was not delivered"), "{mails}");
        for secret in ["nobody@", "diagnosis", "Marrow"] {
            assert!(!mails.contains(secret), "{secret} in {mails}");
        }
    })
    .await;
}
