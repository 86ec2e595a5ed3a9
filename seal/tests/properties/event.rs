//! Events: a section opens in its own row and place, with its own key, and nowhere else.

use crate::{any_key, bit_flips};
use proptest::{collection::vec, prelude::*};
use seal::{
    Key, KeyId, OpenError,
    event::{Class, Header, SealedSection, Section, SectionKind, body_hash, leaf, parse_body, seal_body},
};

#[derive(Debug, Clone)]
struct Part {
    kind: SectionKind,
    key_id: KeyId,
    key: Key,
    text: Vec<u8>,
}

impl Part {
    fn section(&self) -> Section<'_> {
        Section { kind: self.kind, key_id: self.key_id, key: &self.key, plaintext: &self.text }
    }
}

fn any_part() -> impl Strategy<Value = Part> {
    let kind = prop_oneof![Just(SectionKind::Audit), Just(SectionKind::Personal), Just(SectionKind::Content)];
    (kind, any::<[u8; 16]>().prop_map(KeyId), any_key(), vec(any::<u8>(), 0..300))
        .prop_map(|(kind, key_id, key, text)| Part { kind, key_id, key, text })
}

fn any_header() -> impl Strategy<Value = Header> {
    let class = prop_oneof![Just(Class::Domain), Just(Class::Key), Just(Class::System)];
    let rest = any::<(u32, [u8; 16], u64, [u8; 16], i64)>();
    (class, rest).prop_map(|(class, (organisation, stream, version, event_id, recorded_at))| Header {
        class,
        organisation,
        stream,
        version,
        event_id,
        recorded_at,
    })
}

fn seal_parts(header: &Header, parts: &[Part]) -> Vec<u8> {
    let sections: Vec<_> = parts.iter().map(Part::section).collect();
    seal_body(header, &sections)
}

/// All sections' plaintexts, or the first trouble.
fn open_parts(header: &Header, parts: &[Part], body: &[u8]) -> Result<Vec<Vec<u8>>, OpenError> {
    let sections = parse_body(body)?;
    if sections.len() != parts.len() {
        return Err(OpenError::Malformed);
    }
    let open = |(section, part): (&SealedSection<'_>, &Part)| {
        section.open(header, &part.key).map(|text| text.to_vec())
    };
    sections.iter().zip(parts).map(open).collect()
}

