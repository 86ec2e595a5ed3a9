//! Reading rows as the domain's types.

use crate::{ProjectionError, Projections};
use domain::{OrganisationId, Timestamp, event::Subject, id::Id};
use eventstore::{
    db::{DbError, Row},
    keys::KeyName,
};
use serde::de::{DeserializeOwned, value::StrDeserializer};
use zeroize::Zeroizing;

/// Columns as the domain's types.
pub(crate) trait Columns {
    fn id<Of>(&self, column: &str) -> Result<Id<Of>, DbError>;
    fn opt_id<Of>(&self, column: &str) -> Result<Option<Id<Of>>, DbError>;
    fn organisation(&self) -> Result<OrganisationId, DbError>;
    fn time(&self, column: &str) -> Result<Timestamp, DbError>;
    fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, DbError>;
    /// A number that is never negative.
    fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, DbError>;
    /// A word of a fixed vocabulary.
    fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T, DbError>;
    fn opt_word<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, DbError>;
}

impl Columns for Row {
    fn id<Of>(&self, column: &str) -> Result<Id<Of>, DbError> {
        self.uuid(column).map(Id::new)
    }
    fn opt_id<Of>(&self, column: &str) -> Result<Option<Id<Of>>, DbError> {
        Ok(self.opt_uuid(column)?.map(Id::new))
    }
    fn organisation(&self) -> Result<OrganisationId, DbError> {
        self.number("organisation").map(OrganisationId)
    }
    fn time(&self, column: &str) -> Result<Timestamp, DbError> {
        self.int(column).map(Timestamp::from_micros)
    }
    fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, DbError> {
        Ok(self.opt_int(column)?.map(Timestamp::from_micros))
    }
    fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, DbError> {
        T::try_from(self.int(column)?).map_err(|_| unfit(column, "out of range"))
    }
    fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T, DbError> {
        known(column, &self.text(column)?)
    }
    fn opt_word<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, DbError> {
        self.opt_text(column)?.map(|text| known(column, &text)).transpose()
    }
}

fn known<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, DbError> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text))
        .map_err(|_| unfit(column, "a word that this program does not know"))
}

fn unfit(column: &str, problem: &str) -> DbError {
    DbError::Column { column: column.to_owned(), problem: problem.to_owned() }
}

/// Of every sealed column.
pub(crate) const LABEL: &str = "read-model";

/// What a sealed column is bound to besides its key.
pub(crate) fn aad(subject: Subject) -> [u8; 16] {
    match subject {
        Subject::Account(account) => account.bytes(),
        Subject::Address(address) => address.bytes(),
        Subject::Record(record) => record.into_bytes(),
    }
}

impl Projections {
    /// Opens a sealed column; `None` when it is NULL or its key is gone.
    pub(crate) async fn open(
        &self,
        organisation: OrganisationId,
        subject: Subject,
        row: &Row,
        column: &'static str,
    ) -> Result<Option<Zeroizing<String>>, ProjectionError> {
        let Some(sealed) = row.opt_bytes(column)? else {
            return Ok(None);
        };
        let Some(found) = self.log().vault().find(&KeyName::subject(organisation, subject)).await? else {
            return Ok(None);
        };
        let unreadable = ProjectionError::Unreadable { column };
        let Ok(opened) = seal::open(&found.key, LABEL, &aad(subject), &sealed) else {
            return Err(unreadable);
        };
        match String::from_utf8(opened.to_vec()) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(_) => Err(unreadable),
        }
    }
}
