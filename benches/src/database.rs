//! Fresh databases to measure on, and the product's parts opened on one.

use crate::{Options, cluster::Cluster};
use anyhow::{Context, Result, ensure};
use eventstore::{
    Clock, Log,
    db::{Db, DbSettings},
    keys::{RootKeyProvider, Vault},
};
use projections::Projections;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    fmt::Write,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Where databases are made.
pub enum Server {
    /// Files.
    Sqlite,
    /// Databases of a server.
    Postgres {
        /// URL of one that exists.
        maintenance: String,
        /// Stopped with this value; `None` for a server that was there before.
        _cluster: Option<Cluster>,
    },
}

/// A kind of database, with a folder for files and keys.
pub struct Database {
    server: Server,
    folder: TempDir,
    connections: u32,
}

/// One fresh, migrated database.
pub struct Place {
    /// Its URL.
    pub url: String,
    /// Keys lie here, and SQLite's files.
    pub folder: PathBuf,
    /// Connections to PostgreSQL that one pool holds at most.
    pub connections: u32,
}

/// The log and its read models, open.
pub struct Node {
    /// The log.
    pub log: Log,
    /// The read models.
    pub models: Projections,
}

impl Server {
    /// The server of this URL, or a throwaway one.
    pub fn postgres(url: Option<&str>, data: &Path) -> Result<Self> {
        if let Some(url) = url {
            return Ok(Self::Postgres { maintenance: url.to_owned(), _cluster: None });
        }
        let cluster = Cluster::start(data)?;
        Ok(Self::Postgres { maintenance: cluster.url(), _cluster: Some(cluster) })
    }
}

impl Database {
    /// Databases of this kind, with their files in a folder of their own.
    pub fn new(server: Server, options: &Options) -> Result<Self> {
        let data = &options.data;
        let folder = TempDir::with_prefix_in("sealpost-bench-", data)
            .with_context(|| format!("cannot write in {}", data.display()))?;
        let connections = options.connections;
        Ok(Self { server, folder, connections })
    }

    /// Name, version and what makes it durable. A server that is not would make every figure a lie: that is an error.
    pub async fn describe(&self) -> Result<String> {
        let Server::Postgres { maintenance, .. } = &self.server else {
            return Ok("SQLite: journal_mode=WAL, synchronous=FULL".to_owned());
        };
        let mut connection = PgConnection::connect(maintenance).await?;
        let mut show = async |setting: &str| -> Result<String> {
            let sql = AssertSqlSafe(format!("SHOW {setting}"));
            Ok(sqlx::query_scalar(sql).fetch_one(&mut connection).await?)
        };
        let mut described = format!("PostgreSQL {}:", show("server_version").await?);
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let value = show(setting).await?;
            ensure!(
                value == "on",
                "{setting} is {value} on this server; measure on one where a commit is durable"
            );
            write!(described, " {setting}={value}")?;
        }
        Ok(described)
    }

    /// A fresh, migrated database for one part of the measurement.
    pub async fn fresh(&self, part: &str) -> Result<Place> {
        let folder = self.folder.path().join(part);
        std::fs::create_dir(&folder)?;
        let url = match &self.server {
            Server::Sqlite => format!("sqlite://{}", folder.join("sealpost.db").display()),
            Server::Postgres { maintenance, .. } => {
                let name = format!("sealpost_bench_{part}");
                let mut connection = PgConnection::connect(maintenance).await?;
                for sql in [
                    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                    format!("CREATE DATABASE {name}"),
                ] {
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                }
                sibling(maintenance, &name)?
            }
        };
        let place = Place { url, folder, connections: self.connections };
        let db = place.connect().await?;
        db.migrate().await?;
        db.close().await;
        Ok(place)
    }

    /// Deletes what [`Self::fresh`] made.
    pub async fn delete(&self, part: &str) -> Result<()> {
        if let Server::Postgres { maintenance, .. } = &self.server {
            let sql = format!("DROP DATABASE sealpost_bench_{part} WITH (FORCE)");
            let mut connection = PgConnection::connect(maintenance).await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
        }
        Ok(std::fs::remove_dir_all(self.folder.path().join(part))?)
    }
}

impl Place {
    async fn connect(&self) -> Result<Db> {
        let settings = DbSettings { url: self.url.clone(), max_connections: self.connections };
        Ok(Db::open(&settings).await?)
    }
}

impl Node {
    /// Opens log and read models with nothing remembered.
    pub async fn open(place: &Place) -> Result<Self> {
        let db = place.connect().await?;
        let root = RootKeyProvider::File(place.folder.join("root.key"));
        let vault = Vault::open(db.clone(), &root, &place.folder.join("keys"), Clock::System).await?;
        let log = Log::open(db, vault, Clock::System).await?;
        let models = Projections::new(log.clone());
        Ok(Self { log, models })
    }

    /// Writes what waits and gives the connections back.
    pub async fn close(self) {
        let Self { log, models } = self;
        drop(models);
        let db = log.db().clone();
        log.close().await;
        db.close().await;
    }
}

/// The URL of another database on the same server.
fn sibling(url: &str, database: &str) -> Result<String> {
    let (address, parameters) = match url.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (url, String::new()),
    };
    let (server, _) =
        address.rsplit_once('/').context("the URL of PostgreSQL does not end with a database")?;
    Ok(format!("{server}/{database}{parameters}"))
}
