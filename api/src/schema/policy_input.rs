//! Changes to the settings, as a client sends them (Q8).

use super::{
    account::Role,
    organisation::ProfileField,
    policy::{DeliveryMode, GuestCompose, NetworkPinning, PolicyPack, RecipientRule},
    scalars::{EmailAddress, Long, Network, Period},
};
use app::{Problem, ProblemCode};
use async_graphql::InputObject;
use domain::{address, policy};
use std::{collections::BTreeSet, fmt::Display};

/// Changes to the policy, by topic; what is left out stays, a list replaces the list.
#[derive(InputObject)]
pub(crate) struct PolicyInput {
    /// Start again from this pack, then apply the rest.
    pack: Option<PolicyPack>,
    /// How long things stay; shorter needs two persons (K3).
    retention: Option<RetentionPolicyInput>,
    /// Registration, activation, addresses.
    accounts: Option<AccountPolicyInput>,
    /// Passwords lost.
    recovery: Option<RecoveryPolicyInput>,
    /// Timeouts, networks, lockout.
    sessions: Option<SessionPolicyInput>,
    /// Who may write to whom, and how much.
    mail: Option<MailPolicyInput>,
    /// What content rules look for.
    content: Option<ContentPolicyInput>,
}

/// Changes to `RetentionPolicy`; what is left out stays.
#[derive(InputObject)]
pub(crate) struct RetentionPolicyInput {
    /// How long messages live: P60D (A20) or P6M (C13).
    messages: Option<Period>,
    /// How long metadata of messages is readable.
    metadata: Option<Period>,
    /// How long the audit is readable; 6 years at least (Q4).
    audit: Option<Period>,
    /// How long before its end a warning mail goes; PT0S is never.
    warning: Option<Period>,
    /// How long key backups live after destruction (K5).
    key_backups: Option<Period>,
}

/// Changes to `AccountPolicy`; what is left out stays.
#[derive(InputObject)]
pub(crate) struct AccountPolicyInput {
    /// Whether a confirmation mail must be followed (A4, C6).
    activation: Option<bool>,
    /// How long an invitation works (R11).
    invitation_life: Option<Period>,
    /// Identifying data that registration asks for (A3).
    profile_fields: Option<Vec<ProfileField>>,
    /// Whether members may have aliases (B40).
    aliases: Option<bool>,
    /// Addresses that cannot hold an account (B33).
    group_addresses: Option<Vec<EmailAddress>>,
    /// Domains that never count as one domain (A32).
    public_mailbox_domains: Option<Vec<String>>,
    /// Roles that must use a second factor.
    second_factor: Option<Vec<Role>>,
    /// Audiences that guests can carry (C15).
    audiences: Option<Vec<String>>,
}

/// Changes to `RecoveryPolicy`; what is left out stays.
#[derive(InputObject)]
pub(crate) struct RecoveryPolicyInput {
    /// Challenge questions (A11).
    challenge: Option<bool>,
    /// Emailed reset link (B22); one of the two at least.
    link: Option<bool>,
    /// Reminder phrase (A10).
    reminder_phrase: Option<bool>,
    /// How long a staged password can be activated: PT24H (A14).
    activation_window: Option<Period>,
    /// How long a reset link works: PT4H (B24).
    reset_link_life: Option<Period>,
}

/// Changes to `SessionPolicy`; what is left out stays.
#[derive(InputObject)]
pub(crate) struct SessionPolicyInput {
    /// Time without activity: PT30M (A37) or PT1H (B14, B16).
    idle_limit: Option<Period>,
    /// Longest session.
    absolute_limit: Option<Period>,
    /// What a changed client network does (B17, R6).
    pinning: Option<NetworkPinning>,
    /// Networks whose addresses may shift (B18).
    exempt_networks: Option<Vec<Network>>,
    /// Failures in a row, 3 to 20 (A17).
    lockout_threshold: Option<i32>,
    /// Within which they count.
    lockout_window: Option<Period>,
    /// How long login is disabled, P1D at most (A17, R3).
    lockout_duration: Option<Period>,
}

