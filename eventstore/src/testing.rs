//! Databases for tests: each test gets a fresh, migrated one of each kind.
//!
//! SQLite is a file in a temporary folder. PostgreSQL is a database in a throwaway cluster that all tests of this user
//! share and that stays up between runs; `tests/postgres.sh` starts and stops it. `SEALPOST_TEST_POSTGRES` names another
//! server instead: the URL of a database, in a role that may create databases. A migrated template is copied for each test.

use crate::db::{Db, DbSettings, Dialect, schema_checksum};
use futures_util::FutureExt as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::{
    env, fs, io,
    panic::{AssertUnwindSafe, resume_unwind},
    path::Path,
    process::{Command, Stdio},
    thread,
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Connections of one test; the cluster allows 300.
const MAX_CONNECTIONS: u32 = 8;
/// Key of the advisory lock under which the template is made ("template" in ASCII).
const TEMPLATE_LOCK: i64 = i64::from_be_bytes(*b"template");
/// Followed by the second it was made in and a random part.
const TEST_PREFIX: &str = "sealpost_test_";
/// A test database this old was left behind by a test that was killed.
const LEFT_BEHIND_S: i64 = 3600;

/// A fresh, migrated database, gone with the value.
#[derive(Debug)]
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// Its URL, to open it once more.
    pub url: String,
    /// A folder for whatever else the test stores. SQLite's file lies here too.
    pub dir: TempDir,
    /// Where and under which name to drop it, on PostgreSQL.
    dropped: Option<(Server, String)>,
}

/// Runs `test` on SQLite, then on PostgreSQL; a failure says on which.
pub async fn on_both<F: AsyncFn(TestDb)>(test: F) {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let database = match dialect {
            Dialect::Sqlite => TestDb::sqlite().await,
            Dialect::Postgres => TestDb::postgres().await,
        };
        if let Err(panic) = AssertUnwindSafe(test(database)).catch_unwind().await {
            eprintln!("this failed on {dialect:?}");
            resume_unwind(panic);
        }
    }
}

impl TestDb {
    /// A file in a temporary folder.
    pub async fn sqlite() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite://{}", dir.path().join("test.db").display());
        let database = Self::open(url, dir, None).await;
        database.db.migrate().await.expect("migrations run on SQLite");
        database
    }

    /// A copy of the migrated template.
    pub async fn postgres() -> Self {
        static PREPARED: OnceCell<(Server, String)> = OnceCell::const_new();
        let (server, template) = PREPARED.get_or_init(prepare).await;
        let mut connection = server.connect().await;
        let name = test_name(&mut connection).await;
        let create = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        execute(&mut connection, create).await.expect("a copy of the template");
        let dir = TempDir::new().expect("a temporary folder");
        Self::open(server.url(&name), dir, Some((server.clone(), name))).await
    }

    /// Another fresh one of the same kind.
    pub async fn like(other: &Self) -> Self {
        match other.db.dialect() {
            Dialect::Sqlite => Self::sqlite().await,
            Dialect::Postgres => Self::postgres().await,
        }
    }

    /// A database of its own with everything that is in this one and in its folder. Nobody may have this one open, nor may
    /// it change any more.
    pub async fn copy(&self) -> Self {
        self.db.close().await;
        let dir = TempDir::new().expect("a temporary folder");
        copy_folder(self.dir.path(), dir.path()).expect("a copy of the folder");
        let Some((server, original)) = &self.dropped else {
            let url = format!("sqlite://{}", dir.path().join("test.db").display());
            return Self::open(url, dir, None).await;
        };
        let mut connection = server.connect().await;
        let name = test_name(&mut connection).await;
        let create = format!("CREATE DATABASE {name} TEMPLATE {original} STRATEGY file_copy");
        execute(&mut connection, create).await.expect("a copy of the database");
        Self::open(server.url(&name), dir, Some((server.clone(), name))).await
    }

    async fn open(url: String, dir: TempDir, dropped: Option<(Server, String)>) -> Self {
        // A test's HTTP client wants it, although it speaks plain HTTP; the program installs it first thing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = DbSettings { url: url.clone(), max_connections: MAX_CONNECTIONS };
        let db = Db::open(&settings).await.expect("a test database opens");
        Self { db, url, dir, dropped }
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&copy)?;
            fs::set_permissions(&copy, entry.metadata()?.permissions())?;
            copy_folder(&entry.path(), &copy)?;
        } else {
            fs::copy(entry.path(), copy)?;
        }
    }
    Ok(())
}

