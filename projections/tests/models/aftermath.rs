//! What becomes of a message after it was sent: given commands, then rows.

use crate::world::{LIFE, ORG, World, address, at, by_worker, id, message, person};
use domain::{
    content::Action,
    intake::{self, Intake},
    message::{Command, Direction, Recaller, Taken},
    notification::Kind,
    replier::{self, Replier},
};
use eventstore::testing::on_both;
use projections::{
    Projections,
    mailbox::{DeliveryRow, MailboxFilter, Page},
    notifications::NotificationState,
    rule_hits::Waits,
};
use uuid::Uuid;

async fn delivery(models: &Projections, n: u128, to: u128) -> DeliveryRow {
    models.delivery(ORG, message(n), person(to)).await.unwrap().expect("it was sent there")
}
async fn has(models: &Projections, n: u128, way: Direction) -> bool {
    let filter = MailboxFilter::default();
    let page = models.mailbox(ORG, person(n), way, at(9), &filter, &Page::default()).await.unwrap();
    page.items.iter().any(|entry| entry.message == message(1))
}

/// A22, A42, Q5: the first download and the first print are noted at the recipient.
#[tokio::test]
async fn what_was_taken_is_noted() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 0, 1).await;
        for minute in [4, 5] {
            world.after(1, 2, Command::Download { by: person(2), what: Taken::Text, at: at(minute) }).await;
            world.after(1, 2, Command::Print { by: person(2), at: at(minute + 2) }).await;
        }
        let models = world.caught_up().await;
        let row = delivery(models, 1, 2).await;
        assert_eq!((row.downloaded_at, row.printed_at), (Some(at(4)), Some(at(6))));
        assert_eq!(delivery(models, 1, 3).await.downloaded_at, None);
    })
    .await;
}

/// R16: what is taken back leaves the recipients' folders and stays in the sender's; from everyone, the message says so.
#[tokio::test]
async fn what_is_taken_back_leaves_the_folders() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 0, 1).await;
        let recall = |from: Option<u128>, minute| Command::Recall {
            by: Recaller::Sender(person(1)),
            from: from.map(|n| vec![person(n)]),
            at: at(minute),
        };
        world.after(1, 1, recall(Some(2), 5)).await;
        let models = world.caught_up().await;
        assert!(!has(models, 2, Direction::In).await && has(models, 3, Direction::In).await);
        assert_eq!(delivery(models, 1, 2).await.recalled_at, Some(at(5)));
        assert_eq!(models.message(ORG, message(1)).await.unwrap().unwrap().recalled_at, None);
        world.after(1, 1, recall(None, 6)).await;
        let models = world.caught_up().await;
        assert!(!has(models, 3, Direction::In).await && has(models, 1, Direction::Out).await);
        assert_eq!(models.message(ORG, message(1)).await.unwrap().unwrap().recalled_at, Some(at(6)));
        assert_eq!(models.unread_count(ORG, person(3), at(7)).await.unwrap(), 0);
    })
    .await;
}

/// R16: what somebody deletes leaves their folder alone.
#[tokio::test]
async fn what_is_deleted_leaves_one_folder() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 0, 1).await;
        world.after(1, 2, Command::Delete { by: person(2), at: at(5) }).await;
        let models = world.caught_up().await;
        assert!(!has(models, 2, Direction::In).await && has(models, 3, Direction::In).await);
        assert!(has(models, 1, Direction::Out).await);
        assert_eq!(delivery(models, 1, 2).await.deleted_at, Some(at(5)));
        world.after(1, 1, Command::Delete { by: person(1), at: at(6) }).await;
        let models = world.caught_up().await;
        assert!(!has(models, 1, Direction::Out).await && has(models, 3, Direction::In).await);
        assert_eq!(models.message(ORG, message(1)).await.unwrap().unwrap().sender_deleted_at, Some(at(6)));
    })
    .await;
}

/// A22: a message that ends soon is found once, and each recipient who has it is told.
#[tokio::test]
async fn what_ends_soon_is_found_once() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 0, 1).await;
        let models = world.caught_up().await;
        let ending = async |models: &Projections, by: i64| {
            models.messages_ending(ORG, at(2), at(by), 10).await.unwrap()
        };
        assert_eq!(ending(models, LIFE).await, []);
        assert_eq!(ending(models, 1 + LIFE).await, [message(1)]);
        world.after(1, 3, Command::Delete { by: person(3), at: at(2) }).await;
        world.after(1, 1, Command::WarnOfExpiry { at: at(3) }).await;
        let models = world.caught_up().await;
        assert_eq!(ending(models, 1 + LIFE).await, []);
        let told = async |n| {
            let rows = models.notifications_of(ORG, person(n)).await.unwrap();
            rows.iter().filter(|row| row.kind == Kind::ExpiryWarning).count()
        };
        assert_eq!((told(2).await, told(3).await), (1, 0));
    })
    .await;
}

