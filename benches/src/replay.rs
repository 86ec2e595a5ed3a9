//! Reading a log from its first event: opened alone, and opened and projected into every read model.

use crate::{
    database::{Database, Node},
    report::{group, line, now, rate, thousands},
    workload::live,
};
use anyhow::Result;
use eventstore::Log;
use projections::READ_MODELS;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::task::JoinSet;

/// Lives that are written at the same time.
const LIVES: usize = 64;
/// As the read models read.
const BATCH_EVENTS: i64 = 256;
/// The one that is rebuilt by itself: the one that people wait for.
const REBUILT: &str = "mailbox";

/// Writes a log of at least `events` events, replays it and prints the rates.
pub async fn measure(database: &Database, events: i64) -> Result<()> {
    let place = database.fresh("replay").await?;
    let node = Node::open(&place).await?;
    write(&node.log, events).await?;
    node.close().await;

    // Opened anew for each figure, so that none finds the keys of another in memory.
    let node = Node::open(&place).await?;
    let (started, mut position) = (now(), 0);
    while let Some(last) = node.log.read_after(position, BATCH_EVENTS).await?.last() {
        position = last.position;
    }
    let events = position.unsigned_abs();
    let opened = rate(events, started.elapsed());
    node.close().await;

    let node = Node::open(&place).await?;
    let started = now();
    node.models.catch_up().await?;
    let projected = rate(events, started.elapsed());
    node.close().await;

    let node = Node::open(&place).await?;
    let started = now();
    node.models.rebuild(REBUILT, |_, _| {}).await?;
    let rebuilt = rate(events, started.elapsed());
    node.close().await;
    database.delete("replay").await?;

    group(&format!("replay of {} events", thousands(events)), ["events/s", "", ""]);
    let figure = |figure| [thousands(figure), String::new(), String::new()];
    line("open", figure(opened));
    line(&format!("open + project into {} read models", READ_MODELS.len()), figure(projected));
    line(&format!("open + rebuild of the {REBUILT} alone"), figure(rebuilt));
    Ok(())
}

async fn write(log: &Log, events: i64) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..LIVES {
        let (log, next) = (log.clone(), next.clone());
        tasks.spawn(async move {
            let mut correspondent = None;
            while log.head() < events {
                correspondent = Some(live(&log, next.fetch_add(1, Ordering::Relaxed), correspondent).await?);
            }
            anyhow::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(())
}
