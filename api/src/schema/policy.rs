//! The settings, version by version (Q8).

use super::{
    account::{Account, Role},
    ids,
    organisation::ProfileField,
    scalars::{DateTime, EmailAddress, Long, Network, Period},
};
use app::PolicyVersion;
use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::policy::{self, Difference};

/// One version of the settings; changed only by an event.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Policy {
    /// Opaque and stable.
    pub(crate) id: ID,
    /// 1, 2, 3 and so on.
    version: i32,
    #[graphql(skip)]
    found: PolicyVersion,
}

/// What may be long is made when it is asked for.
#[ComplexObject]
impl Policy {
    /// What it started from (N6).
    async fn pack(&self) -> PolicyPack {
        self.found.policy.pack.into()
    }

    /// In force since.
    async fn since(&self) -> DateTime {
        self.found.since.into()
    }

    /// In force until; null for today's.
    async fn until(&self) -> Option<DateTime> {
        self.found.until.map(DateTime)
    }

    /// Who changed it (Q8).
    async fn changed_by(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.found.changed_by {
            Some(account) => Account::find(ctx, account).await,
            None => Ok(None),
        }
    }

    /// Why.
    async fn reason(&self) -> Option<&str> {
        self.found.reason.as_deref()
    }

    /// What differs from the version before (Q8).
    async fn changes(&self) -> Vec<PolicyDifference> {
        self.found.changes.iter().map(PolicyDifference::from).collect()
    }

    /// How long things stay.
    async fn retention(&self) -> RetentionPolicy {
        (&self.found.policy.retention).into()
    }

    /// Registration, activation, addresses.
    async fn accounts(&self) -> AccountPolicy {
        (&self.found.policy.accounts).into()
    }

    /// Passwords lost.
    async fn recovery(&self) -> RecoveryPolicy {
        (&self.found.policy.recovery).into()
    }

    /// Timeouts, networks, lockout.
    async fn sessions(&self) -> SessionPolicy {
        (&self.found.policy.sessions).into()
    }

    /// Who may write to whom, and how much.
    async fn mail(&self) -> MailPolicy {
        (&self.found.policy.mail).into()
    }

    /// What content rules look for.
    async fn content(&self) -> ContentPolicy {
        (&self.found.policy.content).into()
    }
}

/// One setting that differs.
#[derive(SimpleObject)]
pub(crate) struct PolicyDifference {
    /// Its path, such as `retention.messages`.
    setting: String,
    /// Its value there, as JSON.
    before: Option<String>,
    /// Its value here, as JSON.
    after: Option<String>,
}

/// How long things stay; content, metadata and audit apart (K10).
#[derive(SimpleObject)]
pub(crate) struct RetentionPolicy {
    /// How long messages live: P60D (A20) or P6M (C13).
    messages: Period,
    /// How long metadata of messages is readable.
    metadata: Period,
    /// How long the audit is readable; 6 years at least (Q4).
    audit: Period,
    /// How long before its end a warning mail goes; PT0S is never.
    warning: Period,
    /// How long key backups live after destruction (K5).
    key_backups: Period,
}

/// Registration, activation and addresses.
#[derive(SimpleObject)]
pub(crate) struct AccountPolicy {
    /// Whether a confirmation mail must be followed (A4, C6).
    activation: bool,
    /// How long an invitation works (R11).
    invitation_life: Period,
    /// Identifying data that registration asks for (A3).
    profile_fields: Vec<ProfileField>,
    /// Whether members may have aliases (B40).
    aliases: bool,
    /// Addresses that cannot hold an account (B33).
    group_addresses: Vec<EmailAddress>,
    /// Domains that never count as one domain (A32).
    public_mailbox_domains: Vec<String>,
    /// Roles that must use a second factor.
    second_factor: Vec<Role>,
    /// Audiences that guests can carry (C15).
    audiences: Vec<String>,
}

/// What helps when a password is lost.
#[derive(SimpleObject)]
pub(crate) struct RecoveryPolicy {
    /// Challenge questions (A11).
    challenge: bool,
    /// Emailed reset link (B22); one of the two at least.
    link: bool,
    /// Reminder phrase (A10).
    reminder_phrase: bool,
    /// How long a staged password can be activated: PT24H (A14).
    activation_window: Period,
    /// How long a reset link works: PT4H (B24).
    reset_link_life: Period,
}

/// Timeouts, network pinning and lockout.
#[derive(SimpleObject)]
pub(crate) struct SessionPolicy {
    /// Time without activity: PT30M (A37) or PT1H (B14, B16).
    idle_limit: Period,
    /// Longest session.
    absolute_limit: Period,
    /// What a changed client network does (B17, R6).
    pinning: NetworkPinning,
    /// Networks whose addresses may shift (B18).
    exempt_networks: Vec<Network>,
    /// Failures in a row, 3 to 20 (A17).
    lockout_threshold: i32,
    /// Within which they count.
    lockout_window: Period,
    /// How long login is disabled, P1D at most (A17, R3).
    lockout_duration: Period,
}

