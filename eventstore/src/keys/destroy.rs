//! Destroying a key: announced in the log, noted outside the database, deleted, recorded as gone. A crash anywhere in
//! between is finished by calling it again (K5).

use super::{KeyError, KeyName, Vault};
use crate::log::{Log, LogError};
use domain::{
    Metadata, OrganisationId, Timestamp,
    event::Actor,
    id::VaultKeyId,
    key::{Command, Subject, VaultKey},
};
use seal::KeyId;
use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt};

/// Beside the epoch keys: one line for each destroyed key, which a restore of an older database must replay.
const TOMBSTONES: &str = "tombstones";

/// Time takes its course, whoever set it off.
const BY_WORKER: Metadata = Metadata::by(Actor::Worker);

impl Log {
    /// Destroys the key of that name. Quiet when there is none.
    pub async fn destroy_key(&self, name: &KeyName, subject: Subject, at: Timestamp) -> Result<(), LogError> {
        let vault = self.vault();
        let Some(found) = vault.find(name).await? else { return Ok(()) };
        let stream = VaultKeyId::from_bytes(found.id.0);
        // Never refused: a key that is condemned already stays so.
        let _ = self
            .execute::<VaultKey>(name.organisation, stream.uuid(), &BY_WORKER, || Command::Condemn {
                subject,
                at,
            })
            .await?;
        vault.bury(name, found.id, at).await?;
        self.record_destroyed(name.organisation, found.id, at).await
    }

    /// Finishes what a crash interrupted between a deletion and its record.
    pub async fn finish_destructions(
        &self,
        organisation: OrganisationId,
        at: Timestamp,
    ) -> Result<(), LogError> {
        let sql = "SELECT key_id FROM destroyed_keys WHERE organisation = $1 AND recorded = FALSE";
        let vault = self.vault();
        let rows = vault.db.all(sql, vec![i64::from(organisation.0).into()]).await?;
        if !rows.is_empty() {
            vault.wipe().await?;
        }
        for row in rows {
            self.record_destroyed(organisation, KeyId(row.bytes16("key_id")?), at).await?;
        }
        Ok(())
    }

    async fn record_destroyed(
        &self,
        organisation: OrganisationId,
        id: KeyId,
        at: Timestamp,
    ) -> Result<(), LogError> {
        let stream = VaultKeyId::from_bytes(id.0);
        // Never refused: this runs after the announcement only.
        let _ = self
            .execute::<VaultKey>(organisation, stream.uuid(), &BY_WORKER, || Command::NoteDestroyed { at })
            .await?;
        let note = "UPDATE destroyed_keys SET recorded = TRUE WHERE key_id = $1";
        self.vault().db.run(note, vec![id.0.into()]).await?;
        Ok(())
    }
}

impl Vault {
    /// Notes a key's end outside the database, deletes it, and makes sure that no page of the database still has it.
    async fn bury(&self, name: &KeyName, id: KeyId, at: Timestamp) -> Result<(), KeyError> {
        let path = self.files().folder().join(TOMBSTONES);
        let line = format!("{id} {} {at}\n", name.organisation);
        let written = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()).and_then(|()| file.sync_all()));
        written.map_err(KeyError::file(&path))?;
        let mut tx = self.db.begin().await?;
        Self::delete(&mut tx, name, id, at).await?;
        tx.commit().await?;
        self.wipe().await
    }

    /// Removes what memory and SQLite's write-ahead log still have of deleted keys.
    async fn wipe(&self) -> Result<(), KeyError> {
        self.forget();
        Ok(self.db.truncate_wal().await?)
    }
}
