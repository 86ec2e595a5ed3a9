//! The conditions of an export: as they are asked for, as they are recorded, and as they stand in its file `filter.json`.

use crate::{Error, auditing::question};
use domain::{AccountId, MessageId, Timestamp, audit::Question, export::Kind, id::AddressTag};
use projections::audit::{self, AuditFilter, Outcome};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What an export shall hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportContent {
    /// The audit, one JSON object a line (E2).
    AuditJsonLines(AuditFilter),
    /// The audit as CSV (E2).
    AuditCsv(AuditFilter),
}

/// The conditions in words. Their text is what is hashed, so the order of fields stays.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Terms {
    kind: String,
    filter: AuditTerms,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuditTerms {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kinds: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    actors: Vec<AccountId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<AccountId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    messages: Vec<MessageId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<AddressTag>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outcomes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    privileged: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reviewed: Option<bool>,
}

impl ExportContent {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::AuditJsonLines(_) => Kind::AuditJsonLines,
            Self::AuditCsv(_) => Kind::AuditCsv,
        }
    }

    /// As it is recorded in codes and ids.
    pub(super) fn question(&self) -> Question {
        match self {
            Self::AuditJsonLines(filter) | Self::AuditCsv(filter) => question(filter),
        }
    }

    /// As its file `filter.json` says it.
    pub(super) fn terms(&self) -> String {
        let filter = match self {
            Self::AuditJsonLines(filter) | Self::AuditCsv(filter) => AuditTerms::from(filter),
        };
        let terms = Terms { kind: code(self.kind()).to_owned(), filter };
        serde_json::to_string(&terms).unwrap_or_default() + "\n"
    }

    /// What was asked for; an error where this program does not know a word of it.
    pub(super) fn parse(kind: Kind, terms: &str) -> Result<Self, Error> {
        let Terms { filter, .. } = serde_json::from_str(terms).map_err(Error::internal)?;
        let filter = filter.into_filter().ok_or_else(|| Error::internal(Unknown))?;
        Ok(match kind {
            Kind::AuditJsonLines => Self::AuditJsonLines(filter),
            Kind::AuditCsv => Self::AuditCsv(filter),
            Kind::Messages | Kind::Person | Kind::VerificationBundle => return Err(Error::internal(Unknown)),
        })
    }
}

/// The API's name of a kind.
pub(super) fn code(kind: Kind) -> &'static str {
    match kind {
        Kind::Messages => "MESSAGES",
        Kind::AuditJsonLines => "AUDIT_JSON_LINES",
        Kind::AuditCsv => "AUDIT_CSV",
        Kind::Person => "PERSON",
        Kind::VerificationBundle => "VERIFICATION_BUNDLE",
    }
}

/// A recorded condition is of a newer program.
#[derive(Debug, thiserror::Error)]
#[error("the conditions of this export are of a newer program")]
struct Unknown;

impl From<&AuditFilter> for AuditTerms {
    fn from(filter: &AuditFilter) -> Self {
        let AuditFilter {
            from,
            until,
            kinds,
            actors,
            subjects,
            messages,
            addresses,
            outcomes,
            privileged,
            reviewed,
        } = filter;
        Self {
            from: from.map(|at| at.to_string()),
            until: until.map(|at| at.to_string()),
            kinds: kinds.iter().map(|kind| kind.code().to_owned()).collect(),
            actors: actors.clone(),
            subjects: subjects.clone(),
            messages: messages.clone(),
            addresses: addresses.clone(),
            outcomes: outcomes.iter().map(|outcome| outcome.code().to_owned()).collect(),
            privileged: *privileged,
            reviewed: *reviewed,
        }
    }
}

impl AuditTerms {
    fn into_filter(self) -> Option<AuditFilter> {
        let time = |text: Option<String>| match text {
            Some(text) => Some(Some(Timestamp::from(OffsetDateTime::parse(&text, &Rfc3339).ok()?))),
            None => Some(None),
        };
        Some(AuditFilter {
            from: time(self.from)?,
            until: time(self.until)?,
            kinds: self.kinds.iter().map(|code| audit::Kind::parse(code)).collect::<Option<_>>()?,
            actors: self.actors,
            subjects: self.subjects,
            messages: self.messages,
            addresses: self.addresses,
            outcomes: self.outcomes.iter().map(|code| Outcome::parse(code)).collect::<Option<_>>()?,
            privileged: self.privileged,
            reviewed: self.reviewed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::Id;
    use uuid::Uuid;

    /// E5, E6: the conditions of an export are read back as they were asked for, and the same conditions have the same text.
    #[test]
    fn conditions_read_back() {
        let id = |n| Uuid::from_u128(n);
        let filter = AuditFilter {
            from: Some(Timestamp::from_micros(1_767_600_000_123_456)),
            until: Some(Timestamp::from_micros(1_772_800_000_000_000)),
            kinds: vec![audit::Kind::LoginFailed, audit::Kind::Exported],
            actors: vec![Id::new(id(1))],
            subjects: vec![Id::new(id(2)), Id::new(id(3))],
            messages: vec![Id::new(id(4))],
            addresses: vec![Id::new(id(5))],
            outcomes: vec![Outcome::Failed],
            privileged: Some(false),
            reviewed: Some(true),
        };
        let content = ExportContent::AuditCsv(filter.clone());
        assert_eq!(ExportContent::parse(Kind::AuditCsv, &content.terms()).unwrap(), content);
        assert_eq!(content.terms(), ExportContent::AuditCsv(filter).terms());
        let all = ExportContent::AuditJsonLines(AuditFilter::default());
        assert_eq!(all.terms(), "{\"kind\":\"AUDIT_JSON_LINES\",\"filter\":{}}\n");
        let newer = content.terms().replace("LOGIN_FAILED", "LOGIN_TELEPATHIC");
        assert!(ExportContent::parse(Kind::AuditCsv, &newer).is_err());
    }
}
