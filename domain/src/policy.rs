//! An organisation's policy: what differs between one secure message centre and another, as data.
//!
//! Each setting names its requirement. The packs of `packs.rs` give the defaults, `bounds.rs` the bounds.

use crate::{
    account::Lockout,
    address::{Domain, EmailAddress},
    period::Period,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

mod backups;
mod bounds;
mod choices;
mod difference;
mod health_terms;
mod network;
mod packs;
mod public_mailboxes;
mod retention;
mod role;

pub use backups::backups_end;
pub use bounds::PolicyProblem;
pub use choices::{DeliveryMode, GuestCompose, NetworkPinning, ProfileField, RecipientRule};
pub use difference::Difference;
pub use health_terms::health_terms;
pub use network::{Network, NetworkError};
pub use packs::Pack;
pub use public_mailboxes::public_mailbox_domains;
pub use role::Role;

/// All settings of an organisation. Changed as a whole and only by an event, so that each version can be read by
/// itself (Q8). An unknown setting is refused when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What it started from (N6).
    pub pack: Pack,
    /// How long things stay.
    pub retention: RetentionPolicy,
    /// Registration, activation, addresses.
    pub accounts: AccountPolicy,
    /// Passwords lost.
    pub recovery: RecoveryPolicy,
    /// Timeouts, networks, lockout.
    pub sessions: SessionPolicy,
    /// Who may write to whom, and how much.
    pub mail: MailPolicy,
    /// What content rules look for. Policies from before there was such a topic have none of it.
    #[serde(default, skip_serializing_if = "ContentPolicy::is_empty")]
    pub content: ContentPolicy,
}

/// How long things stay; content, metadata and audit apart (K10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionPolicy {
    /// How long a message lives, for its sender too (A20, C13). P60D, in the envelope pack P6M; P1D to P10Y.
    pub messages: Period,
    /// How long a message's metadata is readable (K10). P1Y; no shorter than `messages`, at most P100Y.
    pub metadata: Period,
    /// How long the audit is readable (K10). P6Y; no shorter than P6Y, which disclosures need (Q4).
    pub audit: Period,
    /// How long before its end a mail warns of it (A22). PT0S, which is never; shorter than `messages`.
    pub warning: Period,
    /// How long backups of keys live after a key's destruction (K5). P14D; P1D to P90D.
    pub key_backups: Period,
}

/// Registration, activation and addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountPolicy {
    /// Whether the link of a confirmation mail must be followed before the first login (A4, B3). On; off in the
    /// envelope pack (C6).
    pub activation: bool,
    /// How long an invitation works (R11). P30D; PT1H to P1Y.
    pub invitation_life: Period,
    /// Identifying data that registration asks for, all of it mandatory (A3, A5). Names and telephone in the portal
    /// pack, names in the platform pack, nothing in the envelope pack (C5).
    pub profile_fields: BTreeSet<ProfileField>,
    /// Whether members may have aliases (B40). On in the platform pack.
    pub aliases: bool,
    /// Addresses that cannot hold an account (B33). None; at most 10 000.
    pub group_addresses: BTreeSet<EmailAddress>,
    /// Domains whose people are strangers to each other (A32). [`public_mailbox_domains`]; at most 10 000.
    pub public_mailbox_domains: BTreeSet<Domain>,
    /// Roles that must use a second factor. None: people must be able to log in to set one up, so an organisation
    /// turns this on once they have.
    pub second_factor: BTreeSet<Role>,
    /// Audiences that guests can carry (C15). Provider, account, broker, member in the envelope pack; at most 100 of 1 to
    /// 64 characters.
    pub audiences: BTreeSet<String>,
}

/// What helps when a password is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryPolicy {
    /// Challenge questions (A11). On in the portal pack; this or `link` is on.
    pub challenge: bool,
    /// A reset link by mail (B22, C14). On in the platform and envelope packs.
    pub link: bool,
    /// A reminder phrase by mail (A10). On in the portal pack.
    pub reminder_phrase: bool,
    /// How long a staged password can be activated (A14). PT24H; PT1H to P7D.
    pub activation_window: Period,
    /// How long a reset link works (B24). PT4H; PT10M to P7D.
    pub reset_link_life: Period,
}

