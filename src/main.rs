//! The command line of `sealpost`.

use anyhow::Result;
use clap::{Parser, Subcommand};
use sealpost::{
    commands,
    config::{Config, NodeRole},
    demo,
};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

/// A secure message centre that an organisation runs itself.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file; single keys can be set by the environment, as in `SEALPOST_DATABASE__URL`.
    #[arg(long, global = true, env = "SEALPOST_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a node.
    Serve {
        /// What it does, instead of what the configuration says: any of the four, with commas between them.
        #[arg(long, value_delimiter = ',')]
        roles: Vec<NodeRole>,
    },
    /// Brings the database to the schema of this program.
    Migrate,
    /// Organisations: founding one, its people's roles, its domains, its policy and what it shows.
    Org(commands::org::OrgArguments),
    /// The log: how far it is signed, where it is anchored, and declaring a restore.
    Log {
        #[command(subcommand)]
        command: commands::log::LogCommand,
    },
    /// Read models: how far they are, or built anew.
    Projections {
        #[command(subcommand)]
        command: commands::ProjectionsCommand,
    },
    /// Scheduled jobs with their last runs, or one run now.
    Jobs {
        /// Run this job now.
        #[arg(long)]
        run: Option<String>,
    },
    /// Prints the GraphQL schema.
    Schema,
    /// The audit of an organisation, oldest first: printed, or written into a file.
    Audit(commands::audit::AuditArguments),
    /// Verifies the log: against what was signed of it, and against its keys. Writes nothing.
    Verify(commands::verify::VerifyArguments),
    /// Everything in one process on SQLite in a folder, with people of every role.
    Demo {
        /// The folder.
        #[arg(long, default_value = "sealpost-demo")]
        data: PathBuf,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Play the main job against itself over HTTP and print each step; exit 1 where one does not hold.
        #[arg(long)]
        walk: bool,
    },
}

/// `EX_USAGE` of BSD's sysexits; 2, which is usual, would say that a log was tampered with.
const USED_WRONGLY: u8 = 64;

#[tokio::main]
async fn main() -> ExitCode {
    // Two TLS libraries could come in by dependencies; this is the one that everything here uses.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            let _ = usage.print();
            return if usage.use_stderr() { ExitCode::from(USED_WRONGLY) } else { ExitCode::SUCCESS };
        }
    };
    // Futures of commands hold all that they do; on the heap they do not fill the stack.
    match Box::pin(run(arguments)).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sealpost: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode> {
    let load = || Config::load(arguments.config.as_deref());
    match arguments.command {
        Command::Serve { roles } => commands::serve(load()?, roles).await?,
        Command::Migrate => commands::migrate(&load()?).await?,
        Command::Org(arguments) => commands::org::run(load()?, arguments).await?,
        Command::Log { command } => commands::log::run(load()?, command).await?,
        Command::Projections { command } => commands::projections(load()?, command).await?,
        Command::Jobs { run } => Box::pin(commands::jobs(load()?, run.as_deref())).await?,
        Command::Schema => commands::say(&api::sdl())?,
        Command::Audit(arguments) => Box::pin(commands::audit::run(load()?, arguments)).await?,
        Command::Verify(arguments) => return commands::verify::run(load, arguments).await,
        Command::Demo { data, listen, walk: false } => demo::run(&data, listen).await?,
        Command::Demo { data, listen, walk: true } => return demo::walk(&data, listen).await,
    }
    Ok(ExitCode::SUCCESS)
}
