//! Where works are kept, so that any node can answer and go on.

use super::{Work, WorkKind, WorkState};
use crate::{App, Error};
use domain::{OrganisationId, Timestamp, id::Id};
use eventstore::db::{DbError, Row, Tx, Value};
use projections::Slice;
use serde::{Serialize, de::DeserializeOwned};

/// A work as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) organisation: OrganisationId,
    pub(crate) work: Work,
    pub(super) input: [u8; 32],
    /// Sealed.
    pub(super) request: String,
    /// Where the last step ended, in the words of the kind.
    pub(crate) place: Option<Vec<u8>>,
}

const FIND: &str = "SELECT organisation, work, input_hash, request, state, done, total, place, started_at, finished_at, failure \
     FROM works WHERE organisation = $1 AND work = $2 AND kind = $3";
const NEXT: &str = "SELECT organisation, work, input_hash, request, state, done, total, place, started_at, finished_at, failure \
     FROM works WHERE kind = $1 AND state IN ('queued', 'running') ORDER BY created_at, work LIMIT 1";
const UNFINISHED: &str = "SELECT COUNT(*) AS found FROM works \
     WHERE organisation = $1 AND kind = $2 AND state IN ('queued', 'running')";
const BEGIN: &str = "INSERT INTO works (organisation, work, kind, input_hash, request, state, done, created_at) \
     VALUES ($1, $2, $3, $4, $5, 'queued', 0, $6) ON CONFLICT DO NOTHING";
const START: &str = "UPDATE works SET state = 'running', total = $3, started_at = $4 \
     WHERE organisation = $1 AND work = $2 AND state = 'queued'";
const ADVANCE: &str = "UPDATE works SET done = $3, place = $4 \
     WHERE organisation = $1 AND work = $2 AND state = 'running' AND done = $5";
const END: &str = "UPDATE works SET state = $3, finished_at = $4, failure = $5 \
     WHERE organisation = $1 AND work = $2 AND state IN ('queued', 'running')";
const FORGET: &str = "DELETE FROM works WHERE kind = $1 AND finished_at < $2";

impl App {
    pub(crate) async fn stored_work(
        &self,
        organisation: OrganisationId,
        kind: WorkKind,
        id: Id<Work>,
    ) -> Result<Option<Stored>, Error> {
        let [organisation, id] = key(organisation, id);
        let row = self.log.db().optional(FIND, vec![organisation, id, word(kind)]).await?;
        Ok(row.as_ref().map(stored).transpose()?)
    }

    /// The work of a kind that has waited longest, or that a node left.
    pub(crate) async fn next_work(&self, kind: WorkKind) -> Result<Option<Stored>, Error> {
        let row = self.log.db().optional(NEXT, vec![word(kind)]).await?;
        Ok(row.as_ref().map(stored).transpose()?)
    }

    pub(super) async fn unfinished_works(
        &self,
        organisation: OrganisationId,
        kind: WorkKind,
    ) -> Result<u64, Error> {
        let values = vec![i64::from(organisation.0).into(), word(kind)];
        let row = self.log.db().one(UNFINISHED, values).await?;
        Ok(u64::try_from(row.int("found")?).unwrap_or_default())
    }

    pub(crate) async fn store_work(
        &self,
        organisation: OrganisationId,
        kind: WorkKind,
        id: Id<Work>,
        input: [u8; 32],
        request: String,
    ) -> Result<(), Error> {
        let [organisation, id] = key(organisation, id);
        let at = self.log.now().micros().into();
        let values = vec![organisation, id, word(kind), input.into(), request.into(), at];
        self.log.db().run(BEGIN, values).await?;
        Ok(())
    }

    /// Notes that a work is under way, of so many units. Quiet where it is already.
    pub(crate) async fn start_work(&self, stored: &Stored, total: u64) -> Result<(), Error> {
        let [organisation, id] = key(stored.organisation, stored.work.id);
        let at = self.log.now().micros().into();
        self.log.db().run(START, vec![organisation, id, count(total), at]).await?;
        Ok(())
    }

    pub(crate) async fn end_work(&self, stored: &Stored, failure: Option<String>) -> Result<(), Error> {
        let [organisation, id] = key(stored.organisation, stored.work.id);
        let state = if failure.is_some() { WorkState::Failed } else { WorkState::Done };
        let at = self.log.now().micros().into();
        self.log.db().run(END, vec![organisation, id, word(state), at, failure.into()]).await?;
        Ok(())
    }

    pub(super) async fn forget_stored(
        &self,
        kind: WorkKind,
        found: Option<&'static str>,
        before: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.log.db().begin().await?;
        if let Some(found) = found {
            tx.run(found, vec![before.micros().into()]).await?;
        }
        tx.run(FORGET, vec![word(kind), before.micros().into()]).await?;
        Ok(tx.commit().await?)
    }
}

impl Stored {
    /// Moves a work on by a step, in the transaction that writes what the step found. False, and the transaction is to be
    /// given up, when somebody else did so meanwhile.
    pub(crate) async fn advance(&self, tx: &mut Tx, done: u64, place: Vec<u8>) -> Result<bool, DbError> {
        let [organisation, id] = key(self.organisation, self.work.id);
        let values =
            vec![organisation, id, count(self.work.done + done), place.into(), count(self.work.done)];
        Ok(tx.run(ADVANCE, values).await? == 1)
    }
}

/// The first two columns of what belongs to a work.
pub(crate) fn key(organisation: OrganisationId, id: Id<Work>) -> [Value; 2] {
    [i64::from(organisation.0).into(), id.uuid().into()]
}

pub(crate) fn count(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

/// The page in what was read from a place on, or from an end: one entry more than its size tells whether the list goes on.
pub(crate) fn cut<T>(mut items: Vec<T>, size: u32, backwards: bool, from_a_place: bool) -> Slice<T> {
    let more = items.len() > size as usize;
    items.truncate(size as usize);
    if backwards {
        items.reverse();
        return Slice { items, has_previous: more, has_next: from_a_place };
    }
    Slice { items, has_previous: from_a_place, has_next: more }
}

/// A word of a fixed vocabulary, as events write it.
pub(crate) fn word(value: impl Serialize) -> Value {
    let json = serde_json::to_value(value).ok();
    json.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().into()
}

/// Reads what [`word`] wrote.
pub(crate) fn read<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, DbError> {
    let text = row.text(column)?;
    let unknown = |_| DbError::Column { column: column.to_owned(), problem: "an unknown word".to_owned() };
    serde_json::from_value(text.into()).map_err(unknown)
}

fn stored(row: &Row) -> Result<Stored, DbError> {
    let number = |value: i64| u64::try_from(value).unwrap_or_default();
    let time = |column| Ok::<_, DbError>(row.opt_int(column)?.map(Timestamp::from_micros));
    Ok(Stored {
        organisation: OrganisationId(u32::try_from(row.int("organisation")?).unwrap_or_default()),
        work: Work {
            id: Id::new(row.uuid("work")?),
            state: read(row, "state")?,
            done: number(row.int("done")?),
            total: row.opt_int("total")?.map(number),
            started_at: time("started_at")?,
            finished_at: time("finished_at")?,
            failure: row.opt_text("failure")?,
        },
        input: row.bytes32("input_hash")?,
        request: row.text("request")?,
        place: row.opt_bytes("place")?,
    })
}
