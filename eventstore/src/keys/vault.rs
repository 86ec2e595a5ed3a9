//! The vault: every key but root and epochs, each in a row of its own, sealed under its organisation's epoch key.

use super::{Epochs, KeyError, KeyFiles, KeyName, Purpose, RootKeyProvider, name::RowName};
use crate::{
    clock::Clock,
    db::{Db, Row, Tx, Value},
};
use domain::{OrganisationId, Timestamp, period::Period};
use seal::{Key, KeyId};
use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use time::Date;

/// The keys of all organisations in one database.
#[derive(Clone)]
pub struct Vault {
    pub(super) db: Db,
    pub(super) epochs: Epochs,
    pub(super) clock: Clock,
    cache: Arc<Mutex<Cache>>,
}

/// A key with its id.
#[derive(Clone)]
pub struct VaultKey {
    /// The id that sealed sections name.
    pub id: KeyId,
    /// The key.
    pub key: Key,
}

#[derive(Default)]
struct Cache {
    by_name: HashMap<KeyName, (VaultKey, Timestamp)>,
    by_id: HashMap<(OrganisationId, KeyId), (Option<Key>, Timestamp)>,
}

/// How long an unsealed key is remembered. A key that another node destroyed is forgotten here by then; expiry and
/// revocation are checked before any key is used.
const REMEMBERED: Period = Period::minutes(1);
/// Keys remembered at once; beyond it the memory starts afresh.
const REMEMBERED_KEYS: usize = 50_000;

const FIND: &str = "SELECT organisation, purpose, owner, generation, key_id, epoch, sealed FROM vault \
     WHERE organisation = $1 AND purpose = $2 AND owner = $3 AND generation = $4";
const FIND_BY_ID: &str = "SELECT organisation, purpose, owner, generation, key_id, epoch, sealed FROM vault \
     WHERE key_id = $1 AND organisation = $2";
const ANY: &str = "SELECT organisation, purpose, owner, generation, key_id, epoch, sealed FROM vault LIMIT 1";
const EXPIRY_DAYS: &str = "SELECT generation FROM vault \
     WHERE organisation = $1 AND purpose = $2 AND generation < $3 ORDER BY generation";
const CREATE: &str = "INSERT INTO vault \
     (key_id, organisation, purpose, owner, generation, epoch, sealed, created_at) \
     SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS (SELECT 1 FROM destroyed_keys \
     WHERE organisation = $2 AND purpose = $3 AND owner = $4 AND generation = $5) ON CONFLICT DO NOTHING";

/// Attempts at a new key, should its epoch end meanwhile.
const ATTEMPTS: usize = 2;

impl Vault {
    /// Opens the vault of a migrated database.
    pub async fn open(db: Db, root: &RootKeyProvider, folder: &Path, clock: Clock) -> Result<Self, KeyError> {
        let files = KeyFiles::new(root.clone(), folder);
        let epochs = Epochs::open(db.clone(), files, clock.now()).await?;
        let vault = Self { db, epochs, clock, cache: Arc::default() };
        vault.check().await?;
        Ok(vault)
    }

    /// Opens one row, so that keys of another database are noticed at the start and not at the first letter.
    async fn check(&self) -> Result<(), KeyError> {
        let Some(row) = self.db.optional(ANY, vec![]).await? else { return Ok(()) };
        self.unseal(&row).await.map(drop)
    }

    /// The key of that name, made if there was none. [`KeyError::Destroyed`] if there was one.
    pub async fn obtain(&self, name: &KeyName) -> Result<VaultKey, KeyError> {
        if let Some(found) = self.find(name).await? {
            return Ok(found);
        }
        let mut attempts = 1;
        while let Err(problem) = self.create(&name.row()).await {
            // The database refuses a key under an epoch that has ended: then there is a newer one.
            if attempts == ATTEMPTS {
                return Err(problem);
            }
            attempts += 1;
        }
        // Whoever was faster made it; a name in `destroyed_keys` gets none.
        self.find(name).await?.ok_or(KeyError::Destroyed)
    }

    async fn create(&self, name: &RowName) -> Result<(), KeyError> {
        let (id, key) = (KeyId::random(), Key::random());
        let epoch = self.epochs.current().await?;
        let sealed = self.seal(name, id, epoch, &key).await?;
        let mut values = vec![Value::from(id.0)];
        values.extend(name.values());
        values.extend([epoch.into(), sealed.into(), self.clock.now().micros().into()]);
        self.db.run(CREATE, values).await?;
        Ok(())
    }

    /// The key of that name, if there is one.
    pub async fn find(&self, name: &KeyName) -> Result<Option<VaultKey>, KeyError> {
        let now = self.clock.now();
        if let Some((key, until)) = self.cache().by_name.get(name)
            && now < *until
        {
            return Ok(Some(key.clone()));
        }
        let Some(row) = self.db.optional(FIND, name.row().values()).await? else { return Ok(None) };
        let key = VaultKey { id: KeyId(row.bytes16("key_id")?), key: self.unseal(&row).await? };
        self.remember(|cache, until| drop(cache.by_name.insert(*name, (key.clone(), until))));
        Ok(Some(key))
    }

