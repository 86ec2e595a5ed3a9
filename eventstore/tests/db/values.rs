//! Values go in and come out alike, and what goes wrong is told apart.

use crate::{INSERT_LEASE, lease};
use eventstore::{
    db::{Db, DbError, DbSettings},
    testing::{TestDb, on_both},
};
use uuid::Uuid;

#[tokio::test]
async fn every_type_comes_back_as_it_went_in() {
    on_both(async |test: TestDb| {
        let id = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        test.db
            .run("CREATE TABLE kinds (i BIGINT, b BYTEA, h BYTEA, u BYTEA, t TEXT, f BOOLEAN)", vec![])
            .await
            .unwrap();
        let insert = "INSERT INTO kinds (i, b, h, u, t, f) VALUES ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            i64::MIN.into(),
            vec![0_u8, 255].into(),
            [3_u8; 32].into(),
            id.into(),
            "naïve ☂ '; --".into(),
            true.into(),
        ];
        assert_eq!(test.db.run(insert, values).await.unwrap(), 1);

        let row = test.db.one("SELECT * FROM kinds", vec![]).await.unwrap();
        assert_eq!(row.int("i").unwrap(), i64::MIN);
        assert_eq!(row.bytes("b").unwrap(), [0, 255]);
        assert_eq!(row.bytes32("h").unwrap(), [3; 32]);
        assert_eq!(row.uuid("u").unwrap(), id);
        assert_eq!(row.text("t").unwrap(), "naïve ☂ '; --");
        assert!(row.bool("f").unwrap());
        assert_eq!(row.opt_int("i").unwrap(), Some(i64::MIN));
        assert_eq!(row.opt_uuid("u").unwrap(), Some(id));
    })
    .await;
}

#[tokio::test]
async fn null_comes_back_as_none_and_only_as_none() {
    on_both(async |test: TestDb| {
        test.db.run("CREATE TABLE kinds (i BIGINT, b BYTEA, t TEXT, f BOOLEAN)", vec![]).await.unwrap();
        let nothing =
            vec![None::<i64>.into(), None::<Vec<u8>>.into(), None::<String>.into(), None::<bool>.into()];
        test.db.run("INSERT INTO kinds (i, b, t, f) VALUES ($1, $2, $3, $4)", nothing).await.unwrap();

        let row = test.db.one("SELECT * FROM kinds", vec![]).await.unwrap();
        assert_eq!(row.opt_int("i").unwrap(), None);
        assert_eq!(row.opt_bytes("b").unwrap(), None);
        assert_eq!(row.opt_text("t").unwrap(), None);
        assert_eq!(row.opt_uuid("b").unwrap(), None);
        assert!(matches!(row.int("i"), Err(DbError::Column { column, .. }) if column == "i"));
        assert!(matches!(row.bool("f"), Err(DbError::Column { column, .. }) if column == "f"));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_type_a_wrong_length_and_a_missing_column_are_named() {
    on_both(async |test: TestDb| {
        test.db.run(INSERT_LEASE, lease("mail")).await.unwrap();
        let row = test.db.one("SELECT * FROM leases", vec![]).await.unwrap();
        let wrong = [
            (row.int("name").unwrap_err(), "name"),
            (row.bytes32("holder").unwrap_err(), "holder"),
            (row.text("absent").unwrap_err(), "absent"),
        ];
        for (error, named) in wrong {
            assert!(matches!(&error, DbError::Column { column, .. } if column == named), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_taken_key_is_a_unique_violation_and_other_mistakes_are_not() {
    on_both(async |test: TestDb| {
        test.db.run(INSERT_LEASE, lease("mail")).await.unwrap();
        let taken = test.db.run(INSERT_LEASE, lease("mail")).await.unwrap_err();
        assert!(taken.is_unique_violation(), "{taken}");
        let null = vec![None::<String>.into(), [7_u8; 16].into(), 1.into(), 2.into()];
        let refused = test.db.run(INSERT_LEASE, null).await.unwrap_err();
        assert!(matches!(refused, DbError::Other(_)), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn rows_affected_are_counted_and_a_missing_row_is_told() {
    on_both(async |test: TestDb| {
        for name in ["a", "b", "c"] {
            test.db.run(INSERT_LEASE, lease(name)).await.unwrap();
        }
        let update = "UPDATE leases SET fencing_token = $1 WHERE name <> $2";
        assert_eq!(test.db.run(update, vec![9.into(), "c".into()]).await.unwrap(), 2);
        let absent = "SELECT name FROM leases WHERE fencing_token = $1";
        assert!(test.db.optional(absent, vec![77.into()]).await.unwrap().is_none());
        assert!(matches!(test.db.one(absent, vec![77.into()]).await, Err(DbError::NoRow)));
        let built = ["SELECT name FROM leases WHERE name IN (", "$1", ", $2", ")"].concat();
        assert_eq!(test.db.all(built, vec!["a".into(), "c".into()]).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_url_that_is_no_database_is_explained_without_showing_it() {
    for url in ["mysql://root:hunter2@db/x", "sealpost.db", "sqlite://", "postgres://u:hunter2@db:port/x"] {
        let settings = DbSettings { url: url.to_owned(), max_connections: 1 };
        let error = Db::open(&settings).await.unwrap_err();
        assert!(matches!(error, DbError::Url(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
