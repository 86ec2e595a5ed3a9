//! `sealpost audit`: prints the audit, or writes it into a file. Both are on record.

use super::{plainly, say, short};
use crate::{config::Config, node::Node};
use anyhow::{Context, Result, bail};
use app::{AuditedEvent, ExportContent, OperatorExport};
use clap::{Args, Subcommand};
use domain::{OrganisationId, event::Actor};
use eventstore::Clock;
use projections::audit::{AuditFilter, Kind};
use std::{
    fs::{self, OpenOptions},
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};
use tokio::{fs::File, io::BufWriter};

/// The audit of an organisation.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AuditArguments {
    #[command(flatten)]
    part: Part,
    #[command(subcommand)]
    command: Option<AuditCommand>,
}

#[derive(Debug, Clone, Subcommand)]
enum AuditCommand {
    /// Writes the audit into a new file, oldest first, with addresses and networks. That is on record, with the file's hash.
    Export(ExportArguments),
}

/// Which part of the audit.
#[derive(Debug, Clone, Args)]
struct Part {
    /// Number of the organisation.
    #[arg(long, default_value_t = 1)]
    organisation: u32,
    /// Only these kinds, such as `LOGIN_FAILED`.
    #[arg(long)]
    kind: Vec<String>,
}

#[derive(Debug, Clone, Args)]
struct ExportArguments {
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    to: Destination,
    /// The size of the log that the file is to be a picture of; now by default. The same size gives the same file.
    #[arg(long)]
    tree_size: Option<u64>,
    /// Why, at most 500 characters; it is recorded.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
struct Destination {
    /// Write one JSON object a line into this file.
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
    /// Write CSV into this file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

/// Prints the audit as a table, or exports it.
pub async fn run(config: Config, arguments: AuditArguments) -> Result<()> {
    match arguments.command {
        None => print(config, &arguments.part).await,
        Some(AuditCommand::Export(arguments)) => export(config, arguments).await,
    }
}

async fn print(config: Config, part: &Part) -> Result<()> {
    let filter = part.filter()?;
    let node = Node::open(config, Clock::System).await?;
    let organisation = part.organisation(&node).await?;
    say(&table(&node.app.audit_by_operator(organisation, &filter).await?))?;
    node.stop().await;
    Ok(())
}

async fn export(config: Config, arguments: ExportArguments) -> Result<()> {
    let ExportArguments { part, to, tree_size, reason } = arguments;
    let filter = part.filter()?;
    let (content, path) = match to {
        Destination { jsonl: Some(path), .. } => (ExportContent::AuditJsonLines(filter), path),
        Destination { csv: Some(path), .. } => (ExportContent::AuditCsv(filter), path),
        Destination { .. } => bail!("say where to, by --jsonl FILE or --csv FILE"),
    };
    let node = Node::open(config, Clock::System).await?;
    let organisation = part.organisation(&node).await?;
    // Of its owner alone, and never over something else.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let file = file.map_err(|problem| match problem.kind() {
        ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{} is there already; choose another name", path.display())
        }
        _ => anyhow::Error::new(problem).context(format!("cannot write {}", path.display())),
    })?;
    let export = OperatorExport { organisation, content, tree_size, reason };
    let written = node.app.export_by_operator(export, BufWriter::new(File::from_std(file))).await;
    if written.is_err() {
        // Half a file would be taken for a whole one.
        fs::remove_file(&path).with_context(|| format!("remove {} by hand", path.display()))?;
    }
    let written = written.map_err(plainly)?;
    say(&format!(
        "{} events up to log size {} are in {}.\nSHA-256 {}\n",
        written.events,
        written.tree_size,
        path.display(),
        written.file.sha256
    ))?;
    node.stop().await;
    Ok(())
}

impl Part {
    fn filter(&self) -> Result<AuditFilter> {
        let mut kinds = vec![];
        for code in &self.kind {
            kinds.push(
                Kind::parse(code).with_context(|| {
                    format!("{code} is no kind of event; write it as the audit prints it")
                })?,
            );
        }
        Ok(AuditFilter { kinds, ..AuditFilter::default() })
    }

    async fn organisation(&self, node: &Node) -> Result<OrganisationId> {
        let organisation = OrganisationId(self.organisation);
        if node.app.rules(organisation).await.is_err() {
            bail!("there is no organisation {organisation}");
        }
        Ok(organisation)
    }
}

/// Events, one a line. Ids only: names and addresses are for those who may read them.
fn table(events: &[AuditedEvent]) -> String {
    let mut table = format!(
        "{:>6}  {:<27} {:<26} {:<8} {:<22} {:<8} reason\n",
        "event", "time (UTC)", "kind", "outcome", "by", "subject"
    );
    for event in events {
        let at = event.at.to_string();
        let outcome = format!("{:?}", event.outcome).to_lowercase();
        let subject = event.subject.map_or_else(String::new, |account| short(&account.to_string()));
        let reason = event.reason.as_deref().unwrap_or_default();
        let (kind, by) = (event.kind.code(), actor(event.by));
        let line = format!(
            "{:>6}  {at:<27} {kind:<26} {outcome:<8} {by:<22} {subject:<8} {reason}\n",
            event.position
        );
        table += &line;
    }
    table
}

fn actor(by: Actor) -> String {
    match by {
        Actor::Person { account, .. } => format!("person {}", short(&account.to_string())),
        Actor::LinkHolder { account } => format!("link of {}", short(&account.to_string())),
        Actor::Anonymous => "anonymous".into(),
        Actor::Worker => "worker".into(),
        Actor::Operator => "operator".into(),
    }
}
