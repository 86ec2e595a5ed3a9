//! An instant, as it is stored.

use crate::period::Period;
use serde::{Deserialize, Serialize};
use std::fmt;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

/// Microseconds since 1970-01-01T00:00:00Z, UTC (K8). Both databases store it as the same integer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

const MICROSECONDS_PER_SECOND: i128 = 1_000_000;
const NANOSECONDS_PER_MICROSECOND: i128 = 1_000;

impl Timestamp {
    /// The instant that many microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }
    /// This instant for calendars; one outside the years that a calendar has is moved to the nearest that it has.
    #[must_use]
    pub fn to_utc(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * NANOSECONDS_PER_MICROSECOND).unwrap_or(
            if self.0 < 0 { OffsetDateTime::UNIX_EPOCH } else { Date::MAX.midnight().assume_utc() },
        )
    }
    /// The UTC day that this instant lies in.
    #[must_use]
    pub fn day(self) -> Date {
        self.to_utc().date()
    }
    /// The instant one `period` later; months are calendar months (C13).
    #[must_use]
    pub fn plus(self, period: Period) -> Self {
        period.after(self.to_utc()).into()
    }
    /// Whole and partial seconds from `earlier` to this instant; negative when it lies later.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        let micros = i128::from(self.0) - i128::from(earlier.0);
        i64::try_from(micros / MICROSECONDS_PER_SECOND).unwrap_or(i64::MAX)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        let micros = at.unix_timestamp_nanos() / NANOSECONDS_PER_MICROSECOND;
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().format(&Rfc3339).unwrap_or_default())
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// K8: an instant is UTC, keeps its microseconds and reads as RFC 3339.
    #[test]
    fn an_instant_keeps_its_microseconds() {
        let at = Timestamp::from(datetime!(2026-01-05 12:00:00.123456 +02:00));
        assert_eq!(at.to_string(), "2026-01-05T10:00:00.123456Z");
        assert_eq!(Timestamp::from(at.to_utc()), at);
    }
}
