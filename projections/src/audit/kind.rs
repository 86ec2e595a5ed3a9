//! What can happen, and how it ended, by the codes that the API uses.

/// What happened. The codes are those of the API's `AuditEventKind`, and some of our own that the contract does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The organisation began.
    OrganisationFounded,
    /// Settings changed.
    PolicyChanged,
    /// A content rule was added, changed or removed.
    ContentRuleChanged,
    /// Public texts, branding or support changed.
    OrganisationUpdated,
    /// A role was given.
    RoleGranted,
    /// A role was taken.
    RoleRevoked,
    /// A domain became the organisation's own.
    DomainClaimed,
    /// A domain is no longer the organisation's own.
    DomainReleased,
    /// An address became an account's. Ours.
    AddressReserved,
    /// An address went over to the account that its holder joined. Ours.
    AddressTransferred,
    /// An address was given up. Ours.
    AddressReleased,
    /// Someone was invited.
    Invited,
    /// An invitation was sent again.
    InvitationResent,
    /// An invitation became too old.
    InvitationLapsed,
    /// Someone registered.
    Registered,
    /// A registration was refused.
    RegistrationRefused,
    /// A confirmation mail was ordered.
    ActivationIssued,
    /// An account became active.
    Activated,
    /// A login succeeded.
    LoginSucceeded,
    /// A login failed.
    LoginFailed,
    /// Something failed from a network, counted there. Ours.
    AttemptFailed,
    /// Too many failures in a row.
    LockedOut,
    /// A lockout ended.
    LockoutReleased,
    /// A session began.
    SessionStarted,
    /// A session ended.
    SessionEnded,
    /// A session was seen from another network.
    NetworkChanged,
    /// A second factor was asked for, enrolled or removed.
    SecondFactorChanged,
    /// The reminder phrase was mailed.
    ReminderSent,
    /// There is a right to set a password; the reason says how it came about.
    ResetRequested,
    /// Challenge answers did not match.
    ChallengeFailed,
    /// A new password waits.
    PasswordStaged,
    /// A new password is effective.
    PasswordChanged,
    /// A staged password was not activated in time.
    PasswordLapsed,
    /// Identifying data changed.
    ProfileUpdated,
    /// An alias was asked for.
    AliasRequested,
    /// An alias was proven, or added without that.
    AliasConfirmed,
    /// An alias became primary.
    AliasPromoted,
    /// The old address undid it.
    AliasPromotionUndone,
    /// An alias was removed.
    AliasRemoved,
    /// An account joined another.
    AccountsMerged,
    /// A guest became a member.
    PromotedToMember,
    /// A guest's audience changed.
    AudienceChanged,
    /// Someone left.
    Unsubscribed,
    /// Someone came back.
    Resubscribed,
    /// A client program asked for a credential. Ours.
    ClientRequested,
    /// A client program was approved.
    ClientActivated,
    /// A client program was blocked.
    ClientBlocked,
    /// A client program was deleted.
    ClientDeleted,
    /// An account was closed.
    AccountClosed,
    /// A draft was saved.
    DraftSaved,
    /// A draft became a message. Ours.
    DraftSent,
    /// A draft was thrown away.
    DraftDiscarded,
    /// A file was attached to a draft.
    AttachmentAdded,
    /// A file was detached from a draft.
    AttachmentRemoved,
    /// A message was sent.
    MessageSent,
    /// A message was shown.
    MessageOpened,
    /// A message was answered, or that was refused.
    MessageReplied,
    /// A message was passed on, or that was refused.
    MessageForwarded,
    /// Text, attachment, Zip or EML was fetched.
    MessageDownloaded,
    /// The print view was shown.
    MessagePrinted,
    /// A message was recalled.
    MessageRecalled,
    /// Somebody deleted a message from their own mailbox. Ours.
    MessageDeleted,
    /// Recipients are warned that a message ends soon. Ours.
    ExpiryWarned,
    /// A message's time was over.
    MessageExpired,
    /// A notification left.
    Notified,
    /// A notification did not leave, or not yet.
    NotificationFailed,
    /// Whoever wrote to the address that nobody reads is owed an answer. Ours.
    NoticeOwed,
    /// A content rule met a mail.
    RuleHit,
    /// Someone went against a rule, with a reason.
    RuleOverridden,
    /// A held mail was decided on.
    HeldMailDecided,
    /// A held mail was handed to the relay, or refused by it. Ours.
    HeldMailPassed,
    /// The audit was asked.
    AuditQueried,
    /// Someone lacked a right.
    AccessRefused,
    /// An export was asked for, agreed to, made or given up; the reason says which.
    Exported,
    /// An export was fetched.
    ExportDownloaded,
    /// Events were signed off.
    Reviewed,
    /// Emergency access began.
    BreakGlassOpened,
    /// Emergency access ended.
    BreakGlassClosed,
    /// A key is about to be destroyed.
    KeyDestructionRequested,
    /// A key is gone.
    KeyDestroyed,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 80] = [
        Self::OrganisationFounded,
        Self::PolicyChanged,
        Self::ContentRuleChanged,
        Self::OrganisationUpdated,
        Self::RoleGranted,
        Self::RoleRevoked,
        Self::DomainClaimed,
        Self::DomainReleased,
        Self::AddressReserved,
        Self::AddressTransferred,
        Self::AddressReleased,
        Self::Invited,
        Self::InvitationResent,
        Self::InvitationLapsed,
        Self::Registered,
        Self::RegistrationRefused,
        Self::ActivationIssued,
        Self::Activated,
        Self::LoginSucceeded,
        Self::LoginFailed,
        Self::AttemptFailed,
        Self::LockedOut,
        Self::LockoutReleased,
        Self::SessionStarted,
        Self::SessionEnded,
        Self::NetworkChanged,
        Self::SecondFactorChanged,
        Self::ReminderSent,
        Self::ResetRequested,
        Self::ChallengeFailed,
        Self::PasswordStaged,
        Self::PasswordChanged,
        Self::PasswordLapsed,
        Self::ProfileUpdated,
        Self::AliasRequested,
        Self::AliasConfirmed,
        Self::AliasPromoted,
        Self::AliasPromotionUndone,
        Self::AliasRemoved,
        Self::AccountsMerged,
        Self::PromotedToMember,
        Self::AudienceChanged,
        Self::Unsubscribed,
        Self::Resubscribed,
        Self::ClientRequested,
        Self::ClientActivated,
        Self::ClientBlocked,
        Self::ClientDeleted,
        Self::AccountClosed,
        Self::DraftSaved,
        Self::DraftSent,
        Self::DraftDiscarded,
        Self::AttachmentAdded,
        Self::AttachmentRemoved,
        Self::MessageSent,
        Self::MessageOpened,
        Self::MessageReplied,
        Self::MessageForwarded,
        Self::MessageDownloaded,
        Self::MessagePrinted,
        Self::MessageRecalled,
        Self::MessageDeleted,
        Self::ExpiryWarned,
        Self::MessageExpired,
        Self::Notified,
        Self::NotificationFailed,
        Self::NoticeOwed,
        Self::RuleHit,
        Self::RuleOverridden,
        Self::HeldMailDecided,
        Self::HeldMailPassed,
        Self::AuditQueried,
        Self::AccessRefused,
        Self::Exported,
        Self::ExportDownloaded,
        Self::Reviewed,
        Self::BreakGlassOpened,
        Self::BreakGlassClosed,
        Self::KeyDestructionRequested,
        Self::KeyDestroyed,
    ];

    /// The API's name of it; searched columns hold its tag, so it is frozen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OrganisationFounded => "ORGANISATION_FOUNDED",
            Self::PolicyChanged => "POLICY_CHANGED",
            Self::ContentRuleChanged => "CONTENT_RULE_CHANGED",
            Self::OrganisationUpdated => "ORGANISATION_UPDATED",
            Self::RoleGranted => "ROLE_GRANTED",
            Self::RoleRevoked => "ROLE_REVOKED",
            Self::DomainClaimed => "DOMAIN_CLAIMED",
            Self::DomainReleased => "DOMAIN_RELEASED",
            Self::AddressReserved => "ADDRESS_RESERVED",
            Self::AddressTransferred => "ADDRESS_TRANSFERRED",
            Self::AddressReleased => "ADDRESS_RELEASED",
            Self::Invited => "INVITED",
            Self::InvitationResent => "INVITATION_RESENT",
            Self::InvitationLapsed => "INVITATION_LAPSED",
            Self::Registered => "REGISTERED",
            Self::RegistrationRefused => "REGISTRATION_REFUSED",
            Self::ActivationIssued => "ACTIVATION_ISSUED",
            Self::Activated => "ACTIVATED",
            Self::LoginSucceeded => "LOGIN_SUCCEEDED",
            Self::LoginFailed => "LOGIN_FAILED",
            Self::AttemptFailed => "ATTEMPT_FAILED",
            Self::LockedOut => "LOCKED_OUT",
            Self::LockoutReleased => "LOCKOUT_RELEASED",
            Self::SessionStarted => "SESSION_STARTED",
            Self::SessionEnded => "SESSION_ENDED",
            Self::NetworkChanged => "NETWORK_CHANGED",
            Self::SecondFactorChanged => "SECOND_FACTOR_CHANGED",
            Self::ReminderSent => "REMINDER_SENT",
            Self::ResetRequested => "RESET_REQUESTED",
            Self::ChallengeFailed => "CHALLENGE_FAILED",
            Self::PasswordStaged => "PASSWORD_STAGED",
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::PasswordLapsed => "PASSWORD_LAPSED",
            Self::ProfileUpdated => "PROFILE_UPDATED",
            Self::AliasRequested => "ALIAS_REQUESTED",
            Self::AliasConfirmed => "ALIAS_CONFIRMED",
            Self::AliasPromoted => "ALIAS_PROMOTED",
            Self::AliasPromotionUndone => "ALIAS_PROMOTION_UNDONE",
            Self::AliasRemoved => "ALIAS_REMOVED",
            Self::AccountsMerged => "ACCOUNTS_MERGED",
            Self::PromotedToMember => "PROMOTED_TO_MEMBER",
            Self::AudienceChanged => "AUDIENCE_CHANGED",
            Self::Unsubscribed => "UNSUBSCRIBED",
            Self::Resubscribed => "RESUBSCRIBED",
            Self::ClientRequested => "CLIENT_REQUESTED",
            Self::ClientActivated => "CLIENT_ACTIVATED",
            Self::ClientBlocked => "CLIENT_BLOCKED",
            Self::ClientDeleted => "CLIENT_DELETED",
            Self::AccountClosed => "ACCOUNT_CLOSED",
            Self::DraftSaved => "DRAFT_SAVED",
            Self::DraftSent => "DRAFT_SENT",
            Self::DraftDiscarded => "DRAFT_DISCARDED",
            Self::AttachmentAdded => "ATTACHMENT_ADDED",
            Self::AttachmentRemoved => "ATTACHMENT_REMOVED",
            Self::MessageSent => "MESSAGE_SENT",
            Self::MessageOpened => "MESSAGE_OPENED",
            Self::MessageReplied => "MESSAGE_REPLIED",
            Self::MessageForwarded => "MESSAGE_FORWARDED",
            Self::MessageDownloaded => "MESSAGE_DOWNLOADED",
            Self::MessagePrinted => "MESSAGE_PRINTED",
            Self::MessageRecalled => "MESSAGE_RECALLED",
            Self::MessageDeleted => "MESSAGE_DELETED",
            Self::ExpiryWarned => "EXPIRY_WARNED",
            Self::MessageExpired => "MESSAGE_EXPIRED",
            Self::Notified => "NOTIFIED",
            Self::NotificationFailed => "NOTIFICATION_FAILED",
            Self::NoticeOwed => "NOTICE_OWED",
            Self::RuleHit => "RULE_HIT",
            Self::RuleOverridden => "RULE_OVERRIDDEN",
            Self::HeldMailDecided => "HELD_MAIL_DECIDED",
            Self::HeldMailPassed => "HELD_MAIL_PASSED",
            Self::AuditQueried => "AUDIT_QUERIED",
            Self::AccessRefused => "ACCESS_REFUSED",
            Self::Exported => "EXPORTED",
            Self::ExportDownloaded => "EXPORT_DOWNLOADED",
            Self::Reviewed => "REVIEWED",
            Self::BreakGlassOpened => "BREAK_GLASS_OPENED",
            Self::BreakGlassClosed => "BREAK_GLASS_CLOSED",
            Self::KeyDestructionRequested => "KEY_DESTRUCTION_REQUESTED",
            Self::KeyDestroyed => "KEY_DESTROYED",
        }
    }

    /// The kind of that code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It happened.
    Done,
    /// Refused for lack of right or by a rule.
    Refused,
    /// It went wrong.
    Failed,
}

impl Outcome {
    /// The API's name of it; frozen like [`Kind::code`].
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::Refused => "REFUSED",
            Self::Failed => "FAILED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use std::collections::BTreeSet;

    /// Q1: every kind has a code of its own, by which it is found again.
    #[test]
    fn every_kind_is_found_by_its_code() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.code()) == Some(kind)));
        let codes: BTreeSet<_> = Kind::ALL.map(Kind::code).into();
        assert_eq!(codes.len(), Kind::ALL.len());
        assert_eq!(Kind::parse("SOMETHING_ELSE"), None);
    }
}
