//! The vault: every key but root and epochs, each in a row of its own, sealed under its organisation's epoch key.

use super::{Epochs, KeyError, KeyFiles};
use crate::{
    clock::Clock,
    db::{Db, Row, Tx, Value},
};
use domain::{
    AccountId, DraftId, OrganisationId, Timestamp,
    event::Subject,
    id::{ExportId, IntakeId},
    message::Direction,
    period::Period,
};
use seal::{Key, KeyId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use time::Date;

/// The keys of all organisations in one database.
#[derive(Clone)]
pub struct Vault {
    pub(super) db: Db,
    pub(super) epochs: Epochs,
    clock: Clock,
    cache: Arc<Mutex<Cache>>,
}

/// What a key is for. Stored as its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Blind indexes and keyed tags.
    Index = 1,
    /// The audit skeleton of one quarter.
    Audit = 2,
    /// Personal data of one person.
    Subject = 3,
    /// Grants of received mail.
    MailboxIn = 4,
    /// Grants of sent mail.
    MailboxOut = 5,
    /// Password hashes, links.
    Credential = 6,
    /// Grants of everything that expires on one day.
    ExpiryDay = 7,
    /// Content of one draft.
    Draft = 8,
    /// A mail that is held.
    Held = 9,
    /// The files of one export.
    Export = 17,
}

/// Which key is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyName {
    pub(super) organisation: OrganisationId,
    pub(super) purpose: Purpose,
    pub(super) owner: [u8; 16],
    pub(super) generation: i64,
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

const FIND: &str = "SELECT key_id, epoch, sealed FROM vault \
     WHERE organisation = $1 AND purpose = $2 AND owner = $3 AND generation = $4";
const FIND_BY_ID: &str = "SELECT key_id, epoch, sealed, purpose, owner, generation FROM vault \
     WHERE key_id = $1 AND organisation = $2";
const EXPIRY_DAYS: &str = "SELECT generation FROM vault \
     WHERE organisation = $1 AND purpose = $2 AND generation < $3 ORDER BY generation";
const CREATE: &str = "INSERT INTO vault \
     (key_id, organisation, purpose, owner, generation, epoch, sealed, created_at) \
     SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS (SELECT 1 FROM destroyed_keys \
     WHERE organisation = $2 AND purpose = $3 AND owner = $4 AND generation = $5) ON CONFLICT DO NOTHING";

impl KeyName {
    fn new(organisation: OrganisationId, purpose: Purpose, owner: [u8; 16], generation: i64) -> Self {
        Self { organisation, purpose, owner, generation }
    }
    /// For blind indexes and keyed tags.
    #[must_use]
    pub fn index(organisation: OrganisationId) -> Self {
        Self::new(organisation, Purpose::Index, [0; 16], 0)
    }
    /// For the audit skeleton of the quarter that an instant lies in.
    #[must_use]
    pub fn audit(organisation: OrganisationId, at: Timestamp) -> Self {
        let day = at.day();
        let quarter = (i64::from(u8::from(day.month())) - 1) / 3;
        Self::new(organisation, Purpose::Audit, [0; 16], i64::from(day.year()) * 4 + quarter)
    }
    /// For a person's data.
    #[must_use]
    pub fn subject(organisation: OrganisationId, subject: Subject) -> Self {
        let owner = match subject {
            Subject::Account(account) => account.bytes(),
            Subject::Address(address) => address.bytes(),
            Subject::Record(record) => record.into_bytes(),
        };
        Self::new(organisation, Purpose::Subject, owner, 0)
    }
    /// For the grants of one mailbox generation.
    #[must_use]
    pub fn mailbox(
        organisation: OrganisationId,
        account: AccountId,
        way: Direction,
        generation: u32,
    ) -> Self {
        let purpose = match way {
            Direction::In => Purpose::MailboxIn,
            Direction::Out => Purpose::MailboxOut,
        };
        Self::new(organisation, purpose, account.bytes(), i64::from(generation))
    }
    /// For an account's password hash and links.
    #[must_use]
    pub fn credential(organisation: OrganisationId, account: AccountId) -> Self {
        Self::new(organisation, Purpose::Credential, account.bytes(), 0)
    }
    /// For everything that expires on a day.
    #[must_use]
    pub fn expiry_day(organisation: OrganisationId, day: Date) -> Self {
        Self::new(organisation, Purpose::ExpiryDay, [0; 16], i64::from(day.to_julian_day()))
    }
    /// For a draft's content.
    #[must_use]
    pub fn draft(organisation: OrganisationId, draft: DraftId) -> Self {
        Self::new(organisation, Purpose::Draft, draft.bytes(), 0)
    }
    /// For a mail that is held.
    #[must_use]
    pub fn held(organisation: OrganisationId, intake: IntakeId) -> Self {
        Self::new(organisation, Purpose::Held, intake.bytes(), 0)
    }
    /// For the files of an export.
    #[must_use]
    pub fn export(organisation: OrganisationId, export: ExportId) -> Self {
        Self::new(organisation, Purpose::Export, export.bytes(), 0)
    }
    pub(super) fn values(&self) -> Vec<Value> {
        vec![
            i64::from(self.organisation.0).into(),
            (self.purpose as i64).into(),
            self.owner.into(),
            self.generation.into(),
        ]
    }
}

