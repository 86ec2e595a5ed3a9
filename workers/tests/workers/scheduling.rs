//! When jobs run, and what is known of their runs.

use crate::support::{START, node};
use domain::{Timestamp, period::Period};
use eventstore::testing::on_both;
use tokio_util::sync::CancellationToken;
use workers::{JobName, JobStatus, Outcome, Scheduler};

const EVERY_TWO_SECONDS: [JobName; 4] =
    [JobName::SendNotifications, JobName::TryRules, JobName::ReplayPolicies, JobName::MakeExports];
const EVERY_TEN_SECONDS: [JobName; 6] = [
    JobName::ReleaseLockouts,
    JobName::SendNotifications,
    JobName::LapsePasswordChanges,
    JobName::TryRules,
    JobName::ReplayPolicies,
    JobName::MakeExports,
];
/// Jobs that run less often than every minute.
const SELDOM: [JobName; 2] = [JobName::WarnOfExpiry, JobName::CollectGarbage];

/// A new database has never seen a run: everything is due once, and then each at its own time.
#[tokio::test(flavor = "multi_thread")]
async fn each_job_runs_at_its_time() {
    on_both(async |test| {
        let node = node(&test).await;
        assert_eq!(node.run_due().await, JobName::ALL);
        assert_eq!(node.run_due().await, []);
        node.pass("PT2S");
        assert_eq!(node.run_due().await, EVERY_TWO_SECONDS);
        node.pass("PT8S");
        assert_eq!(node.run_due().await, EVERY_TEN_SECONDS);
        node.pass("PT15S");
        assert_eq!(node.run_due().await, EVERY_TEN_SECONDS);
        node.pass("PT35S");
        let every_minute: Vec<_> = JobName::ALL.into_iter().filter(|job| !SELDOM.contains(job)).collect();
        assert_eq!(node.run_due().await, every_minute);
        node.pass("PT1H");
        assert_eq!(node.run_due().await, JobName::ALL);
    })
    .await;
}

/// However many runs were missed, one makes up for them.
#[tokio::test(flavor = "multi_thread")]
async fn missed_runs_are_caught_up_once() {
    on_both(async |test| {
        let node = node(&test).await;
        node.run_due().await;
        node.pass("P9D");
        assert_eq!(node.run_due().await, JobName::ALL);
        assert_eq!(node.run_due().await, []);
    })
    .await;
}

/// K8: a clock that is set back by days does not stop the jobs until it has gone forth again.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_does_not_stop_the_jobs() {
    on_both(async |test| {
        let node = node(&test).await;
        node.run_due().await;
        node.clock.set(Timestamp::from_micros(START.micros() - 86_400_000_000));
        assert_eq!(node.run_due().await, JobName::ALL);
        assert_eq!(node.run_due().await, []);
    })
    .await;
}

/// Each run leaves when it was, how it went and when the next one is.
#[tokio::test(flavor = "multi_thread")]
async fn runs_are_on_record() {
    on_both(async |test| {
        let node = node(&test).await;
        let before = status(&node.scheduler, JobName::ExpireMessages).await;
        assert_eq!((before.last_started_at, before.last_outcome, before.next_at), (None, None, Some(START)));
        node.run_due().await;
        let after = status(&node.scheduler, JobName::ExpireMessages).await;
        assert_eq!(after.expression, "0 * * * * *");
        assert_eq!(after.last_started_at, Some(START));
        assert_eq!(after.last_outcome, Some(Outcome::Ok));
        assert_eq!(after.last_done_count, Some(0));
        assert_eq!(after.last_failure, None);
        assert_eq!(after.next_at, Some(START.plus(Period::minutes(1))));
    })
    .await;
}

/// A job that fails stops no other, says why, and is tried again when it is due.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_job_is_recorded_and_tried_again() {
    on_both(async |test| {
        let node = node(&test).await;
        test.db.run("ALTER TABLE rm_lockouts RENAME TO rm_elsewhere", vec![]).await.unwrap();
        let ran = node.scheduler.run_due().await.unwrap();
        let failed: Vec<_> =
            ran.iter().filter(|ran| ran.outcome == Outcome::Failed).map(|ran| ran.name).collect();
        assert_eq!((ran.len(), failed), (JobName::ALL.len(), vec![JobName::ReleaseLockouts]), "{ran:?}");
        let status = status(&node.scheduler, JobName::ReleaseLockouts).await;
        assert_eq!(status.last_outcome, Some(Outcome::Failed));
        let failure = status.last_failure.unwrap();
        assert!(failure.contains("rm_lockouts"), "{failure}");
        assert_eq!(status.next_at, Some(START.plus("PT10S".parse().unwrap())));

        test.db.run("ALTER TABLE rm_elsewhere RENAME TO rm_lockouts", vec![]).await.unwrap();
        node.pass("PT10S");
        assert_eq!(node.run_due().await, EVERY_TEN_SECONDS);
    })
    .await;
}

/// The running scheduler does what is due by itself, and ends when it is told to.
#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_runs_until_it_is_stopped() {
    on_both(async |test| {
        let node = node(&test).await;
        let stop = CancellationToken::new();
        let (scheduler, stopped) = (node.scheduler.clone(), stop.clone());
        let running = tokio::spawn(async move { scheduler.run(stopped).await });
        while node.scheduler.list().await.unwrap().iter().any(|job| job.last_outcome.is_none()) {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        running.await.unwrap();
        assert_eq!(node.run_due().await, []);
    })
    .await;
}

async fn status(scheduler: &Scheduler, name: JobName) -> JobStatus {
    let all = scheduler.list().await.unwrap();
    all.into_iter().find(|status| status.name == name).unwrap()
}
