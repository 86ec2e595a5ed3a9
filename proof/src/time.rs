//! Times for people, and how old something may be.

use std::fmt;

/// Microseconds since 1970 as a UTC time, such as `2026-11-30T21:27:05.000123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utc(pub i64);

const MICROS: i64 = 1_000_000;
const DAY_S: i64 = 86_400;

impl Utc {
    /// The time of whole seconds since 1970.
    #[must_use]
    pub fn of_seconds(seconds: u64) -> Self {
        Self(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(MICROS))
    }
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(MICROS), self.0.rem_euclid(MICROS));
        let (year, month, day) = date(seconds.div_euclid(DAY_S));
        let second = seconds.rem_euclid(DAY_S);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Year, month and day of a day since 1970. Years are counted from March, so that a leap day ends one, in cycles of 400.
fn date(day: i64) -> (i64, i64, i64) {
    const CYCLE: i64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const EPOCH: i64 = 719_468;
    let (cycle, day) = ((day + EPOCH).div_euclid(CYCLE), (day + EPOCH).rem_euclid(CYCLE));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let early = from_march >= 10;
    let month = if early { from_march - 9 } else { from_march + 3 };
    (cycle * 400 + year + i64::from(early), month, day)
}

/// Reads an age such as `90s`, `15m`, `24h` or `7d`, as seconds. `None` for anything else.
#[must_use]
pub fn parse_age(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        let at = |seconds: i64| Utc(seconds * MICROS).to_string();
        assert_eq!(at(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59.000000Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.000000Z");
        assert_eq!(at(951_868_800), "2000-03-01T00:00:00.000000Z");
        assert_eq!(at(1_704_067_199), "2023-12-31T23:59:59.000000Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000000Z");
        assert_eq!(Utc(-1).to_string(), "1969-12-31T23:59:59.999999Z");
        assert_eq!(Utc(1_796_074_025_000_123).to_string(), "2026-11-30T21:27:05.000123Z");
    }

    #[test]
    fn ages_have_a_unit() {
        let known = [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("0s", 0)];
        for (text, seconds) in known {
            assert_eq!(parse_age(text), Some(seconds), "{text}");
        }
        for bad in
            ["", "d", "7", "-1d", "+1d", "1.5h", "1w", "1é", "99999999999999999999d", "9999999999999999999d"]
        {
            assert_eq!(parse_age(bad), None, "{bad}");
        }
    }
}
