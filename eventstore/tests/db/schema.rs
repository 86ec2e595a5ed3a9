//! Which migrations a database has run, and who may run more.

use eventstore::{
    db::{Db, DbError, DbSettings, SchemaState},
    testing::{TestDb, on_both},
};

#[tokio::test]
async fn migrating_twice_is_quiet() {
    on_both(async |test: TestDb| {
        assert_eq!(test.db.schema_state().await.unwrap(), SchemaState::Current);
        test.db.migrate().await.unwrap();
        assert_eq!(test.db.schema_state().await.unwrap(), SchemaState::Current);
    })
    .await;
}

#[tokio::test]
async fn nodes_that_migrate_an_empty_database_together_wait_for_one_another() {
    let test = TestDb::sqlite().await;
    let url = format!("sqlite://{}", test.dir.path().join("empty.db").display());
    let settings = DbSettings { url, max_connections: 1 };
    let (one, other) = (Db::open(&settings).await.unwrap(), Db::open(&settings).await.unwrap());
    assert_eq!(one.schema_state().await.unwrap(), SchemaState::Empty);
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    first.unwrap();
    second.unwrap();
    assert_eq!(other.schema_state().await.unwrap(), SchemaState::Current);
}

#[tokio::test]
async fn a_database_that_misses_a_migration_is_behind() {
    on_both(async |test: TestDb| {
        test.db.run("DELETE FROM _sqlx_migrations WHERE version = $1", vec![2.into()]).await.unwrap();
        assert_eq!(test.db.schema_state().await.unwrap(), SchemaState::Behind(1));
    })
    .await;
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    on_both(async |test: TestDb| {
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES ($1, 'of tomorrow', true, $2, 0)";
        test.db.run(newer, vec![9_999.into(), [0_u8; 48].into()]).await.unwrap();
        let state = test.db.schema_state().await.unwrap();
        assert!(matches!(state, SchemaState::Newer { found: 9_999, known } if known < 9_999), "{state:?}");
        let error = test.db.migrate().await.unwrap_err();
        assert!(matches!(error, DbError::Newer { found: 9_999, .. }), "{error}");
        assert!(error.to_string().contains("run the newer program"));
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_told() {
    on_both(async |test: TestDb| {
        let change = "UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 1";
        test.db.run(change, vec![[0_u8; 48].into()]).await.unwrap();
        let error = test.db.migrate().await.unwrap_err();
        assert!(matches!(error, DbError::Changed { version: 1 }), "{error}");
    })
    .await;
}
