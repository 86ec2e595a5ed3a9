//! Folders and deliveries: given commands, then rows.

use crate::world::{LIFE, ORG, World, at, by, id, message, person};
use domain::{
    MessageId,
    message::{self, Direction, Field, Message},
};
use eventstore::testing::on_both;
use projections::{
    Projections, Slice,
    mailbox::{MailboxEntry, MailboxFilter, Page},
};

const ALL: MailboxFilter = MailboxFilter {
    unread: None,
    has_attachments: None,
    correspondent: None,
    sent_from: None,
    sent_until: None,
};

async fn page(
    models: &Projections,
    n: u128,
    minute: i64,
    filter: &MailboxFilter,
    page: Page,
) -> Slice<MailboxEntry> {
    models.mailbox(ORG, person(n), Direction::In, at(minute), filter, &page).await.unwrap()
}
async fn inbox(models: &Projections, n: u128, minute: i64, filter: MailboxFilter) -> Vec<MessageId> {
    let slice = page(models, n, minute, &filter, Page { first: Some(100), ..Page::default() }).await;
    let count = models.mailbox_count(ORG, person(n), Direction::In, at(minute), &filter).await.unwrap();
    assert_eq!(count, slice.items.len() as u64);
    ids(&slice)
}
fn ids(slice: &Slice<MailboxEntry>) -> Vec<MessageId> {
    slice.items.iter().map(|entry| entry.message).collect()
}

/// A29: what was sent stands in the recipients' inbox and in the sender's folder, with the reader's own grant.
#[tokio::test]
async fn a_message_stands_in_its_readers_folders() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 2, 5).await;
        let models = world.caught_up().await;
        for n in [2, 3] {
            let entry = page(models, n, 6, &ALL, Page::default()).await.items.remove(0);
            assert_eq!(
                (entry.message, entry.sender, entry.position),
                (message(1), person(1), world.log.head())
            );
            assert_eq!((entry.sent_at, entry.expires_at), (at(5), at(5 + LIFE)));
            assert_eq!((entry.attachment_count, entry.size_bytes, entry.generation), (2, 25, 1));
            assert_eq!((entry.grant.0, entry.content_key), (vec![2, 2], id(5001)));
        }
        let page = Page::default();
        let sent = models.mailbox(ORG, person(1), Direction::Out, at(6), &ALL, &page).await.unwrap();
        assert_eq!(ids(&sent), [message(1)]);
        assert_eq!(inbox(models, 1, 6, ALL).await, []);
        let to = models.deliveries(ORG, message(1)).await.unwrap();
        assert_eq!(
            to.iter().map(|row| (row.account, row.field)).collect::<Vec<_>>(),
            [(person(2), Field::To), (person(3), Field::To)]
        );
        assert_eq!(models.delivery(ORG, message(1), person(9)).await.unwrap(), None);
    })
    .await;
}

/// A42: a folder is paged both ways from any entry, newest first, and messages of one instant are told apart.
#[tokio::test]
async fn a_folder_is_paged_both_ways() {
    on_both(async |test| {
        let world = World::new(&test).await;
        for (n, minute) in [(1, 1), (2, 2), (3, 2), (4, 2), (5, 3)] {
            world.send(n, 1, &[2], 0, minute).await;
        }
        let models = world.caught_up().await;
        let first = Page { first: Some(2), ..Page::default() };
        let top = page(models, 2, 9, &ALL, first).await;
        assert_eq!((ids(&top), top.has_previous, top.has_next), (vec![message(5), message(4)], false, true));
        let after = Some((at(2), message(4)));
        let middle = page(models, 2, 9, &ALL, Page { after, ..first }).await;
        assert_eq!(
            (ids(&middle), middle.has_previous, middle.has_next),
            (vec![message(3), message(2)], true, true)
        );
        let after = Some((at(2), message(2)));
        let end = page(models, 2, 9, &ALL, Page { after, ..first }).await;
        assert_eq!((ids(&end), end.has_previous, end.has_next), (vec![message(1)], true, false));

        let last = Page { last: Some(2), ..Page::default() };
        let bottom = page(models, 2, 9, &ALL, last).await;
        assert_eq!(
            (ids(&bottom), bottom.has_previous, bottom.has_next),
            (vec![message(2), message(1)], true, false)
        );
        let before = Some((at(2), message(2)));
        let above = page(models, 2, 9, &ALL, Page { before, ..last }).await;
        assert_eq!(
            (ids(&above), above.has_previous, above.has_next),
            (vec![message(4), message(3)], true, true)
        );
        let none = page(models, 2, 9, &ALL, Page { first: Some(0), ..Page::default() }).await;
        assert_eq!((ids(&none), none.has_next), (vec![], true));
    })
    .await;
}

