//! Measures the log and its read models on both databases, beside a plain `INSERT` in the same run; and, of a whole server,
//! whether the time of an answer tells a known address from an unknown one.
//!
//! The figures of one machine mean little; the ratios travel. What each figure is stands in `README.md`.

mod appends;
mod cluster;
mod database;
mod files;
mod memory;
mod plain;
mod replay;
mod report;
mod search;
mod server;
mod timing;
mod visible;
mod workload;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use database::{Database, Server};
use std::{path::PathBuf, time::Duration};

/// Measures the log and its read models on both databases.
#[derive(Parser)]
pub struct Options {
    /// How long each rate is measured, in seconds; a fifth more goes into warming up.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many events are replayed.
    #[arg(long, default_value_t = 100_000)]
    replay_events: i64,
    /// How many messages are timed on their way into the inbox.
    #[arg(long, default_value_t = 2_000)]
    messages: u32,
    /// Which database.
    #[arg(long, value_enum, default_value_t = Which::Both)]
    database: Which,
    /// Where the databases lie: on a real disk, or the figures say nothing.
    #[arg(long, default_value = "/var/tmp")]
    data: PathBuf,
    /// A durable PostgreSQL to measure on, by a role that may create databases; without it, one is started.
    #[arg(long, env = "SEALPOST_BENCH_POSTGRES", hide_env_values = true)]
    postgres: Option<String>,
    /// Connections to PostgreSQL, for the log and for the plain INSERT alike; the product's own default is 20.
    #[arg(long, default_value_t = 20)]
    connections: u32,
    /// Only measure how long a search takes in a mailbox of so many messages, such as 5000.
    #[arg(long, value_name = "MESSAGES")]
    search: Option<usize>,
    /// A built `sealpost`, to see how much memory a whole server takes and whether its answers' times tell anything.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Only compare the times of answers for known and unknown addresses, of the server.
    #[arg(long, requires = "server")]
    timing: bool,
    /// Only measure files going up to the server and down from it, beside a plain file over the same HTTP.
    #[arg(long, requires = "server")]
    files: bool,
    /// Serves plain files in this folder and nothing else, for the above.
    #[arg(long, hide = true)]
    serve_plain: Option<PathBuf>,
    /// How often each is asked for.
    #[arg(long, default_value_t = 200)]
    pairs: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Sqlite,
    Postgres,
    Both,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    // Whichever way it ends, what was started is stopped and what was written is deleted.
    tokio::select! {
        outcome = run(&options) => outcome,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

async fn run(options: &Options) -> Result<()> {
    // An HTTP client wants it, although it speaks plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Some(folder) = &options.serve_plain {
        return files::serve_plain(folder).await;
    }
    if let (true, Some(server)) = (options.files, &options.server) {
        return files::measure(server).await;
    }
    if let (true, Some(server)) = (options.timing, &options.server) {
        return timing::measure(server, options.pairs).await;
    }
    let cores = std::thread::available_parallelism()?;
    println!(
        "{cores} cores, data in {}; rates are medians of rounds that take turns\n",
        options.data.display()
    );
    if options.database != Which::Postgres {
        measure(&Database::new(Server::Sqlite, options)?, options).await?;
    }
    if options.database != Which::Sqlite {
        let server = Server::postgres(options.postgres.as_deref(), &options.data)?;
        measure(&Database::new(server, options)?, options).await?;
    }
    if options.search.is_some() {
        return Ok(());
    }
    server::measure(options.server.as_deref(), options.time()).await?;
    match &options.server {
        Some(server) => timing::measure(server, options.pairs).await,
        None => Ok(()),
    }
}

async fn measure(database: &Database, options: &Options) -> Result<()> {
    report::heading(&database.describe().await?);
    if let Some(messages) = options.search {
        return search::measure(database, messages).await;
    }
    appends::measure(database, options.time()).await?;
    replay::measure(database, options.replay_events).await?;
    visible::measure(database, options.messages).await?;
    println!();
    Ok(())
}

impl Options {
    fn time(&self) -> Duration {
        Duration::from_secs(self.seconds.max(1))
    }
}
