//! The bulk insert of event rows: the one write that is worth a statement of its own for each database.

use super::{DbError, Tx, tx::Inner};
use sqlx::{PgConnection, QueryBuilder, Sqlite, SqliteConnection};

/// Rows in one statement on SQLite: 9 parameters each, below its limit of 32 766. More bring no speed.
const SQLITE_ROWS: usize = 500;
/// Batches up to this size come often, so their statements are kept prepared; the text of a larger one is seldom seen twice.
const SQLITE_KEPT_ROWS: usize = 8;

/// A row of the table `events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Place in the log: 1, 2, 3 … without gaps.
    pub position: i64,
    /// Number of the organisation.
    pub organisation: i64,
    /// Class of the event, by number.
    pub class: i64,
    /// Keyed tag of the stream's name.
    pub stream: [u8; 16],
    /// Place in the stream: 1, 2, 3 ….
    pub version: i64,
    /// The event's own id.
    pub event_id: [u8; 16],
    /// Microseconds since 1970 (UTC).
    pub recorded_at: i64,
    /// The sealed sections.
    pub body: Vec<u8>,
    /// SHA-256 of `body`.
    pub body_hash: [u8; 32],
}

impl Tx {
    /// Inserts all rows or fails. [`DbError::Unique`]: a position or a stream's version is taken.
    pub async fn insert_events(&mut self, rows: &[EventRow]) -> Result<(), DbError> {
        let inserted = match &mut self.0 {
            Inner::Sqlite(tx) => {
                let mut inserted = 0;
                for slice in rows.chunks(SQLITE_ROWS) {
                    inserted += into_sqlite(tx, slice).await?;
                }
                inserted
            }
            Inner::Postgres(tx) => into_postgres(tx, rows).await?,
        };
        // A trigger or a rule could swallow rows without an error; an event must not be lost so.
        if inserted == rows.len() as u64 {
            Ok(())
        } else {
            Err(DbError::Other(format!("{inserted} of {} events were inserted", rows.len())))
        }
    }
}

async fn into_sqlite(connection: &mut SqliteConnection, rows: &[EventRow]) -> Result<u64, DbError> {
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO events (position, organisation, class, stream, version, event_id, recorded_at, body, body_hash) ",
    );
    insert.push_values(rows, |mut values, row| {
        values
            .push_bind(row.position)
            .push_bind(row.organisation)
            .push_bind(row.class)
            .push_bind(row.stream.to_vec())
            .push_bind(row.version)
            .push_bind(row.event_id.to_vec())
            .push_bind(row.recorded_at)
            .push_bind(row.body.clone())
            .push_bind(row.body_hash.to_vec());
    });
    let query = insert.build().persistent(rows.len() <= SQLITE_KEPT_ROWS);
    Ok(query.execute(connection).await?.rows_affected())
}

/// Arrays, one a column: the same statement for any number of rows.
async fn into_postgres(connection: &mut PgConnection, rows: &[EventRow]) -> Result<u64, DbError> {
    const INSERT: &str = "
        INSERT INTO events (position, organisation, class, stream, version, event_id, recorded_at, body, body_hash)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[],
                             $7::bigint[], $8::bytea[], $9::bytea[])";
    let query = sqlx::query(INSERT)
        .bind(column(rows, |row| row.position))
        .bind(column(rows, |row| row.organisation))
        .bind(column(rows, |row| row.class))
        .bind(column(rows, |row| row.stream.as_slice()))
        .bind(column(rows, |row| row.version))
        .bind(column(rows, |row| row.event_id.as_slice()))
        .bind(column(rows, |row| row.recorded_at))
        .bind(column(rows, |row| row.body.as_slice()))
        .bind(column(rows, |row| row.body_hash.as_slice()));
    Ok(query.execute(connection).await?.rows_affected())
}

fn column<'r, T>(rows: &'r [EventRow], of: impl Fn(&'r EventRow) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
