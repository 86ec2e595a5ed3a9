//! Verifying to the last level: what is not what the events say is found, in every table, and among the keys.

use crate::{
    acts::{act, beginning},
    world::{ORG, World, person},
};
use domain::{account::Verdict, event::Subject, key, period::Period};
use eventstore::{
    Clock,
    db::{Db, DbSettings, Value},
    keys::{KeyName, LogKey, RootKeyProvider, Vault},
    leases::Leases,
    notary::{AnchorFile, Notary, NotarySettings, Step},
    testing::{TestDb, on_both},
    verify::{Against, Anchors, Verified},
};
use projections::{READ_MODELS, verify_meaning};
use proof::verdict::Verdict as Found;
use proptest::{prelude::Strategy, strategy::ValueTree, test_runner::TestRunner};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A history that nobody thought of, signed to its end.
async fn furnished(test: &TestDb) -> World {
    let mut runner = TestRunner::deterministic();
    let acts = proptest::collection::vec(act(), 60..90).new_tree(&mut runner).unwrap().current();
    let world = World::new(test).await;
    world.found("https://mail.insurer.example").await;
    for (minute, act) in (1..).step_by(5).zip([beginning(), acts].concat()) {
        world.act(&act, minute).await;
    }
    world.join(7).await;
    for session in [1, 2] {
        world.log_in(7, Verdict::Wrong, session, 1).await;
    }
    world.caught_up().await;
    sign(test, &world).await;
    world
}

async fn sign(test: &TestDb, world: &World) {
    let folder = test.dir.path().join("keys");
    let root = RootKeyProvider::File(test.dir.path().join("root.key"));
    let anchors = AnchorFile::new(folder.join("anchors.jsonl"));
    let key = LogKey { root, folder, origin: None };
    let settings = NotarySettings { key, anchors, heartbeat: Period::minutes(10) };
    let leases = Leases::of_node(world.log.db().clone(), world.log.clock().clone(), Uuid::from_u128(7));
    let step = Notary::new(world.log.clone(), leases, settings).step().await.unwrap();
    assert!(matches!(step, Step::Signed(_)), "{step:?}");
}

/// As somebody does who has the database to read, and the keys.
async fn verified(test: &TestDb) -> Verified {
    let db = Db::open_read_only(&DbSettings { url: test.url.clone(), max_connections: 4 }).await.unwrap();
    let keys = test.dir.path().join("keys");
    let root = RootKeyProvider::File(test.dir.path().join("root.key"));
    let vault = Vault::open(db.clone(), &root, &keys, Clock::System).await.unwrap();
    let key = LogKey::public(&keys).unwrap().unwrap();
    let against = Against { key, anchors: Anchors::default(), stale_before: None };
    let verified = verify_meaning(&db, &vault, &against, &|_, _, _| {}).await.unwrap();
    db.close().await;
    verified
}

/// N1, R17: whatever people did, with keys destroyed in between, the log and its read models are sound; and what is appended
/// while it is verified is no finding.
#[tokio::test]
async fn a_sound_history_is_sound() {
    on_both(async |test: TestDb| {
        let world = furnished(&test).await;
        let sound = verified(&test).await;
        assert_eq!(sound.findings.count(), 0, "{}", sound.findings);
        assert_eq!(sound.notes, Vec::<String>::new());
        assert_eq!(sound.events, world.log.head().unsigned_abs());
        let going_on = async {
            for n in 3_000..3_040 {
                world.send(n, 2, &[3], 0, 500).await;
                world.caught_up().await;
            }
        };
        let (sound, ()) = tokio::join!(verified(&test), going_on);
        assert_eq!(sound.verdict(), Found::Sound, "{}", sound.findings);
    })
    .await;
}

/// N1, N2: a row that is changed, taken away or put into any table of any read model is found, and the table named: grants,
/// lockouts and the audit's index among them.
#[tokio::test]
async fn a_changed_row_of_any_read_model_is_found() {
    on_both(async |test: TestDb| {
        let world = furnished(&test).await;
        let mut attacked = BTreeSet::new();
        for model in READ_MODELS {
            for table in model.tables {
                let db = &test.db;
                let count = format!("SELECT COUNT(*) AS n FROM {table}");
                if db.one(count, vec![]).await.unwrap().int("n").unwrap() == 0 {
                    continue;
                }
                attacked.insert(*table);
                let attacks = [
                    format!(
                        "DELETE FROM {table} WHERE organisation = (SELECT MIN(organisation) FROM {table})"
                    ),
                    format!("UPDATE {table} SET organisation = organisation + 1"),
                ];
                for attack in attacks {
                    db.run(attack.clone(), vec![]).await.unwrap();
                    let found = verified(&test).await;
                    println!("{attack}:\n{}", found.findings.first()[0]);
                    assert_eq!(found.verdict(), Found::Tampered, "{attack}");
                    assert!(
                        found.findings.first()[0].to_string().contains(&format!("in {table} ")),
                        "{attack}"
                    );
                    // What was found, a rebuild mends.
                    world.projections.rebuild(model.name, |_, _| {}).await.unwrap();
                }
            }
        }
        for table in
            ["rm_mailbox", "rm_lockouts", "rm_audit", "rm_audit_terms", "rm_accounts", "rm_deliveries"]
        {
            assert!(attacked.contains(table), "{table} has no rows");
        }
        assert_eq!(verified(&test).await.findings.count(), 0);
    })
    .await;
}

