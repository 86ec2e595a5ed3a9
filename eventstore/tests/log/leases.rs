//! Leases: one node at a time, and a new holder is told from the old one.

use crate::support::*;
use domain::{Timestamp, period::Period};
use eventstore::{
    Clock,
    leases::{Lease, Leases},
    testing::{TestDb, on_both},
};
use tokio::task::JoinSet;

const MINUTE: Period = Period::minutes(1);

fn after(minutes: i64) -> Timestamp {
    Timestamp::from_micros(START.micros() + minutes * 60_000_000)
}

fn lease(fencing_token: i64, ends_after: i64) -> Lease {
    Lease { fencing_token, expires_at: after(ends_after) }
}

/// One of two nodes gets the work and prolongs it; the other gets it once the lease is over, with a higher token.
#[tokio::test]
async fn one_node_at_a_time() {
    on_both(async |test: TestDb| {
        let clock = Clock::manual(START);
        let one = Leases::new(test.db.clone(), clock.clone());
        let other = Leases::new(open_url(&test.url).await, clock.clone());
        assert_eq!(one.take("mail", MINUTE).await.unwrap(), Some(lease(1, 1)));
        assert_eq!(other.take("mail", MINUTE).await.unwrap(), None);
        assert_eq!(other.take("expiry", MINUTE).await.unwrap(), Some(lease(1, 1)));

        clock.set(Timestamp::from_micros(after(1).micros() - 1));
        assert_eq!(other.take("mail", MINUTE).await.unwrap(), None);
        assert!(one.take("mail", MINUTE).await.unwrap().is_some_and(|lease| lease.fencing_token == 1));
        clock.set(after(1));
        assert_eq!(other.take("mail", MINUTE).await.unwrap(), None, "it was prolonged");

        clock.set(after(2));
        assert_eq!(other.take("mail", MINUTE).await.unwrap(), Some(lease(2, 3)));
        assert_eq!(one.take("mail", MINUTE).await.unwrap(), None, "who was replaced learns it");
    })
    .await;
}

/// A lease that is given back is free at once; what another holds cannot be given back.
#[tokio::test]
async fn a_lease_is_given_back() {
    on_both(async |test: TestDb| {
        let clock = Clock::manual(START);
        let one = Leases::new(test.db.clone(), clock.clone());
        let other = Leases::new(test.db.clone(), clock.clone());
        one.take("mail", MINUTE).await.unwrap();
        other.give_back("mail").await.unwrap();
        assert_eq!(other.take("mail", MINUTE).await.unwrap(), None);
        one.give_back("mail").await.unwrap();
        assert_eq!(other.take("mail", MINUTE).await.unwrap(), Some(lease(2, 1)));
    })
    .await;
}

/// Of many nodes that ask at once, one gets it.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_gets_it() {
    on_both(async |test: TestDb| {
        let mut nodes = JoinSet::new();
        for _ in 0..10 {
            let leases = Leases::new(test.db.clone(), Clock::manual(START));
            nodes.spawn(async move { leases.take("mail", MINUTE).await.unwrap() });
        }
        let taken: Vec<Lease> = nodes.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken.len(), 1);
    })
    .await;
}
