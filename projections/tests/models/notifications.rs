//! Notifications: given what they tell of and what became of them, then rows.

use crate::world::{ORG, World, at, message, person};
use domain::{account::Verdict, notification::Kind};
use eventstore::testing::on_both;
use projections::notifications::{NotificationState, notification_id};

/// A6, R15: each message has exactly one notification for each recipient, which is due until it left.
#[tokio::test]
async fn a_message_has_one_notification_for_each_recipient() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2, 3], 0, 5).await;
        let models = world.caught_up().await;
        let due = models.notifications_due(at(5), 10).await.unwrap();
        assert_eq!(models.notifications_due(at(4), 10).await.unwrap(), []);
        assert_eq!(models.outbox_depth().await.unwrap(), (2, Some(at(5))));
        let sent = world.last(|_| true).await;
        for (n, (organisation, row)) in [2, 3].into_iter().zip(&due) {
            let expected = notification_id(sent.event_id, row.recipient, Kind::NewMessage);
            assert_eq!((*organisation, row.notification, row.attempts), (ORG, expected, 0));
            assert_eq!((row.kind, row.cause), (Kind::NewMessage, sent.position));
            assert!(due.iter().any(|(_, row)| row.recipient == person(n)));
        }

        world.mailed(&due[0].1, Some(451), 6).await;
        world.mailed(&due[1].1, None, 6).await;
        let models = world.caught_up().await;
        assert_eq!(models.notifications_due(at(10), 10).await.unwrap(), []);
        let again = models.notifications_due(at(11), 10).await.unwrap();
        let row = &again[0].1;
        assert_eq!((row.state, row.attempts, row.last_reply), (NotificationState::Deferred, 1, Some(451)));
        world.mailed(row, None, 11).await;
        let models = world.caught_up().await;
        assert_eq!(models.outbox_depth().await.unwrap(), (0, None));
        let told = models.notifications_of_message(ORG, message(1)).await.unwrap();
        assert!(told.iter().all(|row| row.state == NotificationState::Sent), "{told:?}");
        let of_first = models.notifications_of(ORG, due[0].1.recipient).await.unwrap();
        assert_eq!((of_first.len(), of_first[0].attempts), (1, 2));
    })
    .await;
}

/// A1, A4, A18: an invitation, a registration and a lockout are each told of by one mail.
#[tokio::test]
async fn what_happens_to_an_account_is_told_once() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.log_in(2, Verdict::Wrong, 1, 1).await;
        world.log_in(2, Verdict::Wrong, 2, 2).await;
        world.log_in(2, Verdict::Wrong, 3, 3).await;
        let told = world.caught_up().await.notifications_of(ORG, person(2)).await.unwrap();
        let kinds: Vec<_> = told.iter().map(|row| row.kind).collect();
        assert_eq!(kinds, [Kind::Lockout, Kind::Activation, Kind::Invitation]);
    })
    .await;
}
