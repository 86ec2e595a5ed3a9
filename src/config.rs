//! Configuration: one TOML file, single values overridden by the environment. Every key is documented here and in
//! `docs/configuration.md`; an unknown one is refused with the names that there are.

mod attachments;
mod gateway;
mod keys;
mod notary;

pub use attachments::{Attachments, Store};
pub use gateway::Gateway;
pub use keys::Keys;
pub use notary::Notary;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use domain::policy::Network;
use secrecy::SecretString;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use workers::{Security, SmtpSettings};

/// Everything that a node must know.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen. Outside loopback only with `behind_tls_proxy` (A45).
    pub listen: SocketAddr,
    /// Whether a proxy in front speaks TLS with people, so that plain HTTP never crosses a network.
    pub behind_tls_proxy: bool,
    /// Proxies whose `X-Forwarded-For` is believed, as networks.
    pub trusted_proxies: Vec<Network>,
    /// What this node does.
    pub roles: Vec<NodeRole>,
    /// Where events, read models and sealed keys are.
    pub database: Database,
    /// Where root key and epoch keys are.
    pub keys: Keys,
    /// Where the sealed attachments are.
    pub attachments: Attachments,
    /// How notifications leave.
    pub mail: Mail,
    /// Where the organisation's mail server hands mails over.
    pub gateway: Gateway,
    /// How the log is signed.
    pub notary: Notary,
    /// The API.
    pub api: Api,
    /// Cron expressions by job name, 6 fields, UTC; a job that is not named keeps its own.
    pub jobs: BTreeMap<String, String>,
    /// How the program writes its own log.
    pub log: LogFormat,
}

/// A part of the work that a node can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// GraphQL, uploads.
    Api,
    /// Pages for people.
    Portal,
    /// Scheduled jobs and outgoing mail.
    Workers,
    /// The SMTP gateway.
    Gateway,
}

impl NodeRole {
    /// Everything in one process.
    pub const ALL: [Self; 4] = [Self::Api, Self::Portal, Self::Workers, Self::Gateway];
}

/// The database.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://path` or `postgres://user@host/database`.
    pub url: String,
    /// Connections at most, on PostgreSQL.
    pub max_connections: u32,
}

/// Outgoing mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The organisation's relay. Without one, mails are kept in `folder`.
    pub relay: Option<Relay>,
    /// The local mailbox, a Maildir.
    pub folder: PathBuf,
}

/// The organisation's SMTP relay.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    host: String,
    port: u16,
    security: RelaySecurity,
    username: Option<String>,
    password: Option<SecretString>,
}

/// How the connection to the relay is protected.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RelaySecurity {
    None,
    StartTls,
    Tls,
}

impl From<&Relay> for SmtpSettings {
    fn from(relay: &Relay) -> Self {
        let security = match relay.security {
            RelaySecurity::None => Security::None,
            RelaySecurity::StartTls => Security::StartTls,
            RelaySecurity::Tls => Security::Tls,
        };
        let Relay { host, port, username, password, .. } = relay.clone();
        Self { host, port, security, username, password }
    }
}

/// The API.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// Whether clients may ask for the schema.
    pub introspection: bool,
}

/// The program's own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Variables that override a key: `SEALPOST_DATABASE__URL` is `database.url`, `SEALPOST_LISTEN` is `listen`.
const PREFIX: &str = "SEALPOST_";

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            behind_tls_proxy: false,
            trusted_proxies: vec![],
            roles: vec![NodeRole::Api, NodeRole::Portal, NodeRole::Workers],
            database: Database::default(),
            keys: Keys::default(),
            attachments: Attachments::default(),
            mail: Mail::default(),
            gateway: Gateway::default(),
            notary: Notary::default(),
            api: Api::default(),
            jobs: BTreeMap::new(),
            log: LogFormat::Text,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite://sealpost.db".into(), max_connections: 20 }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self { relay: None, folder: "mail".into() }
    }
}

/// A database URL can hold a password.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads a file, then the environment over it.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the configuration {}", path.display()))?,
            None => String::new(),
        };
        let config = Self::parse(&text, std::env::vars()).with_context(|| {
            file.map_or_else(|| "the environment".into(), |path| path.display().to_string())
        })?;
        config.check()?;
        Ok(config)
    }

    /// All data of a node in one folder, as a demonstration has it.
    #[must_use]
    pub fn in_folder(folder: &Path, listen: SocketAddr) -> Self {
        let url = format!("sqlite://{}", folder.join("sealpost.db").display());
        Self {
            listen,
            database: Database { url, ..Database::default() },
            keys: Keys::in_folder(folder),
            attachments: Attachments::in_folder(&folder.join("attachments")),
            mail: Mail { relay: None, folder: folder.join("mail") },
            gateway: Gateway { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Gateway::default() },
            roles: NodeRole::ALL.to_vec(),
            api: Api { introspection: true },
            ..Self::default()
        }
    }

    /// Whether anybody asks this node over HTTP: a gateway alone speaks SMTP alone.
    #[must_use]
    pub fn listens_for_http(&self) -> bool {
        self.roles.iter().any(|role| *role != NodeRole::Gateway)
    }

    fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let mut table: toml::Table = toml::from_str(text).context("the configuration is not valid TOML")?;
        for (name, value) in environment {
            if let Some(path) = overridden(&name) {
                set(&mut table, &path, value)?;
            }
        }
        // The message names the key that is not known and those that are.
        Ok(table.try_into()?)
    }

    fn check(&self) -> Result<()> {
        self.keys.check()?;
        self.attachments.check()?;
        self.gateway.check()?;
        self.notary.check()?;
        if !self.listen.ip().is_loopback() && !self.behind_tls_proxy {
            bail!(
                "listening on {} would send private mail over plain HTTP. Listen on a loopback address, or put a proxy \
                 that speaks TLS in front and say so: behind_tls_proxy = true",
                self.listen
            );
        }
        Ok(())
    }
}