/// Changes to `MailPolicy`; what is left out stays.
#[derive(InputObject)]
pub(crate) struct MailPolicyInput {
    /// How a guest may write (A26, C12).
    guest_compose: Option<GuestCompose>,
    /// Whom replies and forwards may reach (A31, A34, C10).
    reply_rule: Option<RecipientRule>,
    /// Ask before inviting (B10) or invite at once (A1).
    ask_new_recipients: Option<bool>,
    /// Attachments a message, 0 to 100: 10 (A39).
    attachment_count: Option<i32>,
    /// Their decoded bytes together: 52428800 (A39).
    attachment_bytes: Option<Long>,
    /// What the notification carries (C3, R9).
    delivery: Option<DeliveryMode>,
    /// One notification for all mail of this time; PT0S is one each (A6).
    digest: Option<Period>,
}

/// Changes to `ContentPolicy`; what is left out stays.
#[derive(InputObject)]
pub(crate) struct ContentPolicyInput {
    /// Words and phrases of the detector TERM; at most 1000 of 1 to 100 characters.
    terms: Option<Vec<String>>,
    /// Expressions of the detector MEMBER_ID; at most 50 of 1 to 500 characters.
    member_ids: Option<Vec<String>>,
}

impl PolicyInput {
    /// The policy with these changes, or what in them cannot be read, each at its own path.
    pub(crate) fn applied_to(self, policy: &policy::Policy) -> Result<policy::Policy, app::Error> {
        let Self { pack, retention, accounts, recovery, sessions, mail, content } = self;
        let mut policy = pack.map_or_else(|| policy.clone(), |pack| policy::Policy::from_pack(pack.into()));
        let mut problems = vec![];
        if let Some(changes) = retention {
            changes.apply(&mut policy.retention);
        }
        if let Some(changes) = accounts {
            changes.apply(&mut policy.accounts, &mut problems);
        }
        if let Some(changes) = recovery {
            changes.apply(&mut policy.recovery);
        }
        if let Some(changes) = sessions {
            changes.apply(&mut policy.sessions, &mut problems);
        }
        if let Some(changes) = mail {
            changes.apply(&mut policy.mail, &mut problems);
        }
        if let Some(changes) = content {
            changes.apply(&mut policy.content);
        }
        if problems.is_empty() { Ok(policy) } else { Err(app::Error::Problems(problems)) }
    }
}

impl RetentionPolicyInput {
    fn apply(self, policy: &mut policy::RetentionPolicy) {
        let Self { messages, metadata, audit, warning, key_backups } = self;
        period(&mut policy.messages, messages);
        period(&mut policy.metadata, metadata);
        period(&mut policy.audit, audit);
        period(&mut policy.warning, warning);
        period(&mut policy.key_backups, key_backups);
    }
}

impl AccountPolicyInput {
    fn apply(self, policy: &mut policy::AccountPolicy, problems: &mut Vec<Problem>) {
        let Self {
            activation,
            invitation_life,
            profile_fields,
            aliases,
            group_addresses,
            public_mailbox_domains,
            second_factor,
            audiences,
        } = self;
        set(&mut policy.activation, activation);
        period(&mut policy.invitation_life, invitation_life);
        set(
            &mut policy.profile_fields,
            profile_fields.map(|fields| fields.into_iter().map(Into::into).collect()),
        );
        set(&mut policy.aliases, aliases);
        let addresses = group_addresses.map(|all| all.into_iter().map(|address| address.0).collect());
        let path = ["accounts", "groupAddresses"];
        set(&mut policy.group_addresses, parsed(addresses, path, address::EmailAddress::parse, problems));
        let path = ["accounts", "publicMailboxDomains"];
        let domains = parsed(public_mailbox_domains, path, address::Domain::parse, problems);
        set(&mut policy.public_mailbox_domains, domains);
        set(
            &mut policy.second_factor,
            second_factor.map(|roles| roles.into_iter().map(Into::into).collect()),
        );
        set(&mut policy.audiences, audiences.map(|audiences| audiences.into_iter().collect()));
    }
}

