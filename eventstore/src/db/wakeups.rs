//! Hearing that another node has committed something.

use super::{Db, DbError, Dialect, Pools};
use sqlx::postgres::{PgListener, PgPoolOptions};

/// Wakes up when the channel was announced on, by any node of a PostgreSQL database.
///
/// It may wake without cause and, while its connection is broken, miss one: who waits looks for itself, and looks now and
/// then without being woken.
#[derive(Debug)]
pub struct Wakeups(PgListener);

impl Db {
    /// Wakes who listens on `channel`, on any node. Nothing on SQLite, where all listeners are in this process.
    pub async fn announce(&self, channel: &str) -> Result<(), DbError> {
        if self.dialect() == Dialect::Postgres {
            self.run("SELECT pg_notify($1, '')", vec![channel.into()]).await?;
        }
        Ok(())
    }

    /// Listens on a channel of [`Self::announce`]; `None` on SQLite, where only this process writes.
    pub async fn listener(&self, channel: &str) -> Result<Option<Wakeups>, DbError> {
        let Pools::Postgres(pool) = &self.0 else {
            return Ok(None);
        };
        // A connection of its own: one that waits for good would be missing in the pool.
        let own = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with((*pool.connect_options()).clone())
            .await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(channel).await?;
        Ok(Some(Wakeups(listener)))
    }
}

impl Wakeups {
    /// Waits for the next wake-up. Several at once count as one, and so does a connection that broke and was made anew,
    /// since something may have been missed. An error means that the database cannot be reached: wait, then call again.
    pub async fn recv(&mut self) -> Result<(), DbError> {
        self.0.try_recv().await?;
        while self.0.next_buffered().is_some() {}
        Ok(())
    }
}
