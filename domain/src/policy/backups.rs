//! How long backups of a key live after its destruction (K5).

use crate::{period::Period, timestamp::Timestamp};

/// When the last backup of a key is gone that was destroyed at an instant. `lives` says since when backups live how long, the
/// oldest version first. Where that changes meanwhile, a backup goes at the first instant at which the version then in force
/// lets it go; one that went does not come back.
#[must_use]
pub fn backups_end(destroyed: Timestamp, lives: &[(Timestamp, Period)]) -> Timestamp {
    let next = lives.iter().skip(1).map(|(since, _)| Some(*since)).chain([None]);
    let ends = lives.iter().zip(next).filter_map(|((since, life), next)| {
        let end = destroyed.plus(*life).max(*since);
        let in_force = next.is_none_or(|next| destroyed < next && end < next);
        in_force.then_some(end)
    });
    ends.min().unwrap_or(destroyed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u8) -> Timestamp {
        Timestamp::from_micros(0).plus(Period::days(n))
    }
    fn lives(all: &[(u8, u8)]) -> Vec<(Timestamp, Period)> {
        all.iter().map(|(since, life)| (day(*since), Period::days(*life))).collect()
    }

    /// K5: backups live as long as the policy says.
    #[test]
    fn backups_live_as_long_as_the_policy_says() {
        assert_eq!(backups_end(day(10), &lives(&[(0, 14)])), day(24));
        assert_eq!(backups_end(day(10), &lives(&[(0, 90), (5, 14)])), day(24), "the version of that day");
        assert_eq!(backups_end(day(10), &[]), day(10));
    }

    /// K5: a policy that changes meanwhile counts from then on, and brings back nothing that was gone.
    #[test]
    fn a_change_counts_from_then_on() {
        assert_eq!(backups_end(day(10), &lives(&[(0, 14), (15, 3)])), day(15), "let go at the change");
        assert_eq!(backups_end(day(10), &lives(&[(0, 14), (15, 7)])), day(17));
        assert_eq!(backups_end(day(10), &lives(&[(0, 14), (15, 60)])), day(70));
        assert_eq!(
            backups_end(day(10), &lives(&[(0, 14), (24, 60)])),
            day(70),
            "it is still there at the change"
        );
        assert_eq!(backups_end(day(10), &lives(&[(0, 14), (25, 60)])), day(24));
        assert_eq!(backups_end(day(10), &lives(&[(0, 14), (15, 60), (20, 3)])), day(20));
    }
}
