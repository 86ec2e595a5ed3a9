//! A database of an earlier program: its read models are made anew from the log.

use crate::world::{ORG, World, at, hash, id, message, person};
use domain::account::{Kind, Verdict};
use eventstore::{
    db::{Dialect, SchemaState, Value},
    testing::{TestDb, on_both},
};
use projections::READ_MODELS;
use sqlx::{Connection as _, PgConnection, SqliteConnection, migrate::Migrator};
use std::path::Path;

/// The last migration before accounts were complete.
const BEFORE: i64 = 6;
/// What the log itself has needed since: this program fills the database, in the place of the earlier one.
const OF_THE_LOG: i64 = 12;

/// Rows as the earlier program had them, of the same keys as the log gives again.
fn old_rows() -> [(&'static str, Vec<Value>); 8] {
    let two: Value = person(2).bytes().into();
    let of = |key: Value| vec![two.clone(), key];
    let message: Value = message(1).bytes().into();
    [
        (
            "INSERT INTO rm_accounts (organisation, account, kind, state, invitation, invitation_sent_at, \
             invitation_expires_at, invitation_lapsed, mailbox_generation, subscribed, created_at) \
             VALUES (1, $1, 'member', 'invited', $1, 0, 0, FALSE, 1, TRUE, 0)",
            vec![two.clone()],
        ),
        (
            "INSERT INTO rm_links (organisation, hash, purpose, account, link, state, expires_at) \
             VALUES (1, $2, 'register', $1, $1, 'usable', 0)",
            of(hash(200).0.into()),
        ),
        (
            "INSERT INTO rm_sessions (organisation, token, session, account, started_at, ends_at) \
             VALUES (1, $2, $1, $1, 0, 0)",
            of(hash(7).0.into()),
        ),
        (
            "INSERT INTO rm_lockouts (organisation, account, since, until, attempts) VALUES (1, $1, 0, 0, 9)",
            vec![two.clone()],
        ),
        (
            "INSERT INTO rm_mailbox (organisation, account, direction, message, sent_at, expires_at, generation, \
             grant_key) VALUES (1, $1, 'in', $2, 0, 0, 1, $1)",
            of(message.clone()),
        ),
        (
            "INSERT INTO rm_messages (organisation, message, position, sender, content_key, sent_at, expires_at, \
             attachment_count, size_bytes) VALUES (1, $2, 0, $1, $1, 0, 0, 0, 0)",
            of(message.clone()),
        ),
        (
            "INSERT INTO rm_deliveries (organisation, message, account, kind, field) \
             VALUES (1, $2, $1, 'guest', 'to')",
            of(message),
        ),
        (
            "INSERT INTO rm_drafts (organisation, draft, owner, version, saved_at, attachment_count) \
             VALUES (1, $2, $1, 9, 0, 9)",
            of(id::<()>(1).bytes().into()),
        ),
    ]
}

/// Runs the migrations up to [`BEFORE`], and [`OF_THE_LOG`], on an empty database.
async fn at_old_schema(test: &TestDb) {
    let migrations = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations"));
    let common = Migrator::new(migrations.join("common")).await.unwrap();
    let own = match test.db.dialect() {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    };
    let own = Migrator::new(migrations.join(own)).await.unwrap();
    let is_old = |version| version <= BEFORE || version == OF_THE_LOG;
    let old = common.iter().chain(own.iter()).filter(|migration| is_old(migration.version));
    let mut old = Migrator::with_migrations(old.cloned().collect());
    old.set_locking(false);
    match test.db.dialect() {
        Dialect::Sqlite => {
            let mut connection = SqliteConnection::connect(&format!("{}?mode=rwc", test.url)).await.unwrap();
            old.run(&mut connection).await.unwrap();
        }
        Dialect::Postgres => {
            let mut connection = PgConnection::connect(&test.url).await.unwrap();
            for statement in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
                sqlx::query(statement).execute(&mut connection).await.unwrap();
            }
            old.run(&mut connection).await.unwrap();
        }
    }
}

/// R17, R11: a database with data of an earlier program is upgraded in one go. Its read models fill again from the log,
/// whatever stood in them, and a rebuild that it was in the middle of begins anew.
#[tokio::test]
async fn an_earlier_programs_read_models_fill_again() {
    on_both(async |mut test| {
        if test.db.dialect() == Dialect::Sqlite {
            test.url = format!("sqlite://{}", test.dir.path().join("earlier.db").display());
        }
        at_old_schema(&test).await;
        let world = World::another(&test).await;
        let db = world.log.db();
        assert!(matches!(db.schema_state().await.unwrap(), SchemaState::Behind(_)));
        world.found("https://mail.insurer.example").await;
        world.join(2).await;
        world.log_in(2, Verdict::Right, 7, 1).await;
        world.send(1, 1, &[2], 1, 2).await;
        world.open(1, 2, 3).await;
        world.write(id(1), 2, 4).await;
        let head = world.log.head();

        for (sql, values) in old_rows() {
            db.run(sql, values).await.unwrap();
        }
        for model in READ_MODELS {
            let filled = "INSERT INTO checkpoints (projection, position) VALUES ($1, $2)";
            db.run(filled, vec![model.name.into(), head.into()]).await.unwrap();
        }
        let parked = "UPDATE checkpoints SET parked_reason = 'it failed' WHERE projection = 'links'";
        db.run(parked, vec![]).await.unwrap();
        let begun = "INSERT INTO checkpoints (projection, position) VALUES ('accounts:next', 1)";
        db.run(begun, vec![]).await.unwrap();
        db.run("CREATE TABLE next_accounts (account BYTEA NOT NULL)", vec![]).await.unwrap();

        db.migrate().await.unwrap();
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
        for (name, position) in [("accounts", 0), ("mailbox", 0), ("audit", head), ("notifications", 0)] {
            assert_eq!(world.position(name).await, position, "{name}");
        }
        filled_again(&world).await;
        for model in READ_MODELS {
            world.projections.rebuild(model.name, |_, _| {}).await.unwrap();
        }
        filled_again(&world).await;
    })
    .await;
}

async fn filled_again(world: &World) {
    let row = world.row(2).await;
    assert_eq!((row.kind, row.last_login_at, row.created_at), (Kind::Guest, Some(at(1)), at(0)));
    assert_eq!(row.user_name.as_deref(), Some("user2"));
    let models = &world.projections;
    let link = models.link(ORG, &hash(200)).await.unwrap().unwrap();
    assert_eq!(link.state, projections::links::LinkState::Used);
    assert_eq!(models.session(ORG, id(7)).await.unwrap().unwrap().started_at, at(1));
    assert_eq!(models.lockout(ORG, person(2)).await.unwrap(), None);
    let entry = models.mailbox_entry(ORG, person(2), message(1)).await.unwrap().remove(0);
    assert_eq!((entry.granted_to, entry.opened_at, entry.attachment_count), (person(2), Some(at(3)), 1));
    assert_eq!(models.delivery(ORG, message(1), person(2)).await.unwrap().unwrap().opened_at, Some(at(3)));
    let drafts = models.drafts(ORG, person(2), 10).await.unwrap();
    assert_eq!(drafts.iter().map(|row| row.attachment_count).collect::<Vec<_>>(), [0]);
    assert!(
        models.status().await.unwrap().iter().all(|status| status.behind == 0 && status.parked.is_none())
    );
}
