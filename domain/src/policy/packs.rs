//! The three packs that an organisation starts from (N6), and so the default of every setting.

use super::{
    AccountPolicy, ContentPolicy, DeliveryMode, GuestCompose, MailPolicy, NetworkPinning, Policy,
    ProfileField, RecipientRule, RecoveryPolicy, RetentionPolicy, SessionPolicy, health_terms,
    public_mailbox_domains,
};
use crate::period::Period;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where a policy starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pack {
    /// List A of the requirements.
    Portal,
    /// List B.
    Platform,
    /// List C.
    Envelope,
}

/// 50 MiB (A39).
const ATTACHMENT_BYTES: u64 = 50 * 1024 * 1024;

impl Policy {
    /// A policy as the pack has it.
    #[must_use]
    pub fn from_pack(pack: Pack) -> Self {
        match pack {
            Pack::Portal => portal(),
            Pack::Platform => platform(),
            Pack::Envelope => envelope(),
        }
    }
}

fn portal() -> Policy {
    Policy {
        pack: Pack::Portal,
        retention: RetentionPolicy {
            messages: Period::days(60),
            metadata: Period::years(1),
            audit: Period::years(6),
            warning: Period::ZERO,
            key_backups: Period::days(14),
        },
        accounts: AccountPolicy {
            activation: true,
            invitation_life: Period::days(30),
            profile_fields: BTreeSet::from([
                ProfileField::GivenName,
                ProfileField::FamilyName,
                ProfileField::Telephone,
            ]),
            aliases: false,
            group_addresses: BTreeSet::new(),
            public_mailbox_domains: public_mailbox_domains(),
            second_factor: BTreeSet::new(),
            audiences: BTreeSet::new(),
        },
        recovery: RecoveryPolicy {
            challenge: true,
            link: false,
            reminder_phrase: true,
            activation_window: Period::hours(24),
            reset_link_life: Period::hours(4),
        },
        sessions: SessionPolicy {
            idle_limit: Period::minutes(30),
            absolute_limit: Period::hours(12),
            pinning: NetworkPinning::Log,
            exempt_networks: BTreeSet::new(),
            lockout_threshold: 5,
            lockout_window: Period::minutes(15),
            lockout_duration: Period::minutes(30),
        },
        mail: MailPolicy {
            guest_compose: GuestCompose::Organisation,
            reply_rule: RecipientRule::OwnDomain,
            ask_new_recipients: false,
            attachment_count: 10,
            attachment_bytes: ATTACHMENT_BYTES,
            delivery: DeliveryMode::Link,
            digest: Period::ZERO,
        },
        content: ContentPolicy { terms: health_terms(), member_ids: BTreeSet::new() },
    }
}

fn platform() -> Policy {
    let mut policy = portal();
    policy.pack = Pack::Platform;
    policy.accounts.profile_fields = BTreeSet::from([ProfileField::GivenName, ProfileField::FamilyName]);
    policy.accounts.aliases = true;
    policy.recovery = link_recovery(&policy.recovery);
    policy.sessions.idle_limit = Period::hours(1);
    policy.sessions.pinning = NetworkPinning::Strict;
    policy.mail.reply_rule = RecipientRule::AnyoneRegistered;
    policy.mail.ask_new_recipients = true;
    policy
}

fn envelope() -> Policy {
    let mut policy = portal();
    policy.pack = Pack::Envelope;
    policy.retention.messages = Period::months(6);
    policy.accounts.activation = false;
    policy.accounts.profile_fields = BTreeSet::new();
    policy.accounts.audiences = ["provider", "account", "broker", "member"].map(String::from).into();
    policy.recovery = link_recovery(&policy.recovery);
    policy.sessions.absolute_limit = Period::hours(1);
    policy.mail.guest_compose = GuestCompose::ReplyOnly;
    policy.mail.reply_rule = RecipientRule::SenderOnly;
    policy.mail.delivery = DeliveryMode::Envelope;
    policy
}

fn link_recovery(portal: &RecoveryPolicy) -> RecoveryPolicy {
    RecoveryPolicy { challenge: false, link: true, reminder_phrase: false, ..portal.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Domain;

    /// N6: each pack is a policy that validates and says what it is.
    #[test]
    fn every_pack_is_valid() {
        for pack in [Pack::Portal, Pack::Platform, Pack::Envelope] {
            let policy = Policy::from_pack(pack);
            assert_eq!(policy.pack, pack);
            assert_eq!(policy.validate(), Ok(()));
        }
    }

    /// A1, A4, A10, A11, A14, A17, A20, A26, A31, A32, A37, A39, R6: the portal pack has list A's settings.
    #[test]
    fn the_portal_pack() {
        let policy = Policy::from_pack(Pack::Portal);
        assert_eq!(policy.retention.messages.to_string(), "P60D");
        assert!(policy.accounts.activation);
        assert!(policy.accounts.public_mailbox_domains.contains(&Domain::parse("gmail.com").unwrap()));
        assert!(policy.recovery.challenge && policy.recovery.reminder_phrase && !policy.recovery.link);
        assert_eq!(policy.recovery.activation_window.to_string(), "PT24H");
        assert_eq!(policy.sessions.idle_limit.to_string(), "PT30M");
        assert_eq!(policy.sessions.pinning, NetworkPinning::Log);
        assert_eq!(policy.sessions.lockout().threshold, 5);
        assert_eq!(policy.mail.guest_compose, GuestCompose::Organisation);
        assert_eq!(policy.mail.reply_rule, RecipientRule::OwnDomain);
        assert!(!policy.mail.ask_new_recipients);
        assert_eq!((policy.mail.attachment_count, policy.mail.attachment_bytes), (10, 52_428_800));
    }

    /// B3, B10, B14, B17, B22, B24, B40: the platform pack has list B's settings.
    #[test]
    fn the_platform_pack() {
        let policy = Policy::from_pack(Pack::Platform);
        assert!(policy.accounts.activation && policy.accounts.aliases);
        assert!(policy.mail.ask_new_recipients);
        assert_eq!(policy.sessions.idle_limit.to_string(), "PT1H");
        assert_eq!(policy.sessions.pinning, NetworkPinning::Strict);
        assert!(policy.recovery.link && !policy.recovery.challenge && !policy.recovery.reminder_phrase);
        assert_eq!(policy.recovery.reset_link_life.to_string(), "PT4H");
    }

    /// C3, C5, C6, C10, C12, C13, C14, C15: the envelope pack has list C's settings.
    #[test]
    fn the_envelope_pack() {
        let policy = Policy::from_pack(Pack::Envelope);
        assert_eq!(policy.retention.messages.to_string(), "P6M");
        assert!(!policy.accounts.activation);
        assert!(policy.accounts.profile_fields.is_empty());
        assert!(policy.accounts.audiences.contains("broker"));
        assert!(policy.recovery.link && !policy.recovery.challenge);
        assert_eq!(policy.mail.guest_compose, GuestCompose::ReplyOnly);
        assert_eq!(policy.mail.reply_rule, RecipientRule::SenderOnly);
        assert_eq!(policy.mail.delivery, DeliveryMode::Envelope);
    }
}
