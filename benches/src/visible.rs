//! How long a message takes from its commit into the recipient's inbox.

use crate::{
    appends::{LogWriter, Writer},
    database::{Database, Node},
    report::{group, line, millis, now, percentile},
    workload::{ORGANISATION, letter},
};
use anyhow::{Result, ensure};
use domain::AccountId;
use std::time::Duration;
use tokio::{
    task::JoinSet,
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

/// A message every 5 ms: far below what the log can take.
const EVERY: Duration = Duration::from_millis(5);
/// What counts for a message that was not seen while the read model may be waited for, which is 5 s.
const NEVER: Duration = Duration::MAX;
/// The read model of the inbox.
const INBOX: &[&str] = &["mailbox"];
/// What else is written meanwhile: by how many, each pausing so long after every append.
const LOADS: [(&str, usize, Duration); 3] = [
    ("on a quiet log", 0, Duration::ZERO),
    ("beside 32 writers, 10 events/s each", 32, Duration::from_millis(100)),
    ("beside 32 writers without a pause", 32, Duration::ZERO),
];

/// Times `messages` messages on a quiet log, and as many beside 32 writers.
pub async fn measure(database: &Database, messages: u32) -> Result<()> {
    let place = database.fresh("visible").await?;
    let node = Node::open(&place).await?;
    let stop = CancellationToken::new();
    let running = {
        let (models, stop) = (node.models.clone(), stop.clone());
        tokio::spawn(async move { models.run(stop).await })
    };
    group("commit → visible in the inbox, ms", ["p50", "p99", "not in 5 s"]);
    for (name, others, pause) in LOADS {
        let mut load = JoinSet::<Result<()>>::new();
        for _ in 0..others {
            let mut writer = LogWriter::new(&node.log);
            load.spawn(async move {
                loop {
                    writer.append().await?;
                    time::sleep(pause).await;
                }
            });
        }
        let outcome = time_messages(&node, messages).await;
        // A writer ends by an error only.
        if let Some(ended) = load.try_join_next() {
            ended??;
        }
        load.shutdown().await;
        let took = outcome?;
        let missed = took.iter().filter(|took| **took == NEVER).count();
        let shown = |percent| match percentile(&took, percent) {
            NEVER => "> 5000".to_owned(),
            took => millis(took),
        };
        line(name, [shown(50), shown(99), missed.to_string()]);
        node.models.catch_up().await?;
    }
    stop.cancel();
    running.await?;
    node.close().await;
    database.delete("visible").await
}

/// Sends messages at a steady pace; how long each took, sorted.
async fn time_messages(node: &Node, messages: u32) -> Result<Vec<Duration>> {
    let (from, to): (AccountId, AccountId) = (node.log.clock().new_id(), node.log.clock().new_id());
    let mut pace = time::interval(EVERY);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tasks = JoinSet::new();
    for _ in 0..messages {
        pace.tick().await;
        let (log, models) = (node.log.clone(), node.models.clone());
        tasks.spawn(async move {
            let (commit, message) = letter(&log, from, to).await?;
            let position = log.append(commit).await?.position();
            let committed = now();
            if models.wait_for(position, INBOX).await.is_err() {
                return Ok(NEVER);
            }
            let took = committed.elapsed();
            let entries = models.mailbox_entry(ORGANISATION, to, message).await?;
            ensure!(entries.len() == 1, "the inbox has no such message though it was waited for");
            anyhow::Ok(took)
        });
    }
    let mut times = vec![];
    while let Some(task) = tasks.join_next().await {
        times.push(task??);
    }
    times.sort();
    Ok(times)
}
