//! Many at once, in one process and in several.

use crate::support::*;
use eventstore::{
    Log,
    testing::{TestDb, on_both},
};
use std::time::Duration;
use tokio::{task::JoinSet, time::timeout};

const WRITERS: i64 = 32;
const APPENDS: i64 = 20;

/// Every writer appends its marks to a stream, each after the one before was acknowledged.
async fn write(logs: &[Log], stream_of: impl Fn(i64) -> u128) {
    let mut writers = JoinSet::new();
    for (writer, log) in (0..WRITERS).zip(logs.iter().cycle().cloned()) {
        let stream = stream_of(writer);
        writers.spawn(async move {
            for append in 0..APPENDS {
                persist(&log, stream, writer * APPENDS + append).await;
            }
        });
    }
    writers.join_all().await;
}

/// Each mark once, each writer's in its order, and no gap.
async fn assert_all_there(test: &TestDb, log: &Log) {
    assert_gapless(&test.db).await;
    let mut marks: Vec<i64> = everything(log).await.iter().filter_map(mark).collect();
    for writer in 0..WRITERS {
        let own = marks.iter().filter(|mark| **mark / APPENDS == writer);
        assert!(own.is_sorted(), "writer {writer}");
    }
    marks.sort_unstable();
    assert_eq!(marks, (0..WRITERS * APPENDS).collect::<Vec<_>>());
}

/// K7: positions have no gap and no append is lost when 32 write at once in two processes. Each has a stream of its own,
/// so nobody is ever told of a conflict.
#[tokio::test(flavor = "multi_thread")]
async fn many_write_to_many_streams() {
    on_both(async |test: TestDb| {
        let logs = [open_log(&test).await, open_other_log(&test).await];
        let mut writers = JoinSet::new();
        for (writer, log) in (0..WRITERS).zip(logs.iter().cycle().cloned()) {
            writers.spawn(async move {
                let stream = writer.unsigned_abs().into();
                for append in 0..APPENDS {
                    let change = failed_login(&load(&log, stream).await, writer * APPENDS + append);
                    log.append(commit(vec![change])).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        assert_all_there(&test, &logs[0]).await;
    })
    .await;
}

/// K7: the same when all of them write to one stream: every version is there, whoever was late decided again.
#[tokio::test(flavor = "multi_thread")]
async fn many_write_to_one_stream() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        write(std::slice::from_ref(&log), |_| 1).await;
        assert_all_there(&test, &log).await;
    })
    .await;
}

/// K7: two processes write to the same few streams; what one missed is found, nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_write_to_the_same_streams() {
    on_both(async |test: TestDb| {
        let logs = [open_log(&test).await, open_other_log(&test).await];
        write(&logs, |writer| u128::from(writer.unsigned_abs() / 2 % 4)).await;
        for log in &logs {
            assert_all_there(&test, log).await;
        }
    })
    .await;
}

/// K7: who waits for the log to grow wakes when another process appends.
#[tokio::test]
async fn the_head_moves_when_another_process_appends() {
    on_both(async |test: TestDb| {
        let (log, other) = (open_log(&test).await, open_other_log(&test).await);
        let mut grown = log.subscribe();
        for mark in 1..=3 {
            let position = persist(&other, 1, mark).await;
            let seen = timeout(Duration::from_mins(1), grown.wait_for(|head| *head >= position)).await;
            assert_eq!(*seen.expect("within a second or two").unwrap(), position);
            assert_eq!(log.head(), position);
        }
    })
    .await;
}
