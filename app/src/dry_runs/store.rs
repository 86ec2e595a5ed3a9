//! Where the hits of dry runs are kept, so that any node can answer.

use crate::{
    App, Error, Work,
    works::{Stored, count, cut, key, read, word},
};
use domain::{AccountId, MessageId, OrganisationId, Timestamp, content::Action, id::Id, message::Message};
use eventstore::db::{DbError, Row};
use projections::{Slice, TimedPage};
use uuid::Uuid;

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

const HIT: &str = "INSERT INTO dry_run_hits (organisation, run, message, at, rule, action, hits, sender) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const OLDER: &str = "SELECT message, at, rule, action, hits, sender FROM dry_run_hits WHERE organisation = $1 AND run = $2 \
     AND (at, message) < ($3, $4) ORDER BY at DESC, message DESC LIMIT $5";
const NEWER: &str = "SELECT message, at, rule, action, hits, sender FROM dry_run_hits WHERE organisation = $1 AND run = $2 \
     AND (at, message) > ($3, $4) ORDER BY at, message LIMIT $5";
const HIT_AT: &str = "SELECT at FROM dry_run_hits WHERE organisation = $1 AND run = $2 AND message = $3";
const HITS: &str = "SELECT COUNT(*) AS found FROM dry_run_hits WHERE organisation = $1 AND run = $2";
/// Of runs that ended before an instant.
pub(super) const FORGET_HITS: &str = "DELETE FROM dry_run_hits WHERE EXISTS (SELECT 1 FROM works w \
     WHERE w.organisation = dry_run_hits.organisation AND w.work = dry_run_hits.run AND w.finished_at < $1)";
/// A page when nobody says how long.
const PAGE: u32 = 50;

impl App {
    /// Records what was looked at since the last step, and what it met; says whether nobody else did so meanwhile.
    pub(super) async fn advance_run(
        &self,
        run: &Stored,
        done: u64,
        place: Vec<u8>,
        hits: Vec<StoredHit>,
    ) -> Result<bool, Error> {
        let mut tx = self.log.db().begin().await?;
        if !run.advance(&mut tx, done, place).await? {
            return Ok(false);
        }
        for hit in hits {
            let [organisation, id] = key(run.organisation, run.work.id);
            let values = vec![
                organisation,
                id,
                hit.message.uuid().into(),
                hit.at.micros().into(),
                count(hit.rule as u64),
                word(hit.action),
                i64::from(hit.hits).into(),
                hit.sender.uuid().into(),
            ];
            tx.run(HIT, values).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn stored_hits(
        &self,
        organisation: OrganisationId,
        id: Id<Work>,
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
        let items = rows.iter().map(hit).collect::<Result<Vec<_>, DbError>>()?;
        let from_a_place = if backwards { page.before.is_some() } else { page.after.is_some() };
        Ok(cut(items, size, backwards, from_a_place))
    }

    pub(super) async fn stored_hit_at(
        &self,
        organisation: OrganisationId,
        id: Id<Work>,
        message: MessageId,
    ) -> Result<Option<Timestamp>, Error> {
        let [organisation, id] = key(organisation, id);
        let row = self.log.db().optional(HIT_AT, vec![organisation, id, message.uuid().into()]).await?;
        Ok(row.map(|row| time(&row, "at")).transpose()?)
    }

    pub(super) async fn stored_hit_count(
        &self,
        organisation: OrganisationId,
        id: Id<Work>,
    ) -> Result<u64, Error> {
        let row = self.log.db().one(HITS, key(organisation, id).into()).await?;
        Ok(u64::try_from(row.int("found")?).unwrap_or_default())
    }
}

fn time(row: &Row, column: &str) -> Result<Timestamp, DbError> {
    Ok(Timestamp::from_micros(row.int(column)?))
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
