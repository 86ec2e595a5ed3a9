//! Kinds of events, as the API names them.

use async_graphql::Enum;
use projections::audit;

/// What can happen. New kinds can be added.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuditEventKind {
    /// The organisation began.
    OrganisationFounded,
    /// Public texts, branding or support changed.
    OrganisationUpdated,
    /// Settings changed.
    PolicyChanged,
    /// A content rule was added, changed or removed.
    ContentRuleChanged,
    /// A role was given.
    RoleGranted,
    /// A role was taken.
    RoleRevoked,
    /// A domain became the organisation's own.
    DomainClaimed,
    /// A domain is no longer the organisation's own.
    DomainReleased,
    /// An address became an account's.
    AddressReserved,
    /// An address went over to the account that its holder joined.
    AddressTransferred,
    /// An address was given up.
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
    /// Something failed from a network, counted there.
    AttemptFailed,
    /// An account or network was locked.
    LockedOut,
    /// A lockout ended, by time or by hand.
    LockoutReleased,
    /// A session began.
    SessionStarted,
    /// A session ended; the reason says why.
    SessionEnded,
    /// A session was seen from another network (R6).
    NetworkChanged,
    /// A second factor was enrolled or removed.
    SecondFactorChanged,
    /// The reminder phrase was mailed.
    ReminderSent,
    /// A reset link was ordered, by whom.
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
    /// An alias was proven.
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
    /// A client program asked for a credential.
    ClientRequested,
    /// A client program was approved.
    ClientActivated,
    /// A client program was blocked.
    ClientBlocked,
    /// A client program was deleted.
    ClientDeleted,
    /// An account was closed.
    AccountClosed,
    /// A person's data was erased.
    AccountErased,
    /// A draft was saved.
    DraftSaved,
    /// A draft became a message.
    DraftSent,
    /// A draft was thrown away.
    DraftDiscarded,
    /// A file was attached.
    AttachmentAdded,
    /// A file was detached.
    AttachmentRemoved,
    /// A message was sent.
    MessageSent,
    /// Content was shown.
    MessageOpened,
    /// A message was answered.
    MessageReplied,
    /// A message was forwarded.
    MessageForwarded,
    /// Text, attachment, Zip or EML was fetched.
    MessageDownloaded,
    /// The print view was shown.
    MessagePrinted,
    /// A message was recalled.
    MessageRecalled,
    /// Someone deleted a message from their own mailbox.
    MessageDeleted,
    /// Recipients are warned that a message ends soon.
    ExpiryWarned,
    /// A message's time was over.
    MessageExpired,
    /// A recipient lost access.
    AccessRevoked,
    /// A notification left.
    Notified,
    /// A notification failed or bounced.
    NotificationFailed,
    /// Whoever wrote to the address that nobody reads is owed an answer (B31).
    NoticeOwed,
    /// A content rule met a mail.
    RuleHit,
    /// Someone went against a rule, with a reason.
    RuleOverridden,
    /// A held mail was decided on.
    HeldMailDecided,
    /// A held mail was handed to the relay, or refused by it.
    HeldMailPassed,
    /// A legal hold began.
    HoldPlaced,
    /// A legal hold ended.
    HoldReleased,
    /// A second person is needed.
    ApprovalRequested,
    /// A second person decided.
    ApprovalDecided,
    /// Someone asked the audit.
    AuditQueried,
    /// Someone asked what they may not.
    AccessRefused,
    /// An export was made.
    Exported,
    /// An export was fetched.
    ExportDownloaded,
    /// Events were signed off.
    Reviewed,
    /// Emergency access began.
    BreakGlassOpened,
    /// Emergency access ended.
    BreakGlassClosed,
    /// A receipt was signed.
    ReceiptIssued,
    /// Keys were renewed.
    KeysRotated,
    /// A key is about to be destroyed.
    KeyDestructionRequested,
    /// A key is gone.
    KeyDestroyed,
    /// The log was verified.
    LogVerified,
    /// The clock jumped (K8).
    ClockJumped,
    /// The log continues from a backup (K11).
    RestoreDeclared,
    /// A read model was rebuilt.
    ReadModelRebuilt,
}

