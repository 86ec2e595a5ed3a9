//! The database layer: every behaviour on SQLite and on PostgreSQL.

mod events;
mod schema;
mod transactions;
mod values;

use eventstore::db::{Db, Value};

const INSERT_LEASE: &str =
    "INSERT INTO leases (name, holder, fencing_token, expires_at) VALUES ($1, $2, $3, $4)";

fn lease(name: &str) -> Vec<Value> {
    vec![name.into(), [7_u8; 16].into(), 1.into(), 2.into()]
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    db.one(sql, vec![]).await.unwrap().int("n").unwrap()
}
