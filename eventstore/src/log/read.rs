//! Reading: rows in order, opened as far as the keys go.

use super::{Log, LogError, StreamName};
use crate::{
    codec,
    db::Row,
    keys::KeyName,
    recorded::{Position, Recorded},
};
use ::seal::{
    Key, KeyId, OpenError,
    event::{Class, Header, SealedSection, SectionKind, body_hash, parse_body},
};
use domain::{
    DraftId, OrganisationId, Timestamp,
    id::{ContentKeyId, IntakeId},
};
use std::collections::HashMap;
use uuid::Uuid;

/// Content keys that a reader holds. Without one, content reads as erased.
#[derive(Default)]
pub struct ContentKeys(HashMap<KeyId, Key>);

impl ContentKeys {
    /// None: what projections and the audit read with.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a message's content key, taken from the reader's grant.
    pub fn hold(&mut self, id: ContentKeyId, key: Key) {
        self.0.insert(KeyId(id.bytes()), key);
    }
}

const COLUMNS: &str =
    "position, organisation, class, stream, version, event_id, recorded_at, body, body_hash";
const STREAM: &str = "SELECT position, organisation, class, stream, version, event_id, recorded_at, body, body_hash \
     FROM events WHERE organisation = $1 AND stream = $2 AND version > $3 ORDER BY version LIMIT $4";
const AFTER: &str = "SELECT position, organisation, class, stream, version, event_id, recorded_at, body, body_hash \
     FROM events WHERE position > $1 ORDER BY position LIMIT $2";
/// Rows taken at once.
const PAGE: i64 = 500;

impl Log {
    /// Events after a position, in order, at most `limit`.
    pub async fn read_after(&self, position: Position, limit: i64) -> Result<Vec<Recorded>, LogError> {
        let rows = self.db.all(AFTER, vec![position.into(), limit.into()]).await?;
        self.open_all(rows, &ContentKeys::none()).await
    }

    /// The events at these positions, in the order of the log. What another organisation wrote is passed over.
    pub async fn read_positions(
        &self,
        organisation: OrganisationId,
        positions: &[Position],
        keys: &ContentKeys,
    ) -> Result<Vec<Recorded>, LogError> {
        if positions.is_empty() {
            return Ok(vec![]);
        }
        let numbers: Vec<String> = (2..positions.len() + 2).map(|number| format!("${number}")).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE organisation = $1 AND position IN ({}) ORDER BY position",
            numbers.join(", ")
        );
        let mut values = vec![i64::from(organisation.0).into()];
        values.extend(positions.iter().map(|position| (*position).into()));
        let rows = self.db.all(sql, values).await?;
        self.open_all(rows, keys).await
    }

    /// A stream's events after a version.
    pub async fn read_stream(
        &self,
        organisation: OrganisationId,
        stream: StreamName,
        after: i64,
        keys: &ContentKeys,
    ) -> Result<Vec<Recorded>, LogError> {
        let tag = self.stream_tag(organisation, stream).await?;
        let mut events: Vec<Recorded> = vec![];
        loop {
            let after = events.last().map_or(after, |last| last.version);
            let values = vec![i64::from(organisation.0).into(), tag.into(), after.into(), PAGE.into()];
            let rows = self.db.all(STREAM, values).await?;
            let last_page = rows.len() < usize::try_from(PAGE).unwrap_or_default();
            events.extend(self.open_all(rows, keys).await?);
            if last_page {
                return Ok(events);
            }
        }
    }

    /// The key of a draft's content, for its owner; holds nothing once the draft was sent or thrown away.
    pub async fn draft_keys(
        &self,
        organisation: OrganisationId,
        draft: DraftId,
    ) -> Result<ContentKeys, LogError> {
        self.keys_named(&KeyName::draft(organisation, draft)).await
    }

    /// The key of a mail that is held; holds nothing once it was decided on and settled.
    pub async fn held_keys(
        &self,
        organisation: OrganisationId,
        intake: IntakeId,
    ) -> Result<ContentKeys, LogError> {
        self.keys_named(&KeyName::held(organisation, intake)).await
    }

    async fn keys_named(&self, name: &KeyName) -> Result<ContentKeys, LogError> {
        let mut keys = ContentKeys::none();
        if let Some(found) = self.vault.find(name).await? {
            keys.0.insert(found.id, found.key);
        }
        Ok(keys)
    }

    async fn open_all(&self, rows: Vec<Row>, keys: &ContentKeys) -> Result<Vec<Recorded>, LogError> {
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            events.push(self.open_row(&row, keys).await?);
        }
        Ok(events)
    }

    async fn open_row(&self, row: &Row, keys: &ContentKeys) -> Result<Recorded, LogError> {
        let position = row.int("position")?;
        let failed = |problem| LogError::Open { position, problem };
        let header = header(row)?;
        let organisation = OrganisationId(header.organisation);
        let body = row.bytes("body")?;
        // A changed key id would otherwise read as a key that was destroyed.
        if body_hash(&body) != row.bytes32("body_hash")? {
            return Err(failed(OpenError::Tampered));
        }
        let (mut audit, mut personal, mut content) = (None, None, None);
        for section in parse_body(&body).map_err(failed)? {
            let place = match section.kind {
                SectionKind::Audit => &mut audit,
                SectionKind::Personal => &mut personal,
                SectionKind::Content => &mut content,
            };
            if let Some(key) = self.key_for(organisation, &section, keys).await? {
                *place = Some(section.open(&header, &key).map_err(failed)?);
            }
        }
        let audit = audit.ok_or_else(|| failed(OpenError::WrongKey))?;
        let bytes = |part: &Option<zeroize::Zeroizing<Vec<u8>>>| part.as_ref().map(|bytes| bytes.to_vec());
        let (meta, event) =
            codec::join(position, &audit, bytes(&personal).as_deref(), bytes(&content).as_deref())?;
        Ok(Recorded {
            position,
            version: row.int("version")?,
            organisation,
            event_id: Uuid::from_bytes(header.event_id),
            recorded_at: Timestamp::from_micros(header.recorded_at),
            meta,
            event,
        })
    }

    async fn key_for(
        &self,
        organisation: OrganisationId,
        section: &SealedSection<'_>,
        keys: &ContentKeys,
    ) -> Result<Option<Key>, LogError> {
        match section.kind {
            SectionKind::Audit | SectionKind::Personal => {
                Ok(self.vault.by_id(organisation, section.key_id).await?)
            }
            // Only what the reader brought: the vault's draft keys are not for projections or the audit.
            SectionKind::Content => Ok(keys.0.get(&section.key_id).cloned()),
        }
    }
}

/// The clear part of an event's row.
pub(crate) fn header(row: &Row) -> Result<Header, LogError> {
    let position = row.int("position")?;
    let malformed = || LogError::Open { position, problem: OpenError::Malformed };
    let number = |column| row.int(column).map_err(LogError::from);
    Ok(Header {
        class: u8::try_from(number("class")?).ok().and_then(Class::from_code).ok_or_else(malformed)?,
        organisation: u32::try_from(number("organisation")?).map_err(|_| malformed())?,
        stream: row.bytes16("stream")?,
        version: u64::try_from(number("version")?).map_err(|_| malformed())?,
        event_id: row.bytes16("event_id")?,
        recorded_at: number("recorded_at")?,
    })
}
