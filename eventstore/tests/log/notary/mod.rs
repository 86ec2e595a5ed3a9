//! The tree over the log and its signed heads: how they grow, and when the notary refuses to sign.

use crate::support::*;
use domain::{Timestamp, period::Period};
use eventstore::{
    Clock, Log,
    db::{Db, Dialect, EventRow},
    keys::{LogKey, LogKeyError, RootKeyProvider},
    leases::Leases,
    notary::{Anchor, AnchorFile, Notary, NotaryError, NotarySettings, Step},
    testing::{TestDb, on_both},
    tree::{SignedCheckpoint, TreeError},
};
use proof::{
    Checkpoint, Hash,
    entry::{Class, Header, leaf},
    proofs::{check_consistency, check_inclusion},
    tile::{TileId, TilePath, width_in},
    tree::{Frontier, leaf_hash, subtree_hash},
};
use std::{
    fs,
    future::{Future as _, poll_fn},
    path::Path,
    pin::pin,
    sync::Arc,
    task::Poll,
};
use uuid::Uuid;

mod anchors;
mod files;
mod growth;
mod refusals;
mod turns;

const HEARTBEAT: Period = Period::minutes(10);

fn settings(folder: &Path) -> NotarySettings {
    let root = RootKeyProvider::File(folder.join("root.key"));
    let keys = folder.join("keys");
    let anchors = AnchorFile::new(keys.join("anchors.jsonl"));
    NotarySettings { key: LogKey { root, folder: keys, origin: None }, anchors, heartbeat: HEARTBEAT }
}

fn notary(log: &Log, folder: &Path) -> Notary {
    let leases = Leases::new(log.db().clone(), log.clock().clone());
    Notary::new(log.clone(), leases, settings(folder))
}

/// A notary of the node that every notary of these tests is, so that one goes on where another was dropped.
fn same_notary(log: &Log, folder: &Path) -> Notary {
    let leases = Leases::of_node(log.db().clone(), log.clock().clone(), Uuid::from_u128(7));
    Notary::new(log.clone(), leases, settings(folder))
}

fn row(position: i64) -> EventRow {
    EventRow {
        position,
        organisation: 1,
        class: 1,
        stream: [4; 16],
        version: position,
        event_id: u128::try_from(position).unwrap().to_be_bytes(),
        recorded_at: position * 10,
        body: vec![7; 20],
        body_hash: leaf_hash(&position.to_be_bytes()),
    }
}

fn leaf_of(row: &EventRow) -> Hash {
    let header = Header {
        class: Class::Domain,
        organisation: 1,
        stream: row.stream,
        version: row.version.unsigned_abs(),
        event_id: row.event_id,
        recorded_at: row.recorded_at,
    };
    leaf(&header, &row.body_hash)
}

/// Rows that the tree does not look into, up to this position. Sealing them is another test's matter.
async fn grow(db: &Db, until: i64) {
    let head = db.one("SELECT COALESCE(MAX(position), 0) AS n FROM events", vec![]).await.unwrap();
    let rows: Vec<EventRow> = (head.int("n").unwrap() + 1..=until).map(row).collect();
    let mut tx = db.begin_append().await.unwrap();
    tx.insert_events(&rows).await.unwrap();
    tx.commit().await.unwrap();
}

/// Root of the tree of [`grow`], by the definition.
fn root_of(size: u64) -> Hash {
    let mut frontier = Frontier::default();
    for position in 1..=size {
        frontier.push(leaf_of(&row(i64::try_from(position).unwrap())));
    }
    frontier.root()
}

async fn signed(notary: &Notary) -> SignedCheckpoint {
    match notary.step().await.unwrap() {
        Step::Signed(checkpoint) => checkpoint,
        other => panic!("nothing was signed: {other:?}"),
    }
}

fn disarm(db: &Db) -> [&'static str; 2] {
    match db.dialect() {
        Dialect::Sqlite => ["DROP TRIGGER events_refuse_update", "DROP TRIGGER events_refuse_delete"],
        Dialect::Postgres => ["DROP TRIGGER events_refuse_change ON events", "SELECT 1"],
    }
}

/// What somebody with every right on the database can do.
async fn attack(db: &Db, statements: &[&'static str]) {
    for sql in disarm(db).iter().chain(statements) {
        db.run(*sql, vec![]).await.unwrap();
    }
}

/// Every tile that the tree of this size has, as it is stored.
async fn tiles(log: &Log, size: u64) -> Vec<(TileId, Vec<Hash>)> {
    let mut found = vec![];
    for level in 0..8 {
        for index in 0.. {
            let id = TileId { level, index };
            let width = width_in(id, size);
            let Some(hashes) = log.tree().tile(TilePath { id, width }).await.unwrap() else { break };
            found.push((id, hashes));
        }
    }
    found
}
