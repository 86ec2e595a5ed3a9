//! Scalars of the contract. What a form's field holds is taken as it was typed, so that a mistake becomes a problem of that
//! field; what programs write must be right.

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use domain::{Timestamp, period};
use secrecy::{ExposeSecret, SecretString};
use std::net::IpAddr;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A UTC instant, RFC 3339, microseconds at most (K8).
pub(crate) struct DateTime(pub(crate) Timestamp);
/// One address, at most 320 characters; compared by its normalised form.
pub(crate) struct EmailAddress(pub(crate) String);
/// Addresses as a person types them: RFC 5322 mailboxes; `;` and `,` separate, spaces do not matter (A27, A28).
pub(crate) struct AddressList(pub(crate) String);
/// Chosen by the client, 8 to 64 visible ASCII characters; kept 7 days.
pub(crate) struct IdempotencyKey(pub(crate) String);
/// A SHA-256 as 64 lower-case hexadecimal digits.
pub(crate) struct Hash(pub(crate) String);
/// A whole number up to 2^53 - 1, sent as a JSON number.
pub(crate) struct Long(pub(crate) i64);
/// A network or one address in CIDR notation, IPv4 or IPv6.
pub(crate) struct Network(pub(crate) String);
/// An ISO 8601 duration such as P60D, P6M or PT30M.
pub(crate) struct Period(pub(crate) period::Period);
/// An opaque token for a place in the log; it tells nothing about how busy the organisation is.
pub(crate) struct Position(pub(crate) String);
/// A password, answer, link token or credential; never logged, never repeated.
pub(crate) struct Secret(pub(crate) SecretString);
/// An absolute URL.
pub(crate) struct Url(pub(crate) String);

/// Of an address (RFC 5321 §4.5.3.1: 64 and 255 octets and the sign between them).
const ADDRESS_CHARACTERS: usize = 320;

/// A UTC instant, RFC 3339, microseconds at most (K8).
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let at = OffsetDateTime::parse(&string(value)?, &Rfc3339);
        at.map(|at| Self(at.into()))
            .map_err(|_| InputValueError::custom("an instant is written as RFC 3339 says"))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// One address, at most 320 characters; compared by its normalised form.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc6531")]
impl ScalarType for EmailAddress {
    fn parse(value: Value) -> InputValueResult<Self> {
        let typed = string(value)?;
        if typed.chars().count() > ADDRESS_CHARACTERS {
            return Err(InputValueError::custom("an address has 320 characters at most"));
        }
        Ok(Self(typed))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Addresses as a person types them: RFC 5322 mailboxes; `;` and `,` separate, spaces do not matter (A27, A28).
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc5322#section-3.4")]
impl ScalarType for AddressList {
    fn parse(value: Value) -> InputValueResult<Self> {
        string(value).map(Self)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Chosen by the client, 8 to 64 visible ASCII characters; kept 7 days.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/")]
impl ScalarType for IdempotencyKey {
    fn parse(value: Value) -> InputValueResult<Self> {
        let key = string(value)?;
        if is_idempotency_key(&key) {
            Ok(Self(key))
        } else {
            Err(InputValueError::custom("8 to 64 visible ASCII characters"))
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A SHA-256 as 64 lower-case hexadecimal digits.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc4648#section-8")]
impl ScalarType for Hash {
    fn parse(value: Value) -> InputValueResult<Self> {
        string(value).map(Self)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A whole number up to 2^53 - 1, sent as a JSON number.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc7493#section-2.2")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number.as_i64().filter(|n| n.unsigned_abs() < 1 << 53).map(Self),
            _ => None,
        }
        .ok_or_else(|| InputValueError::custom("a whole number up to 2^53 - 1"))
    }
    fn to_value(&self) -> Value {
        self.0.into()
    }
}

/// A network or one address in CIDR notation, IPv4 or IPv6.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc4632#section-3.1")]
impl ScalarType for Network {
    fn parse(value: Value) -> InputValueResult<Self> {
        string(value).map(Self)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An ISO 8601 duration such as P60D, P6M or PT30M.
#[Scalar(specified_by_url = "https://www.iso.org/iso-8601-date-and-time-format.html")]
impl ScalarType for Period {
    fn parse(value: Value) -> InputValueResult<Self> {
        let period = period::Period::parse(&string(value)?);
        period.map(Self).map_err(|error| InputValueError::custom(error.to_string()))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An opaque token for a place in the log; it tells nothing about how busy the organisation is.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc4648#section-5")]
impl ScalarType for Position {
    fn parse(value: Value) -> InputValueResult<Self> {
        string(value).map(Self)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A password, answer, link token or credential; never logged, never repeated.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc8265#section-4.2")]
impl ScalarType for Secret {
    fn parse(value: Value) -> InputValueResult<Self> {
        string(value).map(|secret| Self(secret.into()))
    }
    /// Only what was made for who asks is answered, once; what a person typed never is.
    fn to_value(&self) -> Value {
        Value::String(self.0.expose_secret().to_owned())
    }
}

/// An absolute URL.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3986")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        string(value).map(Self)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Whether a client may use it as an idempotency key.
pub(crate) fn is_idempotency_key(key: &str) -> bool {
    (8..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

impl From<u64> for Long {
    fn from(number: u64) -> Self {
        Self(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(address.to_string())
    }
}

impl From<Timestamp> for DateTime {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

/// The library's own error would repeat the value.
fn string<T: InputType>(value: Value) -> Result<String, InputValueError<T>> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(InputValueError::custom("a string is wanted here")),
    }
}
