//! Messages as such: where they stand, and how they are found. Given commands, then rows.

use crate::world::{LIFE, ORG, World, at, message, person};
use domain::{
    MessageId, Timestamp,
    key::Subject,
    message::{Command, Recaller},
};
use eventstore::testing::on_both;
use projections::{
    Projections, Slice, TimedPage,
    mailbox::{
        MessageRow,
        MessageState::{self, Expired, Live, Recalled, Shredded},
        RecordFilter,
    },
};

fn ids(rows: &Slice<MessageRow>) -> Vec<MessageId> {
    rows.items.iter().map(|row| row.message).collect()
}

async fn found(models: &Projections, now: Timestamp, filter: RecordFilter) -> Vec<MessageId> {
    let all = models.message_records(ORG, now, &filter, &TimedPage::default()).await.unwrap();
    let count = models.message_record_count(ORG, now, &filter).await.unwrap();
    assert_eq!(count, all.items.len() as u64, "{filter:?}");
    ids(&all)
}

async fn state(models: &Projections, n: u128, minute: i64) -> MessageState {
    models.message(ORG, message(n)).await.unwrap().unwrap().state(at(minute))
}

fn recall(from: u128, minute: i64) -> Command {
    Command::Recall { by: Recaller::Sender(person(from)), from: None, at: at(minute) }
}

/// Q6, A20: a message is live, recalled, over or shredded, and each state finds the messages that are in it, to the
/// microsecond, whether a worker has been by or not.
#[tokio::test]
async fn a_state_finds_its_messages() {
    on_both(async |test| {
        let world = World::new(&test).await;
        for n in 1..=3 {
            world.send(n, 1, &[2], 0, i64::try_from(n).unwrap()).await;
        }
        world.after(2, 1, recall(1, 5)).await;
        let models = world.caught_up().await;
        let with = |states: &[MessageState]| RecordFilter {
            states: Some(states.to_vec()),
            ..RecordFilter::default()
        };
        let end = at(1 + LIFE);
        let just_before = Timestamp::from_micros(end.micros() - 1);
        assert_eq!(found(models, just_before, with(&[Live])).await, [message(3), message(1)]);
        assert_eq!(found(models, just_before, with(&[Expired])).await, []);
        assert_eq!(found(models, end, with(&[Live])).await, [message(3)]);
        assert_eq!(found(models, end, with(&[Expired])).await, [message(1)]);
        assert_eq!(found(models, end, with(&[Recalled])).await, [message(2)]);
        assert_eq!(found(models, end, with(&[])).await, []);
        let but_live = [Recalled, Expired, Shredded];
        assert_eq!(found(models, end, with(&but_live)).await, [message(2), message(1)]);
        // What was taken back is over in its time as well.
        assert_eq!(state(models, 2, 2 + LIFE).await, Expired);

        let day = at(1 + LIFE).day();
        assert_eq!(day, at(3 + LIFE).day());
        world.destroy(90, Subject::ExpiryDay { day }, 3000).await;
        let models = world.caught_up().await;
        assert_eq!(found(models, at(3000), with(&[Shredded])).await.len(), 3);
        let row = models.message(ORG, message(2)).await.unwrap().unwrap();
        assert_eq!((row.shredded_at, row.policy_version), (Some(at(3000)), 1));
    })
    .await;
}

/// Q6, A21: a day's key takes what expires on that day, from midnight to midnight, and nothing else.
#[tokio::test]
async fn a_day_is_shredded_from_midnight_to_midnight() {
    on_both(async |test| {
        let world = World::new(&test).await;
        // at(0) is eight in the morning: the message of minute 960 - LIFE ends on the next midnight.
        let midnight = 960 - LIFE;
        for (n, minute) in [(1, midnight - 1440), (2, midnight - 1), (3, midnight)] {
            world.send(n, 1, &[2], 0, minute).await;
        }
        let models = world.caught_up().await;
        let day = at(midnight - 1 + LIFE).day();
        assert_ne!(day, at(midnight + LIFE).day());
        world.destroy(90, Subject::ExpiryDay { day }, 3000).await;
        world.caught_up().await;
        for (n, shredded) in [(1, true), (2, true), (3, false)] {
            assert_eq!(state(models, n, 0).await == MessageState::Shredded, shredded, "{n}");
        }
    })
    .await;
}

