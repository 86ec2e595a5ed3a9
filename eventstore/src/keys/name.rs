//! Names of keys: what a key is for, and whose it is. A key's row is found by its name, and sealed to it.

use crate::db::{DbError, Row, Value};
use domain::{
    AccountId, DraftId, OrganisationId, Timestamp,
    event::Subject,
    id::{ExportId, IntakeId},
    key,
    message::Direction,
};
use seal::KeyId;
use time::Date;
use uuid::Uuid;

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

impl Purpose {
    const ALL: [Self; 10] = [
        Self::Index,
        Self::Audit,
        Self::Subject,
        Self::MailboxIn,
        Self::MailboxOut,
        Self::Credential,
        Self::ExpiryDay,
        Self::Draft,
        Self::Held,
        Self::Export,
    ];

    fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| *purpose as i64 == number)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Audit => "audit",
            Self::Subject => "subject",
            Self::MailboxIn => "mailbox_in",
            Self::MailboxOut => "mailbox_out",
            Self::Credential => "credential",
            Self::ExpiryDay => "expiry_day",
            Self::Draft => "draft",
            Self::Held => "held",
            Self::Export => "export",
        }
    }
}

/// What a key is for, as a word; the number of a purpose that only a newer program knows.
pub(super) fn purpose_word(number: i64) -> String {
    Purpose::of(number).map_or_else(|| number.to_string(), |purpose| purpose.word().to_owned())
}

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
    pub(super) fn row(&self) -> RowName {
        let Self { organisation, purpose, owner, generation } = *self;
        RowName { organisation, purpose: purpose as i64, owner, generation }
    }
}

/// A key's name as it stands in a row: its purpose may be one that a newer program made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowName {
    pub(super) organisation: OrganisationId,
    pub(super) purpose: i64,
    owner: [u8; 16],
    generation: i64,
}

impl RowName {
    /// Of a row with the four columns.
    pub(super) fn read(row: &Row) -> Result<Self, DbError> {
        let out_of_range =
            |_| DbError::Column { column: "organisation".to_owned(), problem: "out of range".to_owned() };
        Ok(Self {
            organisation: OrganisationId(u32::try_from(row.int("organisation")?).map_err(out_of_range)?),
            purpose: row.int("purpose")?,
            owner: row.bytes16("owner")?,
            generation: row.int("generation")?,
        })
    }

    pub(super) fn values(&self) -> Vec<Value> {
        vec![
            i64::from(self.organisation.0).into(),
            self.purpose.into(),
            self.owner.into(),
            self.generation.into(),
        ]
    }

    /// Binds a sealed key to its name, id and epoch, so that rows cannot be exchanged.
    pub(super) fn aad(&self, id: KeyId, epoch: i64) -> Vec<u8> {
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

    /// What becomes unreadable with this key; `None` for a key that is never destroyed, or whose purpose only a newer program
    /// knows.
    pub(super) fn subject(&self) -> Option<key::Subject> {
        let owner = self.owner;
        let generation = u32::try_from(self.generation).ok();
        match Purpose::of(self.purpose)? {
            Purpose::Index | Purpose::Audit => None,
            Purpose::Subject => Some(key::Subject::Personal { owner: Uuid::from_bytes(owner) }),
            Purpose::MailboxIn => Some(key::Subject::IncomingMailbox {
                account: AccountId::from_bytes(owner),
                generation: generation?,
            }),
            Purpose::MailboxOut => Some(key::Subject::OutgoingMailbox {
                account: AccountId::from_bytes(owner),
                generation: generation?,
            }),
            Purpose::Credential => Some(key::Subject::Credentials { account: AccountId::from_bytes(owner) }),
            Purpose::ExpiryDay => {
                let day = i32::try_from(self.generation).ok()?;
                Some(key::Subject::ExpiryDay { day: Date::from_julian_day(day).ok()? })
            }
            Purpose::Draft => Some(key::Subject::Draft { draft: DraftId::from_bytes(owner) }),
            Purpose::Held => Some(key::Subject::Held { intake: IntakeId::from_bytes(owner) }),
            Purpose::Export => Some(key::Subject::Export { export: ExportId::from_bytes(owner) }),
        }
    }
}
