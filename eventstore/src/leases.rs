//! Leases: a piece of work that one node at a time may do. A row with an end and a fencing token, so that it works behind
//! a connection pooler and a node that stalled cannot act on a lease it lost.

use crate::{
    clock::Clock,
    db::{Db, DbError},
};
use domain::{Timestamp, period::Period};
use uuid::Uuid;

/// Takes leases in the name of one node.
#[derive(Clone)]
pub struct Leases {
    db: Db,
    clock: Clock,
    node: Uuid,
}

/// A lease that was held when it was taken; it ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Grows with every new holder.
    pub fencing_token: i64,
    /// When somebody else may take it.
    pub expires_at: Timestamp,
}

/// No lease is taken for longer. One that seems to be was taken before the clock was set back (K8), and counts for nothing.
const LONGEST: Period = Period::days(1);
/// Taken when it is free, over, or this node's own; a new holder gets a new token.
const TAKE: &str = "INSERT INTO leases (name, holder, fencing_token, expires_at) VALUES ($1, $2, 1, $3) \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at, \
     fencing_token = leases.fencing_token + CASE WHEN leases.holder = excluded.holder THEN 0 ELSE 1 END \
     WHERE leases.expires_at <= $4 OR leases.holder = excluded.holder OR leases.expires_at > $5 \
     RETURNING fencing_token";
const RETURN: &str = "UPDATE leases SET expires_at = 0 WHERE name = $1 AND holder = $2";

impl Leases {
    /// Leases of a holder that nobody was before.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        let node = clock.new_id::<Self>().uuid();
        Self::of_node(db, clock, node)
    }

    /// Leases of a node that keeps its id when it starts again, so that it goes on with what it held when it crashed.
    #[must_use]
    pub fn of_node(db: Db, clock: Clock, node: Uuid) -> Self {
        Self { db, clock, node }
    }

    /// Takes or prolongs a lease; `None` while another node holds it.
    pub async fn take(&self, name: &str, period: Period) -> Result<Option<Lease>, DbError> {
        let now = self.clock.now();
        let expires_at = now.plus(period);
        let longest = now.plus(LONGEST);
        let values = vec![
            name.into(),
            self.node.into(),
            expires_at.micros().into(),
            now.micros().into(),
            longest.micros().into(),
        ];
        match self.db.begin().await {
            Ok(mut tx) => {
                let row = tx.optional(TAKE, values).await?;
                tx.commit().await?;
                row.map(|row| Ok(Lease { fencing_token: row.int("fencing_token")?, expires_at })).transpose()
            }
            Err(error) => Err(error),
        }
    }

    /// Gives a lease back, so that another node need not wait for its end.
    pub async fn give_back(&self, name: &str) -> Result<(), DbError> {
        self.db.run(RETURN, vec![name.into(), self.node.into()]).await.map(drop)
    }
}