/// The path of keys that a variable overrides, if it is one of ours.
fn overridden(name: &str) -> Option<Vec<String>> {
    const TOP: [&str; 5] = ["listen", "behind_tls_proxy", "trusted_proxies", "roles", "log"];
    let path: Vec<String> =
        name.strip_prefix(PREFIX)?.to_lowercase().split("__").map(str::to_owned).collect();
    (path.len() > 1 || TOP.contains(&path[0].as_str())).then_some(path)
}

fn set(table: &mut toml::Table, path: &[String], value: String) -> Result<()> {
    let (last, parents) = path.split_last().context("a variable without a name")?;
    let mut table = table;
    for parent in parents {
        let entry = table.entry(parent.clone()).or_insert_with(|| toml::Table::new().into());
        table = entry.as_table_mut().with_context(|| format!("{parent} is not a section"))?;
    }
    // A number, a truth value or a list as in TOML; anything else is text.
    let parsed =
        toml::from_str::<toml::Table>(&format!("v = {value}")).ok().and_then(|mut one| one.remove("v"));
    table.insert(last.clone(), parsed.unwrap_or_else(|| value.into()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config> {
        Config::parse(text, environment.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let file = "listen = \"127.0.0.1:1\"\n[database]\nurl = \"sqlite://a\"\nmax_connections = 3";
        let environment = [
            ("SEALPOST_DATABASE__URL", "postgres://b"),
            ("SEALPOST_LISTEN", "127.0.0.1:2"),
            ("SEALPOST_API__INTROSPECTION", "true"),
            ("SEALPOST_TEST_POSTGRES", "no key of ours"),
        ];
        let config = parse(file, &environment).unwrap();
        assert_eq!(config.database.url, "postgres://b");
        assert_eq!(config.database.max_connections, 3);
        assert_eq!(config.listen.port(), 2);
        assert!(config.api.introspection);
    }

    #[test]
    fn an_unknown_key_is_refused_with_those_that_there_are() {
        let error = format!("{:#}", parse("[database]\nadress = \"x\"", &[]).unwrap_err());
        assert!(error.contains("adress") && error.contains("url"), "{error}");
        assert!(parse("", &[("SEALPOST_MAIL__RELEY", "x")]).is_err());
    }

    /// A45: attachments go to a bucket only over HTTPS, or on this machine; half a configuration is refused.
    #[test]
    fn a_bucket_is_configured_wholly() {
        let checked = |text: &str| parse(&format!("[attachments]\n{text}"), &[]).unwrap().check();
        let bucket = "store = \"s3\"\nbucket = \"b\"\naccess_key_id = \"i\"\nsecret_access_key = \"k\"\n";
        let at = |endpoint: &str| checked(&format!("{bucket}endpoint = \"{endpoint}\"\nallow_http = true"));
        assert!(checked(bucket).is_ok() && checked("folder = \"a\"").is_ok());
        assert!(at("https://s3.example").is_ok() && at("http://127.0.0.1:9000").is_ok());
        assert!(at("http://s3.example").is_err() && at("s3.example").is_err());
        assert!(checked(&format!("{bucket}endpoint = \"http://[::1]:9000\"")).is_err(), "not allowed");
        for half in ["store = \"s3\"", "store = \"s3\"\nbucket = \"b\"", "bucket = \"b\""] {
            assert!(checked(half).is_err(), "{half}");
        }
        let debug = format!("{:?}", parse(&format!("[attachments]\n{bucket}"), &[]).unwrap());
        assert!(!debug.contains("\"k\""), "{debug}");
        assert!(parse("[attachments]\nbuket = \"b\"", &[]).is_err());
    }

    /// G2: mail is taken over open connections on this machine alone, and nothing in the section is guessed at.
    #[test]
    fn the_gateway_is_configured_wholly() {
        let checked = |text: &str| parse(&format!("[gateway]\n{text}"), &[]).unwrap().check();
        assert!(checked("listen = \"[::1]:25\"\nallow = [\"10.0.0.0/8\"]").is_ok());
        assert!(checked("listen = \"0.0.0.0:25\"").is_err());
        let tls = "tls = { certificate = \"c\", key = \"k\" }";
        assert!(checked(&format!("listen = \"0.0.0.0:25\"\n{tls}")).is_ok());
        assert!(checked("max_recipients = 0").is_err() && checked("command_timeout = \"PT0S\"").is_err());
        for unknown in
            ["alow = []", "tls = { certificate = \"c\" }", "allow = [\"10.0.0.1/8\"]", "timeout = 5"]
        {
            assert!(parse(&format!("[gateway]\n{unknown}"), &[]).is_err(), "{unknown}");
        }
        let config = parse("", &[("SEALPOST_GATEWAY__REQUIRE_TLS", "true")]).unwrap();
        assert!(config.gateway.require_tls && !config.roles.contains(&NodeRole::Gateway));
        assert_eq!(config.gateway.settings().timeouts.command, std::time::Duration::from_mins(5));
    }

    /// A45: plain HTTP is refused outside loopback.
    #[test]
    fn plain_http_stays_on_loopback() {
        let listening = |text| parse(text, &[]).unwrap().check();
        assert!(listening("listen = \"127.0.0.1:8080\"").is_ok());
        assert!(listening("listen = \"0.0.0.0:8080\"").is_err());
        assert!(listening("listen = \"0.0.0.0:8080\"\nbehind_tls_proxy = true").is_ok());
    }
}
