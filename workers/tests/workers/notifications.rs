//! From a message to the mail that tells of it, and the other jobs at work on real events.

use crate::support::{GUEST, MEMBER, NAME, Node, START, mails_in, node};
use app::Delivery;
use domain::account::Kind;
use eventstore::testing::on_both;
use mail_parser::MessageParser;
use projections::notifications::NotificationState;
use std::fs;
use workers::{JobName, Mailer, Outcome};

/// A6, A7, R12: one mail for each message, which says that there is one and nothing of what it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_makes_one_mail_without_content() {
    on_both(async |test| {
        let node = node(&test).await;
        let viewer = node.found().await;
        node.enrol(viewer.organisation, Kind::Guest, GUEST).await;
        node.run_now(JobName::SendNotifications).await;
        assert!(node.mails().is_empty(), "invitations that were taken up are not mailed any more");

        let message = node.send(&viewer, GUEST).await;
        let ran = node.run_now(JobName::SendNotifications).await;
        assert_eq!((ran.outcome, ran.done_count), (Outcome::Ok, 1));
        let again = node.run_now(JobName::SendNotifications).await;
        assert_eq!((again.outcome, again.done_count), (Outcome::Ok, 0));

        let mails = node.mails();
        assert_eq!(mails.len(), 1);
        let told = node.told(&viewer, message).await;
        assert_eq!(told[0].state, NotificationState::Sent);
        let read = MessageParser::default().parse(mails[0].as_bytes()).unwrap();
        let message_id = format!("{}@insurer.example", told[0].notification);
        assert_eq!(read.message_id(), Some(message_id.as_str()));
        assert_eq!(read.to().unwrap().first().unwrap().address(), Some(GUEST));
        let (subject, text) = (read.subject().unwrap(), read.body_text(0).unwrap());
        assert!(subject.contains(NAME), "{subject}");
        for secret in ["diagnosis", "Marrow", "4711", "Lovelace", MEMBER] {
            assert!(!subject.contains(secret) && !text.contains(secret), "{secret} in {subject}: {text}");
        }
        assert!(!subject.contains(GUEST) && !text.contains(GUEST), "{subject}: {text}");
    })
    .await;
}

/// A1, A3: who is new gets an invitation, and no second mail about the message.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_recipient_gets_an_invitation() {
    on_both(async |test| {
        let node = node(&test).await;
        let viewer = node.found().await;
        node.send(&viewer, GUEST).await;
        node.run_now(JobName::SendNotifications).await;
        let mails = node.mails();
        assert_eq!(mails.len(), 1);
        let read = MessageParser::default().parse(mails[0].as_bytes()).unwrap();
        assert!(read.body_text(0).unwrap().contains("https://post.insurer.example/link/"));
    })
    .await;
}

/// G1, R15: a mail that did not leave is on record, is tried again later, and then leaves once.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_did_not_leave_is_tried_again() {
    on_both(async |test| {
        let node = node(&test).await;
        let viewer = node.found().await;
        node.enrol(viewer.organisation, Kind::Guest, GUEST).await;
        let message = node.send(&viewer, GUEST).await;
        fs::remove_dir_all(&node.mailbox).unwrap();
        let ran = node.run_now(JobName::SendNotifications).await;
        assert_eq!(ran.outcome, Outcome::Retry, "{ran:?}");
        let told = node.told(&viewer, message).await;
        assert_eq!((told[0].state, told[0].attempts), (NotificationState::Deferred, 1));
        assert!(told[0].next_attempt_at.unwrap() > START);

        Mailer::maildir(&node.mailbox).unwrap();
        let early = node.run_now(JobName::SendNotifications).await;
        assert_eq!((early.outcome, early.done_count), (Outcome::Ok, 0));
        node.pass("PT2M");
        assert_eq!(node.run_now(JobName::SendNotifications).await.done_count, 1);
        let told = node.told(&viewer, message).await;
        assert_eq!((told[0].state, told[0].attempts), (NotificationState::Sent, 2));
        assert_eq!(mails_in(&node.mailbox).len(), 1);
    })
    .await;
}

