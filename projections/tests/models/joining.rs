//! Folders when accounts join, are left and are closed: given commands, then rows.

use crate::{
    life::close,
    world::{LIFE, ORG, World, at, by, message, person},
};
use domain::{
    AccountId, MessageId, OrganisationId,
    account::{Closing, Command},
    message::{Command as OfMessage, Direction, Message},
};
use eventstore::{db::Value, testing::on_both};
use projections::mailbox::{MailboxFilter, Page};

impl World {
    /// A folder, oldest first: each message, and whose mailbox key opens it.
    async fn folder(&self, n: u128, direction: Direction) -> Vec<(MessageId, AccountId)> {
        let (filter, page) = (MailboxFilter::default(), Page::default());
        let models = self.caught_up().await;
        let slice = models.mailbox(ORG, person(n), direction, at(50), &filter, &page).await.unwrap();
        slice.items.iter().rev().map(|entry| (entry.message, entry.granted_to)).collect()
    }

    async fn revoked(&self, n: u128) -> Vec<(AccountId, bool)> {
        let rows = self.caught_up().await.deliveries(ORG, message(n)).await.unwrap();
        rows.iter().map(|row| (row.account, row.revoked_at.is_some())).collect()
    }

    /// Members 2 and 3 with mail; message 3 went to both.
    async fn two_with_mail(&self) {
        self.join_as_member(2).await;
        self.join_as_member(3).await;
        self.send(1, 1, &[2], 0, 1).await;
        self.send(2, 1, &[3], 0, 2).await;
        self.send(3, 1, &[2, 3], 0, 3).await;
        self.send(4, 3, &[1], 0, 4).await;
        self.send(5, 2, &[1], 0, 5).await;
    }
}

/// B43: whoever joins brings what they received and sent; it opens by the key that it was granted to. What both had stands
/// once.
#[tokio::test]
async fn folders_move_with_whoever_joins() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.two_with_mail().await;
        world.merge(2, 3, 500, 10).await;
        let (two, three) = (person(2), person(3));
        let received = [(message(1), two), (message(2), three), (message(3), two)];
        assert_eq!(world.folder(2, Direction::In).await, received);
        assert_eq!(world.folder(2, Direction::Out).await, [(message(4), three), (message(5), two)]);
        assert_eq!(world.folder(3, Direction::In).await, []);
        assert_eq!(world.folder(3, Direction::Out).await, []);
        assert_eq!(world.folder(1, Direction::In).await, [(message(4), person(1)), (message(5), person(1))]);
        let models = world.caught_up().await;
        let entry = models.mailbox_entry(ORG, two, message(2)).await.unwrap().remove(0);
        assert_eq!((entry.granted_to, entry.generation, entry.sender), (three, 1, person(1)));
        assert_eq!(models.mailbox_entry(ORG, three, message(2)).await.unwrap(), []);
        assert_eq!(models.unread_count(ORG, two, at(11)).await.unwrap(), 3);
    })
    .await;
}

/// B43, R2: joined mail is opened, answered and passed on as by the account that it was sent to.
#[tokio::test]
async fn joined_mail_is_opened_as_by_its_reader() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.two_with_mail().await;
        world.merge(2, 3, 500, 10).await;
        let open = OfMessage::Open { by: person(3), at: at(11) };
        assert!(!world.tell::<Message>(message(2).uuid(), &by(person(2)), open).await);
        let reply = OfMessage::NoteReply { by: person(3), with: message(9), at: at(12) };
        assert!(!world.tell::<Message>(message(2).uuid(), &by(person(2)), reply).await);
        let models = world.caught_up().await;
        let entry = models.mailbox_entry(ORG, person(2), message(2)).await.unwrap().remove(0);
        assert_eq!(entry.opened_at, Some(at(11)));
        let delivery = models.delivery(ORG, message(2), person(3)).await.unwrap().unwrap();
        assert_eq!((delivery.opened_at, delivery.replied_at), (Some(at(11)), Some(at(12))));
        assert_eq!(models.unread_count(ORG, person(2), at(12)).await.unwrap(), 2);
        world.expire(2, LIFE + 2).await;
        world.caught_up().await;
        assert_eq!(models.mailbox_entry(ORG, person(2), message(2)).await.unwrap(), []);
    })
    .await;
}

