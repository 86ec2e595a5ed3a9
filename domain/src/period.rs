//! A span of calendar time, as a policy states it.

pub mod buckets;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset, util::days_in_month};

/// Longer than any law asks to keep a record; keeps every sum far from overflow.
const LONGEST_YEARS: u32 = 100;
/// Holds the text of every period within the bounds, and no more work than that for a text from outside.
const TEXT_CHARACTERS: usize = 32;
const MONTHS_PER_YEAR: u32 = 12;
const DAYS_PER_WEEK: u64 = 7;
const SECONDS_PER_MINUTE: u32 = 60;
const SECONDS_PER_HOUR: u32 = 3_600;
/// A twelfth of the mean Gregorian year: 400 years are 146 097 days.
const SECONDS_PER_MEAN_MONTH: i64 = 2_629_746;
const SECONDS_PER_DAY: i64 = 86_400;

/// An ISO 8601 duration of whole seconds, such as `P60D` (A20), `P6M` (C13) or `PT30M` (A37); at most 100 years.
///
/// Months, days and seconds stay apart, because a month has no fixed number of days. Equal periods have one text:
/// `P1Y` is `P12M` and `P2W` is `P14D`; `PT24H` and `P1D` stay as they were written and are different values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Period {
    months: u32,
    days: u32,
    seconds: u32,
}

/// Why a text is not a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It does not follow ISO 8601, or has a sign, a fraction or blanks.
    #[error("Write a period as ISO 8601 does, in whole numbers: P60D, P6M, P2W or PT30M.")]
    Malformed,
    /// It is longer than 100 years.
    #[error("Choose a period of at most 100 years.")]
    TooLong,
}

impl Period {
    /// No time at all, `PT0S`; where a setting allows it, it means "never" or "at once".
    pub const ZERO: Self = Self { months: 0, days: 0, seconds: 0 };

    /// Calendar years; more than 100 are 100.
    #[must_use]
    pub const fn years(n: u8) -> Self {
        let n = if n as u32 > LONGEST_YEARS { LONGEST_YEARS } else { n as u32 };
        Self { months: n * MONTHS_PER_YEAR, ..Self::ZERO }
    }
    /// Calendar months.
    #[must_use]
    pub const fn months(n: u8) -> Self {
        Self { months: n as u32, ..Self::ZERO }
    }
    /// Days of 24 hours; UTC has no others.
    #[must_use]
    pub const fn days(n: u8) -> Self {
        Self { days: n as u32, ..Self::ZERO }
    }
    /// Hours.
    #[must_use]
    pub const fn hours(n: u8) -> Self {
        Self { seconds: n as u32 * SECONDS_PER_HOUR, ..Self::ZERO }
    }
    /// Minutes.
    #[must_use]
    pub const fn minutes(n: u8) -> Self {
        Self { seconds: n as u32 * SECONDS_PER_MINUTE, ..Self::ZERO }
    }

    /// Seconds.
    #[must_use]
    pub const fn seconds(n: u32) -> Self {
        Self { seconds: n, ..Self::ZERO }
    }

    /// Reads an ISO 8601 duration. Weeks stand alone, as the standard has it.
    pub fn parse(text: &str) -> Result<Self, PeriodError> {
        if text.len() > TEXT_CHARACTERS {
            return Err(PeriodError::Malformed);
        }
        let rest = text.strip_prefix('P').ok_or(PeriodError::Malformed)?;
        let (date, time) = match rest.split_once('T') {
            Some((_, "")) => return Err(PeriodError::Malformed),
            Some(parts) => parts,
            None if rest.is_empty() => return Err(PeriodError::Malformed),
            None => (rest, ""),
        };
        if let Some(weeks) = rest.strip_suffix('W') {
            return Self::within_bounds(0, number(weeks)?.saturating_mul(DAYS_PER_WEEK), 0);
        }
        let [years, months, days] = fields(date, ['Y', 'M', 'D'])?;
        let [hours, minutes, seconds] = fields(time, ['H', 'M', 'S'])?;
        Self::within_bounds(
            years.saturating_mul(MONTHS_PER_YEAR.into()).saturating_add(months),
            days,
            hours
                .saturating_mul(SECONDS_PER_HOUR.into())
                .saturating_add(minutes.saturating_mul(SECONDS_PER_MINUTE.into()))
                .saturating_add(seconds),
        )
    }

