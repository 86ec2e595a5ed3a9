//! Durable appends a second: the log and a plain `INSERT`, in turns.

use crate::{
    database::{Database, Node},
    memory,
    plain::{Plain, Sample},
    report::{group, line, median, now, rate, thousands},
    workload::{Logins, login, new_stream},
};
use anyhow::Result;
use domain::AccountId;
use eventstore::{Log, log::Loaded};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// Concurrent writers.
const WRITERS: [usize; 3] = [1, 32, 256];
/// Each takes so many turns; the median counts.
const ROUNDS: u32 = 5;

/// Something that writes one durable row after another.
pub trait Writer: Send + 'static {
    /// Writes one; returns when it is durable.
    fn append(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// Appends logins to the stream of one account.
pub struct LogWriter {
    log: Log,
    stream: Loaded<Logins>,
}

impl LogWriter {
    /// A writer with a stream of its own.
    pub fn new(log: &Log) -> Self {
        let account: AccountId = log.clock().new_id();
        Self { log: log.clone(), stream: new_stream(account.uuid()) }
    }
}

impl Writer for LogWriter {
    async fn append(&mut self) -> Result<()> {
        let commit = login(&mut self.stream, self.log.now())?;
        self.log.append(commit).await?;
        Ok(())
    }
}

/// Measures both and prints them.
pub async fn measure(database: &Database, time: Duration) -> Result<()> {
    let place = database.fresh("appends").await?;
    let node = Node::open(&place).await?;
    let plain = Plain::open(&place).await?;
    let (idle, _) = memory::resident("self")?;
    let mut most = idle;
    LogWriter::new(&node.log).append().await?;
    let sample = Arc::new(Sample::take(&node.log).await?);
    let title = format!("durable appends of {} B, events/s", sample.len());
    group(&title, ["log", "plain INSERT", "log / plain"]);
    for count in WRITERS {
        let mut ours: Vec<_> = (0..count).map(|_| LogWriter::new(&node.log)).collect();
        let mut theirs: Vec<_> = (0..count).map(|_| plain.writer(&sample)).collect();
        let turn = time / ROUNDS;
        // Not counted: keys are made, statements prepared, connections opened.
        (_, ours) = take_turn(ours, turn).await?;
        (_, theirs) = take_turn(theirs, turn).await?;
        let (mut our_rates, mut their_rates) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            let figure;
            (figure, ours) = take_turn(ours, turn).await?;
            our_rates.push(figure);
            most = most.max(memory::resident("self")?.0);
            let figure;
            (figure, theirs) = take_turn(theirs, turn).await?;
            their_rates.push(figure);
        }
        let (ours, theirs) = (median(our_rates), median(their_rates));
        let name = if count == 1 { "1 writer".to_owned() } else { format!("{count} writers") };
        line(&name, [thousands(ours), thousands(theirs), format!("{:.2} ×", ours / theirs)]);
    }
    plain.close().await;
    node.close().await;
    database.delete("appends").await?;
    group("memory of this process, MiB", ["idle", "appending", ""]);
    line("log, keys and peer", [format!("{idle:.0}"), format!("{most:.0}"), String::new()]);
    Ok(())
}

/// All writers write for that time; how many rows a second came of it.
async fn take_turn<W: Writer>(writers: Vec<W>, time: Duration) -> Result<(f64, Vec<W>)> {
    let started = now();
    let mut tasks = JoinSet::new();
    for mut writer in writers {
        tasks.spawn(async move {
            let mut count = 0;
            while started.elapsed() < time {
                writer.append().await?;
                count += 1;
            }
            anyhow::Ok((count, writer))
        });
    }
    let (mut total, mut writers) = (0, vec![]);
    while let Some(task) = tasks.join_next().await {
        let (count, writer) = task??;
        total += count;
        writers.push(writer);
    }
    Ok((rate(total, started.elapsed()), writers))
}
