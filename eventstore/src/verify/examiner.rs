//! The level of meaning, as far as the log and its keys go: every section opens under its key, and an event is of the stream
//! that its row names.
//!
//! A key may be gone only together with its event. What messages say is not opened: their keys are in grants, for their
//! readers. That their ciphertext is what was signed, the level of bodies has shown.

use super::{Progress, Stage, VerifyError};
use crate::{
    codec::{self, Joined},
    db::{Db, Row},
    keys::{KeyName, Vault},
    log::header,
    recorded::{Position, Recorded},
    tree::unsigned,
};
use domain::{
    Decider as _, Event, OrganisationId, Timestamp,
    event::ContentKey,
    key::{State, VaultKey},
};
use proof::verdict::{Findings, Place, Verdict};
use seal::{
    Key, KeyId, blind,
    event::{Header, SectionKind, body_hash, parse_body},
};
use std::collections::HashMap;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Events opened at once.
const PAGE: i64 = 256;
/// Keys whose fate is remembered; beyond it the memory starts afresh.
const REMEMBERED: usize = 50_000;

const HEAD: &str = "SELECT COALESCE(MAX(position), 0) AS head FROM events";
const ROWS: &str = "SELECT position, organisation, class, stream, version, event_id, recorded_at, body, body_hash \
     FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3";
const STREAM: &str = "SELECT position, organisation, class, stream, version, event_id, recorded_at, body, body_hash \
     FROM events WHERE organisation = $1 AND stream = $2 ORDER BY version";

/// Opens a log's events in order, and finds out what does not open and should.
pub struct Examiner {
    pub(super) db: Db,
    pub(super) vault: Vault,
    position: Position,
    until: Position,
    /// Of each organisation; `None` where it is gone.
    indexes: HashMap<OrganisationId, Option<Key>>,
    fates: HashMap<KeyId, State>,
    /// Events that could not be opened.
    unopened: u64,
    pub(super) findings: Findings,
}

/// The sections of a row, as far as their keys were there, and the keys that were not.
#[derive(Default)]
struct Sections {
    audit: Option<Zeroizing<Vec<u8>>>,
    personal: Option<Zeroizing<Vec<u8>>>,
    content: Option<Zeroizing<Vec<u8>>>,
    without_key: Vec<(SectionKind, KeyId)>,
}

impl Examiner {
    /// Of a log as it stands now; what is appended later is left to the next verification.
    pub async fn new(db: Db, vault: Vault) -> Result<Self, VerifyError> {
        let until = db.one(HEAD, vec![]).await?.int("head")?;
        Ok(Self::between(db, vault, 0, until))
    }

    /// Of the events after one position up to another.
    #[must_use]
    pub fn between(db: Db, vault: Vault, after: Position, until: Position) -> Self {
        Self {
            db,
            vault,
            position: after,
            until,
            indexes: HashMap::new(),
            fates: HashMap::new(),
            unopened: 0,
            findings: Findings::default(),
        }
    }