    fn within_bounds(months: u64, days: u64, seconds: u64) -> Result<Self, PeriodError> {
        let small = |n: u64| u32::try_from(n).map_err(|_| PeriodError::TooLong);
        let period = Self { months: small(months)?, days: small(days)?, seconds: small(seconds)? };
        let longest = Self { months: LONGEST_YEARS * MONTHS_PER_YEAR, ..Self::ZERO };
        if period.nominal() > longest.nominal() { Err(PeriodError::TooLong) } else { Ok(period) }
    }

    /// The instant this period later, in UTC: calendar months first, cut to the end of a shorter month (31 August and
    /// six months is the last day of February, C13), then days, then seconds. Stops at the calendar's end, never panics.
    #[must_use]
    pub fn after(self, at: OffsetDateTime) -> OffsetDateTime {
        let end = PrimitiveDateTime::MAX.assume_utc();
        let start = at.checked_to_offset(UtcOffset::UTC).unwrap_or(if at.year() < 0 {
            PrimitiveDateTime::MIN.assume_utc()
        } else {
            end
        });
        let rest = Duration::days(self.days.into()) + Duration::seconds(self.seconds.into());
        later_by_months(start.date(), self.months)
            .and_then(|date| start.replace_date(date).checked_add(rest))
            .unwrap_or(end)
    }

    /// Its mean length, with a month of 30.436875 days: for bounds, and to say which of two periods is the shorter.
    #[must_use]
    pub fn nominal(self) -> Duration {
        Duration::seconds(
            i64::from(self.months) * SECONDS_PER_MEAN_MONTH
                + i64::from(self.days) * SECONDS_PER_DAY
                + i64::from(self.seconds),
        )
    }

    /// Whether it is `PT0S`.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

fn number(digits: &str) -> Result<u64, PeriodError> {
    // `u64::from_str` would take a sign.
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(PeriodError::Malformed);
    }
    digits.parse().map_err(|_| PeriodError::TooLong)
}

/// The numbers before three designators, each of which may be absent but must stand in this order.
fn fields(text: &str, designators: [char; 3]) -> Result<[u64; 3], PeriodError> {
    let mut rest = text;
    let mut values = [0; 3];
    for (value, designator) in values.iter_mut().zip(designators) {
        if let Some((digits, after)) = rest.split_once(designator) {
            *value = number(digits)?;
            rest = after;
        }
    }
    if rest.is_empty() { Ok(values) } else { Err(PeriodError::Malformed) }
}

fn later_by_months(date: Date, months: u32) -> Option<Date> {
    let month_index = u32::from(u8::from(date.month())) - 1 + months;
    let year = date.year().checked_add_unsigned(month_index / MONTHS_PER_YEAR)?;
    let month = date.month().nth_next(u8::try_from(months % MONTHS_PER_YEAR).ok()?);
    Date::from_calendar_date(year, month, date.day().min(days_in_month(month, year))).ok()
}

impl FromStr for Period {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        Self::parse(text)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("PT0S");
        }
        let part = |f: &mut fmt::Formatter<'_>, n: u32, designator: char| match n {
            0 => Ok(()),
            n => write!(f, "{n}{designator}"),
        };
        f.write_str("P")?;
        part(f, self.months / MONTHS_PER_YEAR, 'Y')?;
        part(f, self.months % MONTHS_PER_YEAR, 'M')?;
        part(f, self.days, 'D')?;
        if self.seconds > 0 {
            f.write_str("T")?;
        }
        part(f, self.seconds / SECONDS_PER_HOUR, 'H')?;
        part(f, self.seconds % SECONDS_PER_HOUR / SECONDS_PER_MINUTE, 'M')?;
        part(f, self.seconds % SECONDS_PER_MINUTE, 'S')
    }
}
impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