impl From<audit::Kind> for AuditEventKind {
    fn from(kind: audit::Kind) -> Self {
        match kind {
            audit::Kind::OrganisationFounded => Self::OrganisationFounded,
            audit::Kind::PolicyChanged => Self::PolicyChanged,
            audit::Kind::ContentRuleChanged => Self::ContentRuleChanged,
            audit::Kind::OrganisationUpdated => Self::OrganisationUpdated,
            audit::Kind::RoleGranted => Self::RoleGranted,
            audit::Kind::RoleRevoked => Self::RoleRevoked,
            audit::Kind::DomainClaimed => Self::DomainClaimed,
            audit::Kind::DomainReleased => Self::DomainReleased,
            audit::Kind::AddressReserved => Self::AddressReserved,
            audit::Kind::AddressTransferred => Self::AddressTransferred,
            audit::Kind::AddressReleased => Self::AddressReleased,
            audit::Kind::Invited => Self::Invited,
            audit::Kind::InvitationResent => Self::InvitationResent,
            audit::Kind::InvitationLapsed => Self::InvitationLapsed,
            audit::Kind::Registered => Self::Registered,
            audit::Kind::RegistrationRefused => Self::RegistrationRefused,
            audit::Kind::ActivationIssued => Self::ActivationIssued,
            audit::Kind::Activated => Self::Activated,
            audit::Kind::LoginSucceeded => Self::LoginSucceeded,
            audit::Kind::LoginFailed => Self::LoginFailed,
            audit::Kind::AttemptFailed => Self::AttemptFailed,
            audit::Kind::LockedOut => Self::LockedOut,
            audit::Kind::LockoutReleased => Self::LockoutReleased,
            audit::Kind::SessionStarted => Self::SessionStarted,
            audit::Kind::SessionEnded => Self::SessionEnded,
            audit::Kind::NetworkChanged => Self::NetworkChanged,
            audit::Kind::SecondFactorChanged => Self::SecondFactorChanged,
            audit::Kind::ReminderSent => Self::ReminderSent,
            audit::Kind::ResetRequested => Self::ResetRequested,
            audit::Kind::ChallengeFailed => Self::ChallengeFailed,
            audit::Kind::PasswordStaged => Self::PasswordStaged,
            audit::Kind::PasswordChanged => Self::PasswordChanged,
            audit::Kind::PasswordLapsed => Self::PasswordLapsed,
            audit::Kind::ProfileUpdated => Self::ProfileUpdated,
            audit::Kind::AliasRequested => Self::AliasRequested,
            audit::Kind::AliasConfirmed => Self::AliasConfirmed,
            audit::Kind::AliasPromoted => Self::AliasPromoted,
            audit::Kind::AliasPromotionUndone => Self::AliasPromotionUndone,
            audit::Kind::AliasRemoved => Self::AliasRemoved,
            audit::Kind::AccountsMerged => Self::AccountsMerged,
            audit::Kind::PromotedToMember => Self::PromotedToMember,
            audit::Kind::AudienceChanged => Self::AudienceChanged,
            audit::Kind::Unsubscribed => Self::Unsubscribed,
            audit::Kind::Resubscribed => Self::Resubscribed,
            audit::Kind::ClientRequested => Self::ClientRequested,
            audit::Kind::ClientActivated => Self::ClientActivated,
            audit::Kind::ClientBlocked => Self::ClientBlocked,
            audit::Kind::ClientDeleted => Self::ClientDeleted,
            audit::Kind::AccountClosed => Self::AccountClosed,
            audit::Kind::DraftSaved => Self::DraftSaved,
            audit::Kind::DraftSent => Self::DraftSent,
            audit::Kind::DraftDiscarded => Self::DraftDiscarded,
            audit::Kind::AttachmentAdded => Self::AttachmentAdded,
            audit::Kind::AttachmentRemoved => Self::AttachmentRemoved,
            audit::Kind::MessageSent => Self::MessageSent,
            audit::Kind::MessageOpened => Self::MessageOpened,
            audit::Kind::MessageReplied => Self::MessageReplied,
            audit::Kind::MessageForwarded => Self::MessageForwarded,
            audit::Kind::MessageDownloaded => Self::MessageDownloaded,
            audit::Kind::MessagePrinted => Self::MessagePrinted,
            audit::Kind::MessageRecalled => Self::MessageRecalled,
            audit::Kind::MessageDeleted => Self::MessageDeleted,
            audit::Kind::ExpiryWarned => Self::ExpiryWarned,
            audit::Kind::MessageExpired => Self::MessageExpired,
            audit::Kind::Notified => Self::Notified,
            audit::Kind::NotificationFailed => Self::NotificationFailed,
            audit::Kind::NoticeOwed => Self::NoticeOwed,
            audit::Kind::RuleHit => Self::RuleHit,
            audit::Kind::RuleOverridden => Self::RuleOverridden,
            audit::Kind::HeldMailDecided => Self::HeldMailDecided,
            audit::Kind::HeldMailPassed => Self::HeldMailPassed,
            audit::Kind::AuditQueried => Self::AuditQueried,
            audit::Kind::AccessRefused => Self::AccessRefused,
            audit::Kind::Exported => Self::Exported,
            audit::Kind::ExportDownloaded => Self::ExportDownloaded,
            audit::Kind::Reviewed => Self::Reviewed,
            audit::Kind::BreakGlassOpened => Self::BreakGlassOpened,
            audit::Kind::BreakGlassClosed => Self::BreakGlassClosed,
            audit::Kind::KeyDestructionRequested => Self::KeyDestructionRequested,
            audit::Kind::KeyDestroyed => Self::KeyDestroyed,
        }
    }
}

/// What the log records under a kind; nothing for what cannot happen yet.
pub(crate) fn recorded_kinds(kind: AuditEventKind) -> impl Iterator<Item = audit::Kind> {
    audit::Kind::ALL.into_iter().filter(move |recorded| AuditEventKind::from(*recorded) == kind)
}