impl Vault {
    /// Opens the vault of a migrated database.
    pub async fn open(
        db: Db,
        root: &super::RootKeyProvider,
        folder: &std::path::Path,
        clock: Clock,
    ) -> Result<Self, KeyError> {
        let empty = db.optional("SELECT 1 AS one FROM vault LIMIT 1", vec![]).await?.is_none();
        let epochs = Epochs::open(KeyFiles::new(root.clone(), folder), empty).await?;
        let vault = Self { db, epochs, clock, cache: Arc::default() };
        vault.check().await?;
        Ok(vault)
    }

    /// Opens one row, so that keys of another database are noticed at the start and not at the first letter.
    async fn check(&self) -> Result<(), KeyError> {
        let sql = "SELECT organisation, purpose, owner, generation, key_id, epoch, sealed FROM vault LIMIT 1";
        let Some(row) = self.db.optional(sql, vec![]).await? else { return Ok(()) };
        let organisation = OrganisationId(u32::try_from(row.int("organisation")?).unwrap_or_default());
        self.unseal(organisation, &row).await.map(drop)
    }

    /// The key of that name, made if there was none. [`KeyError::Destroyed`] if there was one.
    pub async fn obtain(&self, name: &KeyName) -> Result<VaultKey, KeyError> {
        if let Some(found) = self.find(name).await? {
            return Ok(found);
        }
        let made = VaultKey { id: KeyId::random(), key: Key::random() };
        let epoch = self.epochs.current();
        let wrapping = self.epochs.organisation_key(epoch, name.organisation).await?;
        let sealed = seal::seal(&wrapping, LABEL, &aad(name, made.id, epoch), made.key.expose());
        let mut values = vec![Value::from(made.id.0)];
        values.extend(name.values());
        values.extend([epoch.into(), sealed.into(), self.clock.now().micros().into()]);
        self.db.run(CREATE, values).await?;
        // Whoever was faster made it; a name in `destroyed_keys` gets none.
        self.find(name).await?.ok_or(KeyError::Destroyed)
    }

    /// The key of that name, if there is one.
    pub async fn find(&self, name: &KeyName) -> Result<Option<VaultKey>, KeyError> {
        let now = self.clock.now();
        if let Some((key, until)) = self.cache().by_name.get(name)
            && now < *until
        {
            return Ok(Some(key.clone()));
        }
        let Some(row) = self.db.optional(FIND, name.values()).await? else { return Ok(None) };
        let key = VaultKey { id: KeyId(row.bytes16("key_id")?), key: self.unseal_as(name, &row).await? };
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
        let row = self.db.optional(FIND_BY_ID, values).await?;
        let key = match row {
            Some(row) => Some(self.unseal(organisation, &row).await?),
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

    pub(super) async fn delete(
        tx: &mut Tx,
        name: &KeyName,
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

    async fn unseal(&self, organisation: OrganisationId, row: &Row) -> Result<Key, KeyError> {
        let purpose = row.int("purpose")?;
        let name = KeyNameRow {
            organisation,
            purpose,
            owner: row.bytes16("owner")?,
            generation: row.int("generation")?,
        };
        self.unseal_row(&name, row).await
    }

    async fn unseal_as(&self, name: &KeyName, row: &Row) -> Result<Key, KeyError> {
        self.unseal_row(&KeyNameRow::from(name), row).await
    }

    async fn unseal_row(&self, name: &KeyNameRow, row: &Row) -> Result<Key, KeyError> {
        let epoch = row.int("epoch")?;
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

/// A key's name as it stands in a row: its purpose may be one that a newer program made.
struct KeyNameRow {
    organisation: OrganisationId,
    purpose: i64,
    owner: [u8; 16],
    generation: i64,
}

impl From<&KeyName> for KeyNameRow {
    fn from(name: &KeyName) -> Self {
        let KeyName { organisation, purpose, owner, generation } = *name;
        Self { organisation, purpose: purpose as i64, owner, generation }
    }
}

impl KeyNameRow {
    /// Binds a sealed key to its name, id and epoch, so that rows cannot be exchanged.
    fn aad(&self, id: KeyId, epoch: i64) -> Vec<u8> {
        [
            &self.organisation.0.to_be_bytes()[..],
            &self.purpose.to_be_bytes(),
            &self.owner,
            &self.generation.to_be_bytes(),
            &id.0,
            &epoch.to_be_bytes(),
        ]
        .concat()
    }
}

fn aad(name: &KeyName, id: KeyId, epoch: i64) -> Vec<u8> {
    KeyNameRow::from(name).aad(id, epoch)
}
