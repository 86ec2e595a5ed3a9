//! Mailed links of every purpose: given commands, then whether they work.

use crate::{
    life::{
        activate_password, answer, close, confirm_alias, issue_reset, lapse_password, promote_alias,
        remove_alias, request_alias, set_password, undo_promotion,
    },
    world::{ORG, World, hash, id, person},
};
use domain::account::{Closing, Verdict, recovery::ResetBy};
use eventstore::testing::on_both;
use projections::links::{
    LinkPurpose,
    LinkState::{self, Replaced, Usable, Used},
};

impl World {
    async fn links<const N: usize>(&self, numbers: [u128; N]) -> [LinkState; N] {
        let models = self.caught_up().await;
        let mut states = [Usable; N];
        for (state, number) in states.iter_mut().zip(numbers) {
            *state = models.link(ORG, &hash(number)).await.unwrap().unwrap().state;
        }
        states
    }
}

/// A3, A4, A12, A13, B22, B42, R14: a link is found by its token, with what it is for.
#[tokio::test]
async fn a_link_is_for_one_purpose() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join_as_member(2).await;
        world.does(2, issue_reset(ResetBy::Administrator, 300, 1)).await;
        world.does(2, answer(Verdict::Right, 310, 2)).await;
        world.does(2, set_password(310, 3)).await;
        world.add_alias(2, 20, 400, 4).await;
        world.does(2, promote_alias(20, 21, 401, 5)).await;
        let models = world.caught_up().await;
        for (number, purpose) in [
            (200, LinkPurpose::Register),
            (201, LinkPurpose::ActivateAccount),
            (300, LinkPurpose::SetPassword),
            (310, LinkPurpose::SetPassword),
            (311, LinkPurpose::ActivatePassword),
            (400, LinkPurpose::ConfirmAlias),
            (401, LinkPurpose::UndoAliasPromotion),
        ] {
            let row = models.link(ORG, &hash(number)).await.unwrap().unwrap();
            let expected = (purpose, person(2), id::<()>(number).uuid());
            assert_eq!((row.purpose, row.account, row.link), expected);
        }
    })
    .await;
}

/// A12–A15, B22, B25: the last right to set a password works, once; what waits for its activation counts once, or lapses.
#[tokio::test]
async fn a_password_is_set_once_by_the_last_right() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join(2).await;
        world.does(2, issue_reset(ResetBy::Person, 300, 1)).await;
        world.does(2, issue_reset(ResetBy::Person, 310, 2)).await;
        assert_eq!(world.links([300, 310]).await, [Replaced, Usable]);
        world.does(2, set_password(310, 3)).await;
        assert_eq!(world.links([300, 310]).await, [Replaced, Used]);

        world.does(2, answer(Verdict::Right, 320, 4)).await;
        world.does(2, set_password(320, 5)).await;
        assert_eq!(world.links([320, 321]).await, [Used, Usable]);
        world.does(2, activate_password(321, 6)).await;
        assert_eq!(world.links([320, 321]).await, [Used, Used]);

        world.does(2, answer(Verdict::Right, 330, 7)).await;
        world.does(2, set_password(330, 8)).await;
        world.does(2, lapse_password(108)).await;
        assert_eq!(world.links([330, 331]).await, [Used, Replaced]);
    })
    .await;
}

/// B42: a newer confirmation takes the older one's place, for this alias alone.
#[tokio::test]
async fn a_confirmation_is_replaced_for_its_alias_alone() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join_as_member(2).await;
        world.does(2, request_alias(20, 400, 1)).await;
        world.does(2, request_alias(30, 410, 1)).await;
        world.does(2, request_alias(20, 401, 5)).await;
        assert_eq!(world.links([400, 401, 410]).await, [Replaced, Usable, Usable]);
        world.does(2, confirm_alias(401, None, 6)).await;
        assert_eq!(world.links([400, 401, 410]).await, [Replaced, Used, Usable]);
        world.does(2, remove_alias(30, 7)).await;
        assert_eq!(world.links([400, 401, 410]).await, [Replaced, Used, Replaced]);
    })
    .await;
}

/// R14: undoing a promotion ends the links of those that came after it, what waits to be activated, and the right to set a
/// password that was mailed to the promoted address; an earlier promotion can still be undone.
#[tokio::test]
async fn undoing_a_promotion_ends_what_came_after_it() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join_as_member(2).await;
        for (alias, mail) in [(20, 400), (30, 410), (40, 420)] {
            world.add_alias(2, alias, mail, 1).await;
        }
        world.does(2, promote_alias(20, 21, 401, 2)).await;
        world.does(2, promote_alias(30, 31, 411, 3)).await;
        world.does(2, promote_alias(40, 41, 421, 4)).await;
        world.does(2, answer(Verdict::Right, 500, 5)).await;
        world.does(2, set_password(500, 6)).await;
        world.does(2, issue_reset(ResetBy::Person, 510, 7)).await;
        assert_eq!(world.links([401, 411, 421, 501, 510]).await, [Usable; 5]);
        world.does(2, undo_promotion(411, 8)).await;
        assert_eq!(world.links([401, 411, 421, 501, 510]).await, [Usable, Used, Used, Replaced, Used]);
        assert_eq!(world.row(2).await.address, Some(crate::world::address(20)));
    })
    .await;
}

/// R14: a former primary address that is promoted again has nothing left to undo; the one after it has.
#[tokio::test]
async fn a_former_address_that_is_promoted_again_undoes_nothing() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join_as_member(2).await;
        world.add_alias(2, 20, 400, 1).await;
        world.does(2, promote_alias(20, 21, 401, 2)).await;
        world.does(2, promote_alias(21, 22, 402, 3)).await;
        assert_eq!(world.links([401, 402]).await, [Replaced, Usable]);
    })
    .await;
}

/// K9: nothing that was mailed to a closed account works, and what did its work stays used.
#[tokio::test]
async fn closing_ends_every_link() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.join_as_member(2).await;
        world.join(3).await;
        world.does(2, issue_reset(ResetBy::Administrator, 700, 1)).await;
        world.does(3, issue_reset(ResetBy::Administrator, 750, 1)).await;
        world.does(2, request_alias(20, 400, 1)).await;
        world.add_alias(2, 30, 410, 1).await;
        world.does(2, promote_alias(30, 31, 411, 2)).await;
        world.does(2, close(Closing::Wish, 3)).await;
        let states = world.links([200, 201, 700, 400, 410, 411]).await;
        assert_eq!(states, [Used, Used, Replaced, Replaced, Used, Replaced]);
        assert_eq!(world.links([750]).await, [Usable]);
    })
    .await;
}