/// R2: a message counts as read once, at its first opening, and for whoever opened it alone.
#[tokio::test]
async fn a_message_is_opened_once() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 0, 1).await;
        world.open(1, 2, 4).await;
        world.open(1, 2, 8).await;
        world.open(1, 1, 9).await;
        let models = world.caught_up().await;
        let entry = models.mailbox_entry(ORG, person(2), message(1)).await.unwrap();
        assert_eq!(entry.iter().map(|entry| entry.opened_at).collect::<Vec<_>>(), [Some(at(4))]);
        let opened = models.deliveries(ORG, message(1)).await.unwrap();
        assert_eq!(opened.iter().map(|row| row.opened_at).collect::<Vec<_>>(), [Some(at(4)), None]);
        assert_eq!(models.unread_count(ORG, person(2), at(9)).await.unwrap(), 0);
        assert_eq!(models.unread_count(ORG, person(3), at(9)).await.unwrap(), 1);
    })
    .await;
}

/// A29, A33: a folder is narrowed by what was read, what has files, and when it was sent.
#[tokio::test]
async fn a_folder_is_narrowed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 0, 1).await;
        world.send(2, 1, &[2], 1, 2).await;
        world.send(3, 1, &[2], 0, 3).await;
        world.open(1, 2, 4).await;
        let models = world.caught_up().await;
        let (m1, m2, m3) = (message(1), message(2), message(3));
        assert_eq!(inbox(models, 2, 9, MailboxFilter { unread: Some(true), ..ALL }).await, [m3, m2]);
        assert_eq!(inbox(models, 2, 9, MailboxFilter { unread: Some(false), ..ALL }).await, [m1]);
        assert_eq!(inbox(models, 2, 9, MailboxFilter { has_attachments: Some(true), ..ALL }).await, [m2]);
        assert_eq!(
            inbox(models, 2, 9, MailboxFilter { has_attachments: Some(false), ..ALL }).await,
            [m3, m1]
        );
        let (sent_from, sent_until) = (Some(at(2)), Some(at(3)));
        assert_eq!(inbox(models, 2, 9, MailboxFilter { sent_from, sent_until, ..ALL }).await, [m2]);
    })
    .await;
}

/// A20, A21: a message that is over stands in no folder, before a worker recorded it and after, for its sender too.
#[tokio::test]
async fn an_expired_message_is_gone_from_every_folder() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 0, 0).await;
        let models = world.caught_up().await;
        assert_eq!(inbox(models, 2, LIFE - 1, ALL).await, [message(1)]);
        assert_eq!(models.messages_over(at(LIFE - 1), 10).await.unwrap(), []);
        assert_eq!(inbox(models, 2, LIFE, ALL).await, []);
        assert_eq!(models.messages_over(at(LIFE), 10).await.unwrap(), [(ORG, message(1))]);
        assert_eq!(models.messages_unexpired_before(ORG, at(LIFE)).await.unwrap(), 0);
        assert_eq!(models.messages_unexpired_before(ORG, at(LIFE + 1)).await.unwrap(), 1);

        world.expire(1, LIFE).await;
        let models = world.caught_up().await;
        for n in [1, 2] {
            assert_eq!(models.mailbox_entry(ORG, person(n), message(1)).await.unwrap(), []);
        }
        assert_eq!(models.messages_over(at(LIFE), 10).await.unwrap(), []);
        assert_eq!(models.messages_unexpired_before(ORG, at(LIFE + 1)).await.unwrap(), 0);
        assert_eq!(models.message(ORG, message(1)).await.unwrap().unwrap().expired_at, Some(at(LIFE)));
        assert_eq!(models.deliveries(ORG, message(1)).await.unwrap().len(), 1);
    })
    .await;
}

/// B38: who leaves loses what they received to date; what they sent, and others' copies, stay.
#[tokio::test]
async fn leaving_revokes_what_was_received() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.send(1, 1, &[2, 3], 0, 1).await;
        world.send(2, 2, &[1], 0, 1).await;
        world.unsubscribe(2, 5).await;
        let models = world.caught_up().await;
        assert_eq!(inbox(models, 2, 6, ALL).await, []);
        assert_eq!(models.mailbox_entry(ORG, person(2), message(1)).await.unwrap(), []);
        assert_eq!(models.mailbox_entry(ORG, person(2), message(2)).await.unwrap().len(), 1);
        assert_eq!(inbox(models, 3, 6, ALL).await, [message(1)]);
        let revoked = models.deliveries(ORG, message(1)).await.unwrap();
        assert_eq!(revoked.iter().map(|row| row.revoked_at).collect::<Vec<_>>(), [Some(at(5)), None]);
        assert!(!models.account(ORG, person(2)).await.unwrap().unwrap().subscribed);
    })
    .await;
}

/// Q1: an answer and a forward are noted at the recipient who made them, by the first time.
#[tokio::test]
async fn answers_and_forwards_are_noted() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 0, 1).await;
        for minute in [4, 6] {
            let reply = message::Command::NoteReply { by: person(2), with: message(7), at: at(minute) };
            let forward = message::Command::NoteForward { by: person(3), with: message(8), at: at(minute) };
            world.tell::<Message>(message(1).uuid(), &by(person(2)), reply).await;
            world.tell::<Message>(message(1).uuid(), &by(person(3)), forward).await;
        }
        let rows = world.caught_up().await.deliveries(ORG, message(1)).await.unwrap();
        let times: Vec<_> = rows.iter().map(|row| (row.replied_at, row.forwarded_at)).collect();
        assert_eq!(times, [(Some(at(4)), None), (None, Some(at(4)))]);
    })
    .await;
}
