//! When a policy keeps something for a shorter time than another.

use super::{Policy, RetentionPolicy};

impl Policy {
    /// Whether by this policy something would be gone, or could not be restored any more, sooner than by `before`: that needs two
    /// persons (K3). Where a month more or less decides which is the shorter, it is this one.
    #[must_use]
    pub fn keeps_shorter_than(&self, before: &Policy) -> bool {
        let periods = |policy: &Policy| {
            // A warning is no keeping.
            let RetentionPolicy { messages, metadata, audit, warning: _, key_backups } = policy.retention;
            [messages, metadata, audit, key_backups]
        };
        periods(self).into_iter().zip(periods(before)).any(|(now, before)| now.can_end_before(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{period::Period, policy::Pack};

    fn is_shorter(change: impl FnOnce(&mut RetentionPolicy)) -> bool {
        let before = Policy::from_pack(Pack::Envelope);
        let mut after = before.clone();
        change(&mut after.retention);
        after.keeps_shorter_than(&before)
    }

    /// K3, K10: each of the four times counts, and only when it gets shorter.
    #[test]
    fn each_time_of_keeping_counts() {
        assert!(!is_shorter(|_| ()));
        assert!(is_shorter(|retention| retention.messages = Period::days(180)));
        assert!(is_shorter(|retention| retention.metadata = Period::days(200)));
        assert!(is_shorter(|retention| retention.audit = Period::days(255)));
        assert!(is_shorter(|retention| retention.key_backups = Period::days(13)));
        assert!(!is_shorter(|retention| retention.messages = Period::days(184)));
        assert!(!is_shorter(|retention| retention.metadata = Period::years(2)));
        assert!(!is_shorter(|retention| retention.audit = Period::years(7)));
        assert!(!is_shorter(|retention| retention.key_backups = Period::days(15)));
        assert!(!is_shorter(|retention| retention.warning = Period::days(7)));
    }

    /// K3: what gets longer elsewhere makes up for nothing.
    #[test]
    fn one_that_is_shorter_is_enough() {
        assert!(is_shorter(|retention| {
            retention.messages = Period::months(7);
            retention.key_backups = Period::days(1);
        }));
    }
}
