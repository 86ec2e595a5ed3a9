use super::*;
use proptest::prelude::*;
use time::macros::datetime;

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

/// C13: six calendar months after 31 August is the last day of February, in a leap year too.
#[test]
fn months_are_cut_to_the_end_of_a_shorter_month() {
    let six_months = period("P6M");
    assert_eq!(six_months.after(datetime!(2026-08-31 09:30 UTC)), datetime!(2027-02-28 09:30 UTC));
    assert_eq!(six_months.after(datetime!(2027-08-31 09:30 UTC)), datetime!(2028-02-29 09:30 UTC));
    assert_eq!(six_months.after(datetime!(2026-07-15 09:30 UTC)), datetime!(2027-01-15 09:30 UTC));
    assert_eq!(period("P1Y").after(datetime!(2028-02-29 00:00 UTC)), datetime!(2029-02-28 00:00 UTC));
}

/// A20, A37: days and seconds are added after the months, and in UTC.
#[test]
fn days_and_seconds_are_added_in_utc() {
    assert_eq!(period("P60D").after(datetime!(2026-01-01 00:00 UTC)), datetime!(2026-03-02 00:00 UTC));
    assert_eq!(period("PT30M").after(datetime!(2026-01-01 23:45 UTC)), datetime!(2026-01-02 00:15 UTC));
    assert_eq!(period("P1M1DT1H").after(datetime!(2026-01-31 12:00 UTC)), datetime!(2026-03-01 13:00 UTC));
    // 1 March in Tokyo is still February in UTC.
    assert_eq!(period("P1M").after(datetime!(2026-03-01 03:00 +09:00)), datetime!(2026-03-28 18:00 UTC));
}

/// C13: at the calendar's end a period stops instead of failing.
#[test]
fn the_calendar_has_an_end() {
    let end = PrimitiveDateTime::MAX.assume_utc();
    for start in [end, datetime!(9999-12-31 23:00 UTC), datetime!(9999-12-31 23:59 -23:59)] {
        assert_eq!(period("P100Y").after(start), end);
        assert_eq!(period("P2W").after(start), end);
    }
    let beginning = PrimitiveDateTime::MIN.assume_offset(UtcOffset::from_hms(23, 0, 0).unwrap());
    assert_eq!(Period::ZERO.after(beginning), PrimitiveDateTime::MIN.assume_utc());
}

/// A20, C13: equal periods have one text.
#[test]
fn a_period_has_one_text() {
    for (typed, canonical) in [
        ("P60D", "P60D"),
        ("P6M", "P6M"),
        ("P12M", "P1Y"),
        ("P1Y", "P1Y"),
        ("P2W", "P14D"),
        ("PT30M", "PT30M"),
        ("PT90M", "PT1H30M"),
        ("PT24H", "PT24H"),
        ("P1DT12H", "P1DT12H"),
        ("P0D", "PT0S"),
        ("PT0S", "PT0S"),
        ("P100Y", "P100Y"),
        ("P1Y2M3DT4H5M6S", "P1Y2M3DT4H5M6S"),
    ] {
        assert_eq!(period(typed).to_string(), canonical, "{typed}");
    }
}

/// A20: what ISO 8601 does not know, or this type does not carry, is refused.
#[test]
fn malformed_and_endless_periods_are_refused() {
    for text in [
        "",
        "P",
        "PT",
        "60D",
        "p60d",
        "P-1D",
        "P+1D",
        "-P1D",
        "P1.5D",
        "P1DT",
        "P1D1M",
        "PT1S1M",
        "P1H",
        "PD",
        "P1W1D",
        "PT1W",
        "P1D ",
        " P1D",
        "P1DT1D",
        "P٣D",
        "P1TT1S",
        "P00000000000000000000000000000001D",
    ] {
        assert_eq!(Period::parse(text), Err(PeriodError::Malformed), "{text}");
    }
    for text in ["P101Y", "P100Y1D", "P1201M", "P36525D", "P99999999999999999999Y", "P18446744073709551615W"]
    {
        assert_eq!(Period::parse(text), Err(PeriodError::TooLong), "{text}");
    }
}

/// Q4, K3: which of two periods is the shorter can be said; six years of 365 days are less than six years.
#[test]
fn periods_compare_by_their_mean_length() {
    assert!(period("P60D").nominal() < period("P2M").nominal());
    assert!(period("P2190D").nominal() < Period::years(6).nominal());
    assert_eq!(period("PT24H").nominal(), Period::days(1).nominal());
    assert_eq!(Period::years(200), Period::years(100));
}

