//! What read models do with events, looked at before any database sees it.

use crate::{
    life::{
        activate_client, answer, begin_client, close, issue_reset, lapse_password, profile, promote_alias,
        remove_alias, request_alias, set_password, sight, undo_promotion,
    },
    world::{ORG, World, at, by_worker, id, person},
};
use domain::{
    account::{Closing, Command, Verdict, recovery::ResetBy},
    key, network, organisation, reservation,
};
use eventstore::testing::{TestDb, on_both};
use projections::{READ_MODELS, Statement, Tags};
use seal::Key;
use std::collections::BTreeSet;

async fn history(test: &TestDb) -> World {
    let world = World::new(test).await;
    world.found("https://mail.insurer.example").await;
    world.invite(3, 300, 0).await;
    world.lapse(3, 100).await;
    world.invite(3, 310, 101).await;
    world.join(2).await;
    for (session, verdict) in [(1, Verdict::Right), (2, Verdict::Wrong), (3, Verdict::Wrong)] {
        world.log_in(2, verdict, session, 1).await;
    }
    world.release(2, 40).await;
    world.log_out(2, id(1), 41).await;
    world.send(1, 1, &[2, 3], 1, 42).await;
    world.open(1, 2, 43).await;
    world.write(id(1), 2, 44).await;
    world.attach(id(1), 2, 1, 45).await;
    world.discard(id(1), 2, 46).await;
    world.unsubscribe(2, 47).await;
    world.expire(1, 5000).await;
    later_history(&world).await;
    world
}

/// What there is besides the beginning of an account and mail.
async fn later_history(world: &World) {
    let due = world.caught_up().await.notifications_due(at(5000), 3).await.unwrap();
    world.mailed(&due[0].1, None, 5000).await;
    world.mailed(&due[1].1, Some(451), 5000).await;
    world.bounced(&due[2].1, 5000).await;
    let update = organisation::Command::Update {
        name: "Insurer & Sons".into(),
        presentation: Box::default(),
        at: at(48),
    };
    world.tell::<organisation::Organisation>(id::<()>(1).uuid(), &by_worker(), update).await;
    world.does(2, Command::Resubscribe { at: at(48) }).await;
    world.does(2, Command::SetAudience { audience: Some("broker".into()), at: at(49) }).await;
    world.does(2, Command::UpdateProfile { profile: Box::new(profile("Byron")), at: at(49) }).await;
    world.does(2, Command::PromoteToMember { at: at(49) }).await;
    world.log_in(2, Verdict::Right, 4, 50).await;
    world.does(2, sight(4, 51)).await;
    world.does(2, activate_client(30, 51)).await;
    world.does(2, begin_client(30, 5, 51)).await;
    world.does(2, issue_reset(ResetBy::Person, 500, 52)).await;
    world.does(2, set_password(500, 53)).await;
    world.does(2, answer(Verdict::Right, 510, 54)).await;
    world.does(2, set_password(510, 55)).await;
    world.does(2, lapse_password(155)).await;
    world.add_alias(2, 20, 520, 156).await;
    world.does(2, promote_alias(20, 21, 521, 157)).await;
    world.does(2, undo_promotion(521, 158)).await;
    world.does(2, request_alias(22, 522, 159)).await;
    world.does(2, remove_alias(22, 160)).await;
    let (account, at) = (person(2), at(161));
    world.address(70, reservation::Command::Reserve { account, at }).await;
    world.address(70, reservation::Command::Transfer { from: account, account: person(4), at }).await;
    world.address(70, reservation::Command::Release { account: person(4), at }).await;
    world.block(80, 161).await;
    world.network(80, network::Command::Release { at: crate::world::at(200) }).await;
    world.join(4).await;
    world.merge(2, 4, 530, 162).await;
    world.does(2, close(Closing::Wish, 163)).await;
    world.take_out(164).await;
    let (account, generation) = (person(2), 1);
    world.destroy(90, key::Subject::IncomingMailbox { account, generation }, 163).await;
    world.destroy(91, key::Subject::OutgoingMailbox { account, generation }, 163).await;
    world.destroy(92, key::Subject::ExpiryDay { day: at.day() }, 164).await;
}

/// A44: a statement's text is a constant of the program: it has no literal text, names the model's own tables alone, and
/// binds as many values as it has places for.
#[tokio::test]
async fn no_value_stands_in_a_statement() {
    let world = history(&TestDb::sqlite().await).await;
    let tags = Tags::new(Key::random());
    for recorded in world.events().await {
        for model in READ_MODELS {
            for Statement { sql, cells, gathers } in (model.apply)(&recorded, &tags) {
                assert!(!sql.contains('\'') && !sql.contains('"'), "{sql}");
                let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                let words: BTreeSet<_> = words.collect();
                let tables = words.iter().filter(|word| word.contains("rm_"));
                assert!(tables.clone().count() > 0, "{sql}");
                assert!(tables.into_iter().all(|table| model.tables.contains(table)), "{sql}");
                let places: BTreeSet<_> = words.iter().filter(|word| word.starts_with('$')).collect();
                assert_eq!(places.len(), cells.len(), "{sql}");
                assert!(!gathers || sql.matches("VALUES (").count() == 1, "{sql}");
            }
        }
    }
}

/// R17: a read model is a function of the event alone: the same event gives the same statements.
#[tokio::test]
async fn applying_is_pure() {
    let world = history(&TestDb::sqlite().await).await;
    let tags = Tags::new(Key::random());
    for recorded in world.events().await {
        for model in READ_MODELS {
            assert_eq!((model.apply)(&recorded, &tags), (model.apply)(&recorded, &tags));
        }
    }
}

/// A44: no read model's table holds an address, a name or a device in clear.
#[tokio::test]
async fn nothing_personal_is_in_clear() {
    on_both(async |test| {
        let world = history(&test).await;
        let row = world.caught_up().await.account(ORG, person(2)).await.unwrap().unwrap();
        let sealed = [row.address.unwrap().typed().to_owned(), row.user_name.unwrap()];
        let others = ["Firefox on Linux", "Byron", "198.51.100.9"].map(str::to_owned);
        let known = [sealed.to_vec(), others.to_vec()].concat();
        let columns = [
            "SELECT address AS sealed FROM rm_accounts WHERE address IS NOT NULL",
            "SELECT profile AS sealed FROM rm_accounts WHERE profile IS NOT NULL",
            "SELECT user_name AS sealed FROM rm_accounts WHERE user_name IS NOT NULL",
            "SELECT device AS sealed FROM rm_sessions WHERE device IS NOT NULL",
            "SELECT network AS sealed FROM rm_sessions WHERE network IS NOT NULL",
        ];
        for sql in columns {
            let rows = world.log.db().all(sql, vec![]).await.unwrap();
            assert!(!rows.is_empty(), "{sql}");
            for sealed in rows.iter().map(|row| row.bytes("sealed").unwrap()) {
                let text = String::from_utf8_lossy(&sealed).into_owned();
                assert!(known.iter().all(|known| !text.contains(known.as_str())), "{sql}");
            }
        }
    })
    .await;
}