impl RecoveryPolicyInput {
    fn apply(self, policy: &mut policy::RecoveryPolicy) {
        let Self { challenge, link, reminder_phrase, activation_window, reset_link_life } = self;
        set(&mut policy.challenge, challenge);
        set(&mut policy.link, link);
        set(&mut policy.reminder_phrase, reminder_phrase);
        period(&mut policy.activation_window, activation_window);
        period(&mut policy.reset_link_life, reset_link_life);
    }
}

impl SessionPolicyInput {
    fn apply(self, policy: &mut policy::SessionPolicy, problems: &mut Vec<Problem>) {
        let Self {
            idle_limit,
            absolute_limit,
            pinning,
            exempt_networks,
            lockout_threshold,
            lockout_window,
            lockout_duration,
        } = self;
        period(&mut policy.idle_limit, idle_limit);
        period(&mut policy.absolute_limit, absolute_limit);
        set(&mut policy.pinning, pinning.map(Into::into));
        let networks = exempt_networks.map(|all| all.into_iter().map(|network| network.0).collect());
        let path = ["sessions", "exemptNetworks"];
        set(&mut policy.exempt_networks, parsed(networks, path, policy::Network::parse, problems));
        let threshold = counted(lockout_threshold.map(i64::from), ["sessions", "lockoutThreshold"], problems);
        set(&mut policy.lockout_threshold, threshold);
        period(&mut policy.lockout_window, lockout_window);
        period(&mut policy.lockout_duration, lockout_duration);
    }
}

impl MailPolicyInput {
    fn apply(self, policy: &mut policy::MailPolicy, problems: &mut Vec<Problem>) {
        let Self {
            guest_compose,
            reply_rule,
            ask_new_recipients,
            attachment_count,
            attachment_bytes,
            delivery,
            digest,
        } = self;
        set(&mut policy.guest_compose, guest_compose.map(Into::into));
        set(&mut policy.reply_rule, reply_rule.map(Into::into));
        set(&mut policy.ask_new_recipients, ask_new_recipients);
        let count = counted(attachment_count.map(i64::from), ["mail", "attachmentCount"], problems);
        set(&mut policy.attachment_count, count);
        let bytes = counted(attachment_bytes.map(|bytes| bytes.0), ["mail", "attachmentBytes"], problems);
        set(&mut policy.attachment_bytes, bytes);
        set(&mut policy.delivery, delivery.map(Into::into));
        period(&mut policy.digest, digest);
    }
}

impl ContentPolicyInput {
    fn apply(self, policy: &mut policy::ContentPolicy) {
        let Self { terms, member_ids } = self;
        set(&mut policy.terms, terms.map(|terms| terms.into_iter().collect()));
        set(&mut policy.member_ids, member_ids.map(|expressions| expressions.into_iter().collect()));
    }
}

/// What is left out stays.
fn set<T>(setting: &mut T, change: Option<T>) {
    if let Some(change) = change {
        *setting = change;
    }
}

fn period(setting: &mut domain::period::Period, change: Option<Period>) {
    set(setting, change.map(|period| period.0));
}

fn counted<T: TryFrom<i64>>(change: Option<i64>, path: [&str; 2], problems: &mut Vec<Problem>) -> Option<T> {
    let number = T::try_from(change?);
    if number.is_err() {
        let problem = Problem::new(ProblemCode::PolicyInvalid, "Choose a number that is not negative.");
        problems.push(problem.at(["changes"].into_iter().chain(path)));
    }
    number.ok()
}

/// The entries of a list; one that cannot be read is a problem of its own.
fn parsed<T: Ord, E: Display>(
    texts: Option<Vec<String>>,
    path: [&str; 2],
    parse: impl Fn(&str) -> Result<T, E>,
    problems: &mut Vec<Problem>,
) -> Option<BTreeSet<T>> {
    let mut entries = BTreeSet::new();
    for (index, text) in texts?.iter().enumerate() {
        match parse(text) {
            Ok(entry) => {
                entries.insert(entry);
            }
            Err(why) => {
                let index = index.to_string();
                let field = ["changes"].into_iter().chain(path).chain([index.as_str()]);
                problems.push(Problem::new(ProblemCode::PolicyInvalid, why.to_string()).at(field));
            }
        }
    }
    Some(entries)
}