/// Who may write to whom, how much, and how it arrives.
#[derive(SimpleObject)]
pub(crate) struct MailPolicy {
    /// How a guest may write (A26, C12).
    guest_compose: GuestCompose,
    /// Whom replies and forwards may reach (A31, A34, C10).
    reply_rule: RecipientRule,
    /// Ask before inviting (B10) or invite at once (A1).
    ask_new_recipients: bool,
    /// Attachments a message, 0 to 100: 10 (A39).
    attachment_count: i32,
    /// Their decoded bytes together: 52428800 (A39).
    attachment_bytes: Long,
    /// What the notification carries (C3, R9).
    delivery: DeliveryMode,
    /// One notification for all mail of this time; PT0S is one each (A6).
    digest: Period,
}

/// What content rules look for: the lists of the organisation (G3).
#[derive(SimpleObject)]
pub(crate) struct ContentPolicy {
    /// Words and phrases of the detector TERM.
    terms: Vec<String>,
    /// Expressions of the detector MEMBER_ID.
    member_ids: Vec<String>,
}

/// Where a policy starts from.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "policy::Pack")]
pub(crate) enum PolicyPack {
    /// List A.
    Portal,
    /// List B.
    Platform,
    /// List C.
    Envelope,
}

/// What happens when the client's address changes.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "policy::NetworkPinning")]
pub(crate) enum NetworkPinning {
    /// Nothing.
    Off,
    /// It is recorded (R6).
    Log,
    /// Another /24 or /56 ends the session.
    Subnet,
    /// Any other address ends the session (B17).
    Strict,
}

/// How a guest may write.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "policy::GuestCompose")]
pub(crate) enum GuestCompose {
    /// New mail to the organisation's own people (A26).
    Organisation,
    /// Replies only (C12).
    ReplyOnly,
    /// New mail where the guest's audience allows it.
    ByAudience,
}

/// Whom a reply or forward may reach.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "policy::RecipientRule")]
pub(crate) enum RecipientRule {
    /// The original sender (C10).
    SenderOnly,
    /// The organisation, and registered people of the user's own domain (A31, A32).
    OwnDomain,
    /// Anyone registered.
    AnyoneRegistered,
}

/// What a notification carries.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "policy::DeliveryMode")]
pub(crate) enum DeliveryMode {
    /// A link.
    Link,
    /// The registered envelope and a link (C3, R9).
    Envelope,
    /// The envelope with the first mail to a person, a link with later ones.
    Both,
}

impl From<PolicyVersion> for Policy {
    fn from(found: PolicyVersion) -> Self {
        Self { id: ids::policy(found.version), version: number(found.version), found }
    }
}

impl From<&Difference> for PolicyDifference {
    fn from(difference: &Difference) -> Self {
        Self {
            setting: app::camel_case(&difference.setting),
            before: Some(difference.before.clone()),
            after: Some(difference.after.clone()),
        }
    }
}

impl From<&policy::RetentionPolicy> for RetentionPolicy {
    fn from(settings: &policy::RetentionPolicy) -> Self {
        Self {
            messages: Period(settings.messages),
            metadata: Period(settings.metadata),
            audit: Period(settings.audit),
            warning: Period(settings.warning),
            key_backups: Period(settings.key_backups),
        }
    }
}

impl From<&policy::AccountPolicy> for AccountPolicy {
    fn from(settings: &policy::AccountPolicy) -> Self {
        Self {
            activation: settings.activation,
            invitation_life: Period(settings.invitation_life),
            profile_fields: settings.profile_fields.iter().copied().map(ProfileField::from).collect(),
            aliases: settings.aliases,
            group_addresses: settings.group_addresses.iter().map(EmailAddress::from).collect(),
            public_mailbox_domains: settings.public_mailbox_domains.iter().map(ToString::to_string).collect(),
            second_factor: settings.second_factor.iter().copied().map(Role::from).collect(),
            audiences: settings.audiences.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&policy::RecoveryPolicy> for RecoveryPolicy {
    fn from(settings: &policy::RecoveryPolicy) -> Self {
        Self {
            challenge: settings.challenge,
            link: settings.link,
            reminder_phrase: settings.reminder_phrase,
            activation_window: Period(settings.activation_window),
            reset_link_life: Period(settings.reset_link_life),
        }
    }
}

impl From<&policy::SessionPolicy> for SessionPolicy {
    fn from(settings: &policy::SessionPolicy) -> Self {
        Self {
            idle_limit: Period(settings.idle_limit),
            absolute_limit: Period(settings.absolute_limit),
            pinning: settings.pinning.into(),
            exempt_networks: settings
                .exempt_networks
                .iter()
                .map(|network| Network(network.to_string()))
                .collect(),
            lockout_threshold: number(settings.lockout_threshold),
            lockout_window: Period(settings.lockout_window),
            lockout_duration: Period(settings.lockout_duration),
        }
    }
}

impl From<&policy::ContentPolicy> for ContentPolicy {
    fn from(settings: &policy::ContentPolicy) -> Self {
        let policy::ContentPolicy { terms, member_ids } = settings;
        Self { terms: terms.iter().cloned().collect(), member_ids: member_ids.iter().cloned().collect() }
    }
}

impl From<&policy::MailPolicy> for MailPolicy {
    fn from(settings: &policy::MailPolicy) -> Self {
        Self {
            guest_compose: settings.guest_compose.into(),
            reply_rule: settings.reply_rule.into(),
            ask_new_recipients: settings.ask_new_recipients,
            attachment_count: number(settings.attachment_count),
            attachment_bytes: Long(i64::try_from(settings.attachment_bytes).unwrap_or(i64::MAX)),
            delivery: settings.delivery.into(),
            digest: Period(settings.digest),
        }
    }
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
