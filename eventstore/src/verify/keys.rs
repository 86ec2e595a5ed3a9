//! The vault, held against the log and the tombstones: what was destroyed is not back, and what is there opens.

use super::{Examiner, Progress, Stage, VerifyError};
use crate::{
    db::{DbError, Row},
    keys::KeyError,
    tree::unsigned,
};
use domain::{OrganisationId, key::State};
use proof::verdict::Verdict;
use seal::KeyId;

/// Rows looked at together.
const PAGE: i64 = 500;

const COUNT: &str = "SELECT COUNT(*) AS count FROM vault";
const ROWS: &str = "SELECT key_id, organisation, purpose, owner, generation, epoch, sealed FROM vault \
     WHERE key_id > $1 ORDER BY key_id LIMIT $2";
const THERE: &str = "SELECT COUNT(*) AS count FROM vault WHERE key_id = $1";

impl Examiner {
    /// Looks at every key of the vault, and for every key that has a tombstone.
    pub async fn check_keys(&mut self, progress: Progress<'_>) -> Result<(), VerifyError> {
        let total = unsigned(self.db.one(COUNT, vec![]).await?.int("count")?);
        let (mut last, mut done) = (vec![], 0);
        loop {
            let rows = self.db.all(ROWS, vec![last.clone().into(), PAGE.into()]).await?;
            let Some(row) = rows.last() else { break };
            last = row.bytes("key_id")?;
            for row in &rows {
                self.check_row(row).await?;
            }
            done += rows.len() as u64;
            progress(Stage::Keys, done.min(total), total);
        }
        for id in self.vault.tombstones()? {
            if self.db.one(THERE, vec![id.0.into()]).await?.int("count")? > 0 {
                let problem = format!("the key {id} has a tombstone, and is back in the database");
                self.findings.add(Verdict::Tampered, problem);
            }
        }
        Ok(())
    }

    async fn check_row(&mut self, row: &Row) -> Result<(), VerifyError> {
        let (Ok(id), Ok(organisation)) = (row.bytes16("key_id").map(KeyId), row.int("organisation")) else {
            self.findings.add(Verdict::Tampered, "a row of the vault is none of a key");
            return Ok(());
        };
        let organisation = OrganisationId(u32::try_from(organisation).unwrap_or_default());
        match self.vault.opens(row).await {
            Ok(()) => {}
            Err(problem)
                if problem.is_of_one_row() || matches!(problem, KeyError::Db(DbError::Column { .. })) =>
            {
                let problem =
                    format!("the key {id} of organisation {organisation} was changed: it does not open");
                self.findings.add(Verdict::Tampered, problem);
            }
            Err(other) => return Err(other.into()),
        }
        if self.fate(organisation, id).await? == State::Destroyed {
            let problem = format!(
                "the key {id} of organisation {organisation} was destroyed, and is back in the database"
            );
            self.findings.add(Verdict::Tampered, problem);
        }
        Ok(())
    }
}