/// K3: of two periods the one can end before the other, both can, or neither.
#[test]
fn a_period_can_end_before_another() {
    let can = |a: &str, b: &str| (period(a).can_end_before(period(b)), period(b).can_end_before(period(a)));
    for (shorter, longer) in [
        ("P180D", "P6M"),
        ("P59D", "P2M"),
        ("P6M", "P185D"),
        ("P1Y", "P367D"),
        ("PT23H", "P1D"),
        ("P5Y", "P6Y"),
    ] {
        assert_eq!(can(shorter, longer), (true, false), "{shorter} {longer}");
    }
    for (a, b) in
        [("P6M", "P183D"), ("P1M", "P30D"), ("P1Y", "P365DT1S"), ("P2Y", "P730DT12H"), ("P13M", "P1Y30D")]
    {
        assert_eq!(can(a, b), (true, true), "{a} {b}");
    }
    for (a, b) in [("P12M", "P1Y"), ("PT24H", "P1D"), ("P2W", "P14D"), ("P6M", "P6M")] {
        assert_eq!(can(a, b), (false, false), "{a} {b}");
    }
}

/// K3: every day of a calendar's cycle was asked about the bounds of months: none is left out, and up to four years none is
/// stricter than it must be.
#[test]
fn months_have_so_many_days() {
    for months in (1..=60).chain([119, 120, 121, 480, 1199, 1200]) {
        let (mut fewest, mut most) = (i64::MAX, 0);
        // Days on which months are cut are beyond the 28th; between two of the first no leap day is missed.
        let starts = (0..4800).flat_map(|month| {
            let (year, month) = (1900 + month / 12, month % 12 + 1);
            [1, 15, 28, 29, 30, 31].into_iter().filter_map(move |day| {
                Date::from_calendar_date(year, u8::try_from(month).ok()?.try_into().ok()?, day).ok()
            })
        });
        for start in starts {
            let days = (later_by_months(start, months).unwrap() - start).whole_days();
            (fewest, most) = (fewest.min(days), most.max(days));
        }
        assert!(fewest_days(months) <= fewest && most <= most_days(months), "{months} months");
        if months < 48 {
            assert_eq!((fewest_days(months), most_days(months)), (fewest, most), "{months} months");
        }
    }
}

/// A20: in JSON a period is its text.
#[test]
fn json_holds_the_text() {
    assert_eq!(serde_json::to_string(&Period::hours(24)).unwrap(), r#""PT24H""#);
    assert_eq!(serde_json::from_str::<Period>(r#""P6M""#).unwrap(), Period::months(6));
    assert!(serde_json::from_str::<Period>(r#""soon""#).is_err());
}

proptest! {
    /// A20: no text and no instant brings the type down.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}|P[0-9YMWDTHS]{0,40}", at in -377_705_116_800_i64..=253_402_300_799) {
        if let Ok(period) = Period::parse(&text) {
            let start = OffsetDateTime::from_unix_timestamp(at).unwrap();
            prop_assert!(period.after(start) >= start);
            prop_assert!(period.to_string().len() <= TEXT_CHARACTERS);
        }
    }

    /// K3: what ends before another was said to be able to.
    #[test]
    fn what_ends_before_could(months in (0_u8..=30, 0_u8..=30), days in (0_u8..=255, 0_u8..=255), at in 0_i64..8_000_000_000) {
        let period = |months, days| Period { days: u32::from(days), ..Period::months(months) };
        let (a, b) = (period(months.0, days.0), period(months.1, days.1));
        let start = OffsetDateTime::from_unix_timestamp(at).unwrap();
        prop_assert!(a.after(start) >= b.after(start) || a.can_end_before(b));
    }

    /// A20: text and value are the same thing.
    #[test]
    fn what_is_written_is_read(months in 0_u64..1200, days in 0_u64..36_525, seconds in 0_u64..4_000_000_000) {
        if let Ok(period) = Period::within_bounds(months, days, seconds) {
            prop_assert_eq!(Period::parse(&period.to_string()), Ok(period));
        }
    }

    /// C13: a later start never ends earlier.
    #[test]
    fn a_later_start_ends_no_earlier(months in 0_u8..=255, a in 0_i64..4_000_000_000, b in 0_i64..4_000_000_000) {
        let ends = |at| Period::months(months).after(OffsetDateTime::from_unix_timestamp(at).unwrap());
        // Days that a shorter month lacks fall together on its last day; the time of day may then go back.
        prop_assert!(ends(a.min(b)).date() <= ends(a.max(b)).date());
    }
}
