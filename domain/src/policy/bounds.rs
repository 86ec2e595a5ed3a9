//! What the settings may be.

use super::{
    AccountPolicy, ContentPolicy, GuestCompose, MailPolicy, Policy, RecoveryPolicy, RetentionPolicy,
    SessionPolicy,
};
use crate::{
    content::{is_term, member_id_problem},
    period::Period,
};

/// A setting that is out of its bounds or contradicts another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {why}")]
pub struct PolicyProblem {
    /// Its path in the stored policy, such as `retention.messages`.
    pub setting: &'static str,
    /// One sentence that says what to choose.
    pub why: &'static str,
}

/// Failures that lock an account: fewer would lock people who mistype, more would let guesses through (A17).
const LOCKOUT_THRESHOLD: std::ops::RangeInclusive<u32> = 3..=20;
/// Attachments of one message; the list must fit a page.
const ATTACHMENTS: u32 = 100;
/// 1 GiB: what an upload over an ordinary line can still finish.
const ATTACHMENT_BYTES: u64 = 1024 * 1024 * 1024;
/// Entries of one list; the whole policy is stored with each change.
const LIST_ENTRIES: usize = 10_000;
/// Networks are searched at every request.
const NETWORKS: usize = 1000;
/// Audiences are offered as one list to choose from.
const AUDIENCES: usize = 100;
/// Fits a column.
const AUDIENCE_CHARACTERS: usize = 64;
/// Terms are stored with each change of the policy, and a person should be able to look them through.
const TERMS: usize = 1000;
/// A phrase.
const TERM_CHARACTERS: usize = 100;
/// Each is a search of its own in every mail.
const MEMBER_IDS: usize = 50;

impl Policy {
    /// Every setting that is out of its bounds, in the order of the settings.
    pub fn validate(&self) -> Result<(), Vec<PolicyProblem>> {
        let mut problems = Problems(Vec::new());
        retention(&self.retention, &mut problems);
        accounts(&self.accounts, &mut problems);
        recovery(&self.recovery, &mut problems);
        sessions(&self.sessions, &mut problems);
        mail(&self.mail, &mut problems);
        content(&self.content, &mut problems);
        if problems.0.is_empty() { Ok(()) } else { Err(problems.0) }
    }
}

struct Problems(Vec<PolicyProblem>);

impl Problems {
    fn unless(&mut self, holds: bool, setting: &'static str, why: &'static str) {
        if !holds {
            self.0.push(PolicyProblem { setting, why });
        }
    }
}

fn within(period: Period, shortest: Period, longest: Period) -> bool {
    (shortest.nominal()..=longest.nominal()).contains(&period.nominal())
}

fn retention(settings: &RetentionPolicy, problems: &mut Problems) {
    let RetentionPolicy { messages, metadata, audit, warning, key_backups } = *settings;
    problems.unless(
        within(messages, Period::days(1), Period::years(10)),
        "retention.messages",
        "Choose a period from P1D to P10Y.",
    );
    problems.unless(
        metadata.nominal() >= messages.nominal(),
        "retention.metadata",
        "Choose a period no shorter than that of the messages.",
    );
    problems.unless(
        audit.nominal() >= Period::years(6).nominal(),
        "retention.audit",
        "Choose P6Y or longer: disclosures must be answered for six years.",
    );
    problems.unless(
        warning.is_zero() || warning.nominal() < messages.nominal(),
        "retention.warning",
        "Choose a period shorter than that of the messages, or PT0S for no warning.",
    );
    problems.unless(
        within(key_backups, Period::days(1), Period::days(90)),
        "retention.key_backups",
        "Choose a period from P1D to P90D.",
    );
}

fn accounts(settings: &AccountPolicy, problems: &mut Problems) {
    problems.unless(
        within(settings.invitation_life, Period::hours(1), Period::years(1)),
        "accounts.invitation_life",
        "Choose a period from PT1H to P1Y.",
    );
    problems.unless(
        settings.group_addresses.len() <= LIST_ENTRIES,
        "accounts.group_addresses",
        "List at most 10000 addresses.",
    );
    problems.unless(
        settings.public_mailbox_domains.len() <= LIST_ENTRIES,
        "accounts.public_mailbox_domains",
        "List at most 10000 domains.",
    );
    let is_name = |text: &String| {
        !text.is_empty()
            && text.trim() == text
            && text.chars().count() <= AUDIENCE_CHARACTERS
            && !text.chars().any(char::is_control)
    };
    problems.unless(
        settings.audiences.len() <= AUDIENCES && settings.audiences.iter().all(is_name),
        "accounts.audiences",
        "List at most 100 audiences, each of 1 to 64 characters without blanks around them.",
    );
}