/// The header with one of its fields changed; every field has its turn.
fn changed_headers(header: &Header) -> [Header; 6] {
    let other_class = if header.class == Class::Key { Class::System } else { Class::Key };
    [
        Header { class: other_class, ..*header },
        Header { organisation: header.organisation ^ 1, ..*header },
        Header { stream: header.stream.map(|byte| byte ^ 1), ..*header },
        Header { version: header.version ^ 1, ..*header },
        Header { event_id: header.event_id.map(|byte| byte ^ 1), ..*header },
        Header { recorded_at: header.recorded_at ^ 1, ..*header },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A44: every section opens again with its own key, and the clear parts are found without any.
    #[test]
    fn roundtrip(header in any_header(), parts in vec(any_part(), 1..5)) {
        let body = seal_parts(&header, &parts);
        let texts: Vec<_> = parts.iter().map(|part| part.text.clone()).collect();
        prop_assert_eq!(open_parts(&header, &parts, &body), Ok(texts));
        for (section, part) in parse_body(&body).expect("a body").iter().zip(&parts) {
            prop_assert_eq!((section.kind, section.key_id), (part.kind, part.key_id));
        }
    }

    /// A44: a row under a changed header does not open, and has another leaf.
    #[test]
    fn swapped_header(header in any_header(), part in any_part()) {
        let parts = [part];
        let body = seal_parts(&header, &parts);
        for other in changed_headers(&header) {
            prop_assert_eq!(open_parts(&other, &parts, &body), Err(OpenError::WrongKey));
            prop_assert_ne!(leaf(&other, &body_hash(&body)), leaf(&header, &body_hash(&body)));
        }
    }

    /// A43, A44: a section moved to another index, count, kind or key id does not open.
    #[test]
    fn moved_section(header in any_header(), parts in vec(any_part(), 1..4), move_by in 1_u8..) {
        let body = seal_parts(&header, &parts);
        for (section, part) in parse_body(&body).expect("a body").iter().zip(&parts) {
            let other_kind = if section.kind == SectionKind::Audit { SectionKind::Content } else { SectionKind::Audit };
            let mut other_id = section.key_id;
            other_id.0[0] ^= move_by;
            let moved = [
                SealedSection { index: section.index.wrapping_add(move_by), ..*section },
                SealedSection { count: section.count.wrapping_add(move_by), ..*section },
                SealedSection { kind: other_kind, ..*section },
                SealedSection { key_id: other_id, ..*section },
            ];
            for section in moved {
                prop_assert_eq!(section.open(&header, &part.key), Err(OpenError::WrongKey));
            }
        }
    }

    /// A43, A44: a section does not open under another section's key, nor under another key at all.
    #[test]
    fn wrong_key(header in any_header(), part in any_part(), other in any_key()) {
        prop_assume!(part.key != other);
        let body = seal_parts(&header, std::slice::from_ref(&part));
        let stranger = [Part { key: other, ..part }];
        prop_assert_eq!(open_parts(&header, &stranger, &body), Err(OpenError::WrongKey));
    }

    /// A44: sections of two events do not mix, even under the same keys.
    #[test]
    fn section_of_another_event(header in any_header(), parts in vec(any_part(), 1..3)) {
        let other = Header { version: header.version ^ 1, ..header };
        let (here, there) = (seal_parts(&header, &parts), seal_parts(&other, &parts));
        for (section, part) in parse_body(&there).expect("a body").iter().zip(&parts) {
            prop_assert_eq!(section.open(&header, &part.key), Err(OpenError::WrongKey));
            prop_assert!(section.open(&other, &part.key).is_ok());
        }
        prop_assert_ne!(body_hash(&here), body_hash(&there));
    }

    /// A44: a section's length says little about its text: all short ones are alike, content starts at 1 KiB.
    #[test]
    fn lengths_are_hidden(header in any_header(), part in any_part(), text in vec(any::<u8>(), 0..124)) {
        let floor = if part.kind == SectionKind::Content { 1024 } else { 128 };
        let body = seal_parts(&header, &[Part { text, ..part }]);
        prop_assert_eq!(body.len(), 1 + 1 + 16 + 4 + 72 + floor);
    }

    /// Bytes that are no body are refused, never a panic.
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(parse_body(&bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]

    /// A44: a body with any one bit flipped is refused, and its hash differs.
    #[test]
    fn every_bit_flip(header in any_header(), parts in vec(any_part(), 1..3)) {
        let body = seal_parts(&header, &parts);
        for flipped in bit_flips(&body) {
            prop_assert!(open_parts(&header, &parts, &flipped).is_err());
            prop_assert_ne!(body_hash(&flipped), body_hash(&body));
        }
    }

    /// A44: a body that was cut or lengthened is refused without any key.
    #[test]
    fn every_length(header in any_header(), parts in vec(any_part(), 1..3)) {
        let mut body = seal_parts(&header, &parts);
        for length in 0..body.len() {
            prop_assert_eq!(parse_body(&body[..length]), Err(OpenError::Malformed));
        }
        body.push(0);
        prop_assert_eq!(parse_body(&body), Err(OpenError::Malformed));
    }
}

/// The codes of classes and kinds are those of the format, and there are no others.
#[test]
fn codes() {
    for code in 0..=u8::MAX {
        assert_eq!(Class::from_code(code).map(|class| class as u8), (1..=3).contains(&code).then_some(code));
        assert_eq!(
            SectionKind::try_from(code).ok().map(|kind| kind as u8),
            (1..=3).contains(&code).then_some(code)
        );
    }
}
