//! Rebuilding: the same rows as were made step by step, whatever goes on meanwhile.

use crate::{
    acts::{Act, act, beginning},
    world::{ORG, World, at, hash, message, person},
};
use domain::address::EmailAddress;
use eventstore::{
    db::{Db, Dialect},
    testing::{TestDb, on_both},
};
use projections::{ProjectionError, READ_MODELS};
use proptest::{prelude::Strategy, strategy::ValueTree, test_runner::TestRunner};
use std::collections::BTreeMap;

/// Sealed anew with each writing, so compared by what they hold.
const SEALED: [(&str, &str); 7] = [
    ("rm_accounts", "address"),
    ("rm_accounts", "profile"),
    ("rm_accounts", "user_name"),
    ("rm_sessions", "network"),
    ("rm_sessions", "device"),
    ("rm_accesses", "network"),
    ("rm_access_networks", "network"),
];

/// Minutes between two acts, so that invitations and lockouts of the same history end.
const MINUTES: usize = 5;

impl World {
    /// Every row of every read model, and what its sealed columns hold.
    async fn everything(&self) -> BTreeMap<String, Vec<String>> {
        let mut all = BTreeMap::new();
        for table in READ_MODELS.iter().flat_map(|model| model.tables) {
            all.insert((*table).to_owned(), rows(self.log.db(), table).await);
        }
        let everyone: Vec<_> = (1..6).map(person).collect();
        let accounts = self.projections.accounts(ORG, &everyone).await.unwrap();
        let named = accounts.iter().map(|row| {
            let address = row.address.as_ref().map(EmailAddress::typed);
            let family_name = row.profile.as_ref().and_then(|profile| profile.family_name.as_ref());
            format!("{address:?} {family_name:?} {:?}", row.user_name)
        });
        all.insert("people".to_owned(), named.collect());
        let mut sessions = vec![];
        for n in 10_000..10_600 {
            let found = self.projections.session_by_token(ORG, &hash(n)).await.unwrap();
            sessions.extend(found.map(|row| format!("{:?} {:?}", row.network, row.device)));
        }
        all.insert("devices".to_owned(), sessions);
        all
    }
}

/// The rows of a table as text, without the sealed columns.
async fn rows(db: &Db, table: &str) -> Vec<String> {
    let (columns, text) = match db.dialect() {
        Dialect::Sqlite => ("SELECT name FROM pragma_table_info($1) ORDER BY cid", "quote(?)"),
        Dialect::Postgres => (
            "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = $1 \
             ORDER BY ordinal_position",
            "COALESCE(?::text, 'NULL')",
        ),
    };
    let columns = db.all(columns, vec![table.into()]).await.unwrap();
    let columns = columns.iter().map(|row| row.text("name").unwrap());
    let shown: Vec<_> = columns
        .filter(|column| !SEALED.contains(&(table, column)))
        .map(|column| text.replace('?', &column))
        .collect();
    assert!(!shown.is_empty(), "{table} has columns");
    let sql = format!("SELECT {} AS line FROM {table} ORDER BY 1", shown.join(" || ' ' || "));
    db.all(sql, vec![]).await.unwrap().iter().map(|row| row.text("line").unwrap()).collect()
}

async fn same_after_rebuilding(test: &TestDb, acts: &[Act]) {
    let world = World::new(test).await;
    world.found("https://mail.insurer.example").await;
    for (minute, act) in (1..).step_by(MINUTES).zip(acts) {
        world.act(act, minute).await;
    }
    world.caught_up().await;
    let incremental = world.everything().await;
    for model in READ_MODELS {
        world.projections.rebuild(model.name, |_, _| {}).await.unwrap();
    }
    assert_eq!(world.everything().await, incremental, "{acts:?}");
}

/// R17: rebuilt equals incremental, for any history in any batches.
#[tokio::test]
async fn rebuilt_equals_incremental() {
    on_both(async |test| {
        let mut runner = TestRunner::default();
        let acts = proptest::collection::vec(act(), 60..90).new_tree(&mut runner).unwrap().current();
        same_after_rebuilding(&test, &[beginning(), acts].concat()).await;
    })
    .await;
}

/// R17: a rebuild that goes on while people do things ends with all that they did.
#[tokio::test]
async fn a_rebuild_goes_on_while_events_come_in() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 0, 1).await;
        world.caught_up().await;
        let meanwhile = async {
            for n in 2..=40 {
                world.send(n, 1, &[2], 0, 1).await;
                world.caught_up().await;
            }
        };
        let rebuilding = async {
            for _ in 0..10 {
                let progress = |at, head| assert!(at <= head);
                world.projections.rebuild("mailbox", progress).await.unwrap();
            }
        };
        tokio::join!(meanwhile, rebuilding);
        let models = world.caught_up().await;
        assert_eq!(models.unread_count(ORG, person(2), at(2)).await.unwrap(), 40);
        assert_eq!(world.position("mailbox").await, world.log.head());
    })
    .await;
}

/// R17: a rebuild that was interrupted goes on from where it was, and what was wrong in the old rows is gone.
#[tokio::test]
async fn an_interrupted_rebuild_is_resumed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        for n in 1..=300 {
            world.send(n, 1, &[2], 0, 1).await;
        }
        world.caught_up().await;
        world.log.db().run("DELETE FROM rm_mailbox", vec![]).await.unwrap();
        let (interrupted, seen) = (tokio_util::sync::CancellationToken::new(), std::sync::Mutex::new(vec![]));
        tokio::select! {
            biased;
            () = interrupted.cancelled() => {}
            _ = world.projections.rebuild("mailbox", |_, _| interrupted.cancel()) => panic!("it was not interrupted"),
        }
        assert_eq!(world.projections.unread_count(ORG, person(2), at(2)).await.unwrap(), 0);
        let note = |at, _| seen.lock().unwrap().push(at);
        world.projections.rebuild("mailbox", note).await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [300]);
        assert_eq!(world.projections.unread_count(ORG, person(2), at(2)).await.unwrap(), 300);
        assert!(world.projections.message(ORG, message(300)).await.unwrap().is_some());
        let left = "SELECT COUNT(*) AS n FROM checkpoints WHERE projection = 'mailbox:next'";
        assert_eq!(world.log.db().one(left, vec![]).await.unwrap().int("n").unwrap(), 0);
    })
    .await;
}

/// R17: a name that is none is answered with those that are.
#[tokio::test]
async fn an_unknown_read_model_is_named() {
    let world = World::new(&TestDb::sqlite().await).await;
    let unknown = world.projections.rebuild("mailboxes", |_, _| {}).await.unwrap_err();
    assert!(matches!(&unknown, ProjectionError::Unknown { .. }));
    assert!(unknown.to_string().contains("accounts, addresses"), "{unknown}");
}