    /// The key with that id; `None` once it was destroyed.
    pub async fn by_id(&self, organisation: OrganisationId, id: KeyId) -> Result<Option<Key>, KeyError> {
        let now = self.clock.now();
        if let Some((key, until)) = self.cache().by_id.get(&(organisation, id))
            && now < *until
        {
            return Ok(key.clone());
        }
        let values = vec![id.0.into(), i64::from(organisation.0).into()];
        let key = match self.db.optional(FIND_BY_ID, values).await? {
            Some(row) => Some(self.unseal(&row).await?),
            None => None,
        };
        self.remember(|cache, until| drop(cache.by_id.insert((organisation, id), (key.clone(), until))));
        Ok(key)
    }

    /// Days before `day` whose keys still live, oldest first: what expired on them can be shredded.
    pub async fn expiry_days_before(
        &self,
        organisation: OrganisationId,
        day: Date,
    ) -> Result<Vec<Date>, KeyError> {
        let values = vec![
            i64::from(organisation.0).into(),
            (Purpose::ExpiryDay as i64).into(),
            i64::from(day.to_julian_day()).into(),
        ];
        let rows = self.db.all(EXPIRY_DAYS, values).await?;
        let day = |row: &Row| {
            Ok(i32::try_from(row.int("generation")?).ok().and_then(|day| Date::from_julian_day(day).ok()))
        };
        rows.iter().filter_map(|row| day(row).transpose()).collect()
    }

    /// The files beside the database that are sealed under the root.
    #[must_use]
    pub fn files(&self) -> &KeyFiles {
        self.epochs.files()
    }

    /// Forgets every unsealed key.
    pub(super) fn forget(&self) {
        *self.cache() = Cache::default();
    }

    /// The id of the key of that name in the database, whatever is remembered.
    pub(super) async fn id_of(&self, name: &RowName) -> Result<Option<KeyId>, KeyError> {
        let row = self.db.optional(FIND, name.values()).await?;
        Ok(row.map(|row| row.bytes16("key_id").map(KeyId)).transpose()?)
    }

    /// The name of the key with that id in the database.
    pub(super) async fn name_of(
        &self,
        organisation: OrganisationId,
        id: KeyId,
    ) -> Result<Option<RowName>, KeyError> {
        let values = vec![id.0.into(), i64::from(organisation.0).into()];
        let row = self.db.optional(FIND_BY_ID, values).await?;
        Ok(row.map(|row| RowName::read(&row)).transpose()?)
    }

    pub(super) async fn delete(
        tx: &mut Tx,
        name: &RowName,
        id: KeyId,
        at: Timestamp,
    ) -> Result<(), KeyError> {
        let mut values = vec![Value::from(id.0)];
        values.extend(name.values());
        values.push(at.micros().into());
        let note = "INSERT INTO destroyed_keys \
             (key_id, organisation, purpose, owner, generation, destroyed_at, recorded) \
             VALUES ($1, $2, $3, $4, $5, $6, FALSE) ON CONFLICT DO NOTHING";
        tx.run(note, values).await?;
        tx.run("DELETE FROM vault WHERE key_id = $1", vec![id.0.into()]).await?;
        Ok(())
    }

    /// Seals a key for its row.
    pub(super) async fn seal(
        &self,
        name: &RowName,
        id: KeyId,
        epoch: i64,
        key: &Key,
    ) -> Result<Vec<u8>, KeyError> {
        let wrapping = self.epochs.organisation_key(epoch, name.organisation).await?;
        Ok(seal::seal(&wrapping, LABEL, &name.aad(id, epoch), key.expose()))
    }

    /// Opens a row with all columns.
    pub(super) async fn unseal(&self, row: &Row) -> Result<Key, KeyError> {
        let (name, epoch) = (RowName::read(row)?, row.int("epoch")?);
        let wrapping = self.epochs.organisation_key(epoch, name.organisation).await?;
        let aad = name.aad(KeyId(row.bytes16("key_id")?), epoch);
        let opened = seal::open(&wrapping, LABEL, &aad, &row.bytes("sealed")?);
        opened.and_then(|bytes| Key::try_from(bytes.as_slice())).map_err(|_| KeyError::Unopenable(epoch))
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, insert: impl FnOnce(&mut Cache, Timestamp)) {
        let until = self.clock.now().plus(REMEMBERED);
        let mut cache = self.cache();
        if cache.by_name.len() + cache.by_id.len() > REMEMBERED_KEYS {
            *cache = Cache::default();
        }
        insert(&mut cache, until);
    }
}

const LABEL: &str = "vault";