/// A6: when the program dies between handing a mail over and recording it, the repeat takes the place of the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_handed_over_twice_can_be_told() {
    // On the heap: the whole play is one future.
    Box::pin(on_both(async |test| {
        let node = node(&test).await;
        let viewer = node.found().await;
        node.enrol(viewer.organisation, Kind::Guest, GUEST).await;
        node.run_now(JobName::SendNotifications).await;
        node.send(&viewer, GUEST).await;
        let (organisation, row) = node.app.notifications_due(10).await.unwrap().pop().unwrap();
        let mail = node.app.compose(organisation, &row).await.unwrap().unwrap();
        assert_eq!(Mailer::maildir(&node.mailbox).unwrap().deliver(&mail).await, Delivery::Taken);
        assert_eq!(node.run_now(JobName::SendNotifications).await.done_count, 1);
        assert_eq!(node.mails().len(), 1);
    }))
    .await;
}

/// A mail that cannot be written is put off and told; those behind it leave.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_written_holds_up_no_other() {
    on_both(async |test| {
        let node = node(&test).await;
        let viewer = node.found().await;
        node.run_now(JobName::SendNotifications).await;
        node.send(&viewer, GUEST).await;
        let broken = node.lose_credential_key().await;
        node.send(&viewer, "cy@guest.example").await;
        let ran = node.run_now(JobName::SendNotifications).await;
        assert_eq!(ran.outcome, Outcome::Failed, "{ran:?}");
        let failure = ran.failure.unwrap();
        assert!(failure.contains("NotAllowed") && !failure.contains("guest.example"), "{failure}");
        let models = node.app.models();
        let told = models.notifications_of(viewer.organisation, broken).await.unwrap();
        assert_eq!(told[0].state, NotificationState::Deferred);
        assert_eq!(node.mails().len(), 1);
    })
    .await;
}

/// A18: a lockout is told with its end, and at that time it ends without anybody acting.
#[tokio::test(flavor = "multi_thread")]
async fn a_lockout_is_told_and_ends() {
    on_both(async |test| {
        let node = node(&test).await;
        let viewer = node.found().await;
        node.run_now(JobName::SendNotifications).await;
        node.lock_out(&viewer).await;
        assert_eq!(done(&node, JobName::SendNotifications).await, 1);
        let mails = node.mails();
        let read = MessageParser::default().parse(mails[0].as_bytes()).unwrap();
        let text = read.body_text(0).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("available again at 2026-01-05T08:30:00Z"), "{text}");

        assert_eq!(done(&node, JobName::ReleaseLockouts).await, 0);
        node.pass("PT30M");
        assert_eq!(done(&node, JobName::ReleaseLockouts).await, 1);
        assert_eq!(done(&node, JobName::ReleaseLockouts).await, 0);
    })
    .await;
}

/// A20, A21: a message ends at its time without anybody acting.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_ends_at_its_time() {
    on_both(async |test| {
        let node = node(&test).await;
        let viewer = node.found().await;
        node.send(&viewer, GUEST).await;
        assert_eq!(done(&node, JobName::ExpireMessages).await, 0);
        node.pass("P6M1D");
        assert_eq!(done(&node, JobName::ExpireMessages).await, 1);
        assert_eq!(done(&node, JobName::ExpireMessages).await, 0);
    })
    .await;
}

/// R11: an invitation that nobody took up ends at its time.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_lapses() {
    on_both(async |test| {
        let node = node(&test).await;
        let viewer = node.found().await;
        node.send(&viewer, GUEST).await;
        assert_eq!(done(&node, JobName::LapseInvitations).await, 0);
        node.pass("P31D");
        assert_eq!(done(&node, JobName::LapseInvitations).await, 1);
        assert_eq!(done(&node, JobName::LapseInvitations).await, 0);
    })
    .await;
}

async fn done(node: &Node, job: JobName) -> i64 {
    let ran = node.run_now(job).await;
    assert_eq!(ran.outcome, Outcome::Ok, "{ran:?}");
    ran.done_count
}
