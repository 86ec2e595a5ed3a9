//! Destroying a key: announced in the log, noted outside the database, deleted, recorded as gone. A crash anywhere in
//! between is finished by calling it again, or by a job (K5).

use super::{
    KeyError, KeyName, Vault,
    name::RowName,
    tombstones::{Tombstone, tombstones},
};
use crate::{
    fault::may_die_at,
    log::{Log, LogError},
};
use domain::{
    Metadata, OrganisationId, Timestamp,
    event::Actor,
    id::VaultKeyId,
    key::{Command, State, Subject, VaultKey},
};
use seal::KeyId;
use std::fmt::Write;

/// Time takes its course, whoever set it off.
const BY_WORKER: Metadata = Metadata::by(Actor::Worker);
/// Tombstones looked up at once.
const TOGETHER: usize = 500;

impl Log {
    /// Destroys the key of that name. Quiet when there is none.
    pub async fn destroy_key(&self, name: &KeyName, subject: Subject, at: Timestamp) -> Result<(), LogError> {
        let (vault, row) = (self.vault(), name.row());
        match vault.id_of(&row).await? {
            Some(id) => self.destroy(&row, id, subject, at).await,
            None => match vault.unrecorded(&row).await? {
                Some(id) => self.finish_deleted(row.organisation, id, at).await,
                None => Ok(()),
            },
        }
    }

    /// Finishes what was interrupted between a deletion and its record.
    pub async fn finish_destructions(
        &self,
        organisation: OrganisationId,
        at: Timestamp,
    ) -> Result<(), LogError> {
        let sql = "SELECT key_id FROM destroyed_keys WHERE organisation = $1 AND recorded = FALSE";
        for row in self.db().all(sql, vec![i64::from(organisation.0).into()]).await? {
            self.finish_deleted(organisation, KeyId(row.bytes16("key_id")?), at).await?;
        }
        Ok(())
    }

    /// Finishes the destruction of a key that the log says was announced. Quiet for any other.
    pub async fn finish_destruction(
        &self,
        organisation: OrganisationId,
        key: VaultKeyId,
        at: Timestamp,
    ) -> Result<(), LogError> {
        match self.load::<VaultKey>(organisation, key.uuid()).await?.state {
            State::Live | State::Destroyed => return Ok(()),
            State::Condemned => {}
        }
        let id = KeyId(key.bytes());
        match self.vault().name_of(organisation, id).await? {
            Some(name) => {
                self.vault().bury(&name, id, at, Noted::Perhaps).await?;
                self.record_destroyed(organisation, id, at).await
            }
            None => self.finish_deleted(organisation, id, at).await,
        }
    }

    /// Destroys again what tombstones say was destroyed, and gives how many keys that was: a database that was put back from
    /// a backup has them as they were.
    pub async fn replay_tombstones(&self, at: Timestamp) -> Result<u64, LogError> {
        let vault = self.vault();
        let keys: Vec<KeyId> = tombstones(vault.files().folder())?.into_keys().collect();
        let mut replayed = 0;
        for keys in keys.chunks(TOGETHER) {
            for (name, id) in vault.among(keys).await? {
                let subject = name.subject().ok_or(KeyError::Indestructible(id))?;
                self.condemn(&name, id, subject, at).await?;
                vault.bury(&name, id, at, Noted::Surely).await?;
                self.record_destroyed(name.organisation, id, at).await?;
                replayed += 1;
            }
        }
        Ok(replayed)
    }

    async fn destroy(
        &self,
        name: &RowName,
        id: KeyId,
        subject: Subject,
        at: Timestamp,
    ) -> Result<(), LogError> {
        let noted = self.condemn(name, id, subject, at).await?;
        may_die_at("key condemned");
        self.vault().bury(name, id, at, noted).await?;
        self.record_destroyed(name.organisation, id, at).await
    }

    /// Announces it, unless that was done before.
    async fn condemn(
        &self,
        name: &RowName,
        id: KeyId,
        subject: Subject,
        at: Timestamp,
    ) -> Result<Noted, LogError> {
        let stream = VaultKeyId::from_bytes(id.0).uuid();
        let noted = match self.load::<VaultKey>(name.organisation, stream).await?.state {
            State::Live => Noted::No,
            State::Condemned | State::Destroyed => Noted::Perhaps,
        };
        // Never refused: a key that is condemned already stays so.
        let _ = self
            .execute::<VaultKey>(name.organisation, stream, &BY_WORKER, || Command::Condemn { subject, at })
            .await?;
        Ok(noted)
    }

    async fn finish_deleted(
        &self,
        organisation: OrganisationId,
        id: KeyId,
        at: Timestamp,
    ) -> Result<(), LogError> {
        self.vault().wipe().await?;
        self.record_destroyed(organisation, id, at).await
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
        may_die_at("end recorded");
        let note = "UPDATE destroyed_keys SET recorded = TRUE WHERE key_id = $1";
        self.db().run(note, vec![id.0.into()]).await?;
        Ok(())
    }
}

/// Whether a key has its tombstone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Noted {
    No,
    /// It was condemned before, and a crash may have come between.
    Perhaps,
    Surely,
}

impl Vault {
    /// Notes a key's end outside the database, deletes it, and makes sure that no page of the database still has it.
    async fn bury(&self, name: &RowName, id: KeyId, at: Timestamp, noted: Noted) -> Result<(), KeyError> {
        let folder = self.files().folder();
        let is_noted = match noted {
            Noted::No => false,
            Noted::Perhaps => tombstones(folder)?.contains_key(&id),
            Noted::Surely => true,
        };
        if !is_noted {
            Tombstone { key: id, organisation: name.organisation, destroyed_at: at }.add(folder)?;
        }
        may_die_at("tombstone written");
        let mut tx = self.db.begin().await?;
        Self::delete(&mut tx, name, id, at).await?;
        tx.commit().await?;
        may_die_at("row deleted");
        self.wipe().await?;
        may_die_at("pages wiped");
        Ok(())
    }

    /// Removes what memory and SQLite's write-ahead log still have of deleted keys.
    pub(super) async fn wipe(&self) -> Result<(), KeyError> {
        self.forget();
        Ok(self.db.truncate_wal().await?)
    }

    /// The key of that name that was deleted without a record of it.
    async fn unrecorded(&self, name: &RowName) -> Result<Option<KeyId>, KeyError> {
        let sql = "SELECT key_id FROM destroyed_keys WHERE organisation = $1 AND purpose = $2 AND owner = $3 \
             AND generation = $4 AND recorded = FALSE";
        let row = self.db.optional(sql, name.values()).await?;
        Ok(row.map(|row| row.bytes16("key_id").map(KeyId)).transpose()?)
    }

    /// Those of these keys that the database has.
    async fn among(&self, keys: &[KeyId]) -> Result<Vec<(RowName, KeyId)>, KeyError> {
        let mut sql = String::from(
            "SELECT organisation, purpose, owner, generation, key_id FROM vault WHERE key_id IN (",
        );
        for (number, _) in (1..).zip(keys) {
            let comma = if number == 1 { "" } else { ", " };
            write!(sql, "{comma}${number}").expect("a string takes everything");
        }
        sql.push(')');
        let values = keys.iter().map(|key| key.0.into()).collect();
        let rows = self.db.all(sql, values).await?;
        let found = rows.iter().map(|row| Ok((RowName::read(row)?, KeyId(row.bytes16("key_id")?))));
        found.collect()
    }
}