/// N1: a single value is found: who may read for how long, how often somebody failed, when it was, and what is sealed.
#[tokio::test]
async fn a_changed_value_is_found() {
    let bytes = |bytes: &[u8]| Value::from(bytes.to_vec());
    let attacks: [(&str, &str, Value); 9] = [
        ("rm_mailbox", "expires_at", 9_999_999_999_999_999.into()),
        ("rm_mailbox", "grant_key", bytes(&[1, 2, 3])),
        ("rm_mailbox", "opened_at", Value::Int(Some(5))),
        ("rm_lockouts", "attempts", 0.into()),
        ("rm_audit", "at", 1.into()),
        ("rm_accounts", "state", "active!".into()),
        ("rm_accounts", "address", bytes(&[7; 90])),
        ("rm_accounts", "address", Value::Bytes(None)),
        ("rm_sessions", "device", Value::Bytes(None)),
    ];
    on_both(async |test: TestDb| {
        let world = furnished(&test).await;
        for (table, column, value) in &attacks {
            let model = READ_MODELS.iter().find(|model| model.tables.contains(table)).unwrap();
            let set = format!("UPDATE {table} SET {column} = $1");
            assert!(test.db.run(set, vec![value.clone()]).await.unwrap() > 0, "{table} has no rows");
            let found = verified(&test).await;
            assert_eq!(found.verdict(), Found::Tampered, "{table}.{column}");
            let first = found.findings.first()[0].to_string();
            println!("{first}");
            assert!(
                first.contains(&format!("in {table} ")) && first.contains(&format!("`{column}`")),
                "{first}"
            );
            world.projections.rebuild(model.name, |_, _| {}).await.unwrap();
        }
    })
    .await;
}

/// K5, N1: a key that goes by an event leaves the log sound at every level; one that goes without is lost; one that comes back
/// is found, by its event and by its tombstone.
#[tokio::test]
async fn keys_come_and_go_by_events_alone() {
    const ROW: &str = "SELECT key_id, organisation, purpose, owner, generation, epoch, sealed, created_at FROM vault \
         WHERE key_id = $1";
    const PUT: &str = "INSERT INTO vault (key_id, organisation, purpose, owner, generation, epoch, sealed, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    on_both(async |test: TestDb| {
        let world = furnished(&test).await;
        let name = KeyName::subject(ORG, Subject::Account(person(2)));
        let vault = world.log.vault();
        let id = vault.find(&name).await.unwrap().unwrap().id;
        let row = test.db.one(ROW, vec![id.0.into()]).await.unwrap();
        let number = |column: &str| Value::from(row.int(column).unwrap());
        let bytes = |column: &str| Value::from(row.bytes(column).unwrap());
        let values = || {
            let [organisation, purpose, generation, epoch, created_at] =
                ["organisation", "purpose", "generation", "epoch", "created_at"].map(number);
            let [key_id, owner, sealed] = ["key_id", "owner", "sealed"].map(bytes);
            vec![key_id, organisation, purpose, owner, generation, epoch, sealed, created_at]
        };

        test.db.run("DELETE FROM vault WHERE key_id = $1", vec![id.0.into()]).await.unwrap();
        let lost = verified(&test).await;
        println!("{}", lost.findings);
        assert_eq!(lost.verdict(), Found::KeyLost, "{}", lost.findings);
        assert!(lost.findings.first()[0].to_string().contains("no event says that it was destroyed"));
        test.db.run(PUT, values()).await.unwrap();
        assert_eq!(verified(&test).await.verdict(), Found::Sound);

        let mut changed = values();
        changed[7] = 5.into();
        changed[4] = (row.int("generation").unwrap() + 1).into();
        test.db.run("DELETE FROM vault WHERE key_id = $1", vec![id.0.into()]).await.unwrap();
        test.db.run(PUT, changed).await.unwrap();
        let found = verified(&test).await;
        assert_eq!(found.verdict(), Found::Tampered, "{}", found.findings);
        test.db.run("DELETE FROM vault WHERE key_id = $1", vec![id.0.into()]).await.unwrap();
        test.db.run(PUT, values()).await.unwrap();

        let subject = key::Subject::Credentials { account: person(2) };
        world.log.destroy_key(&name, subject, crate::world::at(0)).await.unwrap();
        world.caught_up().await;
        sign(&test, &world).await;
        let sound = verified(&test).await;
        assert_eq!(sound.verdict(), Found::Sound, "{}", sound.findings);

        test.db.run(PUT, values()).await.unwrap();
        let back = verified(&test).await;
        println!("{}", back.findings);
        assert_eq!(back.verdict(), Found::Tampered);
        let said = back.findings.to_string();
        assert!(
            said.contains("was destroyed, and is back") && said.contains("has a tombstone, and is back"),
            "{said}"
        );
    })
    .await;
}

/// N1: without the key of its tags an organisation's events are not held against tags, and nothing else is claimed of them.
#[tokio::test]
async fn a_lost_index_key_is_one_finding() {
    on_both(async |test: TestDb| {
        drop(furnished(&test).await);
        test.db.run("DELETE FROM vault WHERE purpose = 1", vec![]).await.unwrap();
        let lost = verified(&test).await;
        assert_eq!((lost.verdict(), lost.findings.count()), (Found::KeyLost, 1), "{}", lost.findings);
        assert_eq!(lost.notes.len(), 1, "{:?}", lost.notes);
    })
    .await;
}

/// N1: a read model that claims to have applied more events than there are shows that events were taken back.
#[tokio::test]
async fn a_read_model_ahead_of_the_log_is_found() {
    on_both(async |test: TestDb| {
        drop(furnished(&test).await);
        let ahead = "UPDATE checkpoints SET position = position + 100 WHERE projection = 'mailbox'";
        test.db.run(ahead, vec![]).await.unwrap();
        let found = verified(&test).await;
        assert_eq!(found.verdict(), Found::RolledBack, "{}", found.findings);
    })
    .await;
}