/// A21, A24: a file is kept while a draft or an unexpired message has it, and found by who has such a message.
#[tokio::test]
async fn a_file_is_kept_while_somebody_has_it() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 1, 1).await;
        world.send(2, 1, &[3], 1, 5).await;
        world.write(id(50), 2, 1).await;
        world.attach(id(50), 2, 7, 1).await;
        let models = world.caught_up().await;
        let kept = async |models: &Projections, file: u128, minute: i64| {
            models.attachment_is_kept(ORG, id(file), at(minute)).await.unwrap()
        };
        assert!(kept(models, 0, LIFE).await && kept(models, 0, 2 + LIFE).await);
        assert!(!kept(models, 0, 5 + LIFE).await);
        assert!(kept(models, 7, 99 * LIFE).await && !kept(models, 8, 1).await);
        let of = async |models: &Projections, n| {
            models.messages_with_attachment(ORG, person(n), id(0)).await.unwrap()
        };
        assert_eq!(of(models, 1).await, [message(2), message(1)]);
        assert_eq!(of(models, 3).await, [message(2)]);
        world.discard(id(50), 2, 2).await;
        world.expire(1, 1 + LIFE).await;
        let models = world.caught_up().await;
        assert!(!kept(models, 7, 3).await && kept(models, 0, 3).await);
        assert_eq!(of(models, 1).await, [message(2)]);
    })
    .await;
}

/// A41, R15: whoever sent a message is told once that a mail about it came back, and nobody is told of that mail's own fate.
#[tokio::test]
async fn the_sender_is_told_of_what_came_back() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 0, 1).await;
        let (_, row) = world.caught_up().await.notifications_due(at(1), 9).await.unwrap().remove(0);
        assert_eq!(row.sender, Some(person(1)));
        world.mailed(&row, None, 2).await;
        world.returned(&row, 3).await;
        world.returned(&row, 4).await;
        let models = world.caught_up().await;
        let row = models.notification(ORG, row.notification).await.unwrap().unwrap();
        assert_eq!((row.state, row.last_status.as_deref()), (NotificationState::Bounced, Some("5.1.1")));
        let due = models.notifications_due(at(4), 9).await.unwrap();
        let told: Vec<_> = due.iter().map(|(_, row)| (row.kind, row.recipient, row.message)).collect();
        assert_eq!(told, [(Kind::Undeliverable, Some(person(1)), Some(message(1)))]);
        world.bounced(&due[0].1, 5).await;
        assert_eq!(world.caught_up().await.notifications_due(at(9), 9).await.unwrap(), []);
    })
    .await;
}

/// B31: whoever writes to nobody is owed a mail that has no account.
#[tokio::test]
async fn whoever_writes_to_nobody_is_answered() {
    on_both(async |test| {
        let world = World::new(&test).await;
        let (about, automatic) = (replier::Matter::Unread, false);
        let owe = replier::Command::OweNotice { address: address(2), about, automatic, at: at(1) };
        world.tell::<Replier>(Uuid::from_u128(2), &by_worker(), owe).await;
        let due = world.caught_up().await.notifications_due(at(1), 9).await.unwrap();
        assert_eq!((due[0].1.kind, due[0].1.recipient), (Kind::AutoNotice, None));
    })
    .await;
}

/// G2, Q9: a mail that met a rule is listed with what the rule did, waits for a decision, and then for the relay.
#[tokio::test]
async fn a_held_mail_waits_for_a_decision_and_then_for_the_relay() {
    on_both(async |test| {
        let world = World::new(&test).await;
        let kept =
            intake::Kept { sender: None, recipients: vec![], raw: crate::correspondence::attachment(1) };
        let meet = |action, kept: Option<intake::Kept>| {
            let (sender, message, kept) = (Some(person(2)), None, kept.map(Box::new));
            intake::Command::Meet { rule: id(1), action, hits: 3, sender, message, kept, at: at(1) }
        };
        let tell = async |n: u128, command| {
            world.tell::<Intake>(Uuid::from_u128(n), &by_worker(), command).await;
        };
        tell(1, meet(Action::Hold, Some(kept))).await;
        tell(2, meet(Action::Refuse, None)).await;
        let models = world.caught_up().await;
        let waits = async |models: &Projections, n| models.rule_hit(ORG, id(n)).await.unwrap().unwrap().waits;
        assert_eq!((waits(models, 1).await, waits(models, 2).await), (Some(Waits::Decision), None));
        assert_eq!(models.rule_hit_count(ORG, None).await.unwrap(), 2);
        assert_eq!(models.rule_hit_count(ORG, Some(true)).await.unwrap(), 1);
        assert_eq!(models.rule_hit_count(ORG, Some(false)).await.unwrap(), 1);
        assert_eq!(models.mails_to_pass_on(9).await.unwrap(), []);
        let (by, decision, reason) = (person(3), Action::Pass, "Harmless.".into());
        tell(1, intake::Command::Decide { by, decision, message: None, reason, at: at(2) }).await;
        let models = world.caught_up().await;
        let passing = models.mails_to_pass_on(9).await.unwrap();
        let row = &passing[0].1;
        assert_eq!((row.intake, row.decision, row.decided_by), (id(1), Some(Action::Pass), Some(by)));
        tell(1, intake::Command::NotePassed { taken: true, at: at(3) }).await;
        let models = world.caught_up().await;
        assert_eq!((waits(models, 1).await, models.mails_to_pass_on(9).await.unwrap()), (None, vec![]));
    })
    .await;
}
