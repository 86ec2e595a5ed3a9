//! Where dry runs are kept, so that any node can answer.

use super::{DryRun, DryRunState};
use crate::{App, Error};
use domain::{AccountId, MessageId, OrganisationId, Timestamp, content::Action, id::Id, message::Message};
use eventstore::db::{DbError, Row, Value};
use projections::{Slice, TimedPage};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// A dry run as it is kept.
pub(crate) struct Stored {
    pub(crate) organisation: OrganisationId,
    pub(crate) id: Id<DryRun>,
    pub(super) input: [u8; 32],
    /// Sealed.
    pub(super) rules: String,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) state: DryRunState,
    pub(super) done: u64,
    pub(super) total: Option<u64>,
    pub(super) last: Option<(Timestamp, MessageId)>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) failure: Option<String>,
}

/// A hit as it is kept.
pub(super) struct StoredHit {
    pub(super) message: MessageId,
    pub(super) at: Timestamp,
    /// Its place among the rules of the run.
    pub(super) rule: usize,
    pub(super) action: Action,
    pub(super) hits: u32,
    pub(super) sender: AccountId,
}

const FIND: &str = "SELECT organisation, run, input_hash, rules, sent_from, sent_until, state, done, total, last_at, \
     last_message, started_at, finished_at, failure FROM dry_runs WHERE organisation = $1 AND run = $2";
const NEXT: &str = "SELECT organisation, run, input_hash, rules, sent_from, sent_until, state, done, total, last_at, \
     last_message, started_at, finished_at, failure FROM dry_runs WHERE state IN ('queued', 'running') \
     ORDER BY created_at, run LIMIT 1";
const UNFINISHED: &str =
    "SELECT COUNT(*) AS found FROM dry_runs WHERE organisation = $1 AND state IN ('queued', 'running')";
const BEGIN: &str = "INSERT INTO dry_runs (organisation, run, input_hash, rules, sent_from, sent_until, state, done, \
     created_at) VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7) ON CONFLICT DO NOTHING";
const START: &str = "UPDATE dry_runs SET state = 'running', total = $3, started_at = $4 \
     WHERE organisation = $1 AND run = $2 AND state = 'queued'";
const ADVANCE: &str = "UPDATE dry_runs SET done = $3, last_at = $4, last_message = $5 \
     WHERE organisation = $1 AND run = $2 AND state = 'running' AND done = $6";
const END: &str = "UPDATE dry_runs SET state = $3, finished_at = $4, failure = $5 \
     WHERE organisation = $1 AND run = $2 AND state IN ('queued', 'running')";
const HIT: &str = "INSERT INTO dry_run_hits (organisation, run, message, at, rule, action, hits, sender) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const OLDER: &str = "SELECT message, at, rule, action, hits, sender FROM dry_run_hits WHERE organisation = $1 AND run = $2 \
     AND (at, message) < ($3, $4) ORDER BY at DESC, message DESC LIMIT $5";
const NEWER: &str = "SELECT message, at, rule, action, hits, sender FROM dry_run_hits WHERE organisation = $1 AND run = $2 \
     AND (at, message) > ($3, $4) ORDER BY at, message LIMIT $5";
const HIT_AT: &str = "SELECT at FROM dry_run_hits WHERE organisation = $1 AND run = $2 AND message = $3";
const HITS: &str = "SELECT COUNT(*) AS found FROM dry_run_hits WHERE organisation = $1 AND run = $2";
const FORGET_HITS: &str = "DELETE FROM dry_run_hits WHERE EXISTS (SELECT 1 FROM dry_runs d \
     WHERE d.organisation = dry_run_hits.organisation AND d.run = dry_run_hits.run AND d.finished_at < $1)";
const FORGET: &str = "DELETE FROM dry_runs WHERE finished_at < $1";
/// A page when nobody says how long.
const PAGE: u32 = 50;

impl App {
    pub(super) async fn stored_run(
        &self,
        organisation: OrganisationId,
        id: Id<DryRun>,
    ) -> Result<Option<Stored>, Error> {
        let row = self.log.db().optional(FIND, key(organisation, id).into()).await?;
        Ok(row.as_ref().map(stored).transpose()?)
    }

    /// The run that has waited longest, or that a node left.
    pub(super) async fn next_run(&self) -> Result<Option<Stored>, Error> {
        let row = self.log.db().optional(NEXT, vec![]).await?;
        Ok(row.as_ref().map(stored).transpose()?)
    }

    pub(super) async fn unfinished_runs(&self, organisation: OrganisationId) -> Result<u64, Error> {
        let row = self.log.db().one(UNFINISHED, vec![i64::from(organisation.0).into()]).await?;
        Ok(u64::try_from(row.int("found")?).unwrap_or_default())
    }

    pub(super) async fn store_run(
        &self,
        organisation: OrganisationId,
        id: Id<DryRun>,
        input: [u8; 32],
        rules: String,
        (from, until): (Timestamp, Timestamp),
        at: Timestamp,
    ) -> Result<(), Error> {
        let [organisation, run] = key(organisation, id);
        let [from, until, at] = [from, until, at].map(|time| time.micros().into());
        self.log
            .db()
            .run(BEGIN, vec![organisation, run, input.into(), rules.into(), from, until, at])
            .await?;
        Ok(())
    }

    pub(super) async fn start_run(&self, run: &Stored, total: u64) -> Result<(), Error> {
        let [organisation, id] = key(run.organisation, run.id);
        let at = self.log.now().micros().into();
        self.log.db().run(START, vec![organisation, id, count(total), at]).await?;
        Ok(())
    }

