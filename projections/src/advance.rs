//! One step forward: events become rows, and rows and checkpoints are written in one transaction, so that each event
//! counts exactly once however often a step is interrupted or tried by two at a time.

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Stored, Tags,
    gathering::Gathering,
    rows::{LABEL, aad},
};
use domain::{OrganisationId, event::Subject};
use eventstore::{
    Position, Recorded,
    db::{Sql, Value},
    keys::KeyName,
};
use std::collections::{HashMap, hash_map::Entry};

/// Moves a checkpoint from where it was seen; no row when somebody else moved it.
const ADVANCE: &str =
    "UPDATE checkpoints SET position = $3, parked_reason = NULL WHERE projection = $1 AND position = $2";

/// Where a read model is written: its tables, or those that a rebuild makes beside them.
#[derive(Clone, Copy)]
pub(crate) enum Tables {
    Live,
    Next,
}

/// A read model and where it is written.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) model: &'static ReadModel,
    pub(crate) tables: Tables,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Events were applied, up to this position.
    To(Position),
    /// There was nothing to apply.
    Nothing,
    /// Somebody else moved a checkpoint meanwhile; nothing was written.
    Moved,
}

impl Target {
    pub(crate) fn live(model: &'static ReadModel) -> Self {
        Self { model, tables: Tables::Live }
    }

    /// What its checkpoint is called.
    pub(crate) fn checkpoint(self) -> String {
        match self.tables {
            Tables::Live => self.model.name.to_owned(),
            Tables::Next => format!("{}:next", self.model.name),
        }
    }

    fn sql(self, sql: &'static str) -> Sql {
        match self.tables {
            Tables::Live => sql.into(),
            Tables::Next => next(sql).into(),
        }
    }

    /// What was gathered, as it is to be run.
    fn rows(self, gathering: &mut Gathering) -> impl Iterator<Item = (Sql, Vec<Value>)> {
        gathering.take().into_iter().map(move |(sql, values)| match self.tables {
            Tables::Live => (sql.into(), values),
            Tables::Next => (next(&sql).into(), values),
        })
    }
}

/// The same statement on the tables of a rebuild.
pub(crate) fn next(sql: &str) -> String {
    sql.replace("rm_", "next_")
}

impl Projections {
    /// Applies at most `limit` events after `from`, where every target stands.
    pub(crate) async fn advance(
        &self,
        targets: &[Target],
        from: Position,
        limit: i64,
    ) -> Result<Step, ProjectionError> {
        let events = self.log().read_after(from, limit).await?;
        let Some(last) = events.last() else {
            return Ok(Step::Nothing);
        };
        let to = last.position;
        // Before the transaction: sealing may have to ask the database for keys.
        let work = self.prepare(targets, &events).await?;
        let mut tx = self.log().db().begin_derived().await?;
        for target in targets {
            let values = vec![target.checkpoint().into(), from.value(), to.value()];
            if tx.run(ADVANCE, values).await? == 0 {
                tx.rollback().await?;
                return Ok(Step::Moved);
            }
        }
        for (sql, values) in work {
            tx.run(sql, values).await?;
        }
        tx.commit().await?;
        metrics::histogram!("sealpost_projection_batch_events")
            .record(u32::try_from(events.len()).unwrap_or(u32::MAX));
        Ok(Step::To(to))
    }

    async fn prepare(
        &self,
        targets: &[Target],
        events: &[Recorded],
    ) -> Result<Vec<(Sql, Vec<Value>)>, ProjectionError> {
        let mut tags: HashMap<OrganisationId, Tags> = HashMap::new();
        let mut work = vec![];
        let mut gathered: Vec<_> = targets.iter().map(|target| (*target, Gathering::default())).collect();
        for event in events {
            let organisation = event.organisation;
            if let Entry::Vacant(unknown) = tags.entry(organisation) {
                unknown.insert(self.tags(organisation).await?);
            }
            for (target, gathering) in &mut gathered {
                for statement in (target.model.apply)(event, &tags[&organisation]) {
                    let mut values = Vec::with_capacity(statement.cells.len());
                    for cell in statement.cells {
                        values.push(self.seal(organisation, cell).await?);
                    }
                    if statement.gathers {
                        gathering.add(statement.sql, values);
                    } else {
                        work.extend(target.rows(gathering));
                        work.push((target.sql(statement.sql), values));
                    }
                }
            }
        }
        for (target, mut gathering) in gathered {
            work.extend(target.rows(&mut gathering));
        }
        Ok(work)
    }

    async fn seal(&self, organisation: OrganisationId, cell: Cell) -> Result<Value, ProjectionError> {
        match cell {
            Cell::Plain(value) => Ok(value),
            Cell::Personal { subject, text } => self.seal_personal(organisation, subject, &text).await,
        }
    }

    /// NULL once the key is gone. The key is not made here: what was read was sealed under it.
    async fn seal_personal(
        &self,
        organisation: OrganisationId,
        subject: Subject,
        text: &str,
    ) -> Result<Value, ProjectionError> {
        let found = self.log().vault().find(&KeyName::subject(organisation, subject)).await?;
        Ok(found.map(|found| seal::seal(&found.key, LABEL, &aad(subject), text.as_bytes())).into())
    }

    /// What an organisation's searched columns are tagged with.
    pub(crate) async fn tags(&self, organisation: OrganisationId) -> Result<Tags, ProjectionError> {
        Ok(Tags::new(self.log().vault().obtain(&KeyName::index(organisation)).await?.key))
    }
}