/// Drops the PostgreSQL database, on a thread of its own because the test's runtime is busy here. What fails is left to a
/// later run.
impl Drop for TestDb {
    fn drop(&mut self) {
        let Some((server, name)) = self.dropped.take() else {
            return;
        };
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&server.maintenance).await.ok()?;
                execute(&mut connection, drop_database(&name)).await.ok()
            })
        });
        drop(dropping.join());
    }
}

/// A PostgreSQL server on which test databases are made.
#[derive(Debug, Clone)]
struct Server {
    /// URL of a database that exists, from which others are created.
    maintenance: String,
}

impl Server {
    /// Starts the shared cluster unless it runs, or takes the one that the environment names.
    fn start() -> Self {
        if let Ok(maintenance) = env::var("SEALPOST_TEST_POSTGRES") {
            return Self { maintenance };
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/postgres.sh");
        let outcome = Command::new(script).arg("start").stdin(Stdio::null()).output();
        let outcome = outcome.expect("tests/postgres.sh can be run");
        assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
        Self { maintenance: String::from_utf8_lossy(&outcome.stdout).trim().to_owned() }
    }

    /// The URL of another database on this server.
    fn url(&self, database: &str) -> String {
        let (address, parameters) = match self.maintenance.split_once('?') {
            Some((address, parameters)) => (address, format!("?{parameters}")),
            None => (self.maintenance.as_str(), String::new()),
        };
        let (server, _) = address.rsplit_once('/').expect("the URL ends with a database");
        format!("{server}/{database}{parameters}")
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.maintenance).await.expect("the test server answers")
    }
}

/// Once a process: the server, cleared of what killed tests left, and the template for this program's migrations.
async fn prepare() -> (Server, String) {
    let server = tokio::task::spawn_blocking(Server::start).await.expect("the test server runs");
    let mut connection = server.connect().await;
    // Ends with the connection.
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut connection)
        .await
        .expect("the template's lock");
    let now = server_time_s(&mut connection).await;
    for (name, _) in databases(&mut connection).await {
        let made: Option<i64> =
            name.strip_prefix(TEST_PREFIX).and_then(|rest| rest.split('_').next()?.parse().ok());
        if made.is_some_and(|made| made + LEFT_BEHIND_S < now) {
            execute(&mut connection, drop_database(&name)).await.expect("an old test database is dropped");
        }
    }
    let template = format!("sealpost_template_{}", schema_checksum(Dialect::Postgres));
    if !databases(&mut connection).await.contains(&(template.clone(), true)) {
        make_template(&server, &mut connection, &template).await;
    }
    (server, template)
}

/// Marked as a template only when it is complete; one that is not was left by a killed test.
async fn make_template(server: &Server, connection: &mut PgConnection, template: &str) {
    execute(connection, drop_database(template)).await.expect("half a template is dropped");
    execute(connection, format!("CREATE DATABASE {template}")).await.expect("the template is created");
    let settings = DbSettings { url: server.url(template), max_connections: 1 };
    let db = Db::open(&settings).await.expect("the template opens");
    db.migrate().await.expect("migrations run on PostgreSQL");
    db.close().await;
    let finish = format!("ALTER DATABASE {template} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false");
    execute(connection, finish).await.expect("the template is finished");
}

/// Name, and whether it is a template.
async fn databases(connection: &mut PgConnection) -> Vec<(String, bool)> {
    let all = sqlx::query_as("SELECT datname::text, datistemplate FROM pg_database").fetch_all(connection);
    all.await.expect("the list of databases")
}

/// The server makes it, since the clock and randomness of a program are arguments everywhere else.
async fn test_name(connection: &mut PgConnection) -> String {
    let name = sqlx::query_scalar(
        "SELECT $1 || extract(epoch FROM now())::bigint || '_' || replace(gen_random_uuid()::text, '-', '')",
    );
    name.bind(TEST_PREFIX).fetch_one(connection).await.expect("a name for the test database")
}

async fn server_time_s(connection: &mut PgConnection) -> i64 {
    let now = sqlx::query_scalar("SELECT extract(epoch FROM now())::bigint").fetch_one(connection);
    now.await.expect("the server's time")
}

fn drop_database(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

/// For statements that take no parameters. The names in them are made here.
async fn execute(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
