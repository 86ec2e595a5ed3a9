//! `rm_destructions`: keys whose destruction was announced and is not on record as done. What a crash interrupted is found
//! here and finished (K5).

use crate::{Cell, ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns};
use domain::{Event, OrganisationId, id::VaultKeyId, key};
use eventstore::Recorded;

pub(crate) const MODEL: ReadModel = ReadModel { name: "destructions", tables: &["rm_destructions"], apply };

const CONDEMN: &str = "INSERT INTO rm_destructions (organisation, key_id, requested_at) VALUES ($1, $2, $3)";
const SETTLE: &str = "DELETE FROM rm_destructions WHERE organisation = $1 AND key_id = $2";
const SELECT: &str = "SELECT key_id FROM rm_destructions WHERE organisation = $1 ORDER BY requested_at";
const COUNT: &str = "SELECT COUNT(*) AS pending FROM rm_destructions";

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let Event::Key(key, event) = &recorded.event else { return vec![] };
    let [org, id]: [Cell; 2] = [recorded.organisation.into(), (*key).into()];
    vec![match event {
        key::Event::DestructionRequested { at, .. } => Statement::new(CONDEMN, [org, id, (*at).into()]),
        key::Event::Destroyed { .. } => Statement::new(SETTLE, [org, id]),
    }]
}

impl Projections {
    /// Keys that are condemned and not gone yet as far as the log says, longest first.
    pub async fn keys_to_destroy(
        &self,
        organisation: OrganisationId,
    ) -> Result<Vec<VaultKeyId>, ProjectionError> {
        let rows = self.log().db().all(SELECT, vec![organisation.value()]).await?;
        rows.iter().map(|row| Ok(row.id("key_id")?)).collect()
    }

    /// How many keys of all organisations are condemned and not gone yet.
    pub async fn pending_destruction_count(&self) -> Result<u64, ProjectionError> {
        Ok(self.log().db().one(COUNT, vec![]).await?.number("pending")?)
    }
}
