//! What ends by itself at its time: lockouts, blocks of networks, passwords that wait. Given commands, then what is due.

use crate::{
    life::{activate_password, answer, close, issue_reset, just_before, lapse_password, set_password},
    world::{LIFE, ORG, World, at, id, person},
};
use domain::{
    account::{Closing, Verdict, recovery::ResetBy},
    network,
};
use eventstore::testing::on_both;

/// R3: a network is due to be heard again when its block is over, to the second, and not after that.
#[tokio::test]
async fn a_blocked_network_is_due_when_its_time_is_over() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.block(70, 1).await;
        world.block(71, 2).await;
        world.network(72, network::Command::Fail { at: at(1) }).await;
        let models = world.caught_up().await;
        assert_eq!(models.blocks_due(just_before(at(16)), 10).await.unwrap(), []);
        assert_eq!(models.blocks_due(at(16), 10).await.unwrap(), [(ORG, id(70))]);
        assert_eq!(models.blocks_due(at(17), 10).await.unwrap(), [(ORG, id(70)), (ORG, id(71))]);
        assert_eq!(models.blocks_due(at(17), 1).await.unwrap(), [(ORG, id(70))]);
        world.network(70, network::Command::Release { at: at(17) }).await;
        world.caught_up().await;
        assert_eq!(models.blocks_due(at(17), 10).await.unwrap(), [(ORG, id(71))]);
        // Nobody released it, and it fails again: a new block.
        world.block(71, 18).await;
        world.caught_up().await;
        assert_eq!(models.blocks_due(just_before(at(33)), 10).await.unwrap(), []);
        assert_eq!(models.blocks_due(at(33), 10).await.unwrap(), [(ORG, id(71))]);
    })
    .await;
}

/// A13, A14: a password that waits is due to lapse when its link is too old, to the second, and not once it counts, was
/// replaced or lapsed.
#[tokio::test]
async fn a_waiting_password_is_due_when_its_time_is_over() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        let models = world.caught_up().await;
        let due = async |time| {
            world.caught_up().await;
            models.password_changes_due(time, 10).await.unwrap()
        };
        world.does(2, answer(Verdict::Right, 300, 1)).await;
        assert_eq!(due(at(LIFE)).await, []);
        world.does(2, set_password(300, 2)).await;
        assert_eq!(due(just_before(at(102))).await, []);
        assert_eq!(due(at(102)).await, [(ORG, person(2))]);
        // Another one takes its place.
        world.does(2, answer(Verdict::Right, 310, 3)).await;
        world.does(2, set_password(310, 4)).await;
        assert_eq!(due(just_before(at(104))).await, []);
        assert_eq!(due(at(104)).await, [(ORG, person(2))]);
        world.does(2, lapse_password(104)).await;
        assert_eq!(due(at(LIFE)).await, []);

        world.does(2, answer(Verdict::Right, 320, 105)).await;
        world.does(2, set_password(320, 106)).await;
        world.does(2, activate_password(321, 107)).await;
        assert_eq!(due(at(LIFE)).await, []);

        // One that works at once does not wait, and ends what did.
        world.does(2, answer(Verdict::Right, 330, 108)).await;
        world.does(2, set_password(330, 109)).await;
        assert_eq!(due(at(LIFE)).await.len(), 1);
        world.does(2, issue_reset(ResetBy::Administrator, 340, 110)).await;
        world.does(2, set_password(340, 111)).await;
        assert_eq!(due(at(LIFE)).await, []);
    })
    .await;
}

/// A18, R3, K9: a lockout is over, to the second, when its time is; also by a new password, and by closing the account,
/// which ends a password that waits as well.
#[tokio::test]
async fn a_lockout_ends_by_time_by_a_new_password_and_by_closing() {
    on_both(async |test| {
        let world = World::new(&test).await;
        for n in [2, 3, 4] {
            world.join(n).await;
            world.log_in(n, Verdict::Wrong, 1, 1).await;
            world.log_in(n, Verdict::Wrong, 2, 2).await;
        }
        let models = world.caught_up().await;
        assert_eq!(models.lockouts_due(just_before(at(32)), 10).await.unwrap(), []);
        assert_eq!(models.lockouts_due(at(32), 10).await.unwrap().len(), 3);
        world.does(2, issue_reset(ResetBy::Person, 700, 3)).await;
        world.does(2, set_password(700, 4)).await;
        world.does(3, answer(Verdict::Right, 710, 5)).await;
        world.does(3, set_password(710, 6)).await;
        world.does(3, close(Closing::Administrator, 7)).await;
        world.caught_up().await;
        assert_eq!(models.lockouts_due(at(32), 10).await.unwrap(), [(ORG, person(4))]);
        assert_eq!(models.lockout(ORG, person(2)).await.unwrap(), None);
        assert_eq!(models.password_changes_due(at(LIFE), 10).await.unwrap(), []);
    })
    .await;
}
