//! Read models folded anew, in a scratch database that is gone with the value.

use super::{
    Positions,
    mask::Mask,
    table::{Cursor, Table},
};
use crate::{Cell, READ_MODELS, Tags};
use domain::OrganisationId;
use eventstore::{
    Recorded,
    db::{Db, DbError, DbSettings, Tx, Value},
    keys::{KeyName, Vault},
    verify::VerifyError,
};
use proof::verdict::{Findings, Verdict};
use std::{cmp::Ordering, collections::HashMap};
use tempfile::TempDir;

/// The read models, folded anew.
pub(super) struct Rehearsal {
    scratch: Db,
    vault: Vault,
    mask: Mask,
    tags: HashMap<OrganisationId, Tags>,
    /// Where the scratch database lies: with sealed columns masked, it holds no more than the one that is verified.
    _folder: TempDir,
}

impl Rehearsal {
    /// Nothing is folded yet.
    pub(super) async fn begin(vault: Vault) -> Result<Self, VerifyError> {
        let folder = TempDir::new().map_err(VerifyError::Scratch)?;
        let url = format!("sqlite://{}", folder.path().join("scratch.db").display());
        let scratch = Db::open(&DbSettings { url, max_connections: 1 }).await?;
        scratch.migrate().await?;
        Ok(Self { scratch, vault, mask: Mask::new(), tags: HashMap::new(), _folder: folder })
    }

    pub(super) fn scratch(&self) -> &Db {
        &self.scratch
    }

    /// Applies events to each read model that is beyond `from` and not beyond `until`.
    pub(super) async fn apply(
        &mut self,
        events: &[Recorded],
        from: &Positions,
        until: &Positions,
    ) -> Result<(), VerifyError> {
        let mut tx = self.scratch.begin_derived().await?;
        for event in events {
            self.learn_tags(event.organisation).await?;
            // Without its index key an organisation has no tags; that it is gone is found elsewhere.
            let Some(tags) = self.tags.get(&event.organisation) else { continue };
            for model in READ_MODELS {
                let place = |positions: &Positions| positions.get(model.name).copied().unwrap_or_default();
                if event.position <= place(from) || event.position > place(until) {
                    continue;
                }
                for statement in (model.apply)(event, tags) {
                    let values = statement.cells.into_iter().map(|cell| self.value(event.organisation, cell));
                    tx.run(statement.sql, values.collect()).await?;
                }
            }
        }
        Ok(tx.commit().await?)
    }

    /// Compares a table, row by row in the order of its key.
    pub(super) async fn compare(
        &self,
        picture: &mut Tx,
        table: &Table,
        model: &str,
        findings: &mut Findings,
    ) -> Result<(), VerifyError> {
        let mut found = |row: &[Value], what: &str| {
            let problem =
                format!("read model {model}: in {} the row with {} {what}", table.name, table.named(row));
            findings.add(Verdict::Tampered, problem);
        };
        let (mut folded, mut live) = (Cursor::default(), Cursor::default());
        loop {
            folded.fill_from(&self.scratch, table).await?;
            if let Err(problem) = live.fill_from_picture(picture, table).await {
                let DbError::Column { column, .. } = problem else { return Err(problem.into()) };
                let problem =
                    format!("read model {model}: {} has a row whose `{column}` is none", table.name);
                findings.add(Verdict::Tampered, problem);
                return Ok(());
            }
            let order = match (folded.peek(), live.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(folded), Some(live)) => table.order(folded, live),
            };
            match order {
                Ordering::Less => found(&folded.take(), "is missing"),
                Ordering::Greater => found(&live.take(), "is none that the log gives"),
                Ordering::Equal => {
                    let (row, live) = (&folded.take(), live.take());
                    for (column, (folded, live)) in table.columns.iter().zip(row.iter().zip(&live)) {
                        if !self.is_same(folded, live).await? {
                            found(row, &format!("has another `{}` than the log gives", column.name));
                        }
                    }
                }
            }
        }
    }

    async fn is_same(&self, folded: &Value, live: &Value) -> Result<bool, VerifyError> {
        if let (Value::Bytes(Some(mask)), Value::Bytes(live)) = (folded, live)
            && let Some(masked) = self.mask.read(mask)
        {
            return self.mask.fits(&self.vault, &masked, live.as_deref()).await;
        }
        Ok(folded == live)
    }

    fn value(&self, organisation: OrganisationId, cell: Cell) -> Value {
        match cell {
            Cell::Plain(value) => value,
            Cell::Personal { subject, text } => {
                self.mask.cover(organisation, subject, text.as_deref()).into()
            }
        }
    }

    async fn learn_tags(&mut self, organisation: OrganisationId) -> Result<(), VerifyError> {
        if !self.tags.contains_key(&organisation)
            && let Some(index) = self.vault.find(&KeyName::index(organisation)).await?
        {
            self.tags.insert(organisation, Tags::new(index.key));
        }
        Ok(())
    }
}
