//! Several nodes on one database.

use crate::support::{node, other_node};
use domain::period::Period;
use eventstore::{leases::Leases, testing::on_both};
use workers::JobName;

/// Two nodes look at the same time: each job runs once.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_run_a_job_once() {
    on_both(async |test| {
        let (one, other) = (node(&test).await, other_node(&test).await);
        let (by_one, by_other) = tokio::join!(one.run_due(), other.run_due());
        let mut all = [by_one, by_other].concat();
        all.sort();
        assert_eq!(all, JobName::ALL);
    })
    .await;
}

/// A job that another node is at is left alone, even when it is asked for; the others run.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_runs_elsewhere_is_left_alone() {
    on_both(async |test| {
        let node = node(&test).await;
        let elsewhere = Leases::new(test.db.clone(), node.clock.clone());
        elsewhere.take("job:expire-messages", Period::minutes(5)).await.unwrap().unwrap();
        assert_eq!(node.run_due().await, JobName::ALL[1..]);
        assert_eq!(node.scheduler.run_now(JobName::ExpireMessages).await.unwrap(), None);
        elsewhere.give_back("job:expire-messages").await.unwrap();
        assert_eq!(node.run_due().await, [JobName::ExpireMessages]);
    })
    .await;
}

/// A node that died in the middle of a job holds it up for five minutes and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_node_holds_a_job_up_for_minutes_only() {
    on_both(async |test| {
        let node = node(&test).await;
        let dead = Leases::new(test.db.clone(), node.clock.clone());
        dead.take("job:expire-messages", Period::minutes(5)).await.unwrap().unwrap();
        node.run_due().await;
        node.pass("PT5M");
        assert!(node.run_due().await.contains(&JobName::ExpireMessages));
    })
    .await;
}
