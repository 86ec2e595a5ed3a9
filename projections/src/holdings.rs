//! What is held on a person (Q11): every table that names people, and the log by what the audit found in it.

mod kinds;

pub use kinds::known_columns;

use crate::{ProjectionError, Projections, Stored, query::Query, rows::Columns};
use domain::{AccountId, OrganisationId, Timestamp};
use eventstore::{Position, db::Value, keys::Purpose};
use kinds::{KINDS, Kind};

/// One kind of data that is held on a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Which, in words.
    pub what: &'static str,
    /// How many items.
    pub count: u64,
    /// The oldest of them, where that is known.
    pub oldest: Option<Timestamp>,
    /// When the last of them ends; `None` where that has no end.
    pub until: Option<Timestamp>,
}

/// Keys that belong to a person.
const PURPOSES: [Purpose; 4] =
    [Purpose::Subject, Purpose::MailboxIn, Purpose::MailboxOut, Purpose::Credential];
const LIVING_KEYS: &str = "SELECT COUNT(*) AS found, MIN(created_at) AS oldest, CAST(NULL AS BIGINT) AS ends \
     FROM vault WHERE organisation = ? AND purpose IN ";
const DEAD_KEYS: &str = "SELECT COUNT(*) AS found, MIN(destroyed_at) AS oldest, CAST(NULL AS BIGINT) AS ends \
     FROM destroyed_keys WHERE organisation = ? AND purpose IN ";
const EVENTS: &str = "SELECT COUNT(*) AS found, MIN(position) AS first FROM \
     (SELECT DISTINCT position FROM rm_audit_terms WHERE organisation = ? AND term IN ";
const AT: &str = "SELECT at FROM rm_audit WHERE organisation = $1 AND position = $2";

impl Projections {
    /// Everything that is held on a person, whose accounts these are. Kinds of which there is nothing are left out.
    pub async fn holdings(
        &self,
        organisation: OrganisationId,
        person: &[AccountId],
    ) -> Result<Vec<Holding>, ProjectionError> {
        if person.is_empty() {
            return Ok(vec![]);
        }
        let accounts = || person.iter().map(|account| account.value());
        let mut holdings = vec![];
        for Kind { what, oldest, ends, from, .. } in KINDS {
            let mut query = Query::new("SELECT COUNT(*) AS found, MIN(", []);
            for part in [oldest, ") AS oldest, MAX(", ends, ") AS ends FROM "] {
                query.push(part, []);
            }
            query.push(from, [organisation.value()]);
            query.push(" IN ", []);
            query.list(accounts());
            holdings.push(self.holding(what, query).await?);
        }
        for (what, sql) in [("Keys to what is theirs", LIVING_KEYS), ("Keys that were destroyed", DEAD_KEYS)]
        {
            let mut query = Query::new(sql, [organisation.value()]);
            query.list(PURPOSES.map(|purpose| (purpose as i64).value()));
            query.push(" AND owner IN ", []);
            query.list(accounts());
            holdings.push(self.holding(what, query).await?);
        }
        let tags = self.tags(organisation).await?;
        let touching = person.iter().map(|account| tags.subject(*account)).collect();
        holdings.push(self.events_with("Events that touched them", organisation, touching).await?);
        let done = person.iter().map(|account| tags.actor(*account)).collect();
        holdings.push(self.events_with("Events that they caused", organisation, done).await?);
        holdings.retain(|holding| holding.count > 0);
        Ok(holdings)
    }

    async fn events_with(
        &self,
        what: &'static str,
        organisation: OrganisationId,
        terms: Vec<[u8; 16]>,
    ) -> Result<Holding, ProjectionError> {
        let mut query = Query::new(EVENTS, [organisation.value()]);
        query.list(terms.into_iter().map(Value::from));
        query.push(") AS events", []);
        let row = self.one(query).await?;
        let first: Option<Position> = row.opt_int("first")?;
        let oldest = match first {
            Some(first) => self.log().db().optional(AT, vec![organisation.value(), first.value()]).await?,
            None => None,
        };
        let oldest = oldest.map(|row| row.time("at")).transpose()?;
        Ok(Holding { what, count: row.number("found")?, oldest, until: None })
    }

    async fn holding(&self, what: &'static str, query: Query) -> Result<Holding, ProjectionError> {
        let row = self.one(query).await?;
        Ok(Holding {
            what,
            count: row.number("found")?,
            oldest: row.opt_time("oldest")?,
            until: row.opt_time("ends")?,
        })
    }
}