fn recovery(settings: &RecoveryPolicy, problems: &mut Problems) {
    problems.unless(
        settings.challenge || settings.link,
        "recovery.link",
        "Turn on the reset link, the challenge questions or both: a lost password needs a way out.",
    );
    problems.unless(
        within(settings.activation_window, Period::hours(1), Period::days(7)),
        "recovery.activation_window",
        "Choose a period from PT1H to P7D.",
    );
    problems.unless(
        within(settings.reset_link_life, Period::minutes(10), Period::days(7)),
        "recovery.reset_link_life",
        "Choose a period from PT10M to P7D.",
    );
}

fn sessions(settings: &SessionPolicy, problems: &mut Problems) {
    let minute_to_day = |period| within(period, Period::minutes(1), Period::days(1));
    problems.unless(
        minute_to_day(settings.idle_limit),
        "sessions.idle_limit",
        "Choose a period from PT1M to P1D.",
    );
    problems.unless(
        within(settings.absolute_limit, settings.idle_limit, Period::days(30)),
        "sessions.absolute_limit",
        "Choose a period no shorter than the idle limit and at most P30D.",
    );
    problems.unless(
        settings.exempt_networks.len() <= NETWORKS,
        "sessions.exempt_networks",
        "List at most 1000 networks.",
    );
    problems.unless(
        LOCKOUT_THRESHOLD.contains(&settings.lockout_threshold),
        "sessions.lockout_threshold",
        "Choose a number from 3 to 20.",
    );
    problems.unless(
        minute_to_day(settings.lockout_window),
        "sessions.lockout_window",
        "Choose a period from PT1M to P1D.",
    );
    problems.unless(
        minute_to_day(settings.lockout_duration),
        "sessions.lockout_duration",
        "Choose a period from PT1M to P1D.",
    );
}

fn mail(settings: &MailPolicy, problems: &mut Problems) {
    problems.unless(
        settings.guest_compose != GuestCompose::ByAudience,
        "mail.guest_compose",
        "Choose organisation or reply_only: which audiences may compose cannot be set.",
    );
    problems.unless(
        settings.attachment_count <= ATTACHMENTS,
        "mail.attachment_count",
        "Choose a number from 0 to 100.",
    );
    problems.unless(
        settings.attachment_bytes <= ATTACHMENT_BYTES,
        "mail.attachment_bytes",
        "Choose at most 1073741824 bytes.",
    );
    problems.unless(
        settings.digest.nominal() <= Period::days(1).nominal(),
        "mail.digest",
        "Choose a period of at most P1D, or PT0S for one notification each.",
    );
}

