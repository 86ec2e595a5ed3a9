//! The commands that an operator types.

pub mod audit;
pub mod org;

use crate::{
    config::{Config, LogFormat, NodeRole},
    node::{Node, open_database},
};
use anyhow::{Result, anyhow};
use clap::Subcommand;
use eventstore::Clock;
use std::io::{ErrorKind, Write};

/// What to do with read models.
#[derive(Debug, Clone, Subcommand)]
pub enum ProjectionsCommand {
    /// How far each one is.
    Status,
    /// Builds one anew beside the old one, then swaps. Goes on where it was after a crash.
    Rebuild {
        /// Its name, as `status` shows it.
        name: String,
    },
}

/// A refusal in the words that people are told.
pub(crate) fn plainly(error: app::Error) -> anyhow::Error {
    match error {
        app::Error::Problems(problems) => {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            anyhow!(sentences.join(" "))
        }
        other => other.into(),
    }
}

/// Runs a node until it is told to stop, with these roles instead of the configured ones, if there are any.
pub async fn serve(mut config: Config, roles: Vec<NodeRole>) -> Result<()> {
    start_tracing(config.log);
    if !roles.is_empty() {
        config.roles = roles;
    }
    let node = Node::open(config, Clock::System).await?;
    // First what can fail: a node that cannot listen takes no lease.
    node.heed_signals()?;
    if node.config().listens_for_http() {
        let address = node.start_server().await?;
        tracing::info!(%address, "serving");
    }
    if let Some(address) = node.start_gateway().await? {
        tracing::info!(%address, "taking mail");
    }
    node.start_projections();
    node.start_workers();
    node.wait().await;
    tracing::info!("stopping");
    node.stop().await;
    Ok(())
}

/// Brings the database to this program's schema.
pub async fn migrate(config: &Config) -> Result<()> {
    let db = open_database(config).await?;
    db.migrate().await?;
    println!("The database is at the schema of this program.");
    db.close().await;
    Ok(())
}

/// Read models.
pub async fn projections(config: Config, command: ProjectionsCommand) -> Result<()> {
    let node = Node::open(config, Clock::System).await?;
    match command {
        ProjectionsCommand::Status => {
            println!("{:<16} {:>12} {:>10}  parked", "read model", "position", "behind");
            for status in node.app.models().status().await? {
                let parked = status.parked.unwrap_or_default();
                println!("{:<16} {:>12} {:>10}  {parked}", status.name, status.position, status.behind);
            }
        }
        ProjectionsCommand::Rebuild { name } => {
            let progress = |done, all| println!("{done} of {all} events");
            node.app.models().rebuild(&name, progress).await?;
            println!("{name} is rebuilt.");
        }
    }
    node.stop().await;
    Ok(())
}

/// Scheduled jobs.
pub async fn jobs(config: Config, run: Option<&str>) -> Result<()> {
    let node = Node::open(config, Clock::System).await?;
    if let Some(name) = run {
        let name = name.parse()?;
        node.start_projections();
        node.scheduler.run_now(name).await?;
    }
    println!("{:<20} {:<18} {:<28} {:>8} {:<8} next", "job", "schedule", "last run", "took", "outcome");
    for job in node.scheduler.list().await? {
        println!(
            "{:<20} {:<18} {:<28} {:>8} {:<8} {}",
            job.name.as_str(),
            job.expression,
            job.last_started_at.map_or_else(|| "never".into(), |at| at.to_string()),
            job.last_took_ms.map_or_else(String::new, |took| format!("{took} ms")),
            job.last_outcome.map_or_else(String::new, |outcome| outcome.to_string()),
            job.next_at.map_or_else(|| "never".into(), |at| at.to_string()),
        );
        if let Some(failure) = job.last_failure {
            println!("    {failure}");
        }
    }
    node.stop().await;
    Ok(())
}

/// Prints a text. Whoever reads only its beginning, such as `head`, has seen enough.
pub fn say(text: &str) -> Result<()> {
    is_heard(text).map(drop)
}

/// Prints a text; false once nobody reads any more.
pub(crate) fn is_heard(text: &str) -> Result<bool> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(problem) if problem.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => Ok(written.map(|()| true)?),
    }
}

/// The end of an id: ids of one moment begin alike.
pub(crate) fn short(id: &str) -> String {
    id.chars().skip(id.len().saturating_sub(8)).collect()
}

/// Starts the program's own log; `RUST_LOG` chooses what it says.
pub fn start_tracing(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
