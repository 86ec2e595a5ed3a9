//! Time cut into pieces of one length, for charts.

use super::{MONTHS_PER_YEAR, Period, SECONDS_PER_DAY};
use crate::timestamp::Timestamp;
use std::iter;
use time::{Date, Month};

const MICROS_PER_SECOND: i64 = 1_000_000;
/// Days and what is shorter are counted from a Monday, so that weeks begin on one (ISO 8601): 1970-01-05.
const MONDAY_MICROS: i64 = 4 * SECONDS_PER_DAY * MICROS_PER_SECOND;

/// Pieces of the calendar in UTC: months begin on their first day, years in January, weeks on Monday, days at midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buckets {
    /// So many months each, counted from January of the year 0: three are a quarter.
    Months(u32),
    /// So many microseconds each, counted from [`Self::ORIGIN`].
    Micros(i64),
}

/// Why a period is no length of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// It has no length.
    #[error("A bucket has a length: choose PT1H, P1D or P1M.")]
    Empty,
    /// A month has no fixed number of days, so that such pieces have no place in the calendar.
    #[error(
        "A bucket is made of months, or of days, hours and minutes: choose P1M or P30D, not both in one."
    )]
    Mixed,
}

impl Buckets {
    /// What buckets of microseconds are counted from.
    pub const ORIGIN: Timestamp = Timestamp::from_micros(MONDAY_MICROS);

    /// Buckets of this length.
    pub fn of(period: Period) -> Result<Self, BucketError> {
        let Period { months, days, seconds } = period;
        let seconds = i64::from(days) * SECONDS_PER_DAY + i64::from(seconds);
        match (months, seconds) {
            (0, 0) => Err(BucketError::Empty),
            (0, seconds) => Ok(Self::Micros(seconds * MICROS_PER_SECOND)),
            (months, 0) => Ok(Self::Months(months)),
            (_, _) => Err(BucketError::Mixed),
        }
    }

    /// When the bucket begins that an instant lies in.
    #[must_use]
    pub fn start(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Months(length) => {
                let month = month_of(at);
                first_of(month - month.rem_euclid(signed(length)))
            }
            Self::Micros(length) => {
                let since = at.micros().saturating_sub(MONDAY_MICROS);
                Timestamp::from_micros(at.micros().saturating_sub(since.rem_euclid(length)))
            }
        }
    }

    /// When the bucket ends, and the next begins, that begins at `start`.
    #[must_use]
    pub fn end(self, start: Timestamp) -> Timestamp {
        match self {
            Self::Months(length) => first_of(month_of(start) + signed(length)),
            Self::Micros(length) => Timestamp::from_micros(start.micros().saturating_add(length)),
        }
    }

    /// The beginnings of all buckets that have something of `from..until`, at most `limit` of them and one.
    #[must_use]
    pub fn between(self, from: Timestamp, until: Timestamp, limit: usize) -> Vec<Timestamp> {
        let starts = iter::successors(Some(self.start(from)), |start| {
            let end = self.end(*start);
            // The calendar ends somewhere.
            (end > *start).then_some(end)
        });
        starts.take_while(|start| *start < until).take(limit.saturating_add(1)).collect()
    }
}

fn months_per_year() -> i32 {
    signed(MONTHS_PER_YEAR)
}

/// A period has at most 1 200 months.
fn signed(months: u32) -> i32 {
    i32::try_from(months).unwrap_or(i32::MAX)
}

/// The month that an instant lies in, counted from January of the year 0.
fn month_of(at: Timestamp) -> i32 {
    let date = at.to_utc().date();
    date.year() * months_per_year() + i32::from(u8::from(date.month())) - 1
}

/// The first day of the month of that number; the calendar's end if it has none such.
fn first_of(month: i32) -> Timestamp {
    let of_year = u8::try_from(month.rem_euclid(months_per_year())).unwrap_or_default();
    let name = Month::January.nth_next(of_year);
    let date = Date::from_calendar_date(month.div_euclid(months_per_year()), name, 1).unwrap_or(Date::MAX);
    date.midnight().assume_utc().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::{OffsetDateTime, macros::datetime};

    fn buckets(period: &str) -> Buckets {
        Buckets::of(Period::parse(period).unwrap()).unwrap()
    }
    fn start(period: &str, at: OffsetDateTime) -> String {
        buckets(period).start(at.into()).to_string()
    }

    /// Q2: buckets are those of the calendar in UTC.
    #[test]
    fn buckets_are_the_calendars() {
        let at = datetime!(2026-05-31 23:59:59.999999 UTC);
        assert_eq!(start("P1M", at), "2026-05-01T00:00:00Z");
        assert_eq!(start("P3M", at), "2026-04-01T00:00:00Z");
        assert_eq!(start("P1Y", at), "2026-01-01T00:00:00Z");
        assert_eq!(start("P1D", at), "2026-05-31T00:00:00Z");
        assert_eq!(start("P1W", at), "2026-05-25T00:00:00Z", "a Monday");
        assert_eq!(start("PT1H", at), "2026-05-31T23:00:00Z");
        assert_eq!(start("PT15M", at), "2026-05-31T23:45:00Z");
        assert_eq!(start("P1D", datetime!(2026-06-01 01:30 +02:00)), "2026-05-31T00:00:00Z");
        assert_eq!(start("P1D", datetime!(1969-12-31 12:00 UTC)), "1969-12-31T00:00:00Z");
    }

    /// Q2: months are as long as they are, and no day is skipped at their end.
    #[test]
    fn months_follow_one_another() {
        let (from, until) =
            (datetime!(2027-12-31 10:00 UTC).into(), datetime!(2028-03-01 00:00:00 UTC).into());
        let starts = buckets("P1M").between(from, until, 400);
        let starts: Vec<_> = starts.iter().map(ToString::to_string).collect();
        assert_eq!(starts, ["2027-12-01T00:00:00Z", "2028-01-01T00:00:00Z", "2028-02-01T00:00:00Z"]);
        assert_eq!(buckets("P1D").between(from, until, 400).len(), 61);
        assert_eq!(buckets("P1D").between(from, until, 10).len(), 11);
        assert!(buckets("P1D").between(until, from, 10).is_empty());
    }

    /// Q2: what has no place in the calendar is refused.
    #[test]
    fn a_bucket_is_of_one_kind() {
        let of = |text| Buckets::of(Period::parse(text).unwrap());
        assert_eq!(of("PT0S"), Err(BucketError::Empty));
        assert_eq!(of("P1M1D"), Err(BucketError::Mixed));
        assert_eq!(of("P1DT12H"), Ok(Buckets::Micros(129_600_000_000)));
    }

    proptest! {
        /// Q2: every instant lies in one bucket, and buckets leave no gap.
        #[test]
        fn every_instant_has_its_bucket(micros: i64, months in 0_u32..30, seconds in 1_u32..10_000_000) {
            let buckets = if months > 0 { Buckets::Months(months) } else {
                Buckets::Micros(i64::from(seconds) * MICROS_PER_SECOND)
            };
            let at = Timestamp::from_micros(micros.rem_euclid(4_000_000_000_000_000));
            let start = buckets.start(at);
            let end = buckets.end(start);
            prop_assert!(start <= at && at < end);
            prop_assert_eq!(buckets.start(start), start);
            prop_assert_eq!(buckets.start(end), end);
        }
    }
}
