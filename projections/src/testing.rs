//! What tests within this crate begin with; those that need events are in `tests/`.

use crate::Projections;
use domain::Timestamp;
use eventstore::{
    Clock, Log,
    keys::{RootKeyProvider, Vault},
    testing::TestDb,
};

/// The read models of an empty log.
pub(crate) async fn of_nothing(test: &TestDb) -> Projections {
    let clock = Clock::manual(Timestamp::from_micros(0));
    let root = RootKeyProvider::File(test.dir.path().join("root.key"));
    let keys = test.dir.path().join("keys");
    let vault = Vault::open(test.db.clone(), &root, &keys, clock.clone()).await.unwrap();
    Projections::new(Log::open(test.db.clone(), vault, clock).await.unwrap())
}
