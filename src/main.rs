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
    /// Prints the audit of an organisation, oldest first.
    Audit(Box<commands::audit::AuditArguments>),
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

#[tokio::main]
async fn main() -> ExitCode {
    // Two TLS libraries could come in by dependencies; this is the one that everything here uses.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(Arguments::parse()).await {
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
        Command::Projections { command } => commands::projections(load()?, command).await?,
        // Its future holds every job's; on the heap it does not fill the stack.
        Command::Jobs { run } => Box::pin(commands::jobs(load()?, run.as_deref())).await?,
        Command::Schema => commands::say(&api::sdl())?,
        Command::Audit(filter) => commands::audit::print(load()?, &filter).await?,
        Command::Demo { data, listen, walk: false } => demo::run(&data, listen).await?,
        Command::Demo { data, listen, walk: true } => return demo::walk(&data, listen).await,
    }
    Ok(ExitCode::SUCCESS)
}