/// Q6, B38, K9: a message is shredded before its day when the last mailbox is gone that it stands in, or that a forward of it
/// stands in; while its sender or any recipient has theirs, it is not.
#[tokio::test]
async fn a_message_is_shredded_with_the_last_mailbox() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 0, 1).await;
        world.send(2, 1, &[2], 0, 1).await;
        world.forward(3, 2, 2, &[4], 2).await;
        let received = |n| Subject::IncomingMailbox { account: person(n), generation: 1 };
        let sent = |n| Subject::OutgoingMailbox { account: person(n), generation: 1 };
        let models = world.caught_up().await;
        let shredded = async || {
            world.caught_up().await;
            let filter =
                RecordFilter { states: Some(vec![MessageState::Shredded]), ..RecordFilter::default() };
            found(models, at(9), filter).await
        };
        world.destroy(72, received(2), 3).await;
        world.destroy(81, sent(1), 4).await;
        assert_eq!(shredded().await, [], "a recipient has the one, a forward of the other stands");
        world.destroy(73, received(3), 5).await;
        assert_eq!(shredded().await, [message(1)]);
        world.destroy(82, sent(2), 6).await;
        assert_eq!(shredded().await, [message(1)]);
        world.destroy(74, received(4), 7).await;
        assert_eq!(shredded().await.len(), 3);
        let row = models.message(ORG, message(1)).await.unwrap().unwrap();
        assert_eq!(row.shredded_at, Some(at(5)), "the first time counts");
        assert_eq!(models.message(ORG, message(2)).await.unwrap().unwrap().shredded_at, Some(at(7)));
    })
    .await;
}

/// Q5, Q6: records are found by sender, recipient, time and whether any recipient ever opened them; a sender's own look counts
/// for nobody.
#[tokio::test]
async fn records_are_found_by_every_condition() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 0, 1).await;
        world.send(2, 2, &[3, 4], 0, 2).await;
        world.send(3, 1, &[3], 0, 3).await;
        world.open(1, 1, 4).await;
        world.open(2, 4, 4).await;
        let models = world.caught_up().await;
        let all = RecordFilter::default;
        let found = async |filter| found(models, at(5), filter).await;
        assert_eq!(found(all()).await, [message(3), message(2), message(1)]);
        assert_eq!(found(RecordFilter { senders: Some(vec![person(2)]), ..all() }).await, [message(2)]);
        assert_eq!(found(RecordFilter { senders: Some(vec![]), ..all() }).await, []);
        let to = |people: &[u128]| Some(people.iter().map(|n| person(*n)).collect::<Vec<_>>());
        assert_eq!(found(RecordFilter { recipients: to(&[3]), ..all() }).await, [message(3), message(2)]);
        assert_eq!(found(RecordFilter { recipients: to(&[2, 4]), ..all() }).await, [message(2), message(1)]);
        assert_eq!(found(RecordFilter { recipients: to(&[]), ..all() }).await, []);
        let never = |never| RecordFilter { never_opened: Some(never), ..all() };
        assert_eq!(found(never(true)).await, [message(3), message(1)]);
        assert_eq!(found(never(false)).await, [message(2)]);
        let between = RecordFilter { sent_from: Some(at(2)), sent_until: Some(at(3)), ..all() };
        assert_eq!(found(between).await, [message(2)]);
        let these = RecordFilter { messages: Some(vec![message(1), message(9)]), ..all() };
        assert_eq!(found(these).await, [message(1)]);
        let none_fits = RecordFilter { senders: to(&[1]), recipients: to(&[4]), ..all() };
        assert_eq!(found(none_fits).await, []);
    })
    .await;
}

/// Q6: the list is paged both ways, and messages of one instant stand in one order.
#[tokio::test]
async fn records_are_paged_both_ways() {
    on_both(async |test| {
        let world = World::new(&test).await;
        for n in 1..=5 {
            world.send(n, 1, &[2], 0, i64::try_from(n / 2).unwrap()).await;
        }
        let models = world.caught_up().await;
        let page =
            async |page| models.message_records(ORG, at(5), &RecordFilter::default(), &page).await.unwrap();
        let first = page(TimedPage { first: Some(2), ..TimedPage::default() }).await;
        assert_eq!(ids(&first), [message(5), message(4)]);
        assert!(first.has_next && !first.has_previous);
        let place = |n: usize| (first.items[n].sent_at, first.items[n].message);
        let next = page(TimedPage { first: Some(2), after: Some(place(1)), ..TimedPage::default() }).await;
        assert_eq!(ids(&next), [message(3), message(2)]);
        let last = page(TimedPage { last: Some(2), ..TimedPage::default() }).await;
        assert_eq!((ids(&last), last.has_previous), (vec![message(2), message(1)], true));
        let before = (last.items[0].sent_at, last.items[0].message);
        let back = page(TimedPage { last: Some(9), before: Some(before), ..TimedPage::default() }).await;
        assert_eq!(ids(&back), [message(5), message(4), message(3)]);
        assert!(back.has_next && !back.has_previous);
    })
    .await;
}
