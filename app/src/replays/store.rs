//! Where the effects of replays are kept, so that any node can answer.

use super::{EffectPage, ReplayEffect};
use crate::{
    App, Error, Work,
    works::{Stored, cut, key, read, word},
};
use domain::{
    MessageId, OrganisationId, Timestamp,
    id::Id,
    replay::{Effect, EffectKind},
};
use eventstore::db::{DbError, Row, Value};
use projections::Slice;

const NOTE: &str = "INSERT INTO replay_effects (organisation, work, number, kind, message, account, at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const BEHIND: &str = "SELECT number, kind, message, account, at FROM replay_effects \
     WHERE organisation = $1 AND work = $2 AND number > $3 AND ($4 IS NULL OR kind = $4) ORDER BY number LIMIT $5";
const BEFORE: &str = "SELECT number, kind, message, account, at FROM replay_effects \
     WHERE organisation = $1 AND work = $2 AND number < $3 AND ($4 IS NULL OR kind = $4) ORDER BY number DESC LIMIT $5";
const COUNT: &str = "SELECT COUNT(*) AS found FROM replay_effects \
     WHERE organisation = $1 AND work = $2 AND ($3 IS NULL OR kind = $3)";
/// Of replays that ended before an instant.
pub(super) const FORGET_EFFECTS: &str = "DELETE FROM replay_effects WHERE EXISTS (SELECT 1 FROM works w \
     WHERE w.organisation = replay_effects.organisation AND w.work = replay_effects.work AND w.finished_at < $1)";
/// A page when nobody says how long.
const PAGE: u32 = 50;

impl App {
    /// Records what was looked at since the last step, and what it found; says whether nobody else did so meanwhile.
    pub(super) async fn advance_replay(
        &self,
        replay: &Stored,
        done: u64,
        (at, message): (Timestamp, MessageId),
        number: i64,
        effects: Vec<(MessageId, Effect)>,
    ) -> Result<bool, Error> {
        let last = number + i64::try_from(effects.len()).unwrap_or_default();
        let mut tx = self.log.db().begin().await?;
        if !replay.advance(&mut tx, done, place(at, message, last)).await? {
            return Ok(false);
        }
        for (number, (message, effect)) in (number + 1..).zip(effects) {
            let [organisation, work] = key(replay.organisation, replay.work.id);
            let Effect { kind, account, at } = effect;
            let account = account.map_or(Value::Bytes(None), |account| account.bytes().into());
            let (message, at) = (message.bytes().into(), at.micros().into());
            tx.run(NOTE, vec![organisation, work, number.into(), word(kind), message, account, at]).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn stored_effects(
        &self,
        organisation: OrganisationId,
        id: Id<Work>,
        kind: Option<EffectKind>,
        page: EffectPage,
    ) -> Result<Slice<ReplayEffect>, Error> {
        let backwards = page.first.is_none() && (page.last.is_some() || page.before.is_some());
        let size = page.first.or(page.last).unwrap_or(PAGE);
        let (sql, place) = if backwards {
            (BEFORE, page.before.unwrap_or(i64::MAX))
        } else {
            (BEHIND, page.after.unwrap_or_default())
        };
        let [organisation, id] = key(organisation, id);
        // One more tells whether the list goes on.
        let limit = (i64::from(size) + 1).into();
        let rows = self.log.db().all(sql, vec![organisation, id, place.into(), narrow(kind), limit]).await?;
        let items = rows.iter().map(effect).collect::<Result<Vec<_>, DbError>>()?;
        let from_a_place = if backwards { page.before.is_some() } else { page.after.is_some() };
        Ok(cut(items, size, backwards, from_a_place))
    }

    pub(super) async fn stored_effect_count(
        &self,
        organisation: OrganisationId,
        id: Id<Work>,
        kind: Option<EffectKind>,
    ) -> Result<u64, Error> {
        let [organisation, id] = key(organisation, id);
        let row = self.log.db().one(COUNT, vec![organisation, id, narrow(kind)]).await?;
        Ok(u64::try_from(row.int("found")?).unwrap_or_default())
    }
}

fn narrow(kind: Option<EffectKind>) -> Value {
    kind.map_or(Value::Text(None), word)
}

/// Where a replay goes on: behind the last message that it looked at, and the last number that it gave.
fn place(at: Timestamp, message: MessageId, number: i64) -> Vec<u8> {
    [&at.micros().to_be_bytes()[..], &message.bytes(), &number.to_be_bytes()].concat()
}

/// Reads what [`place`] wrote.
pub(super) fn place_of(bytes: &[u8]) -> Option<(Timestamp, MessageId, i64)> {
    let (at, rest) = bytes.split_first_chunk()?;
    let (message, number) = rest.split_first_chunk()?;
    let at = Timestamp::from_micros(i64::from_be_bytes(*at));
    Some((at, MessageId::from_bytes(*message), i64::from_be_bytes(number.try_into().ok()?)))
}

fn effect(row: &Row) -> Result<ReplayEffect, DbError> {
    Ok(ReplayEffect {
        number: row.int("number")?,
        kind: read(row, "kind")?,
        message: MessageId::new(row.uuid("message")?),
        account: row.opt_uuid("account")?.map(Id::new),
        at: Timestamp::from_micros(row.int("at")?),
    })
}
