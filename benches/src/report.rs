//! How figures become lines, and the one stopwatch.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

/// Prints the head of a table.
pub fn heading(title: &str) {
    println!("{title}\n{}", "─".repeat(86));
}

/// Prints the name of a group of lines, with its columns.
pub fn group(name: &str, columns: [&str; 3]) {
    let [first, second, third] = columns;
    println!("{name:<44}{first:>12}{second:>14}{third:>16}");
}

/// Prints a line of the table.
pub fn line(name: &str, columns: [String; 3]) {
    let [first, second, third] = columns;
    println!("  {name:<42}{first:>12}{second:>14}{third:>16}");
}

/// The middle one.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The smallest time that so many percent of the sorted times do not exceed.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// So many in that time, a second.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// A figure without its fraction, its thousands apart.
pub fn thousands(figure: impl Display) -> String {
    let digits = format!("{figure:.0}");
    let from_end = |index: usize| digits.len() - index;
    let grouped = digits.char_indices().map(|(index, digit)| {
        if index > 0 && from_end(index).is_multiple_of(3) { format!(" {digit}") } else { digit.to_string() }
    });
    grouped.collect()
}

/// A time in milliseconds.
pub fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1_000.0)
}

/// Where the stopwatch stands.
#[expect(clippy::disallowed_methods, reason = "measures how long work takes; no data comes of it")]
pub fn now() -> Instant {
    Instant::now()
}
