//! Accounts after their beginning: given commands, then their rows.

use crate::{
    life::{close, invited_into, profile, promote_alias, request_alias, undo_promotion},
    world::{ORG, World, address, at, by, by_worker, id, person},
};
use domain::{
    account::{Closing, Command, Kind},
    id::AddressTag,
    reservation,
};
use eventstore::testing::on_both;
use projections::{Projections, accounts::AccountState, notifications::NotificationRow};

/// C15, B41: a guest belongs to a group or to none; a member belongs to none.
#[tokio::test]
async fn a_guest_belongs_to_a_group() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.account(2, &by_worker(), invited_into("broker", 2, 200)).await;
        let row = world.row(2).await;
        assert_eq!((row.kind, row.audience.as_deref()), (Kind::Guest, Some("broker")));
        for audience in [Some("clinic".to_owned()), None, Some("practice".to_owned())] {
            world.does(2, Command::SetAudience { audience: audience.clone(), at: at(1) }).await;
            assert_eq!(world.row(2).await.audience, audience);
        }
        assert!(!world.member(2, 2).await);
        let row = world.row(2).await;
        assert_eq!((row.kind, row.audience), (Kind::Member, None));
    })
    .await;
}

/// A19: a row says what a person last said of themselves.
#[tokio::test]
async fn a_profile_is_the_last_one() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        let new = profile("Lovelace");
        world.does(2, Command::UpdateProfile { profile: Box::new(new.clone()), at: at(1) }).await;
        assert_eq!(world.row(2).await.profile, Some(new));
    })
    .await;
}

/// B46, R14: the primary address is the promoted one, until that is undone.
#[tokio::test]
async fn the_primary_address_is_the_promoted_one() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join_as_member(2).await;
        world.add_alias(2, 20, 500, 1).await;
        assert_eq!(world.row(2).await.address, Some(address(2)));
        world.does(2, promote_alias(20, 21, 501, 2)).await;
        assert_eq!(world.row(2).await.address, Some(address(20)));
        world.does(2, undo_promotion(501, 3)).await;
        assert_eq!(world.row(2).await.address, Some(address(2)));
    })
    .await;
}

/// B38, K9: who left can come back to a mailbox of the next generation; a closed account takes no mail.
#[tokio::test]
async fn an_account_is_left_taken_up_and_closed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.unsubscribe(2, 1).await;
        let row = world.row(2).await;
        assert_eq!((row.subscribed, row.mailbox_generation), (false, 1));
        world.does(2, Command::Resubscribe { at: at(2) }).await;
        let row = world.row(2).await;
        assert_eq!((row.subscribed, row.mailbox_generation, row.state), (true, 2, AccountState::Active));
        world.does(2, close(Closing::Wish, 3)).await;
        let row = world.row(2).await;
        assert_eq!((row.subscribed, row.state), (false, AccountState::Closed));
    })
    .await;
}

async fn due(models: &Projections, minute: i64) -> NotificationRow {
    let mut due = models.notifications_due(at(minute), 10).await.unwrap();
    // Whoever invited them hears of it as well.
    due.retain(|(_, row)| row.recipient == Some(person(2)));
    assert_eq!(due.len(), 1);
    due.remove(0).1
}

/// Q7: an account is undeliverable while the last mail to its address failed for good; one that is deferred, or that went
/// to an alias, says nothing of it, and another address begins afresh.
#[tokio::test]
async fn an_account_is_undeliverable_while_the_last_mail_failed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.invite(2, 200, 0).await;
        let row = due(world.caught_up().await, 0).await;
        world.mailed(&row, Some(451), 1).await;
        assert!(!world.row(2).await.undeliverable);
        world.bounced(&row, 6).await;
        assert!(world.row(2).await.undeliverable);

        world.register(2, 200, 7).await;
        let row = due(world.caught_up().await, 7).await;
        world.mailed(&row, None, 8).await;
        assert!(!world.row(2).await.undeliverable);

        world.activate(2, 201, 9).await;
        assert!(!world.member(2, 9).await);
        world.does(2, request_alias(20, 500, 10)).await;
        let row = due(world.caught_up().await, 10).await;
        world.bounced(&row, 11).await;
        assert!(!world.row(2).await.undeliverable);
    })
    .await;
}

/// B43, K9: an address leads to the account that its holder joined, to nobody once it is given up, and to whoever gets it
/// then.
#[tokio::test]
async fn an_address_passes_on_is_given_up_and_given_anew() {
    on_both(async |test| {
        use reservation::Command;
        let world = World::new(&test).await;
        let tag: AddressTag = id(1);
        let whose = async || world.caught_up().await.account_at(ORG, tag).await.unwrap();
        let at = at(1);
        world.address(1, Command::Reserve { account: person(2), at }).await;
        world.address(1, Command::Transfer { from: person(2), account: person(3), at }).await;
        assert_eq!(whose().await, Some(person(3)));
        world.address(1, Command::FailChallenge { from: [192, 0, 2, 7].into(), at }).await;
        world.address(1, Command::Release { account: person(3), at }).await;
        assert_eq!(whose().await, None);
        world.address(1, Command::FailChallenge { from: [192, 0, 2, 7].into(), at }).await;
        assert_eq!(whose().await, None);
        world.address(1, Command::Reserve { account: person(4), at }).await;
        assert_eq!(whose().await, Some(person(4)));
    })
    .await;
}

/// B3, R11: an invitation that is sent again is the last one, and does not lapse any more.
#[tokio::test]
async fn an_invitation_is_sent_again_before_it_lapsed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.invite(2, 200, 0).await;
        let again = Command::ResendInvitation { invitation: crate::world::link(210, 50), at: at(50) };
        assert!(!world.account(2, &by(person(1)), again).await);
        let row = world.row(2).await;
        assert_eq!((row.invitation, row.invitation_sent_at), (id(210), at(50)));
        assert_eq!(world.projections.lapsing(at(149), 10).await.unwrap(), []);
        assert_eq!(world.projections.lapsing(at(150), 10).await.unwrap(), [(ORG, person(2))]);
    })
    .await;
}