    /// Records what was looked at since the last step, and what it met; says whether nobody else did so meanwhile.
    pub(super) async fn advance_run(
        &self,
        run: &Stored,
        done: u64,
        (at, message): (Timestamp, MessageId),
        hits: Vec<StoredHit>,
    ) -> Result<bool, Error> {
        let mut tx = self.log.db().begin().await?;
        let [organisation, id] = key(run.organisation, run.id);
        let (at, message) = (at.micros().into(), message.uuid().into());
        let moved =
            tx.run(ADVANCE, vec![organisation, id, count(done), at, message, count(run.done)]).await?;
        if moved == 0 {
            return Ok(false);
        }
        for hit in hits {
            let [organisation, id] = key(run.organisation, run.id);
            let values = vec![
                organisation,
                id,
                hit.message.uuid().into(),
                hit.at.micros().into(),
                count(hit.rule as u64),
                word(hit.action).into(),
                i64::from(hit.hits).into(),
                hit.sender.uuid().into(),
            ];
            tx.run(HIT, values).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn end_run(&self, run: &Stored, failure: Option<String>) -> Result<(), Error> {
        let [organisation, id] = key(run.organisation, run.id);
        let state = if failure.is_some() { DryRunState::Failed } else { DryRunState::Done };
        let at = self.log.now().micros().into();
        self.log.db().run(END, vec![organisation, id, word(state).into(), at, failure.into()]).await?;
        Ok(())
    }

    /// Forgets runs that ended before an instant.
    pub(super) async fn forget_runs(&self, before: Timestamp) -> Result<(), Error> {
        self.log.db().run(FORGET_HITS, vec![before.micros().into()]).await?;
        self.log.db().run(FORGET, vec![before.micros().into()]).await?;
        Ok(())
    }

    pub(super) async fn stored_hits(
        &self,
        organisation: OrganisationId,
        id: Id<DryRun>,
        page: &TimedPage<Message>,
    ) -> Result<Slice<StoredHit>, Error> {
        let backwards = page.first.is_none() && (page.last.is_some() || page.before.is_some());
        let size = page.first.or(page.last).unwrap_or(PAGE);
        let (sql, place) = if backwards {
            (NEWER, page.before.unwrap_or((Timestamp::from_micros(i64::MIN), Id::new(Uuid::nil()))))
        } else {
            (OLDER, page.after.unwrap_or((Timestamp::from_micros(i64::MAX), Id::new(Uuid::max()))))
        };
        let [organisation, id] = key(organisation, id);
        let (at, message) = (place.0.micros().into(), place.1.uuid().into());
        // One more tells whether the list goes on.
        let limit = (i64::from(size) + 1).into();
        let rows = self.log.db().all(sql, vec![organisation, id, at, message, limit]).await?;
        let mut items = rows.iter().map(hit).collect::<Result<Vec<_>, DbError>>()?;
        let more = items.len() > size as usize;
        items.truncate(size as usize);
        if backwards {
            items.reverse();
            return Ok(Slice { items, has_previous: more, has_next: page.before.is_some() });
        }
        Ok(Slice { items, has_previous: page.after.is_some(), has_next: more })
    }

    pub(super) async fn stored_hit_at(
        &self,
        organisation: OrganisationId,
        id: Id<DryRun>,
        message: MessageId,
    ) -> Result<Option<Timestamp>, Error> {
        let [organisation, id] = key(organisation, id);
        let row = self.log.db().optional(HIT_AT, vec![organisation, id, message.uuid().into()]).await?;
        Ok(row.map(|row| time(&row, "at")).transpose()?)
    }

    pub(super) async fn stored_hit_count(
        &self,
        organisation: OrganisationId,
        id: Id<DryRun>,
    ) -> Result<u64, Error> {
        let row = self.log.db().one(HITS, key(organisation, id).into()).await?;
        Ok(u64::try_from(row.int("found")?).unwrap_or_default())
    }
}

fn key(organisation: OrganisationId, id: Id<DryRun>) -> [Value; 2] {
    [i64::from(organisation.0).into(), id.uuid().into()]
}

fn count(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

/// The name of a state or an action, as events write it.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn read<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, DbError> {
    let text = row.text(column)?;
    let unknown = |_| DbError::Column { column: column.to_owned(), problem: "an unknown word".to_owned() };
    serde_json::from_value(text.into()).map_err(unknown)
}

fn time(row: &Row, column: &str) -> Result<Timestamp, DbError> {
    Ok(Timestamp::from_micros(row.int(column)?))
}

fn stored(row: &Row) -> Result<Stored, DbError> {
    let number = |value: i64| u64::try_from(value).unwrap_or_default();
    let opt_time = |column| Ok::<_, DbError>(row.opt_int(column)?.map(Timestamp::from_micros));
    Ok(Stored {
        organisation: OrganisationId(u32::try_from(row.int("organisation")?).unwrap_or_default()),
        id: Id::new(row.uuid("run")?),
        input: row.bytes32("input_hash")?,
        rules: row.text("rules")?,
        from: time(row, "sent_from")?,
        until: time(row, "sent_until")?,
        state: read(row, "state")?,
        done: number(row.int("done")?),
        total: row.opt_int("total")?.map(number),
        last: opt_time("last_at")?.zip(row.opt_uuid("last_message")?.map(MessageId::new)),
        started_at: opt_time("started_at")?,
        finished_at: opt_time("finished_at")?,
        failure: row.opt_text("failure")?,
    })
}

fn hit(row: &Row) -> Result<StoredHit, DbError> {
    Ok(StoredHit {
        message: MessageId::new(row.uuid("message")?),
        at: time(row, "at")?,
        rule: usize::try_from(row.int("rule")?).unwrap_or(usize::MAX),
        action: read(row, "action")?,
        hits: u32::try_from(row.int("hits")?).unwrap_or(u32::MAX),
        sender: AccountId::new(row.uuid("sender")?),
    })
}
