//! Sealing an append: every event becomes a row, each section under its own key.

use super::{Change, Commit, Idempotency, Log, LogError};
use crate::{
    db::EventRow,
    keys::{KeyName, VaultKey},
};
use ::seal::{
    KeyId, blind,
    event::{Class as RowClass, Header, Section, SectionKind, body_hash, seal_body},
};
use domain::{
    Metadata, OrganisationId, Timestamp,
    event::{Class, ContentKey},
};

impl Log {
    pub(super) async fn seal(
        &self,
        commit: Commit,
    ) -> Result<(Vec<EventRow>, Option<(i64, Idempotency)>), LogError> {
        let Commit { organisation, meta, changes, content_key, idempotency } = commit;
        let content = content_key.map(|(id, key)| VaultKey { id: KeyId(id.bytes()), key });
        let at = self.clock.now();
        let mut rows = vec![];
        for change in changes {
            self.seal_change(organisation, &meta, &change, content.as_ref(), at, &mut rows).await?;
        }
        Ok((rows, idempotency.map(|key| (i64::from(organisation.0), key))))
    }

    async fn seal_change(
        &self,
        organisation: OrganisationId,
        meta: &Metadata,
        change: &Change,
        content: Option<&VaultKey>,
        at: Timestamp,
        rows: &mut Vec<EventRow>,
    ) -> Result<(), LogError> {
        let stream = self.stream_tag(organisation, change.stream).await?;
        let audit = self.vault.obtain(&KeyName::audit(organisation, at)).await?;
        for (version, decided) in (change.expected_version + 1..).zip(&change.events) {
            let parts = (decided.parts)(meta);
            let header = Header {
                class: row_class(change.class),
                organisation: organisation.0,
                stream,
                version: version.unsigned_abs(),
                event_id: self.clock.new_id::<()>().bytes(),
                recorded_at: at.micros(),
            };
            let personal = match (&parts.personal, decided.event.subject()) {
                (Some(bytes), Some(subject)) => {
                    Some((self.vault.obtain(&KeyName::subject(organisation, subject)).await?, bytes))
                }
                (Some(_), None) => panic!("an event with personal data names its subject"),
                (None, _) => None,
            };
            let content = match (&parts.content, decided.event.content_key()) {
                (Some(bytes), Some(ContentKey::Message(id))) => {
                    let key = content.filter(|key| key.id.0 == id.bytes()).cloned();
                    Some((key.expect("a commit with a message's content has its content key"), bytes))
                }
                (Some(bytes), Some(ContentKey::Draft(draft))) => {
                    Some((self.vault.obtain(&KeyName::draft(organisation, draft)).await?, bytes))
                }
                (Some(bytes), Some(ContentKey::Held(intake))) => {
                    Some((self.vault.obtain(&KeyName::held(organisation, intake)).await?, bytes))
                }
                (Some(_), None) => panic!("an event with content names its content key"),
                (None, _) => None,
            };
            let mut sections = vec![section(SectionKind::Audit, &audit, &parts.audit)];
            sections.extend(personal.iter().map(|(key, bytes)| section(SectionKind::Personal, key, bytes)));
            sections.extend(content.iter().map(|(key, bytes)| section(SectionKind::Content, key, bytes)));
            let body = seal_body(&header, &sections);
            rows.push(EventRow {
                position: 0,
                organisation: i64::from(organisation.0),
                class: header.class as i64,
                stream,
                version,
                event_id: header.event_id,
                recorded_at: header.recorded_at,
                body_hash: body_hash(&body),
                body,
            });
        }
        Ok(())
    }

    /// A stream's name as it is stored: a keyed tag, so that a row does not tell whose it is.
    pub(super) async fn stream_tag(
        &self,
        organisation: OrganisationId,
        stream: super::StreamName,
    ) -> Result<[u8; 16], LogError> {
        let index = self.vault.obtain(&KeyName::index(organisation)).await?;
        let name = format!("{}-{}", stream.category, stream.id);
        Ok(blind::tag(&index.key, "stream", name.as_bytes()))
    }
}

fn section<'a>(kind: SectionKind, key: &'a VaultKey, plaintext: &'a [u8]) -> Section<'a> {
    Section { kind, key_id: key.id, key: &key.key, plaintext }
}

fn row_class(class: Class) -> RowClass {
    match class {
        Class::Domain => RowClass::Domain,
        Class::Key => RowClass::Key,
        Class::System => RowClass::System,
    }
}