    /// The next events that open, in order; `None` when all were examined.
    pub async fn next(&mut self, progress: Progress<'_>) -> Result<Option<Vec<Recorded>>, VerifyError> {
        let values = vec![self.position.into(), self.until.into(), PAGE.into()];
        let rows = self.db.all(ROWS, values).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.position = last.int("position")?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            match self.open(row).await? {
                Some(event) => events.push(event),
                None => self.unopened += 1,
            }
        }
        progress(Stage::Meaning, unsigned(self.position), unsigned(self.until));
        Ok(Some(events))
    }

    /// Whether every event so far was opened as far as its skeleton, with the key of its tags at hand.
    #[must_use]
    pub fn has_opened_all(&self) -> bool {
        self.unopened == 0 && self.indexes.values().all(Option::is_some)
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> Findings {
        self.findings
    }

    /// The event of a row; `None` when it cannot be read. What the earlier levels have found is not found again.
    async fn open(&mut self, row: &Row) -> Result<Option<Recorded>, VerifyError> {
        let position = row.int("position")?;
        let (Ok(header), Ok(body), Ok(hash)) = (header(row), row.bytes("body"), row.bytes32("body_hash"))
        else {
            return Ok(None);
        };
        if body_hash(&body) != hash {
            return Ok(None);
        }
        let place = Place { position: unsigned(position), header: Some(header) };
        let sections = match self.sections(&header, &body).await? {
            Ok(sections) => sections,
            Err(problem) => {
                self.findings.at(Verdict::Tampered, place, problem);
                return Ok(None);
            }
        };
        let bytes = |section: &Option<Zeroizing<Vec<u8>>>| section.as_ref().map(|bytes| bytes.to_vec());
        let joined = sections.audit.as_ref().map(|audit| {
            let (personal, content) = (bytes(&sections.personal), bytes(&sections.content));
            codec::join_named(position, audit, personal.as_deref(), content.as_deref())
        });
        let joined = match joined.transpose() {
            Ok(joined) => joined,
            Err(problem) => {
                self.findings.at(Verdict::Tampered, place, problem.to_string());
                return Ok(None);
            }
        };
        self.look_for_keys(place, &header, &sections, joined.as_ref().map(|joined| &joined.event)).await?;
        let Some(Joined { stream, meta, event }) = joined else { return Ok(None) };
        self.check_stream(place, &header, &stream).await?;
        Ok(Some(Recorded {
            position,
            version: row.int("version")?,
            organisation: OrganisationId(header.organisation),
            event_id: Uuid::from_bytes(header.event_id),
            recorded_at: Timestamp::from_micros(header.recorded_at),
            meta,
            event,
        }))
    }

    /// The sections that have a key; in words what is wrong when one does not open under it.
    async fn sections(&self, header: &Header, body: &[u8]) -> Result<Result<Sections, String>, VerifyError> {
        let mut sections = Sections::default();
        let parsed = match parse_body(body) {
            Ok(parsed) => parsed,
            Err(problem) => return Ok(Err(problem.to_string())),
        };
        for section in parsed {
            let key = match self.vault.by_id(OrganisationId(header.organisation), section.key_id).await {
                Ok(key) => key,
                // The look at the vault finds the row; here it is as good as gone, and not lost.
                Err(problem) if problem.is_of_one_row() => continue,
                Err(other) => return Err(other.into()),
            };
            let Some(key) = key else {
                sections.without_key.push((section.kind, section.key_id));
                continue;
            };
            let place = match section.kind {
                SectionKind::Audit => &mut sections.audit,
                SectionKind::Personal => &mut sections.personal,
                SectionKind::Content => &mut sections.content,
            };
            match section.open(header, &key) {
                Ok(bytes) => *place = Some(bytes),
                Err(problem) => return Ok(Err(format!("its {} section: {problem}", word(section.kind)))),
            }
        }
        Ok(Ok(sections))
    }

    /// Every key that is not there must have gone by an event.
    async fn look_for_keys(
        &mut self,
        place: Place,
        header: &Header,
        sections: &Sections,
        event: Option<&Event>,
    ) -> Result<(), VerifyError> {
        let in_grants = matches!(event.and_then(Event::content_key), Some(ContentKey::Message(_)));
        for (kind, id) in &sections.without_key {
            if *kind == SectionKind::Content && in_grants {
                continue;
            }
            if self.fate(OrganisationId(header.organisation), *id).await? == State::Live {
                let problem = format!(
                    "its {} section cannot be opened: the key {id} is gone, and no event says that it was destroyed",
                    word(*kind)
                );
                self.findings.at(Verdict::KeyLost, place, problem);
            }
        }
        Ok(())
    }

    /// The row's stream must be the keyed tag of the stream that the event itself names.
    async fn check_stream(
        &mut self,
        place: Place,
        header: &Header,
        (category, id): &(String, Uuid),
    ) -> Result<(), VerifyError> {
        let Some(index) = self.index(OrganisationId(header.organisation)).await? else { return Ok(()) };
        if blind::tag(&index, "stream", format!("{category}-{id}").as_bytes()) != header.stream {
            self.findings.at(Verdict::Tampered, place, "it is of another stream than its row says");
        }
        Ok(())
    }

    /// What the log says of a key.
    pub(super) async fn fate(
        &mut self,
        organisation: OrganisationId,
        id: KeyId,
    ) -> Result<State, VerifyError> {
        if let Some(known) = self.fates.get(&id) {
            return Ok(*known);
        }
        let Some(index) = self.index(organisation).await? else { return Ok(State::Live) };
        let name = format!("{}-{}", VaultKey::CATEGORY, Uuid::from_bytes(id.0));
        let tag = blind::tag(&index, "stream", name.as_bytes());
        let mut state = State::default();
        for row in self.db.all(STREAM, vec![i64::from(organisation.0).into(), tag.into()]).await? {
            let (Ok(header), Ok(body)) = (header(&row), row.bytes("body")) else { continue };
            let Ok(Sections { audit: Some(audit), .. }) = self.sections(&header, &body).await? else {
                continue;
            };
            if let Ok(Joined { event: Event::Key(_, event), .. }) =
                codec::join_named(row.int("position")?, &audit, None, None)
            {
                state = VaultKey::evolve(state, &event);
            }
        }
        if self.fates.len() >= REMEMBERED {
            self.fates.clear();
        }
        self.fates.insert(id, state);
        Ok(state)
    }

    /// The key of an organisation's tags. That it is gone is found once.
    async fn index(&mut self, organisation: OrganisationId) -> Result<Option<Key>, VerifyError> {
        if let Some(known) = self.indexes.get(&organisation) {
            return Ok(known.clone());
        }
        let found = match self.vault.find(&KeyName::index(organisation)).await {
            Ok(found) => found.map(|found| found.key),
            Err(problem) if problem.is_of_one_row() => None,
            Err(other) => return Err(other.into()),
        };
        if found.is_none() {
            let problem =
                format!("the index key of organisation {organisation} is gone, which is never destroyed");
            self.findings.add(Verdict::KeyLost, problem);
        }
        self.indexes.insert(organisation, found.clone());
        Ok(found)
    }
}

fn word(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Audit => "audit",
        SectionKind::Personal => "personal",
        SectionKind::Content => "content",
    }
}
