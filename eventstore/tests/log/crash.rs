//! Killed in the middle of writing: what was acknowledged is there, once, and the log has no gap.

use crate::support::*;
use eventstore::{
    Clock,
    testing::{TestDb, on_both},
};
use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};
use tokio::task::JoinSet;

const URL: &str = "SEALPOST_CRASH_URL";
const FOLDER: &str = "SEALPOST_CRASH_FOLDER";
/// Begins the line of an acknowledged append: mark and position follow.
const ACKNOWLEDGED: &str = "acknowledged ";
const WRITERS: i64 = 32;
/// More than are waited for; the writer ends by itself if nobody kills it.
const APPENDS: i64 = 2_000;
/// Acknowledgements after which the writer is killed.
const ENOUGH: usize = 400;

/// Writes until it is killed. The test below runs this one in a process of its own; on its own it does nothing.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the writer that the next test kills"]
async fn writer() {
    let (Ok(url), Ok(folder)) = (env::var(URL), env::var(FOLDER)) else {
        return;
    };
    let log = log_on(open_url(&url).await, Path::new(&folder), Clock::manual(START)).await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let log = log.clone();
        writers.spawn(async move {
            for append in 0..APPENDS {
                let mark = writer * APPENDS + append;
                // Half of them meet on one stream.
                let stream = u128::from((writer % 2 * writer).unsigned_abs());
                let position = persist(&log, stream, mark).await;
                println!("{ACKNOWLEDGED}{mark} {position}");
            }
        });
    }
    writers.join_all().await;
}

fn start_writer(test: &TestDb) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "crash::writer", "--nocapture"])
        .env(URL, &test.url)
        .env(FOLDER, test.dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Mark and position of each append that the writer was told of before it was killed.
fn kill_in_the_middle(mut child: Child) -> Vec<(i64, i64)> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = vec![];
    for line in lines {
        let line = line.unwrap();
        if let Some((_, numbers)) = line.split_once(ACKNOWLEDGED)
            && let Some((mark, position)) = numbers.split_once(' ')
            && let (Ok(mark), Ok(position)) = (mark.parse(), position.parse())
        {
            acknowledged.push((mark, position));
        }
        if acknowledged.len() == ENOUGH {
            // SIGKILL: no destructor runs, nothing is flushed.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

/// K7: every append that was acknowledged before a kill -9 is in the log, once and where it was said to be; positions and
/// versions have no gap, and the log goes on.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_a_kill() {
    on_both(async |test: TestDb| {
        let acknowledged = kill_in_the_middle(start_writer(&test));
        assert!(acknowledged.len() >= ENOUGH, "the writer ended early");
        let log = open_log(&test).await;
        let next = persist(&log, 1, -1).await;

        let mut stored = HashMap::new();
        for recorded in everything(&log).await {
            let twice = stored.insert(mark(&recorded).unwrap(), recorded.position);
            assert_eq!(twice, None, "at position {}", recorded.position);
        }
        for (mark, position) in acknowledged {
            assert_eq!(stored.get(&mark), Some(&position), "append {mark}");
        }
        assert_eq!(stored.len(), usize::try_from(next).unwrap());
        assert_gapless(&test.db).await;
    })
    .await;
}
