//! The schema: which migrations there are, which the database has run, and running the missing ones.
//!
//! Migrations lie in `migrations/common` (portable) and `migrations/sqlite`, `migrations/postgres` (triggers). A number is
//! used once among the common ones and those of a dialect; both dialects may use the same number.

use super::{Db, DbError, Dialect, connection::Connection, tx::Inner};
use sqlx::migrate::Migrator;
use std::sync::LazyLock;

static SQLITE: LazyLock<Migrator> = LazyLock::new(|| merged(&sqlx::migrate!("../migrations/sqlite")));
static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| merged(&sqlx::migrate!("../migrations/postgres")));

/// How the database's schema relates to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// It has run every migration that this program knows.
    Current,
    /// So many migrations are missing.
    Behind(usize),
    /// It has run none.
    Empty,
    /// A newer program has migrated it.
    Newer {
        /// Highest version that the database has.
        found: i64,
        /// Highest version that this program has.
        known: i64,
    },
}

impl Db {
    /// What [`Db::migrate`] would find; changes nothing. [`DbError::Changed`] if a migration reads differently now.
    pub async fn schema_state(&self) -> Result<SchemaState, DbError> {
        state(&mut self.reader().await?.connection()).await
    }

    /// Runs the missing migrations, all or none; quiet when there are none. Nodes that start together wait for one another,
    /// and nothing is appended meanwhile.
    ///
    /// [`DbError::Newer`] and [`DbError::Changed`]: this program does not belong to this database, nothing was done.
    pub async fn migrate(&self) -> Result<(), DbError> {
        let mut tx = self.begin().await?;
        tx.lock_log().await?;
        match state(&mut tx.connection()).await? {
            SchemaState::Current => return tx.rollback().await,
            SchemaState::Newer { found, known } => return Err(DbError::Newer { found, known }),
            SchemaState::Empty | SchemaState::Behind(_) => {}
        }
        let migrator = migrator(self.dialect());
        match &mut tx.0 {
            Inner::Sqlite(tx) => migrator.run(&mut **tx).await?,
            Inner::Postgres(tx) => migrator.run(&mut **tx).await?,
        }
        tx.commit().await
    }
}

/// Names the schema that this program makes: changes with any migration's text. In hexadecimal.
#[must_use]
pub fn schema_checksum(dialect: Dialect) -> String {
    const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const FNV_PRIME: u64 = 0x0100_0000_01b3;
    let bytes = migrator(dialect).iter().flat_map(|migration| migration.checksum.iter());
    // FNV-1a: it tells schemas apart and guards nothing.
    let sum = bytes.fold(FNV_OFFSET, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(FNV_PRIME));
    format!("{sum:016x}")
}

fn migrator(dialect: Dialect) -> &'static Migrator {
    match dialect {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
    }
}

fn merged(dialect: &Migrator) -> Migrator {
    let common = sqlx::migrate!("../migrations/common");
    let mut migrator = Migrator::with_migrations(common.iter().chain(dialect.iter()).cloned().collect());
    // The driver's lock belongs to the session, which a connection pooler may share; `migrate` takes its own.
    migrator.set_locking(false);
    migrator
}

async fn state(connection: &mut Connection<'_>) -> Result<SchemaState, DbError> {
    let exists = match connection.dialect() {
        Dialect::Sqlite => {
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations') AS found"
        }
        Dialect::Postgres => "SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS found",
    };
    if !connection.one(exists.into(), vec![]).await?.bool("found")? {
        return Ok(SchemaState::Empty);
    }
    let applied = connection
        .all("SELECT version, checksum FROM _sqlx_migrations ORDER BY version DESC".into(), vec![])
        .await?;
    let migrations = migrator(connection.dialect());
    for row in &applied {
        let version = row.int("version")?;
        match migrations.iter().find(|migration| migration.version == version) {
            Some(migration) if *migration.checksum == *row.bytes("checksum")? => {}
            Some(_) => return Err(DbError::Changed { version }),
            None => {
                let known = migrations.iter().map(|migration| migration.version).max().unwrap_or_default();
                return Ok(SchemaState::Newer { found: version, known });
            }
        }
    }
    Ok(match migrations.iter().count() - applied.len() {
        0 => SchemaState::Current,
        _ if applied.is_empty() => SchemaState::Empty,
        missing => SchemaState::Behind(missing),
    })
}

#[cfg(test)]
mod tests {
    use super::{Dialect, migrator};
    use std::collections::BTreeSet;

    #[test]
    fn no_number_is_used_by_two_migrations_of_a_database() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let versions: Vec<i64> = migrator(dialect).iter().map(|migration| migration.version).collect();
            let distinct: BTreeSet<i64> = versions.iter().copied().collect();
            assert_eq!(versions.len(), distinct.len(), "{dialect:?}: {versions:?}");
        }
    }
}
