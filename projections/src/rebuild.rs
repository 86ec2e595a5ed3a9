//! Building a read model anew beside the old one, and taking its place in one transaction. Readers see the old rows until
//! then; a rebuild that was interrupted goes on where it was.

use crate::{
    ProjectionError, Projections, READ_MODELS, ReadModel, Stored,
    advance::{Step, Tables, Target, next},
};
use eventstore::{
    Position,
    db::{Dialect, Tx},
};

/// Events applied in one transaction at most.
const BATCH_EVENTS: i64 = 256;

const BEGIN: &str = "INSERT INTO checkpoints (projection, position) VALUES ($1, 0) ON CONFLICT DO NOTHING";
const AT: &str = "SELECT position FROM checkpoints WHERE projection = $1";
/// So that the live read model stands still while it is replaced. SQLite has one writer anyway.
const AT_LOCKED: &str = "SELECT position FROM checkpoints WHERE projection = $1 FOR UPDATE";
const SET: &str = "UPDATE checkpoints SET position = $2, parked_reason = NULL WHERE projection = $1";
const END: &str = "DELETE FROM checkpoints WHERE projection = $1";
const DEFINITION: &str =
    "SELECT sql FROM sqlite_master WHERE tbl_name = $1 AND sql IS NOT NULL ORDER BY type DESC, name";

impl Projections {
    /// Builds a read model anew from the first event, and replaces it. `progress` gets how far it is, and the log's head.
    pub async fn rebuild(
        &self,
        name: &str,
        progress: impl Fn(Position, Position) + Send,
    ) -> Result<(), ProjectionError> {
        let target = Target { model: named(name)?, tables: Tables::Next };
        self.begin_rebuild(target).await?;
        // Gone when another rebuild, which this one helped along, was first to finish.
        while let Some(position) = self.position(target).await? {
            match self.advance(&[target], position, BATCH_EVENTS).await? {
                Step::To(to) => progress(to, self.log().head().max(to)),
                Step::Nothing if self.replace(target).await? => return Ok(()),
                Step::Nothing | Step::Moved => {}
            }
        }
        Ok(())
    }

    async fn position(&self, target: Target) -> Result<Option<Position>, ProjectionError> {
        let row = self.log().db().optional(AT, vec![target.checkpoint().into()]).await?;
        Ok(row.map(|row| row.int("position")).transpose()?)
    }

    /// Makes the tables together with their checkpoint; quiet when a rebuild is to be resumed.
    async fn begin_rebuild(&self, target: Target) -> Result<(), ProjectionError> {
        let mut tx = self.log().db().begin_derived().await?;
        tx.run(BEGIN, vec![target.model.name.value()]).await?;
        if tx.run(BEGIN, vec![target.checkpoint().into()]).await? == 1 {
            for table in target.model.tables {
                create(&mut tx, table).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Puts the new rows in the old ones' place, unless the live read model is further.
    async fn replace(&self, target: Target) -> Result<bool, ProjectionError> {
        let model = target.model;
        let mut tx = self.log().db().begin_derived().await?;
        let at = match tx.dialect() {
            Dialect::Sqlite => AT,
            Dialect::Postgres => AT_LOCKED,
        };
        let live = tx.one(at, vec![model.name.value()]).await?.int("position")?;
        let built = match tx.optional(at, vec![target.checkpoint().into()]).await? {
            Some(row) => row.int("position")?,
            None => return Ok(false),
        };
        if built < live {
            tx.rollback().await?;
            return Ok(false);
        }
        for table in model.tables {
            let built = next(table);
            tx.run(format!("DELETE FROM {table}"), vec![]).await?;
            tx.run(format!("INSERT INTO {table} SELECT * FROM {built}"), vec![]).await?;
            tx.run(format!("DROP TABLE {built}"), vec![]).await?;
        }
        tx.run(SET, vec![model.name.value(), built.value()]).await?;
        tx.run(END, vec![target.checkpoint().into()]).await?;
        tx.commit().await?;
        self.note_progress(model.name, built);
        Ok(true)
    }
}

fn named(name: &str) -> Result<&'static ReadModel, ProjectionError> {
    READ_MODELS.iter().find(|model| model.name == name).ok_or_else(|| {
        let known: Vec<_> = READ_MODELS.iter().map(|model| model.name).collect();
        ProjectionError::Unknown { name: name.to_owned(), known: known.join(", ") }
    })
}

/// A table like the live one, with its keys and indexes.
async fn create(tx: &mut Tx, table: &'static str) -> Result<(), ProjectionError> {
    match tx.dialect() {
        Dialect::Postgres => {
            let sql = format!("CREATE TABLE {} (LIKE {table} INCLUDING ALL)", next(table));
            tx.run(sql, vec![]).await?;
        }
        Dialect::Sqlite => {
            for row in tx.all(DEFINITION, vec![table.value()]).await? {
                tx.run(next(&row.text("sql")?), vec![]).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::of_nothing;
    use eventstore::testing::on_both;

    /// R17: a rebuilt read model takes the live one's place only when it is as far, so that nothing that was seen is
    /// taken back.
    #[tokio::test]
    async fn what_is_behind_replaces_nothing() {
        on_both(async |test| {
            let models = of_nothing(&test).await;
            let target = Target { model: named("mailbox").unwrap(), tables: Tables::Next };
            models.begin_rebuild(target).await.unwrap();
            test.db.run(SET, vec!["mailbox".value(), 5_i64.value()]).await.unwrap();
            assert!(!models.replace(target).await.unwrap());
            assert_eq!(models.position(target).await.unwrap(), Some(0));

            test.db.run(SET, vec![target.checkpoint().into(), 5_i64.value()]).await.unwrap();
            assert!(models.replace(target).await.unwrap());
            assert_eq!(models.position(target).await.unwrap(), None);
        })
        .await;
    }
}
