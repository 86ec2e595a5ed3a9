//! Notifications: given what they tell of and what became of them, then rows.

use crate::{
    life::{activate_password, answer, issue_reset, promote_alias, set_password, undo_promotion},
    world::{ORG, World, address, at, id, link, message, person},
};
use domain::{
    Event,
    account::{
        self, Command, Verdict, alias,
        recovery::{self, NewSecrets, ResetBy},
    },
    bytes::Sealed,
    notification::Kind,
};
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
            assert!(due.iter().any(|(_, row)| row.recipient == Some(person(n))));
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
        let of_first = models.notifications_of(ORG, due[0].1.recipient.unwrap()).await.unwrap();
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

/// A10, A13, B22, B26, B42, R14: whoever has to follow a link, or asked for the reminder, is told once; a right that a met
/// challenge gave is handed out and not mailed, and an alias that was added without its holder needs no mail.
#[tokio::test]
async fn what_people_ask_for_is_told() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join_as_member(2).await;
        let told = async |world: &World| {
            let rows = world.caught_up().await.notifications_of(ORG, person(2)).await.unwrap();
            let mut kinds: Vec<_> = rows.iter().rev().map(|row| row.kind).collect();
            kinds.drain(..2).for_each(drop);
            kinds
        };
        let remind = Command::Recover(recovery::Command::SendReminder { at: at(1) });
        world.does(2, remind.clone()).await;
        assert_eq!(told(&world).await, [], "there is no phrase to remind of");
        world.does(2, issue_reset(ResetBy::Person, 300, 2)).await;
        assert_eq!(told(&world).await, [Kind::Reset]);
        world.does(2, issue_reset(ResetBy::Administrator, 301, 3)).await;
        assert_eq!(told(&world).await, [Kind::Reset, Kind::Reset]);
        world.does(2, answer(Verdict::Wrong, 310, 4)).await;
        world.does(2, answer(Verdict::Right, 310, 5)).await;
        assert_eq!(told(&world).await.len(), 2);
        world.does(2, set_password(310, 6)).await;
        assert_eq!(told(&world).await[2..], [Kind::Activation]);
        world.does(2, activate_password(311, 7)).await;
        assert_eq!(told(&world).await.len(), 3);
        world.add_alias(2, 20, 400, 8).await;
        assert_eq!(told(&world).await[3..], [Kind::Alias]);
        world.does(2, promote_alias(20, 21, 401, 9)).await;
        assert_eq!(told(&world).await[4..], [Kind::Alias]);
        let add =
            alias::Command::Add { alias: id(30), address: address(30), added_by: person(1), at: at(10) };
        world.does(2, Command::Alias(add)).await;
        world.does(2, undo_promotion(401, 11)).await;
        assert_eq!(told(&world).await.len(), 5);
    })
    .await;
}

/// A10: whoever has a reminder phrase can have it mailed.
#[tokio::test]
async fn a_reminder_is_told() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.does(2, issue_reset(ResetBy::Person, 300, 1)).await;
        let secrets = NewSecrets { password: Sealed(vec![1]), reminder: Some(Sealed(vec![2])) };
        let (permit, activation) = (id(300), link(301, 2));
        let set = recovery::Command::SetPassword { permit, secrets, activation, at: at(2) };
        world.does(2, Command::Recover(set)).await;
        world.does(2, Command::Recover(recovery::Command::SendReminder { at: at(3) })).await;
        let rows = world.caught_up().await.notifications_of(ORG, person(2)).await.unwrap();
        let kinds: Vec<_> = rows.iter().map(|row| row.kind).collect();
        assert_eq!(kinds, [Kind::Reminder, Kind::Reset, Kind::Activation, Kind::Invitation]);
        let asked = world.last(|_| true).await;
        assert_eq!(rows[0].notification, notification_id(asked.event_id, Some(person(2)), Kind::Reminder));
    })
    .await;
}

/// R3: of several lockouts in short order one is told.
#[tokio::test]
async fn a_lockout_right_after_another_is_not_told() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        let mut untold = vec![];
        for minute in [1, 35, 70] {
            world.log_in(2, Verdict::Wrong, 1, minute).await;
            world.log_in(2, Verdict::Wrong, 2, minute + 1).await;
            let locked = |event: &Event| matches!(event, Event::Account(_, account::Event::LockedOut { .. }));
            if let Event::Account(_, account::Event::LockedOut { untold: quiet, .. }) =
                world.last(locked).await.event
            {
                untold.push(quiet);
            }
        }
        assert_eq!(untold, [false, true, false]);
        let told = world.caught_up().await.notifications_of(ORG, person(2)).await.unwrap();
        assert_eq!(told.iter().filter(|row| row.kind == Kind::Lockout).count(), 2);
    })
    .await;
}