/// Timeouts, network pinning and lockout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionPolicy {
    /// Time without activity after which a session ends (A37, B14, B16). PT30M, in the platform pack PT1H; PT1M to P1D.
    pub idle_limit: Period,
    /// Longest session. PT12H, in the envelope pack PT1H, so that the password is asked at each later access (C7);
    /// no shorter than `idle_limit`, at most P30D.
    pub absolute_limit: Period,
    /// What a changed client network does (B17, R6). Log, in the platform pack strict.
    pub pinning: NetworkPinning,
    /// Networks whose addresses may shift (B18). None; at most 1000.
    pub exempt_networks: BTreeSet<Network>,
    /// Failures in a row that lock an account (A17). 5; 3 to 20.
    pub lockout_threshold: u32,
    /// Failures further apart than this do not add up (A17). PT15M; PT1M to P1D.
    pub lockout_window: Period,
    /// How long login is disabled (A17, A18). PT30M; PT1M to P1D (R3).
    pub lockout_duration: Period,
}

impl SessionPolicy {
    /// The part that the login rule needs (A17, A18).
    #[must_use]
    pub fn lockout(&self) -> Lockout {
        Lockout {
            threshold: self.lockout_threshold,
            window: self.lockout_window,
            duration: self.lockout_duration,
        }
    }
}

/// Who may write to whom, how much, and how it arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailPolicy {
    /// How a guest may write (A26, C12). Organisation, in the envelope pack reply only.
    pub guest_compose: GuestCompose,
    /// Whom a guest's replies and forwards may reach (A31, A34, C10). Own domain; in the platform pack anyone
    /// registered, in the envelope pack the sender only.
    pub reply_rule: RecipientRule,
    /// Whether a member is asked before new recipients are invited (B10) or they are invited at once (A1). On in the
    /// platform pack.
    pub ask_new_recipients: bool,
    /// Attachments of one message (A39). 10; 0 to 100.
    pub attachment_count: u32,
    /// Their decoded bytes together (A39). 50 MiB; at most 1 GiB.
    pub attachment_bytes: u64,
    /// What a notification carries (C3, R9). A link, in the envelope pack the envelope too.
    pub delivery: DeliveryMode,
    /// One notification for all mail of this time (A6). PT0S, which is one each; at most P1D.
    pub digest: Period,
}

/// What content rules look for: the lists of the organisation (G3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentPolicy {
    /// Words and phrases of the detector `TERM`. [`health_terms`]; at most 1000 of 1 to 100 characters.
    #[serde(default)]
    pub terms: BTreeSet<String>,
    /// Expressions of the detector `MEMBER_ID`. None; at most 50 of 1 to 500 characters.
    #[serde(default)]
    pub member_ids: BTreeSet<String>,
}

impl ContentPolicy {
    fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.member_ids.is_empty()
    }
}

impl AccountPolicy {
    /// Whether this is an address of several people, which cannot hold an account (B33).
    #[must_use]
    pub fn is_group(&self, address: &EmailAddress) -> bool {
        self.group_addresses.contains(address)
    }
}

/// The portal pack: before an organisation is founded there is nothing to choose from.
impl Default for Policy {
    fn default() -> Self {
        Self::from_pack(Pack::Portal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Q8: a policy is read back as it was written, and a setting that it does not know is refused.
    #[test]
    fn a_policy_survives_json() {
        for pack in [Pack::Portal, Pack::Platform, Pack::Envelope] {
            let policy = Policy::from_pack(pack);
            let json = serde_json::to_value(&policy).unwrap();
            assert_eq!(serde_json::from_value::<Policy>(json.clone()).unwrap(), policy);
            for topic in ["/retention", "/accounts", "/recovery", "/sessions", "/mail", "/content"] {
                let mut json = json.clone();
                json.pointer_mut(topic).unwrap()["colour"] = true.into();
                assert!(serde_json::from_value::<Policy>(json).is_err(), "{topic}");
            }
        }
    }

    /// G3, Q8: a policy that was stored before there were content rules reads as one without lists, and is written the same.
    #[test]
    fn a_policy_without_lists_is_read() {
        let mut json = serde_json::to_value(Policy::default()).unwrap();
        json.as_object_mut().unwrap().remove("content").expect("the packs have terms");
        let policy = serde_json::from_value::<Policy>(json.clone()).unwrap();
        assert_eq!(policy.content, ContentPolicy::default());
        assert_eq!(serde_json::to_value(&policy).unwrap(), json);
    }

    /// B33: a group address is one in any case.
    #[test]
    fn a_group_address_is_known_in_any_case() {
        let mut policy = Policy::default();
        policy.accounts.group_addresses.insert(EmailAddress::parse("Info@Insurer.Example").unwrap());
        let is_group = |text| policy.accounts.is_group(&EmailAddress::parse(text).unwrap());
        assert!(is_group("info@insurer.example"));
        assert!(!is_group("info@mail.insurer.example"));
    }
}
