//! `sealpost verify`: is the log what was signed? Offline, and without writing anything.

mod meter;
mod report;

use crate::{
    config::Config,
    node::{self, open_vault},
};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use domain::verification::Level;
use eventstore::{
    Clock,
    db::Db,
    keys::LogKey,
    verify::{Against, Anchors, Verified, verify as verify_log},
};
use meter::Meter;
use projections::verify_meaning;
use proof::{bundle, note::Verifier, time::parse_age};
use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What is verified, against what, and how deep. Exits with 0 sound, 2 tampered, 3 rolled back, 4 forked, 5 stale, 6 a key is
/// gone without its event, 1 when it could not be done.
#[derive(Debug, Clone, Args)]
pub struct VerifyArguments {
    /// A verification bundle, instead of a database.
    #[arg(conflicts_with_all = ["data", "database", "keys", "anchor_file"])]
    bundle: Option<PathBuf>,
    /// The folder of a demonstration, with everything in it.
    #[arg(long, conflicts_with_all = ["database", "keys"])]
    data: Option<PathBuf>,
    /// The database's URL, instead of the configured one.
    #[arg(long)]
    database: Option<String>,
    /// Folder of the epoch keys, instead of the configured one.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// How deep; each level includes those before. By default as deep as there is something to look at.
    #[arg(long)]
    level: Option<Depth>,
    /// The log's public key, `name+hash+key`, or a file that holds it; by default `log.vkey` in the folder of the keys.
    #[arg(long)]
    key: Option<String>,
    /// File of the anchors, instead of the configured one.
    #[arg(long)]
    anchor_file: Option<PathBuf>,
    /// Signed notes that were kept elsewhere, one after another in a file.
    #[arg(long)]
    anchor: Vec<PathBuf>,
    /// How old the last checkpoint may be: 90s, 15m, 24h, 7d.
    #[arg(long)]
    max_age: Option<String>,
}

/// A level, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Depth {
    /// Checkpoints and anchors.
    Signatures,
    /// The tree over all entries.
    Entries,
    /// Hashes of sealed bodies.
    Bodies,
    /// Bodies opened and read models compared.
    Meaning,
}

impl From<Depth> for Level {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::Signatures => Self::Signatures,
            Depth::Entries => Self::Entries,
            Depth::Bodies => Self::Bodies,
            Depth::Meaning => Self::Meaning,
        }
    }
}

/// Verifies, prints what was found, and says it with the exit code.
pub async fn run(config: impl FnOnce() -> Result<Config>, arguments: VerifyArguments) -> Result<ExitCode> {
    let stale_before = stale_before(arguments.max_age.as_deref())?;
    if let Some(path) = &arguments.bundle {
        return bundle(path, &arguments, stale_before);
    }
    let config = configured(config, &arguments)?;
    let against = Against {
        key: key(arguments.key.as_deref(), Some(&config.keys.folder))?,
        anchors: anchors(&config, &arguments)?,
        stale_before,
    };
    let level = arguments.level.map_or(Level::Meaning, Level::from);
    let verified = of_database(&config, &against, level).await?;
    super::say(&report::of(&verified, &against))?;
    Ok(ExitCode::from(verified.verdict().exit_code()))
}

async fn of_database(config: &Config, against: &Against, level: Level) -> Result<Verified> {
    let db = Db::open_read_only(&node::database_settings(config)).await?;
    node::check_schema(&db).await?;
    let meter = Meter::new();
    let progress = |stage, done, of| meter.show(stage, done, of);
    let verified = if level == Level::Meaning {
        ensure!(
            config.keys.folder.is_dir(),
            "the folder of the keys {} is not there, and the level `meaning` opens every event; choose --level bodies",
            config.keys.folder.display()
        );
        let vault = open_vault(config, db.clone(), Clock::System).await?;
        verify_meaning(&db, &vault, against, &progress).await?
    } else {
        verify_log(&db, against, level, &progress).await?
    };
    meter.finish();
    db.close().await;
    Ok(verified)
}

