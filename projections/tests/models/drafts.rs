//! Drafts, and what open pages hear: given commands, then rows and news.

use crate::world::{LIFE, ORG, World, at, by, id, message, person};
use domain::{
    DraftId,
    draft::{self, Draft},
};
use eventstore::testing::on_both;
use projections::mailbox::MailboxNews;

/// A36: a draft is listed with its files, the last changed first, until it is sent or thrown away.
#[tokio::test]
async fn a_draft_is_listed_until_it_is_closed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        let (one, two): (DraftId, DraftId) = (id(1), id(2));
        world.write(one, 1, 1).await;
        world.write(two, 1, 2).await;
        world.write(one, 1, 3).await;
        world.attach(one, 1, 10, 4).await;
        world.attach(one, 1, 11, 4).await;
        let detach = draft::Command::Detach { attachment: id(10), at: at(5) };
        world.tell::<Draft>(one.uuid(), &by(person(1)), detach).await;
        let drafts = world.caught_up().await.drafts(ORG, person(1), 10).await.unwrap();
        let listed = drafts.iter().map(|row| (row.draft, row.version, row.saved_at, row.attachment_count));
        assert_eq!(listed.collect::<Vec<_>>(), [(one, 2, at(5), 1), (two, 1, at(2), 0)]);
        world.discard(one, 1, 6).await;
        let send = draft::Command::Send { version: 1, message: message(1), at: at(7) };
        world.tell::<Draft>(two.uuid(), &by(person(1)), send).await;
        assert_eq!(world.caught_up().await.drafts(ORG, person(1), 10).await.unwrap(), []);
    })
    .await;
}

/// A20, R17: an open page hears of what concerns its reader, also that a message ended.
#[tokio::test]
async fn news_go_to_whom_they_concern() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 0, 1).await;
        world.open(1, 2, 2).await;
        world.write(id(1), 1, 3).await;
        world.expire(1, 1 + LIFE).await;
        world.caught_up().await;
        let mut told = vec![];
        for recorded in world.events().await {
            told.extend(world.projections.mailbox_news(&recorded).await.unwrap());
        }
        assert_eq!(
            told,
            [
                (person(2), MailboxNews::Arrived(message(1))),
                (person(1), MailboxNews::Updated(message(1))),
                (person(2), MailboxNews::Updated(message(1))),
                (person(1), MailboxNews::DraftChanged(id(1))),
                (person(1), MailboxNews::Gone(message(1))),
                (person(2), MailboxNews::Gone(message(1))),
            ]
        );
    })
    .await;
}
