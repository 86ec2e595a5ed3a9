//! What read models do with events, looked at before any database sees it.

use crate::world::{ORG, World, id, person};
use domain::account::Verdict;
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
    world
}

/// A44: a statement's text is a constant of the program: it has no literal text, names the model's own tables alone, and
/// binds as many values as it has places for.
#[tokio::test]
async fn no_value_stands_in_a_statement() {
    let world = history(&TestDb::sqlite().await).await;
    let tags = Tags::new(Key::random());
    for recorded in world.events().await {
        for model in READ_MODELS {
            for Statement { sql, cells } in (model.apply)(&recorded, &tags) {
                assert!(!sql.contains('\'') && !sql.contains('"'), "{sql}");
                let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                let words: BTreeSet<_> = words.collect();
                let tables = words.iter().filter(|word| word.contains("rm_"));
                assert!(tables.clone().count() > 0, "{sql}");
                assert!(tables.into_iter().all(|table| model.tables.contains(table)), "{sql}");
                let places: BTreeSet<_> = words.iter().filter(|word| word.starts_with('$')).collect();
                assert_eq!(places.len(), cells.len(), "{sql}");
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
        let device = "Firefox on Linux";
        let known = [row.address.unwrap().typed().to_owned(), row.user_name.unwrap(), device.to_owned()];
        let columns = [
            "SELECT address AS sealed FROM rm_accounts WHERE address IS NOT NULL",
            "SELECT profile AS sealed FROM rm_accounts WHERE profile IS NOT NULL",
            "SELECT user_name AS sealed FROM rm_accounts WHERE user_name IS NOT NULL",
            "SELECT device AS sealed FROM rm_sessions WHERE device IS NOT NULL",
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