fn bundle(path: &Path, arguments: &VerifyArguments, stale_before: Option<u64>) -> Result<ExitCode> {
    if let Some(depth @ (Depth::Signatures | Depth::Meaning)) = arguments.level {
        let level = Level::from(depth);
        bail!(
            "a bundle is always checked by its entries, and has no keys to open them with: leave --level {level} out"
        );
    }
    let key = key(arguments.key.as_deref(), None)?;
    let mut anchors = vec![];
    for path in &arguments.anchor {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        anchors.extend(proof::note::each(&text).map(str::to_owned));
    }
    let options =
        bundle::Options { anchors, stale_before, progress: meter::bundle(), ..bundle::Options::default() };
    let from = File::open(path).with_context(|| path.display().to_string())?;
    let report = match bundle::check(from, &key, &options) {
        Ok(report) => report,
        Err(problem @ (bundle::BundleError::Damaged { .. } | bundle::BundleError::OtherKey(_))) => {
            eprintln!("sealpost: {problem}");
            return Ok(ExitCode::from(proof::verdict::Verdict::Tampered.exit_code()));
        }
        Err(other) => return Err(other.into()),
    };
    ensure!(
        report.head.bodies || arguments.level != Some(Depth::Bodies),
        "the bundle has no bodies; have one made with --bodies"
    );
    super::say(&report.to_string())?;
    Ok(ExitCode::from(report.verdict().exit_code()))
}

/// The configuration, with what the command line says instead.
fn configured(load: impl FnOnce() -> Result<Config>, arguments: &VerifyArguments) -> Result<Config> {
    if let Some(folder) = &arguments.data {
        ensure!(
            folder.join("sealpost.db").exists(),
            "there is no sealpost.db in {}; name the folder that a demonstration was started with",
            folder.display()
        );
        return Ok(Config::in_folder(folder, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
    }
    let mut config = load()?;
    if let Some(url) = &arguments.database {
        config.database.url.clone_from(url);
    }
    if let Some(folder) = &arguments.keys {
        config.keys.folder.clone_from(folder);
    }
    Ok(config)
}

/// The key that the log is verified with. It must not come out of what is verified.
fn key(given: Option<&str>, folder: Option<&Path>) -> Result<Verifier> {
    let Some(given) = given else {
        let folder =
            folder.context("--key is missing; a bundle proves nothing without the log's public key")?;
        return LogKey::public(folder)?.with_context(|| {
            format!("there is no log.vkey in {}; give the log's public key with --key", folder.display())
        });
    };
    if let Ok(key) = given.parse() {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given).with_context(|| {
        format!("--key {given} is neither a public key, name+hash+key, nor a file with one")
    })?;
    text.parse().with_context(|| given.to_owned())
}

/// What was anchored on this machine, and what was kept elsewhere.
fn anchors(config: &Config, arguments: &VerifyArguments) -> Result<Anchors> {
    let own = node::anchor_file(config);
    let mut anchors = Anchors::default();
    if let Some(path) = arguments.anchor_file.as_ref().or_else(|| Some(&own).filter(|own| own.exists())) {
        anchors = Anchors::read(path).with_context(|| path.display().to_string())?;
    }
    for path in &arguments.anchor {
        anchors = anchors.and(Anchors::read(path).with_context(|| path.display().to_string())?);
    }
    Ok(anchors)
}

fn stale_before(max_age: Option<&str>) -> Result<Option<u64>> {
    let Some(text) = max_age else { return Ok(None) };
    let age =
        parse_age(text).with_context(|| format!("{text} is no age; write it as 90s, 15m, 24h or 7d"))?;
    let now = u64::try_from(Clock::System.now().micros() / 1_000_000).unwrap_or_default();
    Ok(Some(now.saturating_sub(age)))
}