fn content(settings: &ContentPolicy, problems: &mut Problems) {
    let is_listed = |term: &String| {
        is_term(term) && term.chars().count() <= TERM_CHARACTERS && !term.chars().any(char::is_control)
    };
    problems.unless(
        settings.terms.len() <= TERMS && settings.terms.iter().all(is_listed),
        "content.terms",
        "List at most 1000 terms, each of 1 to 100 characters with a letter or a sign in it.",
    );
    problems.unless(
        settings.member_ids.len() <= MEMBER_IDS
            && settings.member_ids.iter().all(|expression| member_id_problem(expression).is_none()),
        "content.member_ids",
        "List at most 50 expressions such as M\\d{8}, each of at most 500 characters, without look-around, that do not match \
         the empty text.",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pack;

    /// The settings that are found wrong after one change to the portal pack.
    fn wrong_after(change: impl FnOnce(&mut Policy)) -> Vec<&'static str> {
        let mut policy = Policy::from_pack(Pack::Portal);
        change(&mut policy);
        let problems = policy.validate().err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.setting).collect()
    }
    fn period(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    /// K10, A20, C13, Q4, K5: retention has bounds, and the audit stays six years.
    #[test]
    fn retention_has_bounds() {
        assert_eq!(wrong_after(|p| p.retention.messages = period("PT23H")), ["retention.messages"]);
        assert_eq!(wrong_after(|p| p.retention.messages = period("P2Y")), ["retention.metadata"]);
        assert_eq!(wrong_after(|p| p.retention.metadata = period("P59D")), ["retention.metadata"]);
        assert_eq!(wrong_after(|p| p.retention.audit = period("P2190D")), ["retention.audit"]);
        assert_eq!(wrong_after(|p| p.retention.audit = period("P72M")), [""; 0]);
        assert_eq!(wrong_after(|p| p.retention.warning = period("P60D")), ["retention.warning"]);
        assert_eq!(wrong_after(|p| p.retention.warning = period("P7D")), [""; 0]);
        assert_eq!(wrong_after(|p| p.retention.key_backups = Period::ZERO), ["retention.key_backups"]);
        assert_eq!(wrong_after(|p| p.retention.key_backups = period("P91D")), ["retention.key_backups"]);
    }

    /// R11, C15: invitations end, and audiences have names.
    #[test]
    fn accounts_have_bounds() {
        assert_eq!(
            wrong_after(|p| p.accounts.invitation_life = period("PT59M")),
            ["accounts.invitation_life"]
        );
        assert_eq!(wrong_after(|p| p.accounts.invitation_life = period("P2Y")), ["accounts.invitation_life"]);
        for name in ["", " ", " broker", "bro\nker", &"a".repeat(65)] {
            let insert = |p: &mut Policy| p.accounts.audiences = [name.to_owned()].into();
            assert_eq!(wrong_after(insert), ["accounts.audiences"], "{name:?}");
        }
        let many = |p: &mut Policy| p.accounts.audiences = (0..101).map(|n| n.to_string()).collect();
        assert_eq!(wrong_after(many), ["accounts.audiences"]);
    }

    /// A14, B22, B24: one way out at least, and its times have bounds.
    #[test]
    fn recovery_has_bounds() {
        assert_eq!(wrong_after(|p| p.recovery.challenge = false), ["recovery.link"]);
        let link = |p: &mut Policy| (p.recovery.challenge, p.recovery.link) = (false, true);
        assert_eq!(wrong_after(link), [""; 0]);
        assert_eq!(
            wrong_after(|p| p.recovery.activation_window = Period::ZERO),
            ["recovery.activation_window"]
        );
        assert_eq!(wrong_after(|p| p.recovery.reset_link_life = period("P8D")), ["recovery.reset_link_life"]);
    }

    /// A17, A37, B16, R3: timeouts and the lockout have bounds.
    #[test]
    fn sessions_have_bounds() {
        assert_eq!(wrong_after(|p| p.sessions.idle_limit = Period::ZERO), ["sessions.idle_limit"]);
        assert_eq!(wrong_after(|p| p.sessions.idle_limit = period("PT13H")), ["sessions.absolute_limit"]);
        assert_eq!(wrong_after(|p| p.sessions.absolute_limit = period("P31D")), ["sessions.absolute_limit"]);
        for threshold in [0, 2, 21, u32::MAX] {
            let change = |p: &mut Policy| p.sessions.lockout_threshold = threshold;
            assert_eq!(wrong_after(change), ["sessions.lockout_threshold"], "{threshold}");
        }
        assert_eq!(wrong_after(|p| p.sessions.lockout_window = Period::ZERO), ["sessions.lockout_window"]);
        assert_eq!(
            wrong_after(|p| p.sessions.lockout_duration = period("PT25H")),
            ["sessions.lockout_duration"]
        );
        assert_eq!(wrong_after(|p| p.sessions.lockout_duration = period("PT24H")), [""; 0]);
    }

    /// A6, A39, C12: the limits of mail have bounds, and a choice that nothing answers is refused.
    #[test]
    fn mail_has_bounds() {
        assert_eq!(wrong_after(|p| p.mail.attachment_count = 101), ["mail.attachment_count"]);
        assert_eq!(wrong_after(|p| p.mail.attachment_count = 0), [""; 0]);
        assert_eq!(wrong_after(|p| p.mail.attachment_bytes = u64::MAX), ["mail.attachment_bytes"]);
        assert_eq!(wrong_after(|p| p.mail.digest = period("P2D")), ["mail.digest"]);
        assert_eq!(wrong_after(|p| p.mail.guest_compose = GuestCompose::ByAudience), ["mail.guest_compose"]);
    }

    /// G3: terms can be found, and member numbers are expressions that can be used.
    #[test]
    fn content_has_bounds() {
        let listed = |term: &str| wrong_after(|p| p.content.terms = [term.to_owned()].into());
        assert_eq!(listed("[secure]"), [""; 0]);
        for term in ["", " - ", "a\nb", &"a".repeat(101)] {
            assert_eq!(listed(term), ["content.terms"], "{term:?}");
        }
        let many = |p: &mut Policy| p.content.terms = (0..1001).map(|n| n.to_string()).collect();
        assert_eq!(wrong_after(many), ["content.terms"]);
        let expression = |text: &str| wrong_after(|p| p.content.member_ids = [text.to_owned()].into());
        assert_eq!(expression(r"M\d{8}"), [""; 0]);
        for text in ["", "(", "x*", r"(?=M)\d", &"a".repeat(501)] {
            assert_eq!(expression(text), ["content.member_ids"], "{text:?}");
        }
        let many = |p: &mut Policy| p.content.member_ids = (0..51).map(|n| format!("M{n}")).collect();
        assert_eq!(wrong_after(many), ["content.member_ids"]);
    }

    /// Q8: every problem is named at once, and by a setting that the stored policy has.
    #[test]
    fn all_problems_are_named_by_their_settings() {
        let mut policy = Policy::from_pack(Pack::Portal);
        policy.retention.messages = Period::ZERO;
        policy.retention.key_backups = Period::ZERO;
        policy.accounts.invitation_life = Period::ZERO;
        policy.recovery.challenge = false;
        policy.sessions.lockout_threshold = 1;
        policy.mail.attachment_count = 1000;
        let json = serde_json::to_value(&policy).unwrap();
        let problems = policy.validate().unwrap_err();
        assert_eq!(problems.len(), 6);
        for problem in problems {
            let pointer = format!("/{}", problem.setting.replace('.', "/"));
            assert!(json.pointer(&pointer).is_some(), "{}", problem.setting);
        }
    }
}