/// B43: whoever had been joined brings that mail along.
#[tokio::test]
async fn joined_mail_moves_on() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.two_with_mail().await;
        world.join_as_member(4).await;
        world.send(6, 1, &[4, 3], 0, 6).await;
        world.merge(2, 3, 500, 10).await;
        world.merge(4, 2, 510, 20).await;
        let (two, three, four) = (person(2), person(3), person(4));
        let received = [(message(1), two), (message(2), three), (message(3), two), (message(6), four)];
        assert_eq!(world.folder(4, Direction::In).await, received);
        assert_eq!(world.folder(2, Direction::In).await, []);
    })
    .await;
}

/// B38, B43: who leaves loses the joined mail as well, and it shows at the account that it was sent to; what was sent stays.
#[tokio::test]
async fn leaving_revokes_joined_mail() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.two_with_mail().await;
        world.merge(2, 3, 500, 10).await;
        world.unsubscribe(2, 15).await;
        assert_eq!(world.folder(2, Direction::In).await, []);
        assert_eq!(world.folder(2, Direction::Out).await.len(), 2);
        assert_eq!(world.revoked(1).await, [(person(2), true)]);
        assert_eq!(world.revoked(2).await, [(person(3), true)]);
        assert!(world.revoked(3).await.contains(&(person(2), true)));
        assert_eq!(world.revoked(4).await, [(person(1), false)]);
        // What comes in after the return is there.
        world.does(2, Command::Resubscribe { at: at(16) }).await;
        world.send(6, 1, &[2], 0, 17).await;
        assert_eq!(world.folder(2, Direction::In).await, [(message(6), person(2))]);
    })
    .await;
}

/// K9, B43: closing an account takes all that it received and sent out of reach, unless it joined another.
#[tokio::test]
async fn closing_revokes_unless_it_joined() {
    on_both(async |test| {
        for (why, revokes) in [
            (Closing::Wish, true),
            (Closing::Administrator, true),
            (Closing::Joined { into: person(9) }, false),
        ] {
            let world = World::new(&test).await;
            let n = match why {
                Closing::Wish => 2,
                Closing::Administrator => 3,
                Closing::Joined { .. } => 4,
            };
            world.join(n).await;
            world.send(10 * n, 1, &[n], 0, 1).await;
            world.send(10 * n + 1, n, &[1], 0, 2).await;
            world.does(n, close(why, 3)).await;
            assert_eq!(world.folder(n, Direction::In).await.is_empty(), revokes, "{why:?}");
            assert_eq!(world.folder(n, Direction::Out).await.is_empty(), revokes, "{why:?}");
            assert_eq!(world.revoked(10 * n).await, [(person(n), revokes)], "{why:?}");
            assert_eq!(world.revoked(10 * n + 1).await, [(person(1), false)], "{why:?}");
        }
    })
    .await;
}

/// B43: what joins is one organisation's.
#[tokio::test]
async fn another_organisations_rows_stay() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.two_with_mail().await;
        world.caught_up().await;
        let copy = "INSERT INTO rm_mailbox SELECT 2, account, granted_to, direction, message, sent_at, expires_at, \
             generation, grant_key, opened_at, revoked_at, recalled_at FROM rm_mailbox WHERE organisation = 1";
        world.log.db().run(copy, vec![]).await.unwrap();
        let of = async |n: u128| {
            let sql = "SELECT COUNT(*) AS n FROM rm_mailbox WHERE organisation = $1 AND account = $2 \
                 AND revoked_at IS NULL";
            let values: Vec<Value> = vec![i64::from(OrganisationId(2).0).into(), person(n).bytes().into()];
            world.log.db().one(sql, values).await.unwrap().int("n").unwrap()
        };
        let before = (of(2).await, of(3).await);
        world.merge(2, 3, 500, 10).await;
        world.unsubscribe(2, 11).await;
        world.caught_up().await;
        assert_eq!((of(2).await, of(3).await), before);
    })
    .await;
}
